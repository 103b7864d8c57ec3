//! Quantities: `quantity`, and the comparisons that versions share with them.
//! As k8s.io/apiserver v0.36, pkg/cel/library/quantity.go, and k8s.io/apimachinery, pkg/api/resource.

use std::cmp::Ordering;

use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};

/// A quantity: `digits` times ten to the power of `-places`. What has more digits than fit is cut off as upstream
/// cuts off at nano.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Quantity {
    nano: Nano,
}

/// Billionths, kept exactly as long as they fit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nano {
    Exact(i128),
    /// Larger than that: only the order is kept.
    Large(f64),
}

/// The most that a quantity with a binary suffix is.
const MOST_BINARY: i128 = i64::MAX as i128 * BILLION;
const BILLION: i128 = 1_000_000_000;

impl Quantity {
    /// Reads what Kubernetes reads.
    pub(in super::super) fn read(text: &str) -> Result<Quantity, &'static str> {
        const FORMAT: &str =
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        const SUFFIX: &str = "unable to parse quantity's suffix";
        if text.is_empty() {
            return Err(FORMAT);
        }
        let (negative, rest) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let whole_length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let whole = &rest[..whole_length];
        let mut rest = &rest[whole_length..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            fraction = &after[..length];
            rest = &after[length..];
        }
        let letters = rest.find(|c: char| !"eEinumkKMGTP".contains(c)).unwrap_or(rest.len());
        let exponent = rest[letters..].strip_prefix(['-', '+']).unwrap_or(&rest[letters..]);
        if !exponent.bytes().all(|b| b.is_ascii_digit()) {
            return Err(FORMAT);
        }
        let (power, binary) = match rest {
            "" => (0, false),
            "n" => (-9, false),
            "u" => (-6, false),
            "m" => (-3, false),
            "k" => (3, false),
            "M" => (6, false),
            "G" => (9, false),
            "T" => (12, false),
            "P" => (15, false),
            "E" => (18, false),
            "Ki" => (10, true),
            "Mi" => (20, true),
            "Gi" => (30, true),
            "Ti" => (40, true),
            "Pi" => (50, true),
            "Ei" => (60, true),
            other => match other.strip_prefix(['e', 'E']) {
                Some(power) => (power.parse::<i32>().map_err(|_| SUFFIX)?, false),
                None => return Err(SUFFIX),
            },
        };
        if whole.is_empty() && fraction.is_empty() && !text.contains('.') && !rest.is_empty() {
            return Err("unable to parse numeric part of quantity");
        }
        let nano = scaled(whole, fraction, power, binary);
        let nano = match nano {
            Nano::Exact(n) if binary => Nano::Exact(n.min(MOST_BINARY)),
            Nano::Large(_) if binary => Nano::Exact(MOST_BINARY),
            other => other,
        };
        Ok(Quantity { nano: if negative { nano.negated() } else { nano } })
    }

    /// Their order.
    pub(in super::super) fn compare(&self, other: &Quantity) -> Ordering {
        self.nano.order(other.nano)
    }

    fn integer(&self) -> Option<i64> {
        match self.nano {
            Nano::Exact(n) if n % BILLION == 0 => i64::try_from(n / BILLION).ok(),
            _ => None,
        }
    }

    fn float(&self) -> f64 {
        match self.nano {
            Nano::Exact(n) if n % BILLION == 0 => (n / BILLION) as f64,
            Nano::Exact(n) => n as f64 / 1e9,
            Nano::Large(n) => n / 1e9,
        }
    }

    fn plus(&self, other: &Quantity, sign: i128) -> Quantity {
        let nano = match (self.nano, other.nano) {
            (Nano::Exact(a), Nano::Exact(b)) => match b.checked_mul(sign).and_then(|b| a.checked_add(b)) {
                Some(sum) => Nano::Exact(sum),
                None => Nano::Large(a as f64 + b as f64 * sign as f64),
            },
            (a, b) => Nano::Large(a.float() + b.float() * sign as f64),
        };
        Quantity { nano }
    }
}

impl Nano {
    fn negated(self) -> Nano {
        match self {
            Nano::Exact(n) => Nano::Exact(-n),
            Nano::Large(n) => Nano::Large(-n),
        }
    }

