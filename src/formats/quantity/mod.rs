//! Quantities of resources: `500m`, `1Gi`, `1e3`. As k8s.io/apimachinery v0.36, pkg/api/resource.
//! Rules in CEL and the `quantity` primitive call it.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

/// A quantity, to the billionth; smaller parts are rounded up, as upstream does.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nano: Nano,
    style: Style,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `1500m`, `2G`.
    Decimal,
    /// `1Gi`.
    Binary,
    /// `1e3`.
    Exponent,
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
    ///
    /// # Errors
    /// Upstream's words for what is wrong.
    pub fn parse(text: &str) -> Result<Quantity, &'static str> {
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
        let (power, style) = match rest {
            "" => (0, Style::Decimal),
            "n" => (-9, Style::Decimal),
            "u" => (-6, Style::Decimal),
            "m" => (-3, Style::Decimal),
            "k" => (3, Style::Decimal),
            "M" => (6, Style::Decimal),
            "G" => (9, Style::Decimal),
            "T" => (12, Style::Decimal),
            "P" => (15, Style::Decimal),
            "E" => (18, Style::Decimal),
            "Ki" => (10, Style::Binary),
            "Mi" => (20, Style::Binary),
            "Gi" => (30, Style::Binary),
            "Ti" => (40, Style::Binary),
            "Pi" => (50, Style::Binary),
            "Ei" => (60, Style::Binary),
            other => match other.strip_prefix(['e', 'E']) {
                Some(power) => (power.parse::<i32>().map_err(|_| SUFFIX)?, Style::Exponent),
                None => return Err(SUFFIX),
            },
        };
        if whole.is_empty() && fraction.is_empty() && !text.contains('.') && !rest.is_empty() {
            return Err("unable to parse numeric part of quantity");
        }
        let binary = style == Style::Binary;
        let nano = scaled(whole, fraction, power, binary);
        let nano = match nano {
            Nano::Exact(n) if binary => Nano::Exact(n.min(MOST_BINARY)),
            Nano::Large(_) if binary => Nano::Exact(MOST_BINARY),
            other => other,
        };
        // Upstream takes parts of one for no number of bytes.
        let style = match nano {
            Nano::Exact(1..BILLION) if binary => Style::Decimal,
            _ => style,
        };
        Ok(Quantity { nano: if negative { nano.negated() } else { nano }, style })
    }

    /// Their order.
    pub fn compare(&self, other: &Quantity) -> Ordering {
        self.nano.order(other.nano)
    }

    /// The whole number that it is, if it is one.
    pub fn integer(&self) -> Option<i64> {
        match self.nano {
            Nano::Exact(n) if n % BILLION == 0 => i64::try_from(n / BILLION).ok(),
            _ => None,
        }
    }

    /// About how much it is.
    pub fn float(&self) -> f64 {
        match self.nano {
            Nano::Exact(n) if n % BILLION == 0 => (n / BILLION) as f64,
            Nano::Exact(n) => n as f64 / 1e9,
            Nano::Large(n) => n / 1e9,
        }
    }

    /// The sum; written as the first, or as the other where the first is nothing.
    pub fn plus(&self, other: &Quantity) -> Quantity {
        self.sum(other, other.nano)
    }

    /// The difference, written as the sum would be.
    pub fn minus(&self, other: &Quantity) -> Quantity {
        self.sum(other, other.nano.negated())
    }

    fn sum(&self, other: &Quantity, nano: Nano) -> Quantity {
        let sum = match (self.nano, nano) {
            (Nano::Exact(a), Nano::Exact(b)) => match a.checked_add(b) {
                Some(sum) => Nano::Exact(sum),
                None => Nano::Large(a as f64 + b as f64),
            },
            (a, b) => Nano::Large(a.float() + b.float()),
        };
        Quantity { nano: sum, style: if self.nano == Nano::Exact(0) { other.style } else { self.style } }
    }
}

impl From<i64> for Quantity {
    fn from(number: i64) -> Quantity {
        Quantity { nano: Nano::Exact(i128::from(number) * BILLION), style: Style::Decimal }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.compare(other).is_eq()
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.compare(other))
    }
}

/// In upstream's canonical form: no fraction, and the largest suffix that needs none.
impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let nano = match self.nano {
            Nano::Exact(0) => return f.write_str("0"),
            Nano::Exact(nano) => nano,
            Nano::Large(number) => return write!(f, "{:e}", number / 1e9),
        };
        let whole = nano / BILLION;
        if self.style == Style::Binary && nano % BILLION == 0 && whole.abs() >= 1024 {
            let (mut number, mut power) = (whole, 0);
            while number % 1024 == 0 && power < 6 {
                (number, power) = (number / 1024, power + 1);
            }
            return write!(f, "{number}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]);
        }
        let (mut number, mut thousands) = (nano, 0);
        while number % 1000 == 0 && thousands < 9 {
            (number, thousands) = (number / 1000, thousands + 1);
        }
        match (self.style, thousands) {
            (_, 3) => write!(f, "{number}"),
            (Style::Exponent, _) => write!(f, "{number}e{}", thousands as i32 * 3 - 9),
            (_, thousands) => write!(f, "{number}{}", ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][thousands]),
        }
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
