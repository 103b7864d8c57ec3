//! `idp-run runs`: the journal of runs; going on with those that wait.

use std::path::PathBuf;

use clap::Subcommand;

use super::run::RunArgs;
use super::undo::UndoArgs;
use super::{Global, block_on, current_folder};
use crate::error::{Error, Exit, Result, nearest};
use crate::output::{self, Format, table::Table};
use crate::world::fault::Faults;
use crate::world::journal::{AttemptRow, Journal, RunRow};
use crate::world::lock::FileLock;
use crate::world::sqlite::SqliteJournal;
use crate::world::undo::run_key;

#[derive(Subcommand)]
pub enum Verb {
    /// All runs, the newest first
    List {
        /// Only those whose files were made with older versions of script, modules, templates or parameters
        #[arg(long)]
        outdated: bool,
        /// With --outdated: exit with 5 if there are such runs
        #[arg(long, requires = "outdated")]
        detailed_exitcode: bool,
    },
    /// One run with its attempts, steps and changes
    Show {
        /// The run's key, its hash, or enough of either to tell it from others
        #[arg(required = true, value_name = "RUN")]
        run: Vec<String>,
    },
    /// Take back what a run created: close or revert its pull requests, archive its repositories
    Undo(UndoArgs),
    /// Run again what waits, failed or was interrupted
    Resume {
        /// The run's key, its hash, or enough of either to tell it from others [default: all that wait]
        #[arg(value_name = "RUN")]
        run: Vec<String>,
        /// A file that says what the runs may change outside the embedded world
        #[arg(long, value_name = "FILE", env = "IDP_GRANTS")]
        grants: Option<PathBuf>,
        /// Make the changes without asking; the embedded world never asks
        #[arg(long)]
        yes: bool,
    },
}

pub fn runs(global: &Global, verb: Verb) -> Result<Exit> {
    let config = global.config()?;
    let path = config.journal();
    let mut rows = if path.is_file() {
        let journal = SqliteJournal::open(&path, Faults::default())?;
        block_on(journal.runs())?
    } else {
        Vec::new()
    };
    for row in rows.iter_mut().filter(|row| row.status == "running") {
        // Whoever runs it holds its lock; a killed process holds none.
        if FileLock::try_acquire(&config.run_lock(&row.hash))?.is_some() {
            row.status = "interrupted".into();
        }
    }
    let rows = rows;
    let options = global.options(false);
    let json = options.format == Format::Json;
    match verb {
        Verb::List { outdated: true, detailed_exitcode } => {
            return super::outdated::list(global, &config, &current_folder()?, &rows, detailed_exitcode);
        }
        Verb::List { .. } if json => {
            output::records(&options, rows.iter().map(record));
        }
        Verb::List { .. } if rows.is_empty() => output::text("No runs yet.\n"),
        Verb::List { .. } => {
            let mut table = Table::new(["RUN", "STATUS", "ATTEMPTS", "LAST", "ID"]);
            for row in rows {
                let status = match &row.waiting_for {
                    Some(what) => format!("waiting for {what}"),
                    None => row.status,
                };
                table.row([row.key, status, row.attempts.to_string(), time(row.started), row.hash]);
            }
            output::table(&options, &table);
        }
        Verb::Show { run } => {
            let row = find(&rows, &key_of(&run))?;
            let journal = SqliteJournal::open(&path, Faults::default())?;
            let attempts = block_on(journal.attempts(&row.hash))?;
            if json {
                let mut value = record(row);
                value["history"] = serde_json::json!(attempts);
                value["undone"] = serde_json::json!(undone(&rows, row).map(|undo| &undo.status));
                output::records(&options, [value]);
            } else {
                let mut text = shown(row, &attempts);
                text.push_str(&about_undo(&rows, row, &attempts));
                output::text(&text);
            }
        }
        Verb::Undo(args) => return super::undo::undo(global, &config, &rows, &args),
        Verb::Resume { run, grants, yes } => {
            let chosen: Vec<&RunRow> = match run.is_empty() {
                false => vec![find(&rows, &key_of(&run))?],
                true => rows.iter().filter(|row| row.status == "waiting").collect(),
            };
            match chosen.is_empty() {
                true if json => output::records(&options, []),
                true => output::text("No run waits.\n"),
                false => {}
            }
            let mut worst = Exit::Ok;
            for row in chosen {
                if row.script == "undo" {
                    let delete = row.command.iter().any(|word| word == "--delete");
                    let (run, grants) = (row.command.get(2).cloned().into_iter().collect(), grants.clone());
                    let args = UndoArgs { run, plan: false, detailed_exitcode: false, delete, grants, yes };
                    worst = match super::undo::undo(global, &config, &rows, &args)? {
                        Exit::Ok => worst,
                        exit => exit,
                    };
                    continue;
                }
                let values = row.params.as_object().cloned().unwrap_or_default();
                let update = row.command.iter().any(|word| word == super::outdated::UPDATE);
                let (script, grants) = (row.command.first().cloned(), grants.clone());
                let exit =
                    super::run::run(global, RunArgs { script, values, grants, update, yes, ..RunArgs::default() });
                if exit != Exit::Ok {
                    worst = exit;
                }
            }
            return Ok(worst);
        }
    }
    Ok(Exit::Ok)
}

