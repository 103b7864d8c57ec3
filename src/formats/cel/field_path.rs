//! `fieldPath` of a rule: the field that it blames, `.spec.replicas` or `.labels['a.b']`.
//! As k8s.io/apiextensions-apiserver v0.36, pkg/apiserver/schema/cel/validation.go, ValidFieldPath.

use std::sync::Arc;

use super::types::{Shape, Type};

/// The steps of a path, each of which the type must have; or what is wrong with it.
pub(super) fn read(path: &str, of: &Arc<Type>) -> Result<Vec<String>, String> {
    let mut steps = Vec::new();
    let mut rest = path;
    let mut of = of.clone();
    while !rest.is_empty() {
        let (name, after) = if let Some(inner) = rest.strip_prefix('[') {
            bracketed(inner)?
        } else if let Some(inner) = rest.strip_prefix('.') {
            let end = inner.find(['.', '[', ']']).unwrap_or(inner.len());
            if end == 0 {
                return Err("unexpected end of JSON path".to_owned());
            }
            (inner[..end].to_owned(), &inner[end..])
        } else {
            let end = rest.find(['.', '[', ']']).unwrap_or(rest.len()).max(1);
            return Err(format!("expected [ or . but got: {}", rest.get(..end).unwrap_or(rest)));
        };
        let next = match &of.shape {
            Shape::Object { fields, .. } => fields.get(&name).cloned(),
            Shape::Map(values) => Some(values.clone()),
            _ => None,
        };
        of = next.ok_or_else(|| "does not refer to a valid field".to_owned())?;
        steps.push(name);
        rest = after;
    }
    Ok(steps)
}

/// The name in `'name']`, and what follows.
fn bracketed(text: &str) -> Result<(String, &str), String> {
    let Some(body) = text.strip_prefix('\'') else {
        let end = text.find(['.', '[', ']']).unwrap_or(text.len());
        return Err(format!("expected single quoted string but got {}", &text[..end]));
    };
    let mut name = String::new();
    let mut chars = body.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => {
                let after = &body[at + 1..];
                return match after.strip_prefix(']') {
                    Some(after) => Ok((name, after)),
                    None => Err("expected ]".to_owned()),
                };
            }
            '\\' => match chars.next() {
                Some((_, 'a')) => name.push('\x07'),
                Some((_, 'b')) => name.push('\x08'),
                Some((_, 'f')) => name.push('\x0c'),
                Some((_, 'n')) => name.push('\n'),
                Some((_, 'r')) => name.push('\r'),
                Some((_, 't')) => name.push('\t'),
                Some((_, 'v')) => name.push('\x0b'),
                Some((_, c @ ('\'' | '\\'))) => name.push(c),
                Some((_, c)) => return Err(format!("invalid string literal: invalid escape char \\{c}")),
                None => break,
            },
            other => name.push(other),
        }
    }
    Err("unexpected end of JSON path".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_name_fields_that_are_there() {
        let schema = json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {"replicas": {"type": "integer"}}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }});
        let of = Arc::new(Type::of_schema(&schema));
        let steps = |path: &str| read(path, &of).map(|steps| steps.join("|"));
        assert_eq!(steps(".spec.replicas").as_deref(), Ok("spec|replicas"));
        assert_eq!(steps(".labels['a.b\\'c']").as_deref(), Ok("labels|a.b'c"));
        assert_eq!(steps("['spec']['replicas']").as_deref(), Ok("spec|replicas"));
        for wrong in ["spec", ".nix", ".spec.", ".spec[0]", ".labels['a", ".labels['a\\q']", ".spec.replicas.x"] {
            assert!(steps(wrong).is_err(), "{wrong}");
        }
    }
}
