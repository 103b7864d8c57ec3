//! The house rules that a reader of the source can check line by line: layers, sizes, headers, what is said where.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The longest file, in lines.
const LONGEST: usize = 600;

/// The longest header, in lines.
const HEADER: usize = 3;

/// Where `unsafe` is allowed, each in a file of its own that says why.
const UNSAFE: [&str; 2] = ["src/script/memory.rs", "src/world/git/options.rs"];

/// Libraries of single rooms, with the folder that may name them.
const CONFINED: [(&str, &str); 2] = [("octocrab", "src/world/github/"), ("kube", "src/world/kubernetes/")];

struct Source {
    /// From the root of the source tree, such as `src/world/door.rs`.
    path: String,
    text: String,
}

impl Source {
    /// Lines of code with their numbers: comments say what they like.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The path as modules: `["world", "git", "refs"]`.
    fn modules(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
        inner.split('/').filter(|part| *part != "mod").collect()
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.contains("/tests/") || self.path.starts_with("tests/")
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut todo = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let shown = path.strip_prefix(root).unwrap().display().to_string();
                found.push(Source { path: shown, text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Fails with one line for each offence.
fn none(rule: &str, offences: &str) {
    assert!(offences.is_empty(), "{rule}:\n{offences}");
}

/// The rooms in the order of `src/lib.rs`.
fn rooms() -> Vec<String> {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    rooms.map(str::to_owned).collect()
}

/// The rooms that a line of a file names: `crate::x`, `crate::{x::y, z}`, and as many `super::` as lead to the root.
fn named(line: &str, depth: usize) -> Vec<String> {
    let one = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let group = Regex::new(r"\bcrate::\{(.*)").unwrap();
    let up = Regex::new(r"\b((?:super::)+)([a-z_]+)").unwrap();
    let mut found: Vec<String> = one.captures_iter(line).map(|found| found[1].to_string()).collect();
    if let Some(inside) = group.captures(line) {
        let mut open = 0;
        for part in inside[1].split_inclusive([',', '{', '}']) {
            let word: String = part.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if open == 0 && !word.is_empty() {
                found.push(word);
            }
            open += part.matches('{').count() as i32 - part.matches('}').count() as i32;
            if open < 0 {
                break;
            }
        }
    }
    for found_up in up.captures_iter(line).filter(|found| found[1].len() == depth * "super::".len()) {
        found.push(found_up[2].to_string());
    }
    found
}

#[test]
fn a_room_imports_only_rooms_before_it() {
    let rooms = rooms();
    assert!(rooms.len() > 8, "src/lib.rs lists one room a line");
    let mut offences = String::new();
    for source in sources("src") {
        let modules = source.modules();
        let Some(own) = rooms.iter().position(|room| room == modules[0]) else {
            // main.rs and lib.rs stand above the rooms.
            assert!(["main", "lib"].contains(&modules[0]), "{} is in no room of src/lib.rs", source.path);
            continue;
        };
        for (number, line) in source.code() {
            for name in named(line, modules.len()) {
                match rooms.iter().position(|room| *room == name) {
                    Some(other) if other > own => writeln!(
                        offences,
                        "{}:{number}: {} imports {name}, which comes after it in src/lib.rs",
                        source.path, rooms[own]
                    )
                    .unwrap(),
                    _ => {}
                }
            }
        }
    }
    none("a room imports only rooms before it", &offences);
}

#[test]
fn imports_are_found_however_they_are_written() {
    assert_eq!(named("use crate::world::door::Door;", 2), ["world"]);
    assert_eq!(named("use crate::{world::{Door, Mode}, cli};", 2), ["world", "cli"]);
    assert_eq!(named("let x = super::super::cli::main();", 2), ["cli"]);
    assert_eq!(named("let x = super::cli::main();", 2), Vec::<String>::new());
}

#[test]
fn files_are_small() {
    let mut offences = String::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        let lines = source.text.lines().count();
        if lines > LONGEST {
            writeln!(offences, "{}: {lines} lines", source.path).unwrap();
        }
    }
    none("no file has more than 600 lines", &offences);
}

#[test]
fn every_file_says_what_it_is() {
    let mut offences = String::new();
    for source in sources("src").iter().chain(&sources("tests")) {
        let header = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        if header == 0 || header > HEADER {
            writeln!(offences, "{}:1: {header} lines of `//!`", source.path).unwrap();
        }
    }
    none("every file opens with one to three lines of `//!`", &offences);
}

#[test]
fn only_output_prints() {
    let print = Regex::new(r"\b(e?println?|dbg)!").unwrap();
    let mut offences = String::new();
    // Tests say what they counted.
    for source in sources("src").iter().filter(|source| !source.path.starts_with("src/output/") && !source.is_test()) {
        for (number, line) in source.code().filter(|(_, line)| print.is_match(line)) {
            writeln!(offences, "{}:{number}: {}", source.path, line.trim()).unwrap();
        }
    }
    none("only src/output prints", &offences);
}

#[test]
fn unsafe_stays_in_two_files() {
    let word = Regex::new(r"\bunsafe\b").unwrap();
    let mut offences = String::new();
    for source in sources("src").iter().filter(|source| !UNSAFE.contains(&source.path.as_str())) {
        for (number, line) in source.code().filter(|(_, line)| word.is_match(line)) {
            writeln!(offences, "{}:{number}: {}", source.path, line.trim()).unwrap();
        }
    }
    none("`unsafe` stands in the two files that say why", &offences);
}

#[test]
fn nothing_panics_outside_of_tests() {
    let panics = Regex::new(r"\.unwrap\(\)|\.expect\(|\b(panic|todo|unimplemented|unreachable)!").unwrap();
    let mut offences = String::new();
    for source in sources("src").iter().filter(|source| !source.is_test()) {
        let tests = source.text.lines().position(|line| line.trim() == "#[cfg(test)]");
        // A module of tests ends its file; the attribute on a `mod tests;` line hides nothing.
        let inline = tests.filter(|at| source.text.lines().nth(at + 1).is_some_and(|line| line.ends_with('{')));
        for (number, line) in
            source.code().filter(|(number, line)| inline.is_none_or(|tests| *number <= tests) && panics.is_match(line))
        {
            writeln!(offences, "{}:{number}: {}", source.path, line.trim()).unwrap();
        }
    }
    none("errors are returned, not panicked", &offences);
}

#[test]
fn libraries_of_one_room_stay_in_it() {
    let mut offences = String::new();
    for (library, folder) in CONFINED {
        let word = Regex::new(&format!(r"\b{library}(::|;|\b *=)")).unwrap();
        for source in sources("src").iter().filter(|source| !source.path.starts_with(folder)) {
            for (number, line) in source.code().filter(|(_, line)| word.is_match(line)) {
                writeln!(offences, "{}:{number}: {} ({library} belongs to {folder})", source.path, line.trim())
                    .unwrap();
            }
        }
    }
    none("a library of one room is named nowhere else", &offences);
}