/// A run as an event of `--output json`.
pub fn record(row: &RunRow) -> serde_json::Value {
    let mut value = serde_json::json!({ "type": "run" });
    if let (Some(value), serde_json::Value::Object(fields)) = (value.as_object_mut(), serde_json::json!(row)) {
        value.extend(fields);
    }
    value
}

/// A key from the words of a command line, in the order of keys. Several words are its parts, so that a value may
/// have spaces.
pub(super) fn key_of(words: &[String]) -> String {
    let parts: Vec<String> = match words {
        [whole] => whole.split_whitespace().map(str::to_owned).collect(),
        several => several.iter().map(|word| word.replace(' ', "%20")).collect(),
    };
    let (mut values, mut names): (Vec<&str>, Vec<&str>) =
        parts.iter().map(String::as_str).partition(|part| part.contains('='));
    values.sort_by_key(|part| part.split('=').next());
    names.append(&mut values);
    names.join(" ")
}

/// The run of that key or hash; of the beginning of either, or with these parts among those of its key, if it is the
/// only one.
pub(super) fn find<'a>(rows: &'a [RunRow], name: &str) -> Result<&'a RunRow> {
    if let Some(row) = rows.iter().find(|row| row.key == name || row.hash == name) {
        return Ok(row);
    }
    let begins = |row: &&RunRow| row.key.starts_with(name) || row.hash.starts_with(name);
    let has_parts = |row: &&RunRow| {
        let (parts, wanted): (Vec<&str>, Vec<&str>) = (row.key.split(' ').collect(), name.split(' ').collect());
        parts.first() == wanted.first() && wanted.iter().all(|part| parts.contains(part))
    };
    let mut matching: Vec<&RunRow> = rows.iter().filter(begins).collect();
    if matching.is_empty() {
        matching = rows.iter().filter(has_parts).collect();
    }
    match matching.as_slice() {
        [row] => Ok(row),
        [] => Err(Error::invalid("idp::runs::unknown", format!("there is no run `{name}`")).help(near(rows, name))),
        several => {
            let keys: Vec<&str> = several.iter().map(|row| row.key.as_str()).collect();
            Err(Error::invalid("idp::runs::ambiguous", format!("`{name}` is not the name of one run alone"))
                .help(format!("name one: {}", keys.join(" · "))))
        }
    }
}

/// What may have been meant: a run of nearly that key, else the runs of nearly that script.
fn near(rows: &[RunRow], name: &str) -> String {
    let all = "`idp-run runs list` shows all runs";
    if let Some(key) = nearest(name, rows.iter().map(|row| row.key.as_str())) {
        return format!("did you mean `{key}`? {all}");
    }
    let script = name.split(' ').next().unwrap_or_default();
    match nearest(script, rows.iter().filter_map(|row| row.key.split(' ').next())) {
        Some(near) if near != script => format!("did you mean a run of `{near}`? {all}"),
        _ => all.to_string(),
    }
}

/// The undo of a run, if there was one.
fn undone<'a>(rows: &'a [RunRow], row: &RunRow) -> Option<&'a RunRow> {
    let hash = run_key(&row.key, &row.hash).hash;
    rows.iter().find(|undo| undo.hash == hash)
}

