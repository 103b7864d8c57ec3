//! Where each value of the configuration comes from: a line of `idp.yaml`, or the default. For `doctor`.

use serde_json::Value;

use super::Config;
use super::settings;
use crate::error::Result;
use crate::formats::yaml::{self, Document, Step};
use crate::report::PolicyLevel;

/// A setting as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// `limits.time`, `clusters.cluster-dev.kind`.
    pub key: String,
    /// Its value, as people write it.
    pub value: String,
    /// `idp.yaml:12`, or `default`.
    pub origin: String,
}

/// The settings of a workspace: what its file says in the order of the file, then the defaults of what it leaves out.
pub fn of(config: &Config) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    if let Some(file) = &config.file {
        let text = std::fs::read_to_string(file).map_err(crate::error::io("read", file))?;
        let shown = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        for document in yaml::parse(&shown, &text)? {
            leaves(&document, &document.value, &mut Vec::new(), &mut held);
        }
    }
    // Those with a name that the workspace chooses have no default of their own.
    let fixed = settings::all().iter().filter(|setting| {
        let free = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase());
        !setting.takes.is_empty() && !setting.key.split('.').any(free)
    });
    for setting in fixed {
        let given = held.iter().any(|held| {
            let below = held.key.strip_prefix(setting.key);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        let said = ["required", "none", "empty", "no narrowing"].contains(&setting.default);
        if !given && !said {
            let value = setting.default.replace('`', "");
            held.push(Held { key: setting.key.into(), value, origin: "default".into() });
        }
    }
    Ok(held)
}

fn leaves(document: &Document, value: &Value, path: &mut Vec<Step>, held: &mut Vec<Held>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                path.push(Step::Key(key.clone()));
                leaves(document, inner, path, held);
                path.pop();
            }
        }
        Value::Array(list) if !list.is_empty() && list.iter().any(|inner| inner.is_object()) => {
            for (at, inner) in list.iter().enumerate() {
                path.push(Step::Index(at));
                leaves(document, inner, path, held);
                path.pop();
            }
        }
        // A whole document without anything in it.
        _ if path.is_empty() => {}
        leaf => held.push(Held {
            key: name(path),
            value: match leaf {
                Value::String(text) => text.clone(),
                // YAML reads the level `off` as a truth value.
                Value::Bool(false) if is_level(path) => PolicyLevel::Off.name().to_owned(),
                other => other.to_string(),
            },
            origin: {
                let place = document.place(path);
                format!("{}:{}", place.file, place.line)
            },
        }),
    }
}

/// Whether it is `policies.packs.NAME.levels.ID`, or the same of an environment.
fn is_level(path: &[Step]) -> bool {
    let keys: Vec<&str> =
        path.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect();
    matches!(
        keys.as_slice(),
        ["policies", "packs", _, "levels", _] | ["policies", "packs", _, "environments", _, "levels", _]
    )
}

fn name(path: &[Step]) -> String {
    let mut name = String::new();
    for step in path {
        match step {
            Step::Key(key) if name.is_empty() => name.push_str(key),
            Step::Key(key) => name.push_str(&format!(".{key}")),
            Step::Index(at) => name.push_str(&format!("[{at}]")),
        }
    }
    name
}
