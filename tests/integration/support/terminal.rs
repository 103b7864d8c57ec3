//! A person at a terminal: the binary with a pseudo terminal as its stdin, stdout and stderr, and what is typed.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::pty::openpty;

use super::Said;

/// A command at a terminal.
pub struct Terminal {
    child: Child,
    keys: File,
    shown: Receiver<Vec<u8>>,
    screen: String,
}

impl Terminal {
    pub fn start(mut command: Command) -> Terminal {
        let pair = openpty(None, None).unwrap();
        let side = || pair.slave.try_clone().unwrap();
        let child = command.env("TERM", "dumb").stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        // The last holders of the terminal's other side are the child and its command: reading ends with them.
        drop(command);
        drop(pair.slave);
        let (tell, shown) = channel();
        let mut master = File::from(pair.master.try_clone().unwrap());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(some @ 1..) = master.read(&mut bytes) {
                if tell.send(bytes[..some].to_vec()).is_err() {
                    break;
                }
            }
        });
        Terminal { child, keys: File::from(pair.master), shown, screen: String::new() }
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        while !self.screen.contains(text) {
            match self.shown.recv_timeout(Duration::from_secs(60)) {
                Ok(bytes) => self.screen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("the screen never shows `{text}`:\n{}", self.screen),
            }
        }
    }

    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// The end, with all that the screen showed as its stdout.
    pub fn ends(mut self) -> Said {
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_secs(60)) {
            self.screen.push_str(&String::from_utf8_lossy(&bytes));
        }
        let status = self.child.wait().unwrap();
        Said { status, stdout: self.screen.replace('\r', ""), stderr: String::new() }
    }
}
