//! Numbers: whole ones wrap around as Go's do, and the decimal ones are calculated in decimals, as shopspring/decimal does.

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::strconv::{parse_float, parse_int, parse_int_base};
use super::super::value::{Elem, List, Value};
use super::text;

use Type::{Any, Float, Int};

pub static FUNCTIONS: &[Function] = &[
    Function::new("int64", &[Any], |call| Ok(Value::Int64(to_int(call.any(0))))),
    Function::new("int", &[Any], |call| Ok(Value::Int(to_int(call.any(0))))),
    Function::new("float64", &[Any], |call| Ok(Value::Float(to_float(call.any(0))))),
    Function::new("toDecimal", &[Any], |call| {
        let text = text(&call.any(0).clone(), call.budget)?;
        Ok(Value::Int64(parse_int_base(&text, 8).unwrap_or_default()))
    }),
    Function::variadic("seq", &[], Int, seq),
    Function::new("until", &[Int], |call| {
        let end = call.int(0);
        numbers(call, 0, end, if end < 0 { -1 } else { 1 }).map(list)
    }),
    Function::new("untilStep", &[Int, Int, Int], |call| {
        let (start, end, step) = (call.int(0), call.int(1), call.int(2));
        numbers(call, start, end, step).map(list)
    }),
    Function::new("add1", &[Any], |call| Ok(Value::Int64(to_int(call.any(0)).wrapping_add(1)))),
    Function::variadic("add", &[], Any, |call| {
        Ok(Value::Int64(call.values(0).iter().map(to_int).fold(0, i64::wrapping_add)))
    }),
    Function::new("sub", &[Any, Any], |call| Ok(Value::Int64(to_int(call.any(0)).wrapping_sub(to_int(call.any(1)))))),
    Function::new("div", &[Any, Any], |call| divided(call, i64::wrapping_div)),
    Function::new("mod", &[Any, Any], |call| divided(call, i64::wrapping_rem)),
    Function::variadic("mul", &[Any], Any, |call| {
        Ok(Value::Int64(call.values(0).iter().map(to_int).fold(1, i64::wrapping_mul)))
    }),
    Function::new("add1f", &[Any], |call| decimals(call.any(0), &[Value::Int(1)], Decimal::add)),
    Function::variadic("addf", &[], Any, |call| decimals(&Value::Int(0), &call.values(0), Decimal::add)),
    Function::variadic("subf", &[Any], Any, |call| decimals(call.any(0), &call.values(1), Decimal::sub)),
    Function::variadic("divf", &[Any], Any, |call| decimals(call.any(0), &call.values(1), Decimal::div)),
    Function::variadic("mulf", &[Any], Any, |call| decimals(call.any(0), &call.values(1), Decimal::mul)),
    Function::variadic("biggest", &[Any], Any, |call| whole(call, i64::max)),
    Function::variadic("max", &[Any], Any, |call| whole(call, i64::max)),
    Function::variadic("min", &[Any], Any, |call| whole(call, i64::min)),
    Function::variadic("maxf", &[Any], Any, |call| floats(call, f64::max)),
    Function::variadic("minf", &[Any], Any, |call| floats(call, f64::min)),
    Function::new("ceil", &[Any], |call| Ok(Value::Float(to_float(call.any(0)).ceil()))),
    Function::new("floor", &[Any], |call| Ok(Value::Float(to_float(call.any(0)).floor()))),
    Function::variadic("round", &[Any, Int], Float, round),
];

/// `cast.ToInt64`: what can't be read is 0.
pub fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(number) | Value::Int64(number) => *number,
        Value::Uint64(number) => i64::from_le_bytes(number.to_le_bytes()),
        Value::Byte(number) => i64::from(*number),
        Value::Float(number) => truncated(*number),
        Value::Str(text) => parse_int(without_zeros(text)).unwrap_or_default(),
        Value::Bool(value) => i64::from(*value),
        _ => 0,
    }
}

/// What doesn't fit is the smallest number, as processors have it.
fn truncated(number: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if (-BOUND..BOUND).contains(&number) { number as i64 } else { i64::MIN }
}

/// `2.00` without what is behind the point, if that is zeros.
fn without_zeros(text: &str) -> &str {
    let head = text.trim_end_matches('0');
    if head.len() < text.len() { head.strip_suffix('.').unwrap_or(text) } else { text }
}

/// `cast.ToFloat64`
pub fn to_float(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        Value::Str(text) => parse_float(text).unwrap_or_default(),
        Value::Uint64(number) => *number as f64,
        other => to_int(other) as f64,
    }
}

fn whole(call: &Call<'_>, pick: fn(i64, i64) -> i64) -> Done {
    let numbers = call.values(0);
    Ok(Value::Int64(numbers.iter().map(to_int).reduce(pick).unwrap_or_default()))
}

fn floats(call: &Call<'_>, pick: fn(f64, f64) -> f64) -> Done {
    let numbers: Vec<f64> = call.values(0).iter().map(to_float).collect();
    if numbers.iter().any(|number| number.is_nan()) {
        return Ok(Value::Float(f64::NAN));
    }
    Ok(Value::Float(numbers.into_iter().reduce(pick).unwrap_or_default()))
}

fn divided(call: &Call<'_>, divide: fn(i64, i64) -> i64) -> Done {
    match to_int(call.any(1)) {
        0 => Err("runtime error: integer divide by zero".into()),
        by => Ok(Value::Int64(divide(to_int(call.any(0)), by))),
    }
}

