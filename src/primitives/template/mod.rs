//! Templates: skeleton folders rendered into trees.

use rhai::plugin::*;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::formats::skeleton;
use crate::library::Template;
use crate::primitives::tree::Tree;
use crate::world::change::File;

/// The files of a template with these values. Values that the template declares with a default may be left out; other
/// values that it doesn't know are there for other templates, and ignored.
pub fn render(template: &Template, given: &Map<String, Value>) -> Result<Tree> {
    let mut values = given.clone();
    let declared = template.values.as_object();
    for (name, rule) in declared.into_iter().flatten() {
        if values.get(name).is_some_and(|value| !value.is_null()) {
            continue;
        }
        match rule.get("default") {
            Some(default) => {
                values.insert(name.clone(), default.clone());
            }
            None => {
                let about = rule.get("description").and_then(Value::as_str).unwrap_or_default();
                return Err(Error::invalid(
                    "idp::template::value",
                    format!("the template {} needs the value `{name}`", template.name),
                )
                .help(format!("{name}: {about}")));
            }
        }
    }
    let rendered = skeleton::render(&template.name, &template.files, &Value::Object(values))?;
    Ok(Tree::of(rendered.into_iter().map(|file| {
        let executable = file.executable;
        (file.path, File { bytes: file.bytes.into(), executable })
    })))
}

/// Templates: a folder of files, rendered with values into a tree.
#[export_module]
pub mod api {
    use rhai::{Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::primitives::tree::Tree;
    use crate::primitives::value;

    /// The files of a template, rendered with these values: one of the workspace's `templates/`, or one that is built
    /// in. A value that the template needs and doesn't get is an error that names it.
    ///
    /// Errors: `idp::template::unknown`, `idp::template::value`, `idp::template::undefined`,
    /// `idp::template::syntax`, `idp::template::render`, `idp::template::path`, `idp::template::limit`,
    /// `idp::secret::data`.
    ///
    /// ```rhai
    /// let files = template("gitops-repository", #{
    ///     project: "payments", org: "acme", forge_url: "https://git.acme.example",
    ///     gitops_repository: "payments-gitops", platform_team: "platform-team",
    /// });
    /// print(files.files().len > 3);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn template(ctx: NativeCallContext, name: &str, values: Map) -> RhaiResultOf<Tree> {
        let run = run_of(&ctx)?;
        let act = || {
            let found = run.library.template(name)?;
            run.rendered(&found.name, || found.digest());
            let values = value::to_json(&Dynamic::from_map(values))?;
            super::render(&found, values.as_object().unwrap_or(&serde_json::Map::new()))
        };
        act().map_err(|error| throw(&ctx, error))
    }
}
