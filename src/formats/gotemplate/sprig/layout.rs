//! Layouts of dates: the reference time `Mon Jan 2 15:04:05 MST 2006` cut into the parts that stand for others. Called by
//! `dates`, for writing and for reading.

/// A part of a layout.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece<'a> {
    Text(&'a str),
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekDay,
    WeekDay,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    /// PM in capitals or not.
    Half(bool),
    Zone,
    Offset {
        z: bool,
        colon: bool,
        minutes: bool,
        seconds: bool,
    },
    /// So many digits behind the point or comma, all of them or as many as there are.
    Fraction {
        mark: char,
        digits: usize,
        all: bool,
    },
}

/// The parts of a layout in their order.
pub fn pieces(layout: &str) -> Vec<(Piece<'_>, &str)> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < layout.len() {
        let Some((piece, skip, length)) = layout.get(at..).and_then(next) else {
            at += 1;
            continue;
        };
        let begin = at + skip;
        if begin > start {
            found.push((Piece::Text(&layout[start..begin]), &layout[start..begin]));
        }
        found.push((piece, &layout[begin..begin + length]));
        start = begin + length;
        at = start;
    }
    if start < layout.len() {
        found.push((Piece::Text(&layout[start..]), &layout[start..]));
    }
    found
}

/// The part that a text begins with, how much of it is text after all, and its length.
fn next(text: &str) -> Option<(Piece<'static>, usize, usize)> {
    let lower_at = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_lowercase);
    let fixed: [(&str, Piece<'static>); 34] = [
        ("January", Piece::LongMonth),
        ("Jan", Piece::Month),
        ("Monday", Piece::LongWeekDay),
        ("Mon", Piece::WeekDay),
        ("MST", Piece::Zone),
        ("002", Piece::ZeroYearDay),
        ("01", Piece::ZeroMonth),
        ("02", Piece::ZeroDay),
        ("03", Piece::ZeroHour12),
        ("04", Piece::ZeroMinute),
        ("05", Piece::ZeroSecond),
        ("06", Piece::Year),
        ("15", Piece::Hour),
        ("1", Piece::NumMonth),
        ("2006", Piece::LongYear),
        ("2", Piece::Day),
        ("_2006", Piece::LongYear),
        ("_2", Piece::UnderDay),
        ("__2", Piece::UnderYearDay),
        ("3", Piece::Hour12),
        ("4", Piece::Minute),
        ("5", Piece::Second),
        ("PM", Piece::Half(true)),
        ("pm", Piece::Half(false)),
        ("-070000", offset(false, false, true, true)),
        ("-07:00:00", offset(false, true, true, true)),
        ("-0700", offset(false, false, true, false)),
        ("-07:00", offset(false, true, true, false)),
        ("-07", offset(false, false, false, false)),
        ("Z070000", offset(true, false, true, true)),
        ("Z07:00:00", offset(true, true, true, true)),
        ("Z0700", offset(true, false, true, false)),
        ("Z07:00", offset(true, true, true, false)),
        ("Z07", offset(true, false, false, false)),
    ];
    for (name, piece) in fixed {
        if !text.starts_with(name) {
            continue;
        }
        if matches!(name, "Jan" | "Mon") && lower_at(3) {
            return None;
        }
        // An underscore before a year is itself.
        return Some(if name == "_2006" { (piece, 1, 4) } else { (piece, 0, name.len()) });
    }
    let mark = text.chars().next().filter(|c| matches!(c, '.' | ','))?;
    let digit = text[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let digits = text[1..].chars().take_while(|c| *c == digit).count();
    if text.as_bytes().get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((Piece::Fraction { mark, digits, all: digit == '0' }, 0, 1 + digits))
}

const fn offset(z: bool, colon: bool, minutes: bool, seconds: bool) -> Piece<'static> {
    Piece::Offset { z, colon, minutes, seconds }
}
