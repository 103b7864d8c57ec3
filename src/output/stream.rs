//! Where the text goes: stdout and stderr, or buffers in tests. A reader that went away is no error.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use super::actions::{Actions, command};
use super::{ColorChoice, Look};

/// The two streams of a process.
pub struct Streams {
    /// The result.
    pub stdout: Stream,
    /// Progress and diagnostics.
    pub stderr: Stream,
}

/// One stream and what it can show.
pub struct Stream {
    writer: Box<dyn Write + Send>,
    look: Look,
    terminal: bool,
    used: bool,
    /// Whether the runner of GitHub Actions reads it, and would take lines of others for commands.
    tame: bool,
    /// Whether it is kept in a file.
    file: bool,
}

impl Streams {
    /// The process's own.
    pub fn standard(color: ColorChoice) -> Streams {
        let env = |name: &str| std::env::var(name).ok();
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let look = |terminal: bool, width| Look::detect(color, terminal, width, env);
        let width = |term: console::Term| term.size_checked().map(|(_, columns)| usize::from(columns));
        let job = Actions::detect().is_some();
        let (stdout_file, stderr_file) = (is_file(&stdout), is_file(&stderr));
        Streams {
            stdout: Stream {
                look: look(stdout.is_terminal(), width(console::Term::stdout())),
                terminal: stdout.is_terminal(),
                writer: Box::new(stdout),
                used: false,
                tame: job && !stdout_file,
                file: stdout_file,
            },
            stderr: Stream {
                look: look(stderr.is_terminal(), width(console::Term::stderr())),
                terminal: stderr.is_terminal(),
                writer: Box::new(stderr),
                used: false,
                tame: job && !stderr_file,
                file: stderr_file,
            },
        }
    }
}

impl Stream {
    /// A stream that isn't a terminal, with a look of the caller's.
    pub fn new(writer: Box<dyn Write + Send>, look: Look) -> Stream {
        Stream { writer, look, terminal: false, used: false, tame: false, file: false }
    }

    /// The same stream, read by the runner of GitHub Actions.
    #[cfg(test)]
    pub(super) fn tamed(self) -> Stream {
        Stream { tame: true, ..self }
    }

    /// What it can show.
    pub fn look(&self) -> Look {
        self.look
    }

    /// Whether a person watches it.
    pub(super) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether anything was written to it.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// Whether it is kept in a file, where nobody reads it while it is written.
    pub(super) fn is_file(&self) -> bool {
        self.file
    }

    /// Writes text for people, in which a runner finds no command.
    pub(super) fn write(&mut self, text: &str) {
        match self.tame {
            true => self.raw(&command::tame(text)),
            false => self.raw(text),
        }
    }

    /// Writes commands for the runner.
    pub(super) fn command(&mut self, text: &str) {
        self.raw(text);
    }

    /// Writes a text and flushes it. A failed write is dropped: the run goes on when its reader (`| head`) is gone, as
    /// what it changes is worth more than what it says.
    pub(super) fn raw(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.used = true;
        if self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()).is_err() {
            self.writer = Box::new(io::sink());
        }
    }
}

fn is_file(stream: &impl AsFd) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata()).is_ok_and(|found| found.is_file())
}
