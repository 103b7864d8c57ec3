//! Dates in the layouts of Go. `Local` is UTC, as in a controller's container; there is no table of other zones here, so
//! that they are refused by name.

use std::fmt;

use super::super::functions::{Call, Done, Function, Type};
use super::super::limits::Fault;
use super::super::strconv::quote;
use super::super::value::Value;
use super::layout::{Piece, pieces};

use Type::{Any, Str};

pub static FUNCTIONS: &[Function] = &[
    Function::new("date", &[Str, Any], |call| in_zone(call, &call.str(0), 1, "Local")),
    Function::new("date_in_zone", &[Str, Any, Str], |call| in_zone(call, &call.str(0), 1, &call.str(2))),
    Function::new("dateInZone", &[Str, Any, Str], |call| in_zone(call, &call.str(0), 1, &call.str(2))),
    Function::new("htmlDate", &[Any], |call| in_zone(call, "2006-01-02", 0, "Local")),
    Function::new("htmlDateInZone", &[Any, Str], |call| in_zone(call, "2006-01-02", 0, &call.str(1))),
    Function::new("date_modify", &[Str, Type::Time], |call| modified(call).or_else(|_| Ok(Value::Time(call.time(1))))),
    Function::new("dateModify", &[Str, Type::Time], |call| modified(call).or_else(|_| Ok(Value::Time(call.time(1))))),
    Function::new("must_date_modify", &[Str, Type::Time], modified),
    Function::new("mustDateModify", &[Str, Type::Time], modified),
    Function::new("toDate", &[Str, Str], |call| {
        parse(&call.str(0), &call.str(1)).or_else(|_| Ok(Value::Time(Time::default())))
    }),
    Function::new("mustToDate", &[Str, Str], |call| parse(&call.str(0), &call.str(1))),
    Function::new("unixEpoch", &[Type::Time], |call| Ok(call.time(0).seconds.to_string().into())),
    Function::new("duration", &[Any], |call| {
        let seconds = match call.any(0) {
            Value::Str(text) => super::super::strconv::parse_int_base(text, 10).unwrap_or_default(),
            Value::Int64(seconds) => *seconds,
            _ => 0,
        };
        Ok(duration_text(seconds.wrapping_mul(SECOND)).into())
    }),
    Function::new("durationRound", &[Any], |call| {
        let nanos = match call.any(0) {
            Value::Str(text) => parse_duration(text).unwrap_or_default(),
            Value::Int64(nanos) => *nanos,
            Value::Time(_) => return Err("how long ago it is depends on the clock".into()),
            _ => 0,
        };
        Ok(rounded(nanos).into())
    }),
];

pub static METHODS: &[Function] = &[
    Function::new("Format", &[Str], |call| Ok(receiver(call).format(&call.str(0)).into())),
    Function::new("String", &[], |call| Ok(receiver(call).to_string().into())),
    Function::new("Unix", &[], |call| Ok(Value::Int64(receiver(call).seconds))),
    Function::new("UTC", &[], |call| Ok(Value::Time(Time { offset: 0, zone: "UTC".to_owned(), ..receiver(call) }))),
    Function::new("IsZero", &[], |call| Ok(Value::Bool(receiver(call) == Time::default()))),
    Function::new("Year", &[], |call| Ok(Value::Int(receiver(call).civil().year))),
    Function::new("Day", &[], |call| Ok(Value::Int(receiver(call).civil().day))),
    Function::new("YearDay", &[], |call| Ok(Value::Int(receiver(call).civil().year_day))),
    Function::new("Hour", &[], |call| Ok(Value::Int(receiver(call).civil().second / 3600))),
    Function::new("Minute", &[], |call| Ok(Value::Int(receiver(call).civil().second / 60 % 60))),
    Function::new("Second", &[], |call| Ok(Value::Int(receiver(call).civil().second % 60))),
];

const SECOND: i64 = 1_000_000_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A moment, and the zone that it is shown in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    seconds: i64,
    nanos: u32,
    /// Seconds east of UTC.
    offset: i64,
    zone: String,
}

/// What calendars and clocks say.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    year_day: i64,
    week_day: usize,
    second: i64,
}

