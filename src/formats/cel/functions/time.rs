//! Points in time and durations, as Go reads and writes them; and the formats of the API server that hold them.
//! As github.com/google/cel-go v0.26, common/types/{timestamp,duration}.go, and k8s.io/kube-openapi's strfmt.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{GeneralPurpose, general_purpose::PAD};
use jiff::Timestamp;
use jiff::tz::Offset;

use super::super::tree::Native;
use super::super::value::{Outcome, Trouble, Value, error, no_overload};

/// A point in time. It prints in the zone that it was read in, and is compared without it.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Moment {
    at: Timestamp,
    /// Seconds east of Greenwich.
    offset: i32,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// The first second of the year 1, and the last of 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

fn out_of_range() -> Trouble {
    error("timestamp overflow")
}

/// The error of durations that Go can't count.
pub(super) fn overflow() -> Trouble {
    error("duration overflow")
}

impl Moment {
    fn new(seconds: i64, nanoseconds: i32, offset: i32) -> Result<Moment, Trouble> {
        if !RANGE.contains(&seconds) {
            return Err(out_of_range());
        }
        let at = Timestamp::new(seconds, nanoseconds).map_err(|_| out_of_range())?;
        Ok(Moment { at, offset })
    }

    /// Seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        self.at.as_nanosecond().div_euclid(1_000_000_000) as i64
    }

    /// Go's zero time.
    pub(super) fn is_zero(&self) -> bool {
        self.at.as_nanosecond() == i128::from(*RANGE.start()) * 1_000_000_000
    }

    /// So many nanoseconds later.
    pub(super) fn later(&self, nanoseconds: i128) -> Result<Moment, Trouble> {
        let then = self.at.as_nanosecond() + nanoseconds;
        let seconds = i64::try_from(then.div_euclid(1_000_000_000)).map_err(|_| out_of_range())?;
        Moment::new(seconds, then.rem_euclid(1_000_000_000) as i32, self.offset)
    }

    /// How many nanoseconds this is after the other.
    pub(super) fn since(&self, other: &Moment) -> Result<i64, Trouble> {
        i64::try_from(self.at.as_nanosecond() - other.at.as_nanosecond()).map_err(|_| overflow())
    }

    fn civil(&self, offset: i32) -> Outcome<'static, jiff::civil::DateTime> {
        let offset = Offset::from_seconds(offset).map_err(|_| error("invalid time zone offset"))?;
        Ok(offset.to_datetime(self.at))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil(self.offset).map_err(|_| fmt::Error)?;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second()
        )?;
        if civil.subsec_nanosecond() > 0 {
            let digits = format!("{:09}", civil.subsec_nanosecond());
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        match self.offset {
            0 => f.write_str("Z"),
            east => {
                let (sign, minutes) = (if east < 0 { '-' } else { '+' }, east.abs() / 60);
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "timestamp" => |args| match args {
            [Value::Timestamp(at)] => Ok(Value::Timestamp(*at)),
            [Value::Int(seconds)] => Ok(Value::Timestamp(Moment::new(*seconds, 0, 0)?)),
            [Value::Text(text)] => Ok(Value::Timestamp(timestamp(text)?)),
            _ => Err(no_overload()),
        },
        "duration" => |args| match args {
            [Value::Duration(nanoseconds)] | [Value::Int(nanoseconds)] => Ok(Value::Duration(*nanoseconds)),
            [Value::Text(text)] => Ok(Value::Duration(duration(text)?)),
            _ => Err(no_overload()),
        },
        "getFullYear" => |args| part(args, |at| i64::from(at.year())),
        "getMonth" => |args| part(args, |at| i64::from(at.month()) - 1),
        "getDayOfYear" => |args| part(args, |at| i64::from(at.day_of_year()) - 1),
        "getDayOfMonth" => |args| part(args, |at| i64::from(at.day()) - 1),
        "getDate" => |args| part(args, |at| i64::from(at.day())),
        "getDayOfWeek" => |args| part(args, |at| i64::from(at.weekday().to_sunday_zero_offset())),
        "getHours" => |args| either(args, 3_600_000_000_000, |at| i64::from(at.hour())),
        "getMinutes" => |args| either(args, 60_000_000_000, |at| i64::from(at.minute())),
        "getSeconds" => |args| either(args, 1_000_000_000, |at| i64::from(at.second())),
        "getMilliseconds" => |args| either(args, 1_000_000, |at| i64::from(at.subsec_nanosecond() / 1_000_000)),
        _ => return None,
    })
}

