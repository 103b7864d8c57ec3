//! The journal in SQLite: WAL, synchronous FULL, one short transaction a record. People can open the file.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Faults;
use super::forge::Outcome;
use super::journal::{
    Attempt, AttemptRow, ChangeRow, Effect, End, Entry, Intent, Journal, Made, RunRow, Start, StepRow,
};
use super::lock::FileLock;
use crate::error::{Error, Result};
use crate::report::{Redactor, Status};

/// The version of the tables, in SQLite's `user_version`.
const VERSION: i64 = 4;

const TABLES: &str = "
    CREATE TABLE runs (
        hash TEXT PRIMARY KEY, key TEXT NOT NULL, script TEXT NOT NULL
    ) STRICT;
    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(hash), number INTEGER NOT NULL,
        input_hash TEXT NOT NULL, inputs TEXT, params TEXT NOT NULL, command TEXT NOT NULL, plan TEXT,
        started INTEGER NOT NULL, ended INTEGER, status TEXT NOT NULL, note TEXT,
        created INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0,
        deleted INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0,
        UNIQUE (run, number)
    ) STRICT;
    CREATE TABLE steps (
        id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts(id),
        name TEXT NOT NULL, depth INTEGER NOT NULL, status TEXT NOT NULL, position INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE changes (
        id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts(id),
        action TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, effect TEXT, status TEXT NOT NULL,
        position INTEGER NOT NULL DEFAULT 0, number INTEGER, made TEXT
    ) STRICT;
    CREATE INDEX changes_by_effect ON changes(effect) WHERE effect IS NOT NULL;
    CREATE INDEX changes_by_attempt ON changes(attempt);
    CREATE INDEX steps_by_attempt ON steps(attempt);
";

/// From each version to the next.
const STEPS: [&str; 3] = [
    "
    ALTER TABLE steps ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE changes ADD COLUMN position INTEGER NOT NULL DEFAULT 0;
",
    // The plan that an attempt applied, the number and the commit that a change was answered with.
    "
    ALTER TABLE attempts ADD COLUMN plan TEXT;
    ALTER TABLE changes ADD COLUMN number INTEGER;
    ALTER TABLE changes ADD COLUMN made TEXT;
",
    // What an attempt was made with.
    "ALTER TABLE attempts ADD COLUMN inputs TEXT;",
];

/// A journal in a SQLite file.
pub struct SqliteJournal {
    connection: Mutex<Connection>,
    faults: Faults,
    redactor: Redactor,
}

fn broken(path: &Path) -> impl Fn(rusqlite::Error) -> Error {
    let path = path.display().to_string();
    move |error| journal_error(&path, error)
}

fn journal_error(path: &str, error: rusqlite::Error) -> Error {
    Error::failed("idp::journal", format!("can't use the journal {path}: {error}"))
        .help("the world is the truth: if the file is broken, move it away and run again")
}

impl SqliteJournal {
    /// Opens the journal, making it (and its folder) if need be.
    pub fn open(path: &Path, faults: Faults) -> Result<SqliteJournal> {
        // Turning on WAL and making the tables don't wait for each other as transactions do.
        let lock_path = path.with_extension("lock");
        let _lock = FileLock::acquire(&lock_path, Duration::from_secs(30))?;
        let connection = Connection::open(path).map_err(broken(path))?;
        connection.busy_timeout(Duration::from_secs(30)).map_err(broken(path))?;
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(broken(path))?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(broken(path))?;
        match version {
            VERSION => {}
            0 => {
                let make = format!("BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;");
                connection.execute_batch(&make).map_err(broken(path))?;
            }
            older @ 1..VERSION => {
                for (from, step) in (1..VERSION).zip(STEPS).skip_while(|(from, _)| *from < older) {
                    let make = format!("BEGIN; {step} PRAGMA user_version = {}; COMMIT;", from + 1);
                    connection.execute_batch(&make).map_err(broken(path))?;
                }
            }
            newer => {
                return Err(Error::failed(
                    "idp::journal",
                    format!("the journal {} has version {newer}; this idp-run knows {VERSION}", path.display()),
                )
                .help("use the newer idp-run, or move the file away"));
            }
        }
        Ok(SqliteJournal { connection: Mutex::new(connection), faults, redactor: Redactor::default() })
    }

    /// The same journal, which records `***` in the place of what the redactor knows.
    pub fn hiding(self, redactor: Redactor) -> SqliteJournal {
        SqliteJournal { redactor, ..self }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one transaction, with a place for the fault tests on both sides of its commit.
    fn write<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let mut connection = self.lock();
        let failed = |error| journal_error(".idp/journal.sqlite", error);
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let value = act(&transaction).map_err(failed)?;
        self.faults.pass();
        transaction.commit().map_err(failed)?;
        self.faults.pass();
        Ok(value)
    }

    fn read<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        act(&self.lock()).map_err(|error| journal_error(".idp/journal.sqlite", error))
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Planned => "planned",
        Status::Applied => "applied",
        Status::Waiting => "waiting",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn begin(&self, start: &Start) -> Result<Attempt> {
        let run = &start.run;
        let [params, command] = [start.params.clone(), serde_json::json!(start.command)].map(|mut value| {
            self.redactor.clean_json(&mut value);
            value.to_string()
        });
        let key = self.redactor.clean(&run.key);
        self.write(|db| {
            db.execute(
                "INSERT INTO runs (hash, key, script) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![run.hash, key, run.script],
            )?;
            // The caller holds the run's lock: an attempt without an end has no process any more.
            db.execute(
                "UPDATE attempts SET status = 'interrupted' WHERE run = ?1 AND status = 'running'",
                params![run.hash],
            )?;
            db.execute(
                "INSERT INTO attempts (run, number, input_hash, params, command, plan, started, status)
                 SELECT ?1, 1 + coalesce(max(number), 0), ?2, ?3, ?4, ?5, ?6, 'running' FROM attempts WHERE run = ?1",
                params![run.hash, run.input_hash, params, command, start.plan, start.time],
            )?;
            Ok(Attempt(db.last_insert_rowid()))
        })
    }

    async fn step(&self, attempt: Attempt, name: &str, depth: usize, position: i64) -> Result<i64> {
        let name = self.redactor.clean(name);
        self.write(|db| {
            db.execute(
                "INSERT INTO steps (attempt, name, depth, status, position) VALUES (?1, ?2, ?3, 'running', ?4)",
                params![attempt.0, name, depth as i64, position],
            )?;
            Ok(db.last_insert_rowid())
        })
    }

    async fn step_ended(&self, step: i64, ok: bool) -> Result<()> {
        let status = if ok { "done" } else { "failed" };
        self.write(|db| db.execute("UPDATE steps SET status = ?2 WHERE id = ?1", params![step, status]).map(drop))
    }

    async fn intend(&self, attempt: Attempt, change: &Intent<'_>) -> Result<Entry> {
        let action = serde_json::json!(change.action);
        let action = action.as_str().unwrap_or_default();
        let target = self.redactor.clean(change.target);
        self.write(|db| {
            db.execute(
                "INSERT INTO changes (attempt, action, kind, target, effect, status, position)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'uncertain', ?6)",
                params![attempt.0, action, change.kind, target, change.effect, change.position],
            )?;
            Ok(Entry(db.last_insert_rowid()))
        })
    }

    async fn done(&self, entry: Entry, made: Option<&Outcome>) -> Result<()> {
        let status = if made.is_some() { "done" } else { "failed" };
        let number = made.and_then(|made| made.number.as_ref()?.known().copied()).map(|number| number as i64);
        let commit = made.and_then(|made| made.commit.as_ref()?.known()).map(|commit| commit.0.as_str());
        self.write(|db| {
            db.execute(
                "UPDATE changes SET status = ?2, number = ?3, made = ?4 WHERE id = ?1",
                params![entry.0, status, number, commit],
            )
            .map(drop)
        })
    }

    async fn effect(&self, key: &str) -> Result<Effect> {
        let found: Option<String> = self.read(|db| {
            db.query_row(
                "SELECT status FROM changes WHERE effect = ?1 AND status <> 'failed'
                 ORDER BY status = 'done' DESC LIMIT 1",
                params![key],
                |row| row.get(0),
            )
            .optional()
        })?;
        Ok(match found.as_deref() {
            None => Effect::Unknown,
            Some("done") => Effect::Done,
            Some(_) => Effect::Uncertain,
        })
    }

    async fn end(&self, attempt: Attempt, end: &End<'_>) -> Result<()> {
        let counts = end.counts;
        let inputs = end.inputs.as_ref().map(|(_, inputs)| {
            let mut inputs = serde_json::json!(inputs);
            self.redactor.clean_json(&mut inputs);
            inputs.to_string()
        });
        let input_hash = end.inputs.as_ref().map(|(hash, _)| hash);
        let note = end.note.map(|note| self.redactor.clean(note));
        self.write(|db| {
            db.execute(
                "UPDATE attempts SET status = ?2, note = ?3, ended = ?4, created = ?5, updated = ?6, deleted = ?7,
                 unchanged = ?8, inputs = ?9, input_hash = coalesce(?10, input_hash) WHERE id = ?1",
                params![
                    attempt.0,
                    word(end.status),
                    note,
                    end.time,
                    counts.create as i64,
                    counts.update as i64,
                    counts.delete as i64,
                    counts.unchanged as i64,
                    inputs,
                    input_hash
                ],
            )
            .map(drop)
        })
    }

    async fn made(&self, hash: &str) -> Result<Vec<Made>> {
        self.read(|db| {
            let mut query =
                db.prepare("SELECT inputs, params, command, status FROM attempts WHERE run = ?1 ORDER BY number")?;
            let rows = query.query_map(params![hash], |row| {
                let inputs: Option<String> = row.get(0)?;
                let (params, command): (String, String) = (row.get(1)?, row.get(2)?);
                let words: Vec<String> = serde_json::from_str(&command).unwrap_or_default();
                let status: String = row.get(3)?;
                Ok(Made {
                    inputs: inputs.and_then(|text| serde_json::from_str(&text).ok()),
                    params: serde_json::from_str(&params).unwrap_or_default(),
                    update: words.iter().any(|word| word == "--update"),
                    ok: ["applied", "waiting"].contains(&status.as_str()),
                })
            })?;
            rows.collect()
        })
    }

    async fn runs(&self) -> Result<Vec<RunRow>> {
        self.read(|db| {
            let mut query = db.prepare(
                "SELECT r.key, r.hash, r.script, a.status, a.number, a.started, a.note, a.command, a.params
                 FROM runs r JOIN attempts a ON a.run = r.hash
                 WHERE a.number = (SELECT max(number) FROM attempts WHERE run = r.hash)
                 ORDER BY a.started DESC, a.id DESC",
            )?;
            let rows = query.query_map([], |row| {
                let status: String = row.get(3)?;
                let note: Option<String> = row.get(6)?;
                let json = |text: String| serde_json::from_str(&text).unwrap_or_default();
                Ok(RunRow {
                    key: row.get(0)?,
                    hash: row.get(1)?,
                    script: row.get(2)?,
                    waiting_for: note.filter(|_| status == "waiting"),
                    status,
                    attempts: row.get(4)?,
                    started: row.get(5)?,
                    command: serde_json::from_value(json(row.get(7)?)).unwrap_or_default(),
                    params: json(row.get(8)?),
                })
            })?;
            rows.collect()
        })
    }

    async fn attempts(&self, hash: &str) -> Result<Vec<AttemptRow>> {
        self.read(|db| {
            let mut query = db.prepare(
                "SELECT id, number, started, ended, status, input_hash, note, plan FROM attempts WHERE run = ?1 ORDER BY number",
            )?;
            let rows: Vec<(i64, AttemptRow)> = query
                .query_map(params![hash], |row| {
                    Ok((
                        row.get(0)?,
                        AttemptRow {
                            number: row.get(1)?,
                            started: row.get(2)?,
                            ended: row.get(3)?,
                            status: row.get(4)?,
                            input_hash: row.get(5)?,
                            note: row.get(6)?,
                            plan: row.get(7)?,
                            changes: Vec::new(),
                            steps: Vec::new(),
                        },
                    ))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let mut changes = db.prepare(
                "SELECT action, kind, target, status, number, made FROM changes WHERE attempt = ?1 ORDER BY position, id",
            )?;
            let mut steps = db.prepare("SELECT name, depth, status FROM steps WHERE attempt = ?1 ORDER BY position, id")?;
            let mut found = Vec::new();
            for (id, mut attempt) in rows {
                attempt.changes = changes
                    .query_map(params![id], |row| {
                        let (action, kind, target, status) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                        let number: Option<i64> = row.get(4)?;
                        let number = number.and_then(|number| u64::try_from(number).ok());
                        Ok(ChangeRow { action, kind, target, status, number, commit: row.get(5)? })
                    })?
                    .collect::<rusqlite::Result<_>>()?;
                attempt.steps = steps
                    .query_map(params![id], |row| {
                        Ok(StepRow { name: row.get(0)?, depth: row.get(1)?, status: row.get(2)? })
                    })?
                    .collect::<rusqlite::Result<_>>()?;
                found.push(attempt);
            }
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables of version 1, with one run in them.
    const VERSION_1: &str = "
        CREATE TABLE runs (hash TEXT PRIMARY KEY, key TEXT NOT NULL, script TEXT NOT NULL) STRICT;
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs(hash), number INTEGER NOT NULL,
            input_hash TEXT NOT NULL, params TEXT NOT NULL, command TEXT NOT NULL,
            started INTEGER NOT NULL, ended INTEGER, status TEXT NOT NULL, note TEXT,
            created INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0,
            UNIQUE (run, number)
        ) STRICT;
        CREATE TABLE steps (
            id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts(id),
            name TEXT NOT NULL, depth INTEGER NOT NULL, status TEXT NOT NULL
        ) STRICT;
        CREATE TABLE changes (
            id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL REFERENCES attempts(id),
            action TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, effect TEXT, status TEXT NOT NULL
        ) STRICT;
        INSERT INTO runs VALUES ('ab', 'old', 'old');
        INSERT INTO attempts (id, run, number, input_hash, params, command, started, status)
            VALUES (1, 'ab', 1, 'i', '{}', '[]', 0, 'applied');
        INSERT INTO steps VALUES (1, 1, 'a step', 0, 'done');
        INSERT INTO changes VALUES (1, 1, 'create', 'repository', 'acme/x', NULL, 'done');
        PRAGMA user_version = 1;
    ";

    #[tokio::test]
    async fn journals_of_the_first_version_are_read_and_written_on() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("journal.sqlite");
        Connection::open(&path).unwrap().execute_batch(VERSION_1).unwrap();
        for _ in 0..2 {
            let journal = SqliteJournal::open(&path, Faults::default()).unwrap();
            let attempts = journal.attempts("ab").await.unwrap();
            assert_eq!(
                (attempts[0].changes[0].target.as_str(), attempts[0].steps[0].name.as_str()),
                ("acme/x", "a step")
            );
            assert_eq!((&attempts[0].plan, attempts[0].changes[0].number), (&None, None));
        }
        let journal = SqliteJournal::open(&path, Faults::default()).unwrap();
        let run = super::super::journal::RunKey {
            key: "old".into(),
            hash: "ab".into(),
            script: "old".into(),
            input_hash: "j".into(),
        };
        let (params, command, plan) = (serde_json::Value::Null, Vec::new(), Some("digest".to_string()));
        journal.begin(&Start { run, params, command, plan, time: 1 }).await.unwrap();
        assert_eq!(journal.attempts("ab").await.unwrap()[1].plan.as_deref(), Some("digest"));
    }
}
