//! The functions that a rule may call, with the types they take and give: the API server's own list, as its generator
//! writes it (tests/cel/generator), without those that need an authorizer.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::kinds::Kind;

/// One form of a function.
#[derive(Debug)]
pub(super) struct Overload {
    pub(super) id: &'static str,
    /// Called on a value: `x.f(y)`.
    pub(super) member: bool,
    pub(super) takes: Vec<Kind>,
    pub(super) gives: Kind,
    /// How many variables its types have, numbered from 0.
    pub(super) variables: u32,
}

static ALL: LazyLock<HashMap<&'static str, Vec<Overload>>> = LazyLock::new(|| {
    let mut all: HashMap<&'static str, Vec<Overload>> = HashMap::new();
    for line in include_str!("functions/signatures.txt").lines() {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap_or_default();
        let (name, id, style, takes, gives) = (column(), column(), column(), column(), column());
        let mut letters = Vec::new();
        let takes = split(takes).into_iter().map(|text| kind(text, &mut letters)).collect();
        let gives = kind(gives, &mut letters);
        let variables = letters.len() as u32;
        all.entry(name).or_default().push(Overload { id, member: style == "m", takes, gives, variables });
    }
    all
});

/// The forms of a function; `None` if there is none of that name.
pub(super) fn find(name: &str) -> Option<&'static [Overload]> {
    ALL.get(name).map(Vec::as_slice)
}

/// All names.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.keys().copied().filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The types between commas that stand in no parentheses.
fn split(list: &'static str) -> Vec<&'static str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn kind(text: &'static str, letters: &mut Vec<&'static str>) -> Kind {
    if let Some(letter) = text.strip_prefix('<') {
        let known = letters.iter().position(|known| *known == letter);
        let number = known.unwrap_or_else(|| {
            letters.push(letter);
            letters.len() - 1
        });
        return Kind::Variable(number as u32);
    }
    if let Some((outer, inner)) = text.split_once('(') {
        let inner = inner.strip_suffix(')').unwrap_or(inner);
        let mut inner = split(inner).into_iter().map(|part| kind(part, letters)).collect::<Vec<_>>().into_iter();
        let mut next = || inner.next().unwrap_or(Kind::Dyn);
        return match outer {
            "list" => Kind::list(next()),
            "map" => {
                let keys = next();
                Kind::map(keys, next())
            }
            "optional_type" => Kind::optional(next()),
            _ => Kind::Type(next().into()),
        };
    }
    named(text).unwrap_or(Kind::Named(text))
}

/// The type with this name, if it is one of CEL's own.
fn named(text: &str) -> Option<Kind> {
    Some(match text {
        "dyn" => Kind::Dyn,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "uint" => Kind::Uint,
        "double" => Kind::Double,
        "string" => Kind::Text,
        "bytes" => Kind::Bytes,
        "null_type" => Kind::Null,
        "google.protobuf.Timestamp" => Kind::Timestamp,
        "google.protobuf.Duration" => Kind::Duration,
        _ => return None,
    })
}

/// The type that a name stands for in an expression, as in `type(x) == int`.
pub(super) fn type_named(name: &str) -> Option<Kind> {
    const OTHERS: [&str; 6] =
        ["net.IP", "net.CIDR", "kubernetes.URL", "kubernetes.Quantity", "kubernetes.Semver", "kubernetes.NamedFormat"];
    match name {
        "list" => Some(Kind::list(Kind::Dyn)),
        "map" => Some(Kind::map(Kind::Dyn, Kind::Dyn)),
        "optional_type" => Some(Kind::optional(Kind::Dyn)),
        "type" => Some(Kind::Type(Kind::Dyn.into())),
        "dyn" => None,
        _ => named(name).or_else(|| OTHERS.into_iter().find(|other| *other == name).map(Kind::Named)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read() {
        let overloads = find("cel.@mapInsert").unwrap();
        assert_eq!(overloads.len(), 2);
        assert_eq!(overloads[0].takes[0], Kind::map(Kind::Variable(0), Kind::Variable(1)));
        assert_eq!(overloads[0].variables, 2);
        assert!(find("getQuery").unwrap()[0].gives == Kind::map(Kind::Text, Kind::list(Kind::Text)));
        assert!(find("optional.none").unwrap()[0].takes.is_empty());
        assert!(find("check").is_none());
    }
}