fn part<'a>(args: &[Value<'a>], read: fn(jiff::civil::DateTime) -> i64) -> Outcome<'a> {
    let civil = match args {
        [Value::Timestamp(at)] => at.civil(0)?,
        [Value::Timestamp(at), Value::Text(zone)] => at.civil(zone_offset(zone)?)?,
        _ => return Err(no_overload()),
    };
    Ok(Value::Int(read(civil)))
}

/// A part of a time, or how often a duration holds the unit.
fn either<'a>(args: &[Value<'a>], unit: i64, read: fn(jiff::civil::DateTime) -> i64) -> Outcome<'a> {
    match args {
        [Value::Duration(nanoseconds)] => Ok(Value::Int(nanoseconds / unit)),
        _ => part(args, read),
    }
}

/// `UTC` or an offset. What other names mean depends on the data of the machine.
fn zone_offset(zone: &str) -> Result<i32, Trouble> {
    let Some((hours, minutes)) = zone.split_once(':') else {
        return match zone {
            "" | "UTC" => Ok(0),
            other => Err(error(format!("unknown time zone {other}"))),
        };
    };
    let number = |text: &str| {
        text.parse::<i32>()
            .ok()
            .filter(|number| number.abs() < 10_000)
            .ok_or_else(|| error(format!("strconv.Atoi: parsing {text:?}: invalid syntax")))
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let offset = if zone.starts_with('-') { hours * 60 - minutes } else { hours * 60 + minutes };
    Ok(offset * 60)
}

/// A duration in seconds, with the `s`.
pub(in super::super) fn seconds_text(nanoseconds: i64) -> String {
    // As Go: the seconds as a double, with as few digits as tell it apart.
    let whole = nanoseconds / 1_000_000_000;
    let seconds = whole as f64 + (nanoseconds % 1_000_000_000) as f64 / 1e9;
    format!("{seconds}s")
}

/// RFC 3339, as Go reads it.
pub(in super::super) fn timestamp(text: &str) -> Result<Moment, Trouble> {
    let wrong = || error("type conversion error from 'string' to 'google.protobuf.Timestamp'");
    zoned(text, true).ok_or_else(wrong)?
}

/// A date and time with its zone, or without where that may be left out. `None` if it is none.
fn zoned(text: &str, needs_zone: bool) -> Option<Result<Moment, Trouble>> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| -> Option<i64> {
        let part = text.get(from..from + count)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
    };
    let separated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !separated.iter().all(|(at, sign)| bytes.get(*at) == Some(sign)) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 2)?, digits(8, 2)?);
    let (hour, minute, second) = (digits(11, 2)?, digits(14, 2)?, digits(17, 2)?);
    if second > 59 {
        return None;
    }
    let civil = jiff::civil::DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    )
    .ok()?;
    let mut rest = text.get(19..)?;
    let mut nanoseconds = 0;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let nine: String = fraction[..length].chars().chain("000000000".chars()).take(9).collect();
        nanoseconds = nine.parse().ok()?;
        rest = &fraction[length..];
    }
    let offset = match rest.as_bytes() {
        [] if !needs_zone => 0,
        b"Z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten();
            let (hours, minutes): (i32, i32) = (number(rest.get(1..3)?)?, number(rest.get(4..6)?)?);
            if hours > 24 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let seconds = Offset::UTC.to_timestamp(civil).ok()?.as_second() - i64::from(offset);
    Some(Moment::new(seconds, nanoseconds, offset))
}

/// A duration as Go writes it: `1h30m`, `-1.5s`, `0`.
pub(in super::super) fn duration(text: &str) -> Result<i64, Trouble> {
    go_duration(text).ok_or_else(|| error("type conversion error from 'string' to 'google.protobuf.Duration'"))
}

