//! Names of a kind and of its versions, as CRDs and XRDs write them, with the API server's rules for them.

use super::field::{Field, Result};

/// The names of a kind.
pub struct Names {
    pub kind: String,
    pub plural: String,
    pub singular: String,
    pub list_kind: String,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
}

/// Reads `spec.names` or `spec.claimNames`; what is left out is as the API server fills it in.
pub fn read(field: &Field<'_>) -> Result<Names> {
    field.object()?;
    let kind = label(field, "kind", |text| text.to_ascii_lowercase())?;
    let plural = label(field, "plural", str::to_owned)?;
    Ok(Names {
        singular: field.text_or("singular", || kind.to_ascii_lowercase())?,
        list_kind: field.text_or("listKind", || format!("{kind}List"))?,
        short_names: field.texts("shortNames")?,
        categories: field.texts("categories")?,
        kind,
        plural,
    })
}

/// `spec.group`, which has a dot: those without are Kubernetes' own.
pub fn group(spec: &Field<'_>) -> Result<String> {
    let field = spec.need("group")?;
    let text = field.text()?;
    let fine = text.contains('.') && text.len() <= 253 && text.split('.').all(is_part);
    if fine { Ok(text.to_owned()) } else { Err(field.error("must be a domain with at least one dot")) }
}

/// A text that is a label of RFC 1035 once it is spelt so: a kind is one in lower case.
pub fn label(field: &Field<'_>, key: &str, spelt: impl Fn(&str) -> String) -> Result<String> {
    let field = field.need(key)?;
    let text = field.text()?;
    let label = spelt(text);
    if label.len() <= 63 && is_part(&label) && label.starts_with(|first: char| first.is_ascii_lowercase()) {
        return Ok(text.to_owned());
    }
    Err(field.error("must be lower case letters, digits and `-`, beginning with a letter (of a kind, any letters)"))
}

fn is_part(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty()
        && text.bytes().all(|byte| word(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Refuses a document that isn't called by the plural and the group, as the API server does.
pub fn check_title(root: &Field<'_>, plural: &str, group: &str) -> Result<()> {
    let name = root.need("metadata")?.need("name")?;
    let expected = format!("{plural}.{group}");
    if name.text()? == expected {
        return Ok(());
    }
    Err(name.error(&format!("must be spec.names.plural+\".\"+spec.group, which is {expected}")))
}