fn round(call: &mut Call<'_>) -> Done {
    let on = if call.count() > 2 { call.float(2) } else { 0.5 };
    let power = 10f64.powf(call.int(1) as f64);
    let digits = power * to_float(call.any(0));
    let rounded = if digits - digits.trunc() >= on { digits.ceil() } else { digits.floor() };
    Ok(Value::Float(rounded / power))
}

/// The numbers from a start to before an end; none if the step leads away from it.
fn numbers(call: &mut Call<'_>, start: i64, end: i64, step: i64) -> Result<Vec<i64>, Fault> {
    let leads = if end < start { step < 0 } else { step > 0 };
    if !leads {
        return Ok(Vec::new());
    }
    let count = end.abs_diff(start).div_ceil(step.unsigned_abs());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    call.budget.room(count.saturating_mul(32))?;
    call.budget.step(count / 16)?;
    let next = |number: &i64| number.checked_add(step);
    Ok(std::iter::successors(Some(start), next).take(count).collect())
}

fn list(numbers: Vec<i64>) -> Value {
    Value::List(List::new(Elem::Int, numbers.into_iter().map(Value::Int).collect()))
}

fn seq(call: &mut Call<'_>) -> Done {
    let params: Vec<i64> = (0..call.count()).map(|position| call.int(position)).collect();
    let found = match params[..] {
        [end] => {
            let step = if end < 1 { -1 } else { 1 };
            numbers(call, 1, end.wrapping_add(step), step)?
        }
        [start, end] => {
            let step = if end < start { -1 } else { 1 };
            numbers(call, start, end.wrapping_add(step), step)?
        }
        [start, step, end] => {
            if end < start && step > 0 {
                return Ok(Value::str(""));
            }
            numbers(call, start, end.wrapping_add(if end < start { -1 } else { 1 }), step)?
        }
        _ => return Ok(Value::str("")),
    };
    let texts: Vec<String> = found.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}

/// A number in decimals: `digits * 10^exponent`.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

/// Digits behind the point of a quotient.
const DIVISION_DIGITS: i32 = 16;

fn power_of_ten(exponent: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(exponent).ok()?)
}

impl Decimal {
    /// With the fewest digits that read back to the same number.
    fn new(number: f64) -> Result<Decimal, Fault> {
        if !number.is_finite() {
            let name = super::super::strconv::format_float(number, 'g', None);
            return Err(format!("Cannot create a Decimal from {name}").into());
        }
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits: i128 = mantissa.replace('.', "").parse().unwrap_or_default();
        let exponent = exponent.parse::<i32>().unwrap_or_default() - i32::try_from(fraction).unwrap_or_default();
        Ok(Decimal { digits, exponent })
    }

    fn to_float(self) -> f64 {
        format!("{}e{}", self.digits, self.exponent).parse().unwrap_or_default()
    }

    /// Two numbers with one exponent.
    fn aligned(self, other: Decimal) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let scaled = |number: Decimal| number.digits.checked_mul(power_of_ten(number.exponent - exponent)?);
        Some((scaled(self)?, scaled(other)?, exponent))
    }

    fn add(self, other: Decimal) -> Result<Option<Decimal>, Fault> {
        let sum = |(a, b, exponent): (i128, i128, i32)| Some(Decimal { digits: a.checked_add(b)?, exponent });
        Ok(self.aligned(other).and_then(sum).or_else(|| Decimal::new(self.to_float() + other.to_float()).ok()))
    }

    fn sub(self, other: Decimal) -> Result<Option<Decimal>, Fault> {
        self.add(Decimal { digits: -other.digits, ..other })
    }

    fn mul(self, other: Decimal) -> Result<Option<Decimal>, Fault> {
        let exponent = self.exponent.saturating_add(other.exponent);
        let product = self.digits.checked_mul(other.digits).map(|digits| Decimal { digits, exponent });
        Ok(product.or_else(|| Decimal::new(self.to_float() * other.to_float()).ok()))
    }

    fn div(self, other: Decimal) -> Result<Option<Decimal>, Fault> {
        if other.digits == 0 {
            return Err("decimal division by 0".into());
        }
        let shift = self.exponent - other.exponent + DIVISION_DIGITS;
        let scaled = if shift >= 0 {
            power_of_ten(shift).and_then(|power| self.digits.checked_mul(power)).map(|digits| (digits, other.digits))
        } else {
            power_of_ten(-shift).and_then(|power| other.digits.checked_mul(power)).map(|by| (self.digits, by))
        };
        let quotient = scaled.map(|(digits, by)| {
            let (quotient, rest) = (digits / by, digits % by);
            let away = rest.unsigned_abs() >= by.unsigned_abs() - rest.unsigned_abs();
            let sign = if (digits < 0) == (by < 0) { 1 } else { -1 };
            Decimal { digits: quotient + if away { sign } else { 0 }, exponent: -DIVISION_DIGITS }
        });
        Ok(quotient.or_else(|| Decimal::new(self.to_float() / other.to_float()).ok()))
    }
}

type Operation = fn(Decimal, Decimal) -> Result<Option<Decimal>, Fault>;

fn decimals(first: &Value, others: &[Value], operation: Operation) -> Done {
    let mut result = Decimal::new(to_float(first))?;
    for other in others {
        let Some(next) = operation(result, Decimal::new(to_float(other))?)? else {
            return Err("the number is too large".into());
        };
        result = next;
    }
    Ok(Value::Float(result.to_float()))
}
