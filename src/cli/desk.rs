//! The person at the desk: outside the embedded world they are shown the plan and asked, and their yes is the grant. In
//! CI, and wherever else nobody can be asked, the grants of a file decide.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::config::{self, Config, Grant};
use crate::error::{Error, Kind, Result};
use crate::output::{self, Format, Options};
use crate::report::{Counts, Event, Sink, Status};
use crate::world::open;
use crate::world::secrets::guarded;

/// The code of the error that says that the person said no.
const DECLINED: &str = "idp::cancelled::plan";

/// Whether a person is there, and what they said beforehand.
#[derive(Clone, Copy, Default)]
pub(super) struct Desk {
    /// A person at a terminal, with a world that needs grants.
    person: bool,
    /// They said yes beforehand.
    yes: bool,
    options: Options,
}

impl Desk {
    /// Of a command whose world is that of `config`.
    pub(super) fn of(config: &Config, options: &Options, yes: bool) -> Desk {
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let person = terminal && !super::in_ci() && options.format == Format::Human && !open::is_embedded(config);
        Desk { person, yes, options: Options { plan: true, ..*options } }
    }

    /// Whether changes are shown and asked about before they are made.
    pub(super) fn asks(self) -> bool {
        self.person && !self.yes
    }

    /// The grants of a run, with the name of their file: those of the file where one is named. Without one, a person may
    /// see everything planned, and what they agree to is what is made.
    pub(super) fn grants(self, file: Option<&Path>) -> Result<Option<(String, Vec<Grant>)>> {
        match file {
            Some(file) => Ok(Some((file.display().to_string(), config::read_grants(file)?))),
            None if self.person => Ok(Some((String::new(), vec![Grant::everything()]))),
            None => Ok(None),
        }
    }

    /// Where the plan is shown that is asked about.
    pub(super) fn sink(self, config: &Config) -> Arc<dyn Sink> {
        guarded(config, output::sink(&self.options))
    }

    /// Asks whether the plan that was just shown is to be carried out.
    ///
    /// Errors: `idp::cancelled::plan` if not.
    pub(super) fn ask(self, owner: &str, counts: &Counts) -> Result<()> {
        let many = counts.changes();
        let what = if many == 1 { "this change".to_string() } else { format!("these {many} changes") };
        let question = format!("Make {what} in {owner}?");
        match super::prompt::agreed(&question, Some(false))? {
            true => Ok(()),
            false => Err(Error::new(Kind::Interrupted, DECLINED, "the plan was not agreed to")),
        }
    }
}

/// Whether an error is the person's no: they know it, and needn't be told.
pub(super) fn is_no(error: &Error) -> bool {
    error.code() == DECLINED
}

/// The sink of a run behind a plan that was shown. Once hushed it says nothing that the plan said.
pub(super) struct Hushable {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) hushed: Arc<AtomicBool>,
}

impl Sink for Hushable {
    fn emit(&self, event: Event) {
        let news = match &event {
            Event::Failure { .. } | Event::Change { .. } | Event::Moved { .. } | Event::Waiting(_) => true,
            Event::Summary { status, .. } => *status != Status::Applied,
            _ => false,
        };
        if news || !self.hushed.load(Ordering::SeqCst) {
            self.sink.emit(event);
        }
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.sink.suspend(f);
    }
}
