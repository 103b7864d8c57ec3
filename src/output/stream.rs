//! Where the text goes: stdout and stderr, or buffers in tests. A reader that went away is no error.

use std::io::{self, IsTerminal, Write};

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
}

impl Streams {
    /// The process's own.
    pub fn standard(color: ColorChoice) -> Streams {
        let env = |name: &str| std::env::var(name).ok();
        let (stdout, stderr) = (io::stdout(), io::stderr());
        let look = |terminal: bool, width| Look::detect(color, terminal, width, env);
        let width = |term: console::Term| term.size_checked().map(|(_, columns)| usize::from(columns));
        Streams {
            stdout: Stream {
                look: look(stdout.is_terminal(), width(console::Term::stdout())),
                terminal: stdout.is_terminal(),
                writer: Box::new(stdout),
                used: false,
            },
            stderr: Stream {
                look: look(stderr.is_terminal(), width(console::Term::stderr())),
                terminal: stderr.is_terminal(),
                writer: Box::new(stderr),
                used: false,
            },
        }
    }
}

impl Stream {
    /// A stream that isn't a terminal, with a look of the caller's.
    pub fn new(writer: Box<dyn Write + Send>, look: Look) -> Stream {
        Stream { writer, look, terminal: false, used: false }
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

    /// Writes a text and flushes it. A failed write is dropped: the run goes on when its reader (`| head`) is gone, as
    /// what it changes is worth more than what it says.
    pub(super) fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.used = true;
        if self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush()).is_err() {
            self.writer = Box::new(io::sink());
        }
    }
}