impl Default for Time {
    /// The first of January of the year 1.
    fn default() -> Self {
        Time::utc(-62_135_596_800)
    }
}

fn receiver(call: &Call<'_>) -> Time {
    match &call.receiver {
        Value::Time(time) => time.clone(),
        _ => Time::default(),
    }
}

/// Days since 1970 of a day of the calendar.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl Time {
    fn utc(seconds: i64) -> Self {
        Time { seconds, nanos: 0, offset: 0, zone: "UTC".to_owned() }
    }

    fn civil(&self) -> Civil {
        let local = self.seconds.saturating_add(self.offset);
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let week_day = usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default();
        Civil { year, month, day, year_day: days - days_of(year, 1, 1) + 1, week_day, second }
    }

    /// As JSON has it.
    pub fn rfc3339(&self) -> String {
        self.format("2006-01-02T15:04:05.999999999Z07:00")
    }

    fn format(&self, layout: &str) -> String {
        let civil = self.civil();
        let month = MONTHS[usize::try_from(civil.month - 1).unwrap_or_default().min(11)];
        let (hour, minute, second) = (civil.second / 3600, civil.second / 60 % 60, civil.second % 60);
        let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
        let mut out = String::new();
        for (piece, _) in pieces(layout) {
            out.push_str(&match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::LongMonth => month.to_owned(),
                Piece::Month => month[..3].to_owned(),
                Piece::NumMonth => civil.month.to_string(),
                Piece::ZeroMonth => format!("{:02}", civil.month),
                Piece::LongWeekDay => DAYS[civil.week_day].to_owned(),
                Piece::WeekDay => DAYS[civil.week_day][..3].to_owned(),
                Piece::Day => civil.day.to_string(),
                Piece::UnderDay => format!("{:2}", civil.day),
                Piece::ZeroDay => format!("{:02}", civil.day),
                Piece::UnderYearDay => format!("{:3}", civil.year_day),
                Piece::ZeroYearDay => format!("{:03}", civil.year_day),
                Piece::Hour => format!("{hour:02}"),
                Piece::Hour12 => hour12.to_string(),
                Piece::ZeroHour12 => format!("{hour12:02}"),
                Piece::Minute => minute.to_string(),
                Piece::ZeroMinute => format!("{minute:02}"),
                Piece::Second => second.to_string(),
                Piece::ZeroSecond => format!("{second:02}"),
                Piece::LongYear if civil.year < 0 => format!("-{:04}", -civil.year),
                Piece::LongYear => format!("{:04}", civil.year),
                Piece::Year => format!("{:02}", civil.year.rem_euclid(100)),
                Piece::Half(capitals) => match (hour >= 12, capitals) {
                    (true, true) => "PM",
                    (false, true) => "AM",
                    (true, false) => "pm",
                    (false, false) => "am",
                }
                .to_owned(),
                Piece::Zone if self.zone.is_empty() => offset_text(self.offset, false, self.offset % 3600 != 0, false),
                Piece::Zone => self.zone.clone(),
                Piece::Offset { z: true, .. } if self.offset == 0 => "Z".to_owned(),
                Piece::Offset { colon, minutes, seconds, .. } => offset_text(self.offset, colon, minutes, seconds),
                Piece::Fraction { mark, digits, all } => fraction_text(self.nanos, mark, digits, all),
            });
        }
        out
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

fn offset_text(offset: i64, colon: bool, minutes: bool, seconds: bool) -> String {
    let (sign, size) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    let mark = if colon { ":" } else { "" };
    let mut text = format!("{sign}{:02}", size / 3600);
    if minutes {
        text.push_str(&format!("{mark}{:02}", size / 60 % 60));
    }
    if seconds {
        text.push_str(&format!("{mark}{:02}", size % 60));
    }
    text
}

fn fraction_text(nanos: u32, mark: char, digits: usize, all: bool) -> String {
    let text = format!("{nanos:09}");
    let mut shown = text[..digits.min(9)].to_owned();
    if all {
        shown.extend(std::iter::repeat_n('0', digits.saturating_sub(9)));
    } else {
        shown.truncate(shown.trim_end_matches('0').len());
        if shown.is_empty() {
            return shown;
        }
    }
    format!("{mark}{shown}")
}

