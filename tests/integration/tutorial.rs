//! The tutorial as a reader follows it: its files written, its commands run in order, what it shows compared with what
//! is said. `...` on a line of its own stands for any lines, within a line for any text.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use regex::Regex;

use crate::documentation::blocks;
use crate::workspace::{BINARY, Workspace};

/// What a page shows below a command, as a pattern over all that the command says.
fn pattern(shown: &str) -> Regex {
    let mut pattern = String::from("(?s)\\A");
    for line in shown.trim_end().lines() {
        match line.trim_end() {
            "..." => pattern.push_str("(?:[^\\n]*\\n)*?"),
            line => {
                let parts: Vec<String> = line.split("...").map(regex::escape).collect();
                pattern.push_str(&format!("{}[ \\t]*\\n", parts.join("[^\\n]*")));
            }
        }
    }
    pattern.push_str("\\s*\\z");
    Regex::new(&pattern).unwrap()
}

/// The commands of a block, each with what is shown below it.
fn commands(block: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => found.push((command.to_string(), String::new())),
            (None, Some((_, shown))) => {
                shown.push_str(line);
                shown.push('\n');
            }
            (None, None) => panic!("a block begins with what no command said: {line}"),
        }
    }
    found
}

#[test]
fn the_tutorial_runs_as_it_is_written() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tutorial.md")).unwrap();
    let ws = Workspace::empty();
    let bin = ws.path().join("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(BINARY, bin.join("idp-run")).unwrap();
    let mut folder: PathBuf = ws.path().to_path_buf();
    let mut run = Vec::new();
    for block in blocks(&page) {
        if let Some(file) = &block.file {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &block.text).unwrap();
            continue;
        }
        assert!(block.language.starts_with("console"), "line {}: a file without its name", block.line);
        for (command, shown) in commands(&block.text) {
            if let Some(into) = command.strip_prefix("cd ") {
                folder.push(into);
                continue;
            }
            let mut shell = Command::new("bash");
            shell.args(["--norc", "-c", &format!("{{ {command}; }} 2>&1")]).current_dir(&folder).env_clear();
            shell.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
            shell.env("HOME", ws.path()).env("LC_ALL", "C.UTF-8").env("USER", "you");
            let output = shell.output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            let line = block.line;
            let fails = block.language == "console fails";
            assert_eq!(!output.status.success(), fails, "docs/tutorial.md:{line}: {command}\n{said}");
            assert!(
                pattern(&shown).is_match(&said),
                "docs/tutorial.md:{line}: {command}\nshown:\n{shown}\nsaid:\n{said}"
            );
            run.push(command);
        }
    }
    // The whole way is walked.
    for verb in ["init", "new", "check", "test", "explain", "apply", "runs undo"] {
        assert!(run.iter().any(|command| command.starts_with(&format!("idp-run {verb}"))), "{verb}: {run:?}");
    }
    assert!(run.iter().any(|command| command.contains("--plan --out")), "{run:?}");
}

#[test]
fn what_is_shown_is_compared() {
    assert!(pattern("one\n...\nlast ... s\n").is_match("one\ntwo\nthree\nlast 12 s\n"));
    assert!(pattern("...\n").is_match("anything\n"));
    assert!(pattern("").is_match("\n"));
    assert!(!pattern("one\n").is_match("one\ntwo\n"));
    assert!(!pattern("").is_match("something\n"));
}
