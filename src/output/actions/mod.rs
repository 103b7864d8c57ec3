//! What GitHub Actions makes of a run: groups and annotations in its log, a summary of the job, outputs of the step,
//! masks of secrets. Nothing of this is said anywhere else.

pub mod command;
mod files;
mod sink;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::stream::Stream;
use super::{ColorChoice, Streams};
use crate::error::{Error, Place};
use crate::report::redact::{Listener, SHORTEST};
use crate::report::{Annotation, Finding, Frame, Level};

pub use files::Outcome;
pub(super) use sink::InActions;

/// The job that this process runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actions {
    /// The file that a summary is added to.
    pub summary: Option<PathBuf>,
    /// The file that outputs of the step are added to.
    pub output: Option<PathBuf>,
    /// The folder of the repository that was checked out.
    pub checkout: Option<PathBuf>,
}

impl Actions {
    /// The job, if there is one.
    pub fn detect() -> Option<Actions> {
        Actions::of(|name| std::env::var(name).ok())
    }

    /// The same, of an environment of the caller's.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> Option<Actions> {
        let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        (env("GITHUB_ACTIONS").as_deref() == Some("true")).then(|| Actions {
            summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
            checkout: path("GITHUB_WORKSPACE"),
        })
    }

    /// An error where it happened: at its own place or at the innermost call, if that is a file of the checkout.
    pub fn of_error(&self, error: &Error, frames: &[Frame]) -> Annotation {
        let places = error.place().into_iter().chain(frames.iter().map(|frame| &frame.place));
        let place = places.into_iter().find_map(|place| Some((self.in_checkout(place)?, place)));
        self.annotation(Level::Error, error.code(), error.message(), error.help_text(), place)
    }

    /// A finding of the code `title`.
    pub fn of_finding(&self, finding: &Finding, title: &str) -> Annotation {
        let level = if finding.refuses() { Level::Error } else { Level::Warning };
        let place = self.in_checkout(&finding.place).map(|file| (file, &finding.place));
        // A place that nobody can open from here is still worth its words.
        let message = match place {
            Some(_) => finding.message.clone(),
            None => format!("{} (at {})", finding.message, finding.place),
        };
        self.annotation(level, title, &message, finding.help.as_deref(), place)
    }

    /// A warning.
    pub fn of_warning(&self, message: &str, help: Option<&str>) -> Annotation {
        self.annotation(Level::Warning, "", message, help, None)
    }

    fn annotation(
        &self,
        level: Level,
        title: &str,
        message: &str,
        help: Option<&str>,
        place: Option<(String, &Place)>,
    ) -> Annotation {
        let message = match help {
            Some(help) => format!("{message}\n{help}"),
            None => message.to_string(),
        };
        let (line, column) = place.as_ref().map_or((0, 0), |(_, place)| (place.line, place.column));
        Annotation { level, title: title.into(), message, file: place.map(|(file, _)| file), line, column }
    }

    /// The path of a place from the root of the checkout, if it is a file there.
    fn in_checkout(&self, place: &Place) -> Option<String> {
        let root = self.checkout.as_deref()?.canonicalize().ok()?;
        let file = Path::new(&place.file).canonicalize().ok().filter(|file| file.is_file())?;
        file.strip_prefix(root).ok().map(|file| file.display().to_string())
    }
}

/// Masks each secret in all that later steps and other programs of the job say. Nothing outside of a job, and nothing
/// where stderr is kept in a file: no runner would take the values out of it.
pub fn masks() -> Option<Listener> {
    Actions::detect()?;
    let stream = Streams::standard(ColorChoice::Never).stderr;
    (!stream.is_file()).then(|| masks_to(stream))
}

fn masks_to(stream: Stream) -> Listener {
    let stream = Mutex::new(stream);
    Arc::new(move |value| {
        // The runner looks for what it is told line by line. A short line would be found in words that are no secrets.
        let lines = value.lines().map(str::trim);
        let commands = lines.filter(|line| line.len() >= SHORTEST && !line.starts_with("-----")).map(command::mask);
        stream.lock().unwrap_or_else(PoisonError::into_inner).command(&commands.collect::<String>());
    })
}
