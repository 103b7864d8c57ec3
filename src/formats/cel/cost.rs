//! What evaluating costs, in the API server's units.
//! As github.com/google/cel-go v0.26, interpreter/runtimecost.go and ext/{lists,sets}.go, and k8s.io/apiserver v0.36,
//! pkg/cel/library/cost.go.

use super::value::{Map, Value};

/// A name or a field.
pub(super) const SELECT: u64 = 1;
/// A list that is made.
pub(super) const LIST: u64 = 10;
/// A map that is made.
pub(super) const MAP: u64 = 30;

/// How the cost of a call follows from what it is called with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cost {
    One,
    /// So many tenths for each character of the first argument.
    Read(f64),
    /// The same of both.
    ReadBoth,
    /// The same of the shorter.
    ReadShorter,
    /// Two tenths for each character of the result.
    Written,
    /// Each element of the first.
    Walk,
    /// As many as the second has.
    Searched,
    /// Characters by those of the pattern, a quarter each.
    Pattern,
    /// Characters by characters.
    Within,
    /// A named format: characters by the longest pattern that it may have.
    Format,
    /// Addresses within networks.
    Contains {
        network: bool,
        text: bool,
    },
    /// Each element of one against each of the other, that often.
    Product(f64),
    /// The elements of the result, and its making.
    Output,
    Flatten,
    /// The square of the last argument's elements, and the result's making.
    Pairs,
}

impl Cost {
    /// The cost of calls of this function, whose forms with these names fit.
    pub(super) fn of(name: &str, overloads: &[&str]) -> Cost {
        let overload = if let [only] = overloads { *only } else { "" };
        match name {
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => return Cost::Walk,
            "url" | "lowerAscii" | "upperAscii" | "substring" | "trim" => return Cost::Read(1.0),
            "replace" | "split" => return Cost::Read(2.0),
            "join" => return Cost::Written,
            "find" | "findAll" => return Cost::Pattern,
            "cidr" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver" | "isSemver" => return Cost::Read(1.0),
            "ip" if overload == "cidr_ip" => return Cost::One,
            "ip" => return Cost::Read(1.0),
            "ip.isCanonical" => return Cost::Read(2.0),
            "containsIP" => return Cost::Contains { network: false, text: overload == "cidr_contains_ip_string" },
            "containsCIDR" => return Cost::Contains { network: true, text: overload == "cidr_contains_cidr_string" },
            "validate" => return Cost::Format,
            _ => {}
        }
        match overload {
            "list_slice" | "lists_range" | "list_reverse" => Cost::Output,
            "list_flatten" | "list_flatten_int" => Cost::Flatten,
            "list_distinct" => Cost::Pairs,
            id if id.ends_with("_sort") || id.ends_with("_sortByAssociatedKeys") => Cost::Pairs,
            "list_sets_contains_list" | "list_sets_intersects_list" => Cost::Product(1.0),
            "list_sets_equivalent_list" => Cost::Product(2.0),
            "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string" | "strings_quote"
            | "string_format" => Cost::Read(1.0),
            "in_list" => Cost::Searched,
            id if ["less", "greater"].iter().any(|order| id.starts_with(order))
                && (id.ends_with("_string") || id.ends_with("_bytes")) =>
            {
                Cost::ReadShorter
            }
            "add_string" | "add_bytes" => Cost::ReadBoth,
            "matches_string" | "matches" => Cost::Pattern,
            "contains_string" => Cost::Within,
            _ => Cost::One,
        }
    }

    /// The cost of a call that gave this.
    pub(super) fn count(self, args: &[Value], result: Option<&Value>) -> u64 {
        let size = |index: usize| args.get(index).map_or(1, size);
        match self {
            Cost::One => 1,
            Cost::Read(factor) => tenths(size(0) as f64 * factor),
            Cost::ReadBoth => tenths((size(0) + size(1)) as f64),
            Cost::ReadShorter => tenths(size(0).min(size(1)) as f64),
            Cost::Written => tenths(result.map_or(1, Value::size) as f64 * 2.0),
            Cost::Walk => args.first().map_or(0, walked),
            Cost::Searched => size(1),
            Cost::Pattern => tenths(1.0 + size(0) as f64) * (size(1) as f64 * 0.25).ceil() as u64,
            Cost::Within => tenths(size(0) as f64) * tenths(size(1) as f64),
            Cost::Format => {
                let longest = match args.first() {
                    Some(Value::Format(format)) => format.longest_pattern,
                    _ => return 1,
                };
                tenths(1.0 + size(1) as f64) * (longest as f64 * 0.25).ceil() as u64
            }
            Cost::Contains { network, text } => {
                let mut cost = tenths((size(0) * 2) as f64);
                if network {
                    cost += tenths(size(0) as f64) + 1;
                }
                if text {
                    cost += tenths(size(1) as f64);
                }
                cost
            }
            Cost::Product(factor) => (size(0).saturating_mul(size(1)) as f64 * factor) as u64 + 1,
            Cost::Output => result.map_or(1, Value::size) + LIST + 1,
            Cost::Flatten => {
                let depth = match args.get(1) {
                    Some(Value::Int(depth)) => *depth,
                    _ => 1,
                };
                // A depth that is none makes the call cheaper there: whatever, it fails.
                depth.saturating_mul(size(0) as i64).saturating_add((LIST + 1) as i64).max(0) as u64
            }
            Cost::Pairs => {
                let keys = args.last();
                let count = keys.map_or(1, Value::size);
                let words = matches!(
                    keys,
                    Some(Value::List(list))
                        if matches!(list.get(0), Some(Ok(Value::Text(_) | Value::Bytes(_))))
                );
                let factor = if words { 2.1 } else { 2.0 };
                (count.saturating_mul(count) as f64 * factor) as u64 + LIST + 1
            }
        }
    }

    /// The cost of `a == b`.
    pub(super) fn equality(a: &Value, b: &Value) -> u64 {
        match a {
            Value::Quantity(_)
            | Value::Address(_)
            | Value::Network(_)
            | Value::Format(_)
            | Value::Url(_)
            | Value::Version(_) => 1,
            _ => tenths(size(a).min(size(b)) as f64),
        }
    }
}

/// A tenth of it, and no less than what is begun.
fn tenths(of: f64) -> u64 {
    (of * 0.1).ceil() as u64
}

/// The size of a value, or of what an optional one holds.
fn size(value: &Value) -> u64 {
    match value {
        Value::Optional(Some(inner)) => size(inner),
        other => other.size(),
    }
}

/// Every leaf of a value, texts by their length.
fn walked(value: &Value) -> u64 {
    match value {
        Value::Text(text) => (text.len() as f64 * 0.1) as u64,
        Value::Bytes(bytes) => (bytes.len() as f64 * 0.1) as u64,
        Value::List(list) => {
            (0..list.len()).filter_map(|index| list.get(index)).map(|item| item.map_or(1, |item| walked(&item))).sum()
        }
        Value::Map(map) => walked_map(map),
        _ => 1,
    }
}

fn walked_map(map: &Map) -> u64 {
    let mut cost = 0;
    for key in map.keys() {
        cost += walked(&key);
        if let Some(Ok(value)) = map.find(&key) {
            cost += walked(&value);
        }
    }
    cost
}