/// Whether a run was taken back since its last attempt.
pub(super) fn is_undone(rows: &[RunRow], row: &RunRow) -> bool {
    undone(rows, row).is_some_and(|undo| undo.started >= row.started)
}

/// What was taken back of a run, or how it can be.
fn about_undo(rows: &[RunRow], row: &RunRow, attempts: &[AttemptRow]) -> String {
    match undone(rows, row) {
        Some(undo) if is_undone(rows, row) => {
            format!("\nUndone {} ({}): idp-run runs show {}\n", time(undo.started), undo.status, undo.hash)
        }
        _ => {
            let created = |attempt: &AttemptRow| attempt.changes.iter().any(|change| change.action == "create");
            match row.script != "undo" && attempts.iter().any(created) {
                true => format!("\nTo take back what it created: idp-run runs undo {} --plan\n", row.hash),
                false => String::new(),
            }
        }
    }
}

fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}

fn shown(row: &RunRow, attempts: &[AttemptRow]) -> String {
    let mut text = format!("{}  ({})\n", row.key, row.hash);
    if let Some(params) = row.params.as_object() {
        for (name, value) in params.iter().filter(|(_, value)| !value.is_null()) {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.push_str(&format!("  {name} = {value}\n"));
        }
    }
    for attempt in attempts {
        let note = attempt.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        let (number, status, started) = (attempt.number, &attempt.status, time(attempt.started));
        let plan = attempt.plan.as_ref().map(|plan| format!(", plan {}", &plan[..plan.len().min(12)]));
        let (input, plan) = (&attempt.input_hash, plan.unwrap_or_default());
        text.push_str(&format!("\nAttempt {number}, {started}, {status}{note} (input {input}{plan})\n"));
        for step in &attempt.steps {
            let indent = "  ".repeat(usize::try_from(step.depth).unwrap_or(0) + 1);
            text.push_str(&format!("{indent}{} {}\n", step.status, step.name));
        }
        for change in &attempt.changes {
            let kind = change.kind.replace('_', " ");
            let status = if change.status == "done" { String::new() } else { format!("  {}", change.status) };
            let number = change.number.map(|number| format!(" #{number}")).unwrap_or_default();
            text.push_str(&format!("    {} {kind} {}{number}{status}\n", change.action, change.target));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[&str]) -> Vec<RunRow> {
        let row = |key: &&str| RunRow {
            key: (*key).into(),
            hash: crate::world::hash::short(key),
            script: key.split(' ').next().unwrap_or_default().into(),
            status: "applied".into(),
            attempts: 1,
            started: 0,
            waiting_for: None,
            command: Vec::new(),
            params: serde_json::Value::Null,
        };
        keys.iter().map(row).collect()
    }

    fn words(text: &[&str]) -> String {
        key_of(&text.iter().map(|word| (*word).to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn a_key_has_its_parts_in_the_order_of_their_names() {
        assert_eq!(words(&["make service=api env=dev"]), "make env=dev service=api");
        assert_eq!(words(&["make", "b=two words", "a=1"]), "make a=1 b=two%20words");
        assert_eq!(words(&["undo make b=1 a=2"]), "undo make a=2 b=1");
        assert_eq!(words(&["make env2=x env=y"]), "make env=y env2=x");
    }

    #[test]
    fn a_run_is_found_by_what_tells_it_from_others() {
        let rows = rows(&["make env=dev service=api", "make env=dev service=shop", "undo make env=dev service=api"]);
        let found = |name: &str| find(&rows, name).map(|row| row.key.as_str());
        assert_eq!(found("make service=api").unwrap(), "make env=dev service=api");
        assert_eq!(found("make env=dev service=sh").unwrap(), "make env=dev service=shop");
        assert_eq!(found("undo").unwrap(), "undo make env=dev service=api");
        assert_eq!(found("make env=dev").unwrap_err().code(), "idp::runs::ambiguous");
        let error = found("make env=dev service=spi").unwrap_err();
        assert_eq!(error.code(), "idp::runs::unknown");
        assert!(error.help_text().unwrap().contains("`make env=dev service=api`"), "{error:?}");
        assert!(found("amke x=1").unwrap_err().help_text().unwrap().contains("`make`"));
        assert_eq!(found("other").unwrap_err().help_text().unwrap(), "`idp-run runs list` shows all runs");
    }
}
