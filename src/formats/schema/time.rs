//! Dates and durations as texts: the formats `date`, `datetime` and `duration`.

use std::sync::LazyLock;

use regex::Regex;

/// `2006-01-02`, a day that there is.
pub(super) fn is_date(text: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().unwrap_or_default();
    let (year, month, day) = (number(year), number(month), number(day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

/// A date, a `T`, a time with seconds, and `Z` or an offset. As lenient as the API server: any sign may stand before the
/// fraction, offsets aren't looked at, and what follows a second `T` doesn't count.
pub(super) fn is_date_time(text: &str) -> bool {
    static TIME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})$").ok());
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    is_date(date)
        && TIME
            .as_ref()
            .and_then(|regex| regex.captures(time))
            .is_some_and(|found| &found[1] <= "23" && &found[2] <= "59" && &found[3] <= "59")
}

/// What the times of Kubernetes' own fields are read from.
pub(super) fn is_rfc3339(text: &str) -> bool {
    static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new("^([0-9]{1,2}):([0-9]{2}):([0-9]{2})([.,][0-9]+)?(Z|[+-]([0-9]{2}):([0-9]{2}))$").ok()
    });
    let Some((date, time)) = text.split_once('T') else { return false };
    is_date(date)
        && TIME.as_ref().and_then(|regex| regex.captures(time)).is_some_and(|found| {
            let below = |group: usize, end: u32| {
                found.get(group).is_none_or(|part| part.as_str().parse::<u32>().is_ok_and(|number| number < end))
            };
            below(1, 24) && below(2, 60) && below(3, 60) && below(6, 25) && below(7, 60)
        })
}

/// A duration of Go (`1h30m`), or words as in `3 days` anywhere in the text.
pub(super) fn is_duration(text: &str) -> bool {
    is_duration_of_go(text) || has_duration_in_words(text)
}

fn is_duration_of_go(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return true;
    }
    let mut rest = unsigned;
    // What Go counts in is nanoseconds in 63 bits.
    let mut total = 0f64;
    while !rest.is_empty() {
        let whole = digits(rest);
        rest = &rest[whole.len()..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            fraction = digits(after);
            rest = &after[fraction.len()..];
        }
        if whole.is_empty() && fraction.is_empty() {
            return false;
        }
        let unit = &rest[..rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len())];
        rest = &rest[unit.len()..];
        let nanoseconds = match unit {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 6e10,
            "h" => 3.6e12,
            _ => return false,
        };
        total += format!("0{whole}.{fraction}0").parse::<f64>().unwrap_or(f64::MAX) * nanoseconds;
    }
    !unsigned.is_empty() && total < i64::MAX as f64
}

fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

fn has_duration_in_words(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("([0-9]+)[\\t\\n\\x0c\\r ]*([A-Za-zµ]+)").ok());
    /// Names of units; the last of each may go on, as in `seconds`.
    const UNITS: [&[&str]; 8] = [
        &["ns", "nano"],
        &["us", "µs", "micro"],
        &["ms", "milli"],
        &["s", "sec"],
        &["m", "min"],
        &["h", "hr", "hour"],
        &["d", "day"],
        &["w", "wk", "week"],
    ];
    let Some(words) = WORDS.as_ref() else { return false };
    let mut found = false;
    for word in words.captures_iter(text) {
        if word[1].parse::<i64>().is_err() {
            return false;
        }
        let unit = word[2].to_lowercase();
        found |= UNITS
            .iter()
            .any(|names| names.contains(&unit.as_str()) || names.last().is_some_and(|name| unit.starts_with(name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_that_there_are() {
        for text in ["2024-02-29", "0000-01-01", "2023-12-31"] {
            assert!(is_date(text), "{text}");
        }
        for text in ["2023-02-29", "2023-13-01", "2023-1-1", "23-01-01", "2023-01-00", "2023-01-01 ", "", "+023-01-01"]
        {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn times_are_as_lenient_as_upstream() {
        for text in
            ["2014-12-15T19:30:20.000Z", "2014-12-15t19:30:20z", "2014-12-15T19:30:20+99:99", "2014-12-15T19:30:20x1Z"]
        {
            assert!(is_date_time(text), "{text}");
        }
        for text in ["2014-12-15", "2014-12-15T24:30:20Z", "2014-12-15T19:30Z", "2014-12-15 19:30:20Z", "T", "abc"] {
            assert!(!is_date_time(text), "{text}");
        }
        assert!(is_rfc3339("2014-12-15T19:30:20.5+01:00") && !is_rfc3339("2014-12-15t19:30:20z"));
    }

    #[test]
    fn durations_are_those_of_go_or_words() {
        for text in ["0", "1h", "-1.5h", "+.5s", "1h30m", "22 ns", "3 days", "1 Week", "5 seconds", "in 3 hours", "1d"]
        {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "1", "h", "1 x", "-", ".s", "99999999999999999999 s"] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