    fn float(self) -> f64 {
        match self {
            Nano::Exact(n) => n as f64,
            Nano::Large(n) => n,
        }
    }

    fn order(self, other: Nano) -> Ordering {
        match (self, other) {
            (Nano::Exact(a), Nano::Exact(b)) => a.cmp(&b),
            (a, b) => a.float().partial_cmp(&b.float()).unwrap_or(Ordering::Equal),
        }
    }
}

/// The number in billionths, rounded up where it has smaller parts.
fn scaled(whole: &str, fraction: &str, power: i32, binary: bool) -> Nano {
    let digits: String = [whole.trim_start_matches('0'), fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Nano::Exact(0);
    }
    let places = fraction.len() as i64;
    let large = || {
        let number: f64 = format!("0{whole}.{fraction}0").parse().unwrap_or(f64::MAX);
        let base: f64 = if binary { 2.0 } else { 10.0 };
        Nano::Large((number * base.powi(power) * 1e9).min(f64::MAX))
    };
    // As a fraction: digits × 2^b or 10^p over 10^places, in billionths.
    let Ok(mut number) = digits.parse::<i128>() else { return large() };
    let mut tens = 9 - places;
    if binary {
        match number.checked_mul(1_i128 << power) {
            Some(product) => number = product,
            None => return large(),
        }
    } else {
        tens += i64::from(power);
    }
    if tens >= 0 {
        let factor = u32::try_from(tens).ok().and_then(|tens| 10_i128.checked_pow(tens));
        return match factor.and_then(|factor| number.checked_mul(factor)) {
            Some(nano) => Nano::Exact(nano),
            None => large(),
        };
    }
    match u32::try_from(-tens).ok().and_then(|tens| 10_i128.checked_pow(tens)) {
        Some(divisor) => Nano::Exact(number / divisor + i128::from(number % divisor != 0)),
        // Whatever is there is rounded up to the smallest part.
        None => Nano::Exact(1),
    }
}

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "quantity" => |args| match args {
            [Value::Text(text)] => Quantity::read(text).map(|q| Value::Quantity(q.into())).map_err(error),
            _ => Err(no_overload()),
        },
        "isQuantity" => |args| match args {
            [Value::Text(text)] => Ok(Value::Bool(Quantity::read(text).is_ok())),
            _ => Err(no_overload()),
        },
        "sign" => |args| match args {
            [Value::Quantity(quantity)] => {
                let zero = Quantity { nano: Nano::Exact(0) };
                Ok(Value::Int(quantity.compare(&zero) as i64))
            }
            _ => Err(no_overload()),
        },
        "isInteger" => |args| match args {
            [Value::Quantity(quantity)] => Ok(Value::Bool(quantity.integer().is_some())),
            _ => Err(no_overload()),
        },
        "asInteger" => |args| match args {
            [Value::Quantity(quantity)] => {
                quantity.integer().map(Value::Int).ok_or_else(|| error("cannot convert value to integer"))
            }
            _ => Err(no_overload()),
        },
        "asApproximateFloat" => |args| match args {
            [Value::Quantity(quantity)] => Ok(Value::Double(quantity.float())),
            _ => Err(no_overload()),
        },
        "add" => |args| sum(args, 1),
        "sub" => |args| sum(args, -1),
        "isGreaterThan" => |args| Ok(Value::Bool(compared(args)?.is_gt())),
        "isLessThan" => |args| Ok(Value::Bool(compared(args)?.is_lt())),
        "compareTo" => |args| Ok(Value::Int(compared(args)? as i64)),
        _ => return None,
    })
}

fn sum<'a>(args: &[Value<'a>], sign: i128) -> Outcome<'a> {
    let sum = match args {
        [Value::Quantity(a), Value::Quantity(b)] => a.plus(b, sign),
        [Value::Quantity(a), Value::Int(b)] => a.plus(&Quantity { nano: Nano::Exact(i128::from(*b) * BILLION) }, sign),
        _ => return Err(no_overload()),
    };
    Ok(Value::Quantity(sum.into()))
}

fn compared(args: &[Value]) -> Result<Ordering, Trouble> {
    match args {
        [Value::Quantity(a), Value::Quantity(b)] => Ok(a.compare(b)),
        [Value::Version(a), Value::Version(b)] => Ok(a.compare(b)),
        _ => Err(no_overload()),
    }
}
