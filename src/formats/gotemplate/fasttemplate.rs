//! The other dialect of ApplicationSets: `{{ name }}` stands for a parameter of that name, and what isn't one stays as it
//! is written. The rules are those of valyala/fasttemplate, as the controller calls it.

/// Replaces what `lookup` knows.
///
/// # Errors
/// For braces that nothing closes.
pub fn replace<'v>(text: &str, lookup: impl Fn(&str) -> Option<&'v str>) -> Result<String, String> {
    if !is_template(text) {
        return Ok(text.to_owned());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((tag, behind)) = behind.split_once("}}") else {
            let rest = &rest[before.len()..];
            return Err(format!(
                "invalid template: Cannot find end tag=\"}}}}\" in the template=\"{text}\" starting from \"{}\"",
                &rest[2..]
            ));
        };
        match lookup(tag.trim()).filter(|_| !tag.trim().is_empty()) {
            Some(value) => out.push_str(value),
            None => {
                out.push_str("{{");
                out.push_str(tag);
                out.push_str("}}");
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether braces open and close on one line.
fn is_template(text: &str) -> bool {
    text.split('\n').any(|line| line.find("{{").is_some_and(|start| line[start + 2..].contains("}}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Result<String, String> {
        replace(text, |name| match name {
            "one" => Some("two"),
            "path.basename" => Some("{{one}}"),
            _ => None,
        })
    }

    #[test]
    fn known_names_are_replaced_once_and_others_stay() {
        assert_eq!(replaced("{{one}}-{{ one }}-{{path.basename}}").as_deref(), Ok("two-two-{{one}}"));
        assert_eq!(replaced("{{ three }} {{}} {{  }}").as_deref(), Ok("{{ three }} {{}} {{  }}"));
        assert_eq!(replaced("{ one }").as_deref(), Ok("{ one }"));
        assert_eq!(replaced("{{one").as_deref(), Ok("{{one"));
    }

    #[test]
    fn open_braces_are_an_error() {
        assert!(replaced("{{one}} {{two").unwrap_err().starts_with("invalid template: Cannot find end tag=\"}}\""));
    }
}
