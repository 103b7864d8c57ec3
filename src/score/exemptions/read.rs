//! Reads files of exemptions: each document one. What they lack, or say too much, is an error with its place.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::Value;

use super::Exemption;
use crate::audit::waivers::Glob;
use crate::config::fields::Field;
use crate::error::{Place, Result};
use crate::formats::yaml;
use crate::report::Waived;

/// The code of errors in exemptions.
pub const INVALID: &str = "idp::exemption::invalid";

/// The exemptions of a text.
pub fn exemptions(file: &str, text: &str) -> Result<Vec<Exemption>> {
    yaml::parse(file, text)?.iter().map(|document| exemption(&Field::root_of(document, INVALID))).collect()
}

fn exemption(root: &Field<'_>) -> Result<Exemption> {
    root.only(&["check", "services", "owner", "reason", "ticket", "expires"])?;
    let check = need(root, "check", "SCORECARD/CHECK, or a glob such as security/*")?;
    let services = need(root, "services", "a list such as [orders-api, component:default/legacy-*]")?;
    let owner = need(root, "owner", "the team that answers for it")?;
    let reason = need(root, "reason", "why it is let be")?;
    let expires = need(root, "expires", "the last day on which it holds, such as 2027-03-31")?;
    let day: Date = expires.text().ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        expires.error("must be a day such as 2027-03-31").help("it is the last day on which the exemption holds")
    })?;
    let checks = globs(&check)?;
    for (glob, field) in &checks {
        if !glob.text.contains('/') {
            let help = format!("name its scorecard, too: production-readiness/{0}; of all of them: */{0}", glob.text);
            return Err(field.error("must be SCORECARD/CHECK").help(help));
        }
    }
    let told = Waived {
        owner: said(&owner)?,
        reason: said(&reason)?,
        ticket: root.get("ticket").map(|ticket| said(&ticket)).transpose()?,
        expires: day.to_string(),
        place: root.place(),
    };
    Ok(Exemption {
        checks: placed(checks),
        services: placed(globs(&services)?),
        told: Arc::new(told),
        expires: day,
        expires_place: expires.place(),
    })
}

fn need<'a>(root: &Field<'a>, key: &str, is: &str) -> Result<Field<'a>> {
    root.get(key).ok_or_else(|| root.error(format!("the exemption needs `{key}`")).help(format!("`{key}` is {is}")))
}

/// A text of which something is left without its blanks.
fn said(field: &Field<'_>) -> Result<String> {
    let text = field.text()?.trim().to_owned();
    if text.is_empty() { Err(field.error("says nothing")) } else { Ok(text) }
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