fn go_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let whole_length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let whole = &rest[..whole_length];
        rest = &rest[whole_length..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            fraction = &after[..length];
            rest = &after[length..];
        }
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let unit_length = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let unit: i128 = match &rest[..unit_length] {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[unit_length..];
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok().filter(|n| *n < 1 << 63)? };
        total += whole * unit;
        // Beyond as many digits nothing is left of a nanosecond.
        let digits: String = fraction.chars().take(18).collect();
        if let Ok(numerator) = digits.parse::<i128>() {
            total += numerator * unit / 10_i128.pow(digits.len() as u32);
        }
        if total > 1 << 63 {
            return None;
        }
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// A value of the format `duration`: Go's, or words such as `3 days`.
pub(in super::super) fn lenient_duration(text: &str) -> Result<i64, Trouble> {
    if let Some(nanoseconds) = go_duration(text) {
        return Ok(nanoseconds);
    }
    let wrong = || error(format!("Invalid duration {text}: unable to parse {text} as duration"));
    const UNITS: [(&[&str], i64); 8] = [
        (&["ns", "nano"], 1),
        (&["us", "µs", "micro"], 1_000),
        (&["ms", "milli"], 1_000_000),
        (&["s", "sec"], 1_000_000_000),
        (&["m", "min"], 60_000_000_000),
        (&["h", "hr", "hour"], 3_600_000_000_000),
        (&["d", "day"], 86_400_000_000_000),
        (&["w", "wk", "week"], 604_800_000_000_000),
    ];
    let (mut total, mut found, mut rest) = (0_i64, false, text);
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = &rest[start..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = rest[digits..].trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic() && c != 'µ').unwrap_or(rest.len());
        let unit = rest[..letters].to_lowercase();
        rest = &rest[letters..];
        for (names, nanoseconds) in UNITS {
            let named = names.contains(&unit.as_str()) || names.last().is_some_and(|last| unit.starts_with(last));
            if named && !unit.is_empty() {
                found = true;
                total = total.wrapping_add(number.wrapping_mul(nanoseconds));
            }
        }
    }
    if found { Ok(total) } else { Err(wrong()) }
}

/// A value of the format `date`.
pub(in super::super) fn date(text: &str) -> Result<Moment, Trouble> {
    let wrong = || error(format!("Invalid date formatted string {text}: parsing time {text:?} as \"2006-01-02\""));
    if text.len() != 10 {
        return Err(wrong());
    }
    zoned(&format!("{text}T00:00:00Z"), true).ok_or_else(wrong)?
}

/// A value of the format `date-time`: RFC 3339, with or without a zone.
pub(in super::super) fn date_time(text: &str) -> Result<Moment, Trouble> {
    if text.is_empty() {
        return Moment::new(0, 0, 0);
    }
    let wrong = || error(format!("Invalid date-time formatted string {text}: parsing time {text:?}"));
    zoned(text, false).ok_or_else(wrong)?
}

/// A value of the format `byte`.
pub(in super::super) fn base64(text: &str) -> Result<Arc<[u8]>, Trouble> {
    // Line ends are passed over, and the alphabet is that of URLs, although values are checked with the other one.
    let engine = GeneralPurpose::new(&URL_SAFE, PAD);
    let packed: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let wrong = |_| error(format!("Invalid byte formatted string {text}: illegal base64 data"));
    Ok(engine.decode(packed).map_err(wrong)?.into())
}

/// Whether a text is a date, as the format `date` asks for it.
pub(super) fn is_date(text: &str) -> bool {
    date(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanoseconds) in [
            ("1h30m", Some(5_400_000_000_000)),
            ("-1.5s", Some(-1_500_000_000)),
            ("0", Some(0)),
            (".5s", Some(500_000_000)),
            ("1us1ns", Some(1_001)),
            ("", None),
            ("-", None),
            ("3", None),
            ("1d", None),
            ("9223372036854775808ns", None),
        ] {
            assert_eq!(go_duration(text), nanoseconds, "{text}");
        }
        assert_eq!(lenient_duration("3 days"), Ok(259_200_000_000_000));
        assert!(lenient_duration("soon").is_err());
    }

    #[test]
    fn times_print_in_their_zone_and_compare_without() {
        let (east, utc) =
            (timestamp("2011-08-18T19:03:37.010+01:00").unwrap(), timestamp("2011-08-18T18:03:37.01Z").unwrap());
        assert_eq!(east, utc);
        assert_eq!(east.to_string(), "2011-08-18T19:03:37.01+01:00");
        assert_eq!(utc.to_string(), "2011-08-18T18:03:37.01Z");
        for wrong in ["2011-08-18", "2011-02-30T00:00:00Z", "2011-08-18T24:00:00Z", "2011-08-18t00:00:00Z", "x"] {
            assert!(timestamp(wrong).is_err(), "{wrong}");
        }
    }
}
