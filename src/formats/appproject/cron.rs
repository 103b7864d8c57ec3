//! Schedules of sync windows: five fields of cron as robfig/cron reads them. Written out here, since a crate would bring
//! seconds, years and names that Argo CD refuses, and the search for the next time is all that windows need.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, time};

/// A schedule, each field as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether days, or weekdays, are a star: then the other decides alone.
    any_day: bool,
    any_weekday: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// How far ahead a time is looked for.
const DAYS_AHEAD: usize = 5 * 366;

impl Schedule {
    /// Reads minutes, hours, days, months and weekdays.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            let count = fields.len();
            return Err(format!("expected exactly 5 fields, found {count}: [{}]", fields.join(" ")));
        };
        let is_any = |field: &str| field.split(',').any(|part| matches!(part, "*" | "?"));
        Ok(Schedule {
            minutes: bits(minutes, 0, 59, &[])?,
            hours: bits(hours, 0, 23, &[])?,
            days: bits(days, 1, 31, &[])?,
            months: bits(months, 1, 12, &MONTHS)?,
            weekdays: bits(weekdays, 0, 6, &WEEKDAYS)?,
            any_day: is_any(days),
            any_weekday: is_any(weekdays),
        })
    }

    fn has_day(&self, date: Date) -> bool {
        let is_month = has(self.months, date.month());
        let by_day = has(self.days, date.day());
        let by_weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        is_month && if self.any_day || self.any_weekday { by_day && by_weekday } else { by_day || by_weekday }
    }

    /// The first time after another; nothing if there is none in five years.
    pub fn next(&self, after: DateTime) -> Option<DateTime> {
        let mut date = after.date();
        for _ in 0..DAYS_AHEAD {
            if self.has_day(date) {
                for hour in (0..24_i8).filter(|hour| has(self.hours, *hour)) {
                    for minute in (0..60_i8).filter(|minute| has(self.minutes, *minute)) {
                        let start = date.to_datetime(time(hour, minute, 0, 0));
                        if start > after {
                            return Some(start);
                        }
                    }
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }
}

fn has(bits: u64, at: i8) -> bool {
    u32::try_from(at).is_ok_and(|at| bits >> at & 1 == 1)
}

/// The bits of a list: `*`, `7`, `mon-fri`, `0-30/10`, each with a step.
fn bits(field: &str, low: u32, high: u32, names: &[&str]) -> Result<u64, String> {
    let mut bits = 0;
    for part in field.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let number = |text: &str| {
            let by_name = names.iter().position(|name| text.eq_ignore_ascii_case(name));
            let by_name = by_name.and_then(|at| u32::try_from(at).ok()).map(|at| at + low);
            by_name.or_else(|| text.parse().ok()).ok_or_else(|| format!("failed to parse int from {text}: {part}"))
        };
        let (start, mut end) = match range {
            "*" | "?" => (low, high),
            range => match range.split_once('-') {
                Some((start, end)) => (number(start)?, number(end)?),
                None => (number(range)?, number(range)?),
            },
        };
        let step = match step {
            None => 1,
            Some(step) => {
                // A start with a step goes on to the end.
                if start == end && !range.contains('-') {
                    end = high;
                }
                step.parse::<u32>().map_err(|_| format!("failed to parse int from {step}: {part}"))?
            }
        };
        if start < low {
            return Err(format!("beginning of range ({start}) below minimum ({low}): {part}"));
        }
        if end > high {
            return Err(format!("end of range ({end}) above maximum ({high}): {part}"));
        }
        if start > end {
            return Err(format!("beginning of range ({start}) beyond end of range ({end}): {part}"));
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        for at in (start..=end).step_by(step as usize) {
            bits |= 1 << at;
        }
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let next = Schedule::parse(schedule).unwrap().next(after.parse().unwrap());
        next.map(|next| next.to_string()).unwrap_or_default()
    }

    #[test]
    fn the_next_time() {
        assert_eq!(next("0 22 * * *", "2026-03-01T21:59:59"), "2026-03-01T22:00:00");
        assert_eq!(next("0 22 * * *", "2026-03-01T22:00:00"), "2026-03-02T22:00:00");
        assert_eq!(next("*/15 8-9 * * mon-fri", "2026-03-07T10:00:00"), "2026-03-09T08:00:00");
        assert_eq!(next("0 0 29 feb *", "2026-01-01T00:00:00"), "2028-02-29T00:00:00");
        // Days and weekdays that are both given are either.
        assert_eq!(next("0 0 13 * 5", "2026-03-01T00:00:00"), "2026-03-06T00:00:00");
        assert_eq!(next("0 0 31 2 *", "2026-03-01T00:00:00"), "");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "* * * *", "60 * * * *", "* * * * 7", "5-1 * * * *", "*/0 * * * *", "a * * * *", "@daily"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
