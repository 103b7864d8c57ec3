//! Who lets something be, why, and until when: what waivers and exemptions have in common.

use std::sync::Arc;

use jiff::civil::Date;

use crate::config::fields::Field;
use crate::error::{Place, Result};
use crate::report::Waived;

/// Who answers for it, with the day after which nobody does.
pub struct Grounds {
    /// As reports tell it.
    pub told: Arc<Waived>,
    /// The last day on which it holds.
    pub expires: Date,
    /// Where that day is written.
    pub expires_place: Place,
}

/// Reads `owner`, `reason`, `ticket` and `expires` of a document; `what` it is called in errors.
///
/// # Errors
/// What is missing, says nothing, or is no day, with its place and the document's own code.
pub fn grounds(root: &Field<'_>, what: &str) -> Result<Grounds> {
    let owner = need(root, what, "owner", "the team that answers for it")?;
    let reason = need(root, what, "reason", "why it is let be")?;
    let expires = need(root, what, "expires", "the last day on which it holds, such as 2027-03-31")?;
    let day: Date = expires.text().ok().and_then(|text| text.parse().ok()).ok_or_else(|| {
        let error = expires.error("must be a day such as 2027-03-31");
        error.help(format!("it is the last day on which the {what} holds"))
    })?;
    let told = Waived {
        owner: said(&owner)?,
        reason: said(&reason)?,
        ticket: root.get("ticket").map(|ticket| said(&ticket)).transpose()?,
        expires: day.to_string(),
        place: root.place(),
    };
    Ok(Grounds { told: Arc::new(told), expires: day, expires_place: expires.place() })
}

/// A field that the document can't be without; `is` says what it is.
///
/// # Errors
/// That it is missing.
pub fn need<'a>(root: &Field<'a>, what: &str, key: &str, is: &str) -> Result<Field<'a>> {
    root.get(key).ok_or_else(|| root.error(format!("the {what} needs `{key}`")).help(format!("`{key}` is {is}")))
}

/// A text of which something is left without its blanks.
fn said(field: &Field<'_>) -> Result<String> {
    let text = field.text()?.trim().to_owned();
    if text.is_empty() { Err(field.error("says nothing")) } else { Ok(text) }
}
