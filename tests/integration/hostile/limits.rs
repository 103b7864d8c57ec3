//! The limits that the documentation tells are those of the code.

use idp_run::config::Limits;
use idp_run::formats::{skeleton, yaml};
use idp_run::library::{DEEPEST_FOLDER, LARGEST_FILE, LARGEST_TREE, MOST_FILES};
use idp_run::primitives::{param, value};
use idp_run::script::{LONGEST_TEXT, MOST_ELEMENTS, MOST_SAID};

#[test]
fn the_table_of_limits_is_true() {
    let docs = include_str!("../../../docs/contracts.md");
    let mib = |bytes: usize| format!("{} MiB", bytes >> 20);
    let thousands = |number: usize| match number {
        0..1000 => number.to_string(),
        1000..1_000_000 => format!("{},{:03}", number / 1000, number % 1000),
        _ => format!("{},{:03},{:03}", number / 1_000_000, number / 1000 % 1000, number % 1000),
    };
    let limits = Limits::default();
    for (row, limit) in [
        ("time of an attempt", format!("{} minutes", limits.time.as_secs() / 60)),
        ("memory that the script's threads", mib(limits.memory)),
        ("a text", mib(LONGEST_TEXT)),
        ("a list or map", thousands(MOST_ELEMENTS)),
        ("nesting of a value", value::DEEPEST.to_string()),
        ("a value as data", mib(value::LARGEST)),
        ("what a run prints", mib(MOST_SAID)),
        ("the pattern of a parameter", thousands(param::LONGEST_PATTERN)),
        ("a file of a skeleton", mib(LARGEST_FILE as usize)),
        ("all files of one", mib(LARGEST_TREE)),
        ("all files of one", thousands(MOST_FILES)),
        ("all files of one", format!("{DEEPEST_FOLDER} folders deep")),
        ("a rendered file", mib(skeleton::FILE_LIMIT)),
        ("a rendered file", mib(skeleton::TOTAL_LIMIT)),
        ("steps that the rendering", thousands(skeleton::FUEL as usize)),
        ("`idp.yaml`, `template.yaml`", mib(yaml::MAX_BYTES)),
        ("`idp.yaml`, `template.yaml`", thousands(yaml::MAX_NODES)),
        ("`idp.yaml`, `template.yaml`", format!("{} levels", yaml::MAX_DEPTH)),
    ] {
        let start = format!("| {row}");
        let line = docs.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row `{row}`"));
        assert!(line.contains(&limit), "`{row}` is {limit}: {line}");
    }
}