fn in_zone(call: &Call<'_>, layout: &str, position: usize, zone: &str) -> Done {
    let time = match call.any(position) {
        Value::Time(time) => time.clone(),
        Value::Int(seconds) | Value::Int64(seconds) => Time::utc(*seconds),
        other => {
            return Err(format!("a {} is no date: the current time would be taken for it", other.type_name()).into());
        }
    };
    if !matches!(zone, "" | "UTC" | "Local") {
        return Err(format!("the time zone {} isn't known here, only UTC", quote(zone)).into());
    }
    Ok(Time { offset: 0, zone: "UTC".to_owned(), ..time }.format(layout).into())
}

fn modified(call: &mut Call<'_>) -> Done {
    let nanos = parse_duration(&call.str(0))?;
    let mut time = call.time(1);
    let total = i64::from(time.nanos) + nanos.rem_euclid(SECOND);
    time.seconds = time.seconds.saturating_add(nanos.div_euclid(SECOND)).saturating_add(total.div_euclid(SECOND));
    time.nanos = u32::try_from(total.rem_euclid(SECOND)).unwrap_or_default();
    Ok(Value::Time(time))
}

/// `time.ParseDuration`, in nanoseconds.
fn parse_duration(text: &str) -> Result<i64, Fault> {
    let invalid = || Fault::from(format!("time: invalid duration {}", quote(text)));
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned == "0" {
        return Ok(0);
    }
    if unsigned.is_empty() {
        return Err(invalid());
    }
    let mut rest = unsigned;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, behind) = rest.split_at(number);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return Err(invalid());
        }
        let length = behind.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(length);
        let size = match unit {
            "" => return Err(format!("time: missing unit in duration {}", quote(text)).into()),
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            unit => return Err(format!("time: unknown unit {} in duration {}", quote(unit), quote(text)).into()),
        };
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        let part = fraction.bytes().take(18).fold((0.0, 1.0), |(value, scale): (f64, f64), digit| {
            (value * 10.0 + f64::from(digit - b'0'), scale * 10.0)
        });
        let nanos =
            whole.checked_mul(size).and_then(|nanos| nanos.checked_add((part.0 * (size as f64 / part.1)) as i64));
        total = nanos.and_then(|nanos| total.checked_add(nanos)).ok_or_else(invalid)?;
        rest = behind;
    }
    Ok(if text.starts_with('-') { -total } else { total })
}

/// `time.Duration.String`
fn duration_text(nanos: i64) -> String {
    let size = nanos.unsigned_abs();
    let sign = if nanos < 0 { "-" } else { "" };
    if size == 0 {
        return "0s".to_owned();
    }
    let trimmed = |text: String| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if size < SECOND.unsigned_abs() {
        return match size {
            size if size < 1_000 => format!("{sign}{size}ns"),
            size if size < 1_000_000 => format!("{sign}{}µs", trimmed(format!("{}.{:03}", size / 1_000, size % 1_000))),
            size => format!("{sign}{}ms", trimmed(format!("{}.{:06}", size / 1_000_000, size % 1_000_000))),
        };
    }
    let (seconds, rest) = (size / 1_000_000_000, size % 1_000_000_000);
    let last = trimmed(format!("{}.{rest:09}", seconds % 60));
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{sign}{last}s"),
        (0, minutes) => format!("{sign}{minutes}m{last}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{last}s"),
    }
}

