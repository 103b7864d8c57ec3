//! Processes that end with the test binary, however it ends: a shell waits for the end of a pipe that only the binary
//! holds open, then kills them and removes their folder. Used by `api_server`.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The shell; dropping it, or the end of this process, ends what it keeps.
pub struct Keeper {
    shell: Mutex<Child>,
    folder: PathBuf,
}

/// Programs come as lines of the script, quoted. They stand in a group of their own, so that Ctrl-C at the terminal of the
/// tests reaches none of it and the shell has the last word.
const SCRIPT: &str = r#"
cd "$1" || exit 1
start() { "$@" > "$log" 2>&1 & echo $! >> processes; }
PROGRAMS
cat > /dev/null
kill -9 $(cat processes)
wait
rm -rf "$1"
"#;

impl Keeper {
    /// Starts programs, each given as its words, that may write to a folder of their own.
    pub fn start(folder: &Path, programs: &[&[String]]) -> Keeper {
        let quoted = |word: &String| format!("'{}'", word.replace('\'', r"'\''"));
        let mut lines = String::new();
        for (at, words) in programs.iter().enumerate() {
            let words: Vec<String> = words.iter().map(quoted).collect();
            lines.push_str(&format!("log={at}.log; start {}\n", words.join(" ")));
        }
        let shell = Command::new("sh")
            .arg("-c")
            .arg(SCRIPT.replace("PROGRAMS\n", &lines))
            .arg("keeper")
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Keeper { shell: Mutex::new(shell), folder: folder.to_owned() }
    }

    /// Whether none of the programs has ended.
    pub fn is_alive(&self) -> bool {
        let ended = self.shell.lock().unwrap().try_wait().unwrap().is_some();
        let processes = std::fs::read_to_string(self.folder.join("processes")).unwrap_or_default();
        let runs = |id: &str| id.parse().is_ok_and(|id| kill(Pid::from_raw(id), None).is_ok());
        !ended && processes.lines().all(runs)
    }

    /// The last lines of what they said.
    pub fn last_words(&self) -> String {
        let mut words = String::new();
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "log") {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                let last: Vec<&str> = text.lines().rev().take(15).collect();
                for line in last.iter().rev() {
                    words.push_str(&format!("\n{}: {line}", entry.file_name().display()));
                }
            }
        }
        words
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let mut shell = self.shell.lock().unwrap();
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}
