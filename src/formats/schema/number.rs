//! Numbers as the API server checks them: whole ones in 64 bits, bounds cut to whole ones for those, floats else.

use serde_json::Number;

use super::format::Kind;
use super::node::{Bounds, Node, Type};
use super::wording;

/// A number as Go decodes it from JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Num {
    Int(i64),
    Float(f64),
}

impl From<&Number> for Num {
    fn from(number: &Number) -> Self {
        match number.as_i64() {
            Some(int) => Num::Int(int),
            None => Num::Float(number.as_f64().unwrap_or_default()),
        }
    }
}

impl std::fmt::Display for Num {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Num::Int(int) => write!(f, "{int}"),
            Num::Float(float) => f.write_str(&wording::float(*float)),
        }
    }
}

impl Num {
    fn as_float(self) -> f64 {
        match self {
            Num::Int(int) => int as f64,
            Num::Float(float) => float,
        }
    }
}

/// What is wrong with a number.
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// Said of the field, with a number: mostly the value, which a bound that isn't whole makes a float.
    Value(Num, String),
    /// Said without a field.
    Unnamed(String),
}

/// The types in which a number or a bound must fit.
struct Range<'a> {
    kind: Option<Type>,
    format: Option<&'a super::format::Format>,
    field: &'a str,
}

/// Whether a number is right. The cheap answer, which most get.
pub(super) fn is_right(node: &Node, num: Num) -> bool {
    if node.bounds.is_none() {
        let range = Range::of(node, "");
        return range.error(num, "").is_none();
    }
    wrongs(node, num, "").is_empty()
}

/// All that is wrong with a number, in the order of the API server.
pub(super) fn wrongs(node: &Node, num: Num, field: &str) -> Vec<Wrong> {
    let range = Range::of(node, field);
    let mut wrongs: Vec<Wrong> = range.error(num, "Checked").map(Wrong::Unnamed).into_iter().collect();
    let Some(bounds) = &node.bounds else { return wrongs };
    if let Some(factor) = bounds.multiple_of {
        let unfit = range.error(Num::Float(factor), "MultipleOf");
        let native = if unfit.is_none() { num } else { Num::Float(num.as_float()) };
        wrongs.extend(unfit.map(Wrong::Unnamed));
        wrongs.extend(multiple(native, factor, field));
    }
    if let Some(minimum) = bounds.minimum {
        let unfit = range.error(Num::Float(minimum), "Minimum boundary");
        let native = if unfit.is_none() { num } else { Num::Float(num.as_float()) };
        wrongs.extend(unfit.map(Wrong::Unnamed));
        wrongs.extend(below(native, minimum, bounds, field).map(|said| Wrong::Value(native, said)));
    }
    if let Some(maximum) = bounds.maximum {
        let unfit = range.error(Num::Float(maximum), "Maximum boundary");
        let native = if unfit.is_none() { num } else { Num::Float(num.as_float()) };
        wrongs.extend(unfit.map(Wrong::Unnamed));
        wrongs.extend(above(native, maximum, bounds, field).map(|said| Wrong::Value(native, said)));
    }
    wrongs
}

impl<'a> Range<'a> {
    fn of(node: &'a Node, field: &'a str) -> Self {
        // A number that may be a text, too, has no range.
        let kind = match node.types.as_slice() {
            [kind @ (Type::Integer | Type::Number)] => Some(*kind),
            _ => None,
        };
        Range { kind, format: node.format.as_ref().filter(|_| kind.is_some()), field }
    }

    fn error(&self, num: Num, what: &str) -> Option<String> {
        let kind = self.kind?;
        let fits = match (kind, self.format.map(|format| format.kind), num) {
            (Type::Integer, Some(Kind::Int32), Num::Int(int)) => i32::try_from(int).is_ok(),
            (Type::Integer, Some(Kind::Int32), Num::Float(float)) => {
                float.fract() == 0.0 && float >= f64::from(i32::MIN) && float <= f64::from(i32::MAX)
            }
            (Type::Integer, _, Num::Float(float)) => {
                float.fract() == 0.0 && float >= i64::MIN as f64 && float < i64::MAX as f64
            }
            (Type::Number, Some(Kind::Float), Num::Float(float)) => (float as f32).is_finite(),
            _ => true,
        };
        let (name, field) = (kind.name(), self.field);
        (!fits).then(|| match self.format {
            Some(format) => format!("{what} value must be of type {name} with format {} in {field}", format.name),
            None => format!("{what} value must be of type {name} (default format) in {field}"),
        })
    }
}

fn multiple(num: Num, factor: f64, field: &str) -> Option<Wrong> {
    let factor = match num {
        Num::Int(_) => Num::Int(whole(factor)),
        Num::Float(_) => Num::Float(factor),
    };
    let is_multiple = match (num, factor) {
        (_, Num::Int(..=0)) => None,
        (_, Num::Float(factor)) if factor <= 0.0 => None,
        (Num::Int(int), Num::Int(factor)) => Some(int % factor == 0),
        (_, Num::Float(factor)) if factor < 1.0 => Some(is_whole(1.0 / factor * num.as_float())),
        (_, factor) => Some(is_whole(num.as_float() / factor.as_float())),
    };
    match is_multiple {
        None => {
            Some(Wrong::Value(factor, format!("factor MultipleOf declared for {field} must be positive: {factor}")))
        }
        Some(false) => Some(Wrong::Value(num, format!("{field} in body should be a multiple of {factor}"))),
        Some(true) => None,
    }
}

fn below(num: Num, minimum: f64, bounds: &Bounds, field: &str) -> Option<String> {
    let exclusive = bounds.exclusive_minimum;
    let (is_below, bound) = match num {
        Num::Int(int) => {
            let minimum = whole(minimum);
            (if exclusive { int <= minimum } else { int < minimum }, Num::Int(minimum))
        }
        Num::Float(float) => (if exclusive { float <= minimum } else { float < minimum }, Num::Float(minimum)),
    };
    let words = if exclusive { "greater than" } else { "greater than or equal to" };
    is_below.then(|| format!("{field} in body should be {words} {bound}"))
}

fn above(num: Num, maximum: f64, bounds: &Bounds, field: &str) -> Option<String> {
    let exclusive = bounds.exclusive_maximum;
    let (is_above, bound) = match num {
        Num::Int(int) => {
            let maximum = whole(maximum);
            (if exclusive { int >= maximum } else { int > maximum }, Num::Int(maximum))
        }
        Num::Float(float) => (if exclusive { float >= maximum } else { float > maximum }, Num::Float(maximum)),
    };
    let words = if exclusive { "less than" } else { "less than or equal to" };
    is_above.then(|| format!("{field} in body should be {words} {bound}"))
}

/// A float as a whole number, as the processors on which API servers run convert it: too large ones are the smallest.
pub(super) fn whole(float: f64) -> i64 {
    if float >= i64::MIN as f64 && float < i64::MAX as f64 { float as i64 } else { i64::MIN }
}

/// Whether a float counts as a whole number: up to 53 bits, and nearly is enough above zero.
pub(super) fn is_whole(float: f64) -> bool {
    const MOST: f64 = 9_007_199_254_740_991.0;
    if !float.is_finite() || float.abs() > MOST {
        return false;
    }
    let near = float.trunc();
    near == float || (near > 0.0 && (float - near) / (float + near) < 1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_whole_counts_above_zero_alone() {
        assert!(is_whole(3.0) && is_whole(-3.0) && is_whole(0.0) && is_whole(3.000000001));
        assert!(!is_whole(0.5) && !is_whole(-3.000000001) && !is_whole(1e300) && !is_whole(f64::NAN));
    }
}
