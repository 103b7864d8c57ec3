//! Reads files of exemptions: each document one. What they lack, or say too much, is an error with its place.

use serde_json::Value;

use super::Exemption;
use crate::audit::waivers::{Glob, Grounds, grounds, need};
use crate::config::fields::Field;
use crate::error::{Place, Result};
use crate::formats::yaml;

/// The code of errors in exemptions.
pub const INVALID: &str = "idp::exemption::invalid";

/// What a document is called in errors.
const EXEMPTION: &str = "exemption";

/// The exemptions of a text.
pub fn exemptions(file: &str, text: &str) -> Result<Vec<Exemption>> {
    yaml::parse(file, text)?.iter().map(|document| exemption(&Field::root_of(document, INVALID))).collect()
}

fn exemption(root: &Field<'_>) -> Result<Exemption> {
    root.only(&["check", "services", "owner", "reason", "ticket", "expires"])?;
    let check = need(root, EXEMPTION, "check", "SCORECARD/CHECK, or a glob such as security/*")?;
    let services = need(root, EXEMPTION, "services", "a list such as [orders-api, component:default/legacy-*]")?;
    let Grounds { told, expires, expires_place } = grounds(root, EXEMPTION)?;
    let checks = globs(&check)?;
    for (glob, field) in &checks {
        if !glob.text.contains('/') {
            let help = format!("name its scorecard, too: production-readiness/{0}; of all of them: */{0}", glob.text);
            return Err(field.error("must be SCORECARD/CHECK").help(help));
        }
    }
    Ok(Exemption { checks: placed(checks), services: placed(globs(&services)?), told, expires, expires_place })
}

fn globs<'a>(field: &Field<'a>) -> Result<Vec<(Glob, Field<'a>)>> {
    let fields = match field.value() {
        Value::Array(_) => field.elements()?,
        _ => vec![field.clone()],
    };
    let glob = |field: Field<'a>| {
        let found = Glob::new(&field.text()?);
        Ok((found.map_err(|error| field.error(format!("is not a glob: {}", error.kind())))?, field))
    };
    let globs = fields.into_iter().map(glob).collect::<Result<Vec<_>>>()?;
    if globs.is_empty() {
        Err(field.error("is empty").help("name at least one; `*` is all of them"))
    } else {
        Ok(globs)
    }
}

fn placed(globs: Vec<(Glob, Field<'_>)>) -> Vec<(Glob, Place)> {
    globs.into_iter().map(|(glob, field)| (glob, field.place())).collect()
}
