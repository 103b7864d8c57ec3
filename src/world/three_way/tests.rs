//! Trees in memory, merged: what changes on one side, what on both, what moves, what goes; and that nothing that people
//! wrote is lost.

use proptest::prelude::*;

use super::*;
use crate::world::git::GitForge;

type Files<'a> = &'a [(&'a str, &'a str)];

fn version(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Version {
    let changes: Vec<FileChange> = files
        .iter()
        .map(|(path, text)| {
            let (text, executable) = match text.as_ref().strip_prefix("#!") {
                Some(rest) => (rest, true),
                None => (text.as_ref(), false),
            };
            let after = Some(File { bytes: text.as_bytes().into(), executable });
            FileChange { path: path.as_ref().into(), before: None, after }
        })
        .collect();
    Version::default().with(&changes)
}

fn merge_of(base: &Version, ours: &Version, theirs: &Version) -> Merged {
    let forge = GitForge::new("/nowhere", "acme", "https://git.example", BTreeMap::new());
    let repo = RepoId::new("acme", "api").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(merge(&forge, &repo, base, ours, theirs)).unwrap()
}

/// The edits as `path: text`, and the conflicts.
fn merged(base: Files<'_>, ours: Files<'_>, theirs: Files<'_>) -> (Vec<String>, Vec<(String, Why)>) {
    let merged = merge_of(&version(base), &version(ours), &version(theirs));
    let edits = merged.edits.iter().map(|(path, file)| match file {
        Some(file) => {
            let bit = if file.executable { "*" } else { "" };
            format!("{path}{bit}: {}", String::from_utf8_lossy(&file.bytes))
        }
        None => format!("{path} goes"),
    });
    (edits.collect(), merged.conflicts.into_iter().map(|conflict| (conflict.path, conflict.why)).collect())
}

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n";

#[test]
fn what_only_the_rendering_changed_is_taken() {
    let base: Files = &[("changed", "a\n"), ("gone", "b\n"), ("same", "c\n")];
    let theirs: Files = &[("changed", "A\n"), ("same", "c\n"), ("new", "d\n")];
    let (edits, conflicts) = merged(base, base, theirs);
    assert_eq!(edits, ["changed: A\n", "gone goes", "new: d\n"]);
    assert!(conflicts.is_empty());
}

#[test]
fn what_only_people_changed_stays() {
    let base: Files = &[("changed", "a\n"), ("deleted", "b\n")];
    let ours: Files = &[("changed", "people's\n"), ("theirs", "d\n")];
    assert_eq!(merged(base, ours, base), (vec![], vec![]));
    // And what both made the same of it is no change either.
    assert_eq!(merged(base, ours, &[("changed", "people's\n")]), (vec![], vec![]));
}

#[test]
fn edits_of_one_file_come_together_or_are_marked() {
    let ours = LINES.replace('1', "one");
    let theirs = LINES.replace('8', "eight");
    let (edits, conflicts) = merged(&[("a", LINES)], &[("a", &ours)], &[("a", &theirs)]);
    assert_eq!(edits, [format!("a: {}", ours.replace('8', "eight"))]);
    assert!(conflicts.is_empty());

    let theirs = LINES.replace('1', "ONE");
    let (edits, conflicts) = merged(&[("a", LINES)], &[("a", &ours)], &[("a", &theirs)]);
    assert!(edits[0].contains("<<<<<<< people's edits\none\n||||||| delivered before\n1\n=======\nONE\n>>>>>>> new\n"));
    assert_eq!(conflicts, [("a".into(), Why::Lines)]);
}

#[test]
fn both_may_add_the_same_file() {
    let (edits, conflicts) = merged(&[], &[("a", "mine\n")], &[("a", "new\n")]);
    assert_eq!(conflicts, [("a".into(), Why::Lines)]);
    assert!(edits[0].contains("mine\n") && edits[0].contains("new\n"));
}

#[test]
fn files_that_go_on_one_side_and_change_on_the_other_are_peoples_to_decide() {
    let base: Files = &[("a", "a\n"), ("b", "b\n")];
    let (edits, conflicts) = merged(base, &[("b", "people's\n")], &[("a", "new\n")]);
    assert!(edits.is_empty(), "{edits:?}");
    assert_eq!(conflicts, [("a".into(), Why::Deleted), ("b".into(), Why::Dropped)]);
}

#[test]
fn binary_files_stay_as_people_have_them() {
    let (edits, conflicts) = merged(&[("a", "\0old")], &[("a", "\0people's")], &[("a", "\0new")]);
    assert!(edits.is_empty());
    assert_eq!(conflicts, [("a".into(), Why::Binary)]);
    let (edits, conflicts) = merged(&[("a", "\0old")], &[("a", "\0old")], &[("a", "\0new")]);
    assert_eq!((edits.len(), conflicts.len()), (1, 0));
}

#[test]
fn the_executable_bit_is_merged_beside_the_contents() {
    let edited = LINES.replace('1', "one");
    let (edits, conflicts) = merged(&[("a", LINES)], &[("a", &edited)], &[("a", &format!("#!{LINES}"))]);
    assert_eq!((edits, conflicts), (vec![format!("a*: {edited}")], vec![]));
    let (edits, _) = merged(&[("a", LINES)], &[("a", &format!("#!{LINES}"))], &[("a", &edited)]);
    assert_eq!(edits, [format!("a*: {edited}")]);
}

#[test]
fn what_moved_takes_the_other_sides_edits_along() {
    let edited = LINES.replace('1', "one");
    let newer = LINES.replace('8', "eight");
    let both = edited.replace('8', "eight");
    // The rendering moved it, and people changed it.
    let (edits, conflicts) = merged(&[("src/a", LINES)], &[("src/a", &edited)], &[("lib/a", &newer)]);
    assert_eq!((edits, conflicts), (vec![format!("lib/a: {both}"), "src/a goes".into()], vec![]));
    // People moved it, and the rendering changed it.
    let (edits, conflicts) = merged(&[("src/a", LINES)], &[("lib/a", &edited)], &[("src/a", &newer)]);
    assert_eq!((edits, conflicts), (vec![format!("lib/a: {both}")], vec![]));
    // A file of another name that isn't the same is another file.
    let (edits, conflicts) = merged(&[("src/a", LINES)], &[("lib/b", &edited)], &[("src/a", &newer)]);
    assert_eq!((edits, conflicts), (vec![], vec![("src/a".into(), Why::Deleted)]));
}

#[test]
fn a_file_never_replaces_a_folder_of_people() {
    let (edits, conflicts) = merged(&[], &[("a/b", "people's\n")], &[("a", "new\n")]);
    assert_eq!((edits, conflicts), (vec![], vec![("a".into(), Why::InTheWay)]));
    let (edits, conflicts) = merged(&[], &[("a", "people's\n")], &[("a/b", "new\n")]);
    assert_eq!((edits, conflicts), (vec![], vec![("a/b".into(), Why::InTheWay)]));
    // What the rendering itself takes away makes room.
    let (edits, conflicts) = merged(&[("a", "old\n")], &[("a", "old\n")], &[("a/b", "new\n")]);
    assert_eq!((edits, conflicts), (vec!["a goes".into(), "a/b: new\n".into()], vec![]));
}

/// Edits of a few files: which file, which line, and what happens there.
fn edits() -> impl Strategy<Value = Vec<(usize, usize, usize)>> {
    prop::collection::vec((0..4usize, 0..12usize, 0..8usize), 0..6)
}

/// The edited files; `who` is in every line that this side alone can have written.
fn apply(who: &str, edits: &[(usize, usize, usize)]) -> BTreeMap<String, String> {
    let mut files: BTreeMap<usize, Vec<String>> =
        (0..4).map(|file| (file, (0..12).map(|line| format!("line {line} of {file}")).collect())).collect();
    for (at, (file, line, what)) in edits.iter().enumerate() {
        match (what, files.get_mut(file)) {
            (0, Some(_)) => {
                files.remove(file);
            }
            (1, Some(lines)) if lines.len() > *line => {
                lines.remove(*line);
            }
            (2 | 3, Some(lines)) if lines.len() > *line => lines.insert(*line, format!("{who} added {at}")),
            (_, Some(lines)) if lines.len() > *line => lines[*line] = format!("{who} changed {at}"),
            _ => {}
        }
    }
    files.into_iter().map(|(file, lines)| (format!("file{file}"), lines.join("\n") + "\n")).collect()
}

proptest! {
    #[test]
    fn nothing_that_people_wrote_is_lost(people in edits(), new in edits()) {
        let files = |files: &BTreeMap<String, String>| version(&files.clone().into_iter().collect::<Vec<_>>());
        let (base, ours, theirs) = (apply("", &[]), apply("people", &people), apply("new", &new));
        let merged = merge_of(&files(&base), &files(&ours), &files(&theirs));
        let mut result = ours.clone();
        for (path, file) in &merged.edits {
            match file {
                Some(file) => result.insert(path.clone(), String::from_utf8(file.bytes.to_vec()).unwrap()),
                None => result.remove(path),
            };
        }
        let all: String = result.values().map(String::as_str).collect();
        for line in ours.values().flat_map(|text| text.lines()).filter(|line| line.starts_with("people")) {
            prop_assert!(all.contains(&format!("{line}\n")), "{line} is lost");
        }
        for path in base.keys().filter(|path| !ours.contains_key(*path)) {
            prop_assert!(!result.contains_key(path), "{path} is back");
        }
        let marked = |path: &String| merged.conflicts.iter().any(|conflict| conflict.path == *path);
        for (path, text) in &result {
            prop_assert_eq!(text.contains("<<<<<<<"), marked(path) && ours.get(path) != Some(text), "{}", path);
            // What is new is there, too, unless it is people's to decide.
            for line in theirs.get(path).into_iter().flat_map(|text| text.lines()).filter(|l| l.starts_with("new")) {
                prop_assert!(text.contains(&format!("{line}\n")), "{line} of {path} is left out");
            }
        }
    }

    #[test]
    fn a_rendering_that_did_not_change_asks_for_nothing(people in edits(), first in edits()) {
        let files = |files: &BTreeMap<String, String>| version(&files.clone().into_iter().collect::<Vec<_>>());
        let rendered = files(&apply("new", &first));
        let merged = merge_of(&rendered, &files(&apply("people", &people)), &rendered);
        prop_assert!(merged.edits.is_empty() && merged.conflicts.is_empty());
    }
}
