//! Sync windows: whether an Application may be synced at an instant.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::cron::Schedule;
use super::glob;

/// An instant, and how far time zones are from UTC at it.
#[derive(Clone, Copy)]
pub struct Clock<'a> {
    /// The instant.
    pub now: Timestamp,
    /// Seconds that a time zone is ahead of UTC; nothing for one that isn't known, which counts as UTC.
    pub offset: &'a dyn Fn(&str) -> Option<i64>,
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

fn texts<'v>(value: &'v Value, field: &str) -> Vec<&'v str> {
    value[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whether the windows of a project let an Application be synced: no window that denies is open, and if some allow, one
/// of them is. `is_manual` is whether a person syncs, which windows may let through.
///
/// # Errors
/// Which window doesn't, or what is wrong with one.
pub fn is_sync_permitted(
    project: &Value,
    application: &Value,
    clock: &Clock<'_>,
    is_manual: bool,
) -> Result<(), String> {
    let windows = project["spec"]["syncWindows"].as_array().into_iter().flatten();
    let own: Vec<&Value> = windows.filter(|window| concerns(window, application)).collect();
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for window in own {
        if is_open(window, clock).map_err(|message| format!("invalid sync windows: {message}"))? {
            open.push(window);
        } else if text(window, "kind") == "allow" {
            closed.push(window);
        }
    }
    let lets_people = |windows: &[&Value]| is_manual && windows.iter().all(|window| window["manualSync"] == true);
    let denying: Vec<&Value> = open.iter().copied().filter(|window| text(window, "kind") == "deny").collect();
    if let Some(first) = denying.first() {
        return if lets_people(&denying) { Ok(()) } else { Err(format!("{} denies it now", shown(first))) };
    }
    if open.iter().any(|window| text(window, "kind") == "allow") {
        return Ok(());
    }
    match closed.first() {
        Some(first) if !lets_people(&closed) => {
            Err(format!("no window that allows it is open now; {} is one of {}", shown(first), closed.len()))
        }
        _ => Ok(()),
    }
}

/// A window in a few words.
fn shown(window: &Value) -> String {
    format!("the window '{}' of {}", text(window, "schedule"), text(window, "duration"))
}

/// Whether a window is one of an Application: by its name, its cluster or its namespace, or by all that the window names.
fn concerns(window: &Value, application: &Value) -> bool {
    let destination = &application["spec"]["destination"];
    let fits = |patterns: &[&str], value: &str| {
        patterns.iter().any(|pattern| *pattern == "*" || glob::matches(pattern, value, None))
    };
    let names = texts(window, "applications");
    let clusters = texts(window, "clusters");
    let by_name = fits(&names, text(&application["metadata"], "name"));
    let of_cluster = |field: &str| {
        let value = text(destination, field);
        !value.is_empty() && fits(&clusters, value)
    };
    let by_cluster = of_cluster("name") || of_cluster("server");
    let by_namespace = fits(&texts(window, "namespaces"), text(destination, "namespace"));
    if window["andOperator"] != true {
        return by_name || by_cluster || by_namespace;
    }
    // What the window doesn't name is no condition; the namespaces are looked at last, and decide if they are named.
    let has_namespaces = !texts(window, "namespaces").is_empty();
    let is_named = !names.is_empty() || !clusters.is_empty();
    let others = (names.is_empty() || by_name) && (clusters.is_empty() || by_cluster);
    others && if has_namespaces { by_namespace } else { is_named }
}

fn is_open(window: &Value, clock: &Clock<'_>) -> Result<bool, String> {
    let schedule = text(window, "schedule");
    let schedule =
        Schedule::parse(schedule).map_err(|message| format!("cannot parse schedule '{schedule}': {message}"))?;
    let duration = length(window)?;
    let offset = (clock.offset)(text(window, "timeZone")).unwrap_or_default();
    let local = jiff::tz::Offset::UTC.to_datetime(clock.now).checked_add(SignedDuration::from_secs(offset));
    let since = local.clone().and_then(|local: DateTime| local.checked_sub(duration));
    // A window as long as time is always open, if it ever begins.
    let (Ok(local), Ok(since)) = (local, since) else { return Ok(true) };
    Ok(schedule.next(since).is_some_and(|start| start < local))
}

/// How long a window is open.
pub fn length(window: &Value) -> Result<SignedDuration, String> {
    let duration = text(window, "duration");
    parsed(duration).ok_or_else(|| format!("cannot parse duration '{duration}': time: invalid duration \"{duration}\""))
}

/// A duration as Go writes it: `1h30m`, `90s`, `1.5h`.
fn parsed(text: &str) -> Option<SignedDuration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(SignedDuration::ZERO);
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|at| *at > 0)?;
        let (number, behind) = rest.split_at(digits);
        let end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let unit = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" | "μs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        rest = behind;
    }
    (!text.is_empty()).then(|| SignedDuration::try_from_secs_f64(seconds).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn permitted(windows: Value, now: &str, is_manual: bool) -> Result<(), String> {
        let project = json!({ "spec": { "syncWindows": windows } });
        let application = json!({
            "metadata": { "name": "pay-prod" },
            "spec": { "destination": { "server": "https://prod", "namespace": "pay" } },
        });
        let offset = |zone: &str| (zone == "Europe/Berlin").then_some(3600);
        let clock = Clock { now: now.parse().unwrap(), offset: &offset };
        is_sync_permitted(&project, &application, &clock, is_manual)
    }

    #[test]
    fn an_open_window_that_denies_wins() {
        let deny = json!({ "kind": "deny", "schedule": "0 22 * * *", "duration": "2h", "applications": ["pay-*"] });
        let allow = json!({ "kind": "allow", "schedule": "* * * * *", "duration": "1h", "namespaces": ["*"] });
        let both = json!([deny, allow]);
        assert!(permitted(both.clone(), "2026-03-01T21:59:00Z", false).is_ok());
        let refused = permitted(both.clone(), "2026-03-01T23:00:00Z", true);
        assert_eq!(refused.unwrap_err(), "the window '0 22 * * *' of 2h denies it now");
        assert!(permitted(both, "2026-03-02T00:00:01Z", false).is_ok());
    }

    #[test]
    fn without_an_open_window_that_allows_nothing_goes() {
        let allow = json!([{
            "kind": "allow", "schedule": "0 8 * * 1-5", "duration": "10h", "clusters": ["https://*"], "manualSync": true,
            "timeZone": "Europe/Berlin",
        }]);
        assert!(permitted(allow.clone(), "2026-03-02T07:30:00Z", false).is_ok());
        assert!(permitted(allow.clone(), "2026-03-02T06:59:00Z", false).is_err());
        assert!(permitted(allow, "2026-03-02T06:59:00Z", true).is_ok());
        let other = json!([{ "kind": "allow", "schedule": "0 8 * * *", "duration": "1m", "applications": ["other"] }]);
        assert!(permitted(other, "2026-03-02T06:59:00Z", false).is_ok());
    }

    #[test]
    fn all_that_is_named_must_fit_if_it_is_said_so() {
        let window = |namespace: &str| {
            json!([{
                "kind": "deny", "schedule": "* * * * *", "duration": "1h", "andOperator": true,
                "applications": ["pay-*"], "namespaces": [namespace],
            }])
        };
        assert!(permitted(window("pay"), "2026-03-02T06:59:00Z", false).is_err());
        assert!(permitted(window("other"), "2026-03-02T06:59:00Z", false).is_ok());
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(parsed("1h30m"), Some(SignedDuration::from_mins(90)));
        assert_eq!(parsed("1.5h"), Some(SignedDuration::from_mins(90)));
        assert_eq!((parsed(""), parsed("1"), parsed("h"), parsed("1d")), (None, None, None, None));
    }
}