/// In the largest unit that it is more than one of.
fn rounded(nanos: i64) -> String {
    let seconds = nanos.unsigned_abs();
    let units = [(31_536_000, "y"), (2_592_000, "mo"), (86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let unit = units.iter().map(|(size, name)| (size * SECOND.unsigned_abs(), name)).find(|(size, _)| seconds > *size);
    unit.map_or_else(|| "0s".to_owned(), |(size, name)| format!("{}{name}", seconds / size))
}

/// `time.ParseInLocation`, in UTC.
fn parse(layout: &str, text: &str) -> Done {
    let mut rest = text;
    let (mut year, mut month, mut day, mut year_day) = (None::<i64>, None::<i64>, None::<i64>, None::<i64>);
    let (mut hour, mut minute, mut second, mut nanos) = (0, 0, 0, 0);
    let (mut half, mut offset, mut zone) = (None, None, String::new());
    let wrong = |value: &str, piece: &str| {
        let (text, layout, value, piece) = (quote(text), quote(layout), quote(value), quote(piece));
        Fault::from(format!("parsing time {text} as {layout}: cannot parse {value} as {piece}"))
    };
    let range = |what: &str| Fault::from(format!("parsing time {}: {what} out of range", quote(text)));
    let all = pieces(layout);
    for (position, (piece, shown)) in all.iter().enumerate() {
        let hold = rest;
        let fail = || wrong(hold, shown);
        match piece {
            Piece::Text(expected) => {
                // Spaces of the layout stand for any number of them.
                for part in expected.split_inclusive(' ') {
                    let word = part.trim_end_matches(' ');
                    rest = rest.strip_prefix(word).ok_or_else(|| wrong(rest, expected))?;
                    if word.len() < part.len() {
                        if !rest.is_empty() && !rest.starts_with(' ') {
                            return Err(wrong(rest, expected));
                        }
                        rest = rest.trim_start_matches(' ');
                    }
                }
            }
            Piece::LongMonth | Piece::Month => {
                let short = *piece == Piece::Month;
                let names = MONTHS.iter().map(|name| if short { &name[..3] } else { name });
                let found = named(rest, names).ok_or_else(fail)?;
                month = Some(found.0 + 1);
                rest = found.1;
            }
            Piece::LongWeekDay | Piece::WeekDay => {
                let short = *piece == Piece::WeekDay;
                rest = named(rest, DAYS.iter().map(|name| if short { &name[..3] } else { name })).ok_or_else(fail)?.1;
            }
            Piece::NumMonth | Piece::ZeroMonth => {
                let number = digits(&mut rest, *piece == Piece::ZeroMonth).ok_or_else(fail)?;
                if !(1..=12).contains(&number) {
                    return Err(range("month"));
                }
                month = Some(number);
            }
            Piece::Day | Piece::UnderDay | Piece::ZeroDay => {
                if *piece == Piece::UnderDay {
                    rest = rest.strip_prefix(' ').unwrap_or(rest);
                }
                day = Some(digits(&mut rest, *piece == Piece::ZeroDay).ok_or_else(fail)?);
            }
            Piece::UnderYearDay | Piece::ZeroYearDay => {
                let trimmed = if *piece == Piece::UnderYearDay { rest.trim_start_matches(' ') } else { rest };
                let padding = rest.len() - trimmed.len();
                let value = trimmed.get(..3 - padding.min(3)).filter(|value| value.bytes().all(|b| b.is_ascii_digit()));
                year_day = Some(value.and_then(|value| value.parse().ok()).ok_or_else(fail)?);
                rest = &trimmed[3 - padding.min(3)..];
            }
            Piece::LongYear => {
                let value = rest.get(..4).filter(|value| value.bytes().all(|b| b.is_ascii_digit())).ok_or_else(fail)?;
                year = value.parse().ok();
                rest = &rest[4..];
            }
            Piece::Year => {
                let value = rest.get(..2).filter(|value| value.bytes().all(|b| b.is_ascii_digit())).ok_or_else(fail)?;
                year = value.parse::<i64>().ok().map(|year| if year >= 69 { year + 1900 } else { year + 2000 });
                rest = &rest[2..];
            }
            Piece::Hour => {
                hour = digits(&mut rest, false).ok_or_else(fail)?;
                if hour > 23 {
                    return Err(range("hour"));
                }
            }
            Piece::Hour12 | Piece::ZeroHour12 => {
                hour = digits(&mut rest, *piece == Piece::ZeroHour12).ok_or_else(fail)?;
                if hour > 12 {
                    return Err(range("hour"));
                }
            }
            Piece::Minute | Piece::ZeroMinute => {
                minute = digits(&mut rest, *piece == Piece::ZeroMinute).ok_or_else(fail)?;
                if minute > 59 {
                    return Err(range("minute"));
                }
            }
            Piece::Second | Piece::ZeroSecond => {
                second = digits(&mut rest, *piece == Piece::ZeroSecond).ok_or_else(fail)?;
                if second > 59 {
                    return Err(range("second"));
                }
                let follows = matches!(all.get(position + 1), Some((Piece::Fraction { .. }, _)));
                let count =
                    rest.strip_prefix(['.', ',']).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
                if count > 0 && !follows {
                    nanos = fraction(&rest[1..=count]);
                    rest = &rest[1 + count..];
                }
            }
            Piece::Half(_) => {
                half = match (rest.get(..2), piece) {
                    (Some("PM"), Piece::Half(true)) | (Some("pm"), Piece::Half(false)) => Some(true),
                    (Some("AM"), Piece::Half(true)) | (Some("am"), Piece::Half(false)) => Some(false),
                    _ => return Err(fail()),
                };
                rest = &rest[2..];
            }
            Piece::Zone => {
                let length = rest.bytes().take_while(u8::is_ascii_uppercase).count();
                if !(3..=5).contains(&length) {
                    return Err(fail());
                }
                zone = rest[..length].to_owned();
                rest = &rest[length..];
            }
            Piece::Offset { z: true, .. } if rest.starts_with('Z') => {
                offset = Some(0);
                zone = "UTC".to_owned();
                rest = &rest[1..];
            }
            Piece::Offset { colon, minutes, seconds, .. } => {
                offset = Some(read_offset(&mut rest, *colon, *minutes, *seconds).ok_or_else(fail)?);
            }
            Piece::Fraction { digits: count, all, .. } => {
                let found =
                    rest.strip_prefix(['.', ',']).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
                let length = if *all { *count } else { found };
                if *all && found < *count {
                    return Err(fail());
                }
                if length > 0 {
                    nanos = fraction(&rest[1..=length]);
                    rest = &rest[1 + length..];
                }
            }
        }
    }
    if !rest.is_empty() {
        let (text, rest) = (quote(text), quote(rest));
        return Err(format!("parsing time {text}: extra text: {rest}").into());
    }
    match half {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let year = year.unwrap_or(0);
    let first = days_of(year, 1, 1);
    let days = if let Some(number) = year_day {
        if number < 1 || number > days_of(year + 1, 1, 1) - first {
            return Err(range("day-of-year"));
        }
        first + number - 1
    } else {
        let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
        let start = days_of(year, month, 1);
        let next = if month == 12 { days_of(year + 1, 1, 1) } else { days_of(year, month + 1, 1) };
        if day < 1 || day > next - start {
            return Err(range("day"));
        }
        start + day - 1
    };
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    let zone = match (offset, zone.as_str()) {
        (Some(0) | None, "") => "UTC".to_owned(),
        _ => zone,
    };
    let offset = offset.unwrap_or(0);
    Ok(Value::Time(Time { seconds: seconds - offset, nanos, offset, zone }))
}

fn named<'t, 'n>(text: &'t str, mut names: impl Iterator<Item = &'n str>) -> Option<(i64, &'t str)> {
    let fits = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let mut length = 0;
    let found = names.position(|name| {
        length = name.len();
        fits(name)
    })?;
    Some((i64::try_from(found).ok()?, &text[length..]))
}

/// One or two digits.
fn digits(rest: &mut &str, two: bool) -> Option<i64> {
    let count = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if count == 0 || two && count < 2 {
        return None;
    }
    let number = rest[..count].parse().ok()?;
    *rest = &rest[count..];
    Some(number)
}

fn fraction(digits: &str) -> u32 {
    format!("{digits:0<9}").get(..9).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

fn read_offset(rest: &mut &str, colon: bool, minutes: bool, seconds: bool) -> Option<i64> {
    let sign = match rest.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    *rest = &rest[1..];
    let mut total = digits(rest, true)? * 3600;
    for (wanted, size) in [(minutes, 60), (seconds, 1)] {
        if wanted {
            if colon {
                *rest = rest.strip_prefix(':')?;
            }
            total += digits(rest, true)? * size;
        }
    }
    Some(sign * total)
}
