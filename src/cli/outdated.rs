//! What the journal says of older attempts at a run: their parameters for `--update`, and which runs delivered what
//! would be delivered differently now, for `runs list --outdated`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::delivered::{Delivered, Proposed, delivered};
use super::run::MadeWith;
use super::{Global, block_on, script_help};
use crate::bridge::{Opening, Run, Trouble};
use crate::config::Config;
use crate::error::{Exit, Result};
use crate::library::Library;
use crate::output::{self, Format, table::Table};
use crate::report::Event;
use crate::script::{Attempt, Declared, Given, basis, differences, present};
use crate::world::fault::Faults;
use crate::world::journal::{Journal, RunKey, RunRow};
use crate::world::open;
use crate::world::sqlite::SqliteJournal;

/// The word of `command` in the journal that says that an attempt was to bring things up to date.
pub const UPDATE: &str = "--update";
/// The beginning of what is said of a parameter that differs.
const PARAMETER: &str = "parameter ";

/// Gives what isn't given as the run's last attempt had it. False if the journal doesn't know the run.
pub fn recall<O>(
    config: &Config,
    handle: &tokio::runtime::Handle,
    called: &str,
    attempt: &mut Attempt,
    given: &mut Given,
    look: impl Fn(RunKey) -> Result<O>,
) -> Result<bool, Trouble>
where
    O: Fn() -> Opening + Send + Sync + 'static,
{
    let path = config.journal();
    if !path.is_file() {
        return Ok(false);
    }
    let hash = attempt.identity(called, given, look)?.hash;
    let journal = SqliteJournal::open(&path, Faults::default())?;
    let rows = handle.block_on(journal.runs())?;
    let Some(row) = rows.into_iter().find(|row| row.hash == hash) else { return Ok(false) };
    attempt.recall(called, given, row.params.as_object().unwrap_or(&Map::new()))?;
    Ok(true)
}

/// Says, once an attempt found things as they were delivered before, what isn't as it would deliver them now.
pub fn notice(run: &Run, called: &str, made: &MadeWith) -> Result<()> {
    let Some(door) = run.opened().map(|opened| &opened.door).filter(|_| run.left_to_people() && !run.updates()) else {
        return Ok(());
    };
    let Some((journal, _)) = door.journal() else { return Ok(()) };
    let hash = &door.run().hash;
    let attempts = run.handle.block_on(journal.made(hash))?;
    let rows = run.handle.block_on(journal.attempts(hash))?;
    let since = run.handle.block_on(delivered(&*door.world().forge, &rows, &attempts))?.since;
    let Some((before, old)) = basis(&attempts, since) else { return Ok(()) };
    let mut changed = differences((&before, old), (&made.inputs, &Value::Object(made.values.clone())));
    without_passing(&mut changed, &made.declared);
    if !changed.is_empty() {
        door.sink().emit(Event::Warning {
            message: format!("what was delivered before is left as it is; since then changed: {}", changed.join(", ")),
            help: Some(format!("`{}` proposes the difference", command(called, &door.run().key))),
        });
    }
    Ok(())
}

/// Leaves out what says how one attempt goes about it.
fn without_passing(changed: &mut Vec<String>, declared: &[Declared]) {
    for param in declared.iter().filter(|param| param.rule.passing) {
        changed.retain(|what| what.strip_prefix(PARAMETER) != Some(&param.name));
    }
}

/// What a run is known by, as people give it.
fn identity(row: &RunRow) -> Vec<String> {
    let names = row.key.split_whitespace().filter_map(|word| word.split_once('=')).map(|(name, _)| name);
    let values = names.filter_map(|name| Some((name, row.params.get(name)?)));
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    values.map(|(name, value)| format!("{name}={}", shown(value))).collect()
}

/// The command that brings a run up to date.
fn command(called: &str, key: &str) -> String {
    let identity = key.split_once(' ').map_or(String::new(), |(_, identity)| format!(" {identity}"));
    format!("idp-run {called}{identity} {UPDATE}")
}

/// A run whose files are older than what there is now.
struct Older<'a> {
    row: &'a RunRow,
    changed: Vec<String>,
    updates: Vec<Proposed>,
    command: String,
}

/// Lists the runs whose files were made with older versions than there are now.
pub fn list(global: &Global, config: &Config, here: &Path, rows: &[RunRow], detailed: bool) -> Result<Exit> {
    let options = global.options(false);
    let path = config.journal();
    let mut found: Vec<Older> = Vec::new();
    if path.is_file() {
        let journal = SqliteJournal::open(&path, Faults::default())?;
        let world = block_on(open::for_reading(config))?;
        // What was taken back isn't brought up to date.
        for row in rows.iter().filter(|row| !super::runs::is_undone(rows, row)) {
            let made = block_on(journal.made(&row.hash))?;
            let Delivered { since, updates } =
                block_on(async { delivered(&*world.forge, &journal.attempts(&row.hash).await?, &made).await })?;
            let Some((before, params)) = basis(&made, since) else { continue };
            let called = row.command.first().map_or(row.script.as_str(), String::as_str);
            let changed = match Library::new(&config.root).script(called, here) {
                Ok(script) => {
                    let library = Library::new(&config.root).beside(&script);
                    let now = present(&before, &library, &script.text);
                    let mut changed = differences((&before, params), (&now, &row.params));
                    if changed.iter().any(|what| what.starts_with(PARAMETER)) {
                        let declared = script_help::parameters(global, config, script, identity(row));
                        without_passing(&mut changed, &declared.unwrap_or_default());
                    }
                    changed
                }
                Err(_) => vec!["the script is gone".to_string()],
            };
            if !changed.is_empty() {
                found.push(Older { row, changed, updates, command: command(called, &row.key) });
            }
        }
    }
    let exit = if detailed && !found.is_empty() { Exit::Pending } else { Exit::Ok };
    if options.format == Format::Json {
        let records = found.into_iter().map(|older| {
            let mut value = super::runs::record(older.row);
            value["changed"] = older.changed.into();
            value["update"] = older.command.into();
            let state = |update: &Proposed| if update.open { "open" } else { "declined" };
            let updates = older.updates.iter().map(|update| {
                json!({ "repository": update.repo.to_string(), "number": update.number, "state": state(update) })
            });
            value["updates"] = updates.collect();
            value
        });
        output::records(&options, records);
    } else if found.is_empty() {
        output::text("All runs were made with what is there now.\n");
    } else {
        let mut table = Table::new(["RUN", "CHANGED SINCE", "UPDATE", "ID"]);
        for Older { row, changed, updates, .. } in &found {
            let updates: Vec<String> = updates.iter().map(Proposed::to_string).collect();
            table.row([&row.key, &changed.join(", "), &updates.join(", "), &row.hash]);
        }
        output::table(&options, &table);
        let mut text = String::from("\n");
        if let Some(older) = found.iter().find(|older| older.updates.is_empty()) {
            text.push_str(&format!("Bring one up to date: {}\n", older.command));
        }
        if let Some(update) = found.iter().flat_map(|older| &older.updates).find(|update| update.open) {
            text.push_str(&format!("Look at an open update: idp-run pr show {} {}\n", update.repo, update.number));
        }
        output::text(&text);
    }
    Ok(exit)
}
