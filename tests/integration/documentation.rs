//! Every page of the documentation: its scripts run, its commands run, its YAML is read. A page that is added later is
//! found by itself; what is tested in another way is named here, with the way.

use std::fs;
use std::path::{Path, PathBuf};

use idp_run::formats::yaml;

use crate::workspace::{BINARY, Workspace, said};

/// Pages whose scripts are tested elsewhere.
const ELSEWHERE: [(&str, &str); 8] = [
    ("README.md", "readme: its commands and its script, in order"),
    ("examples/acme/README.md", "readme: its commands, in order"),
    ("docs/checks.md", "check: written from the rules, each with a script that it finds something in"),
    ("docs/errors.md", "registry: each script ends in the code of its entry"),
    ("docs/testing.md", "script_tests: its files, then its commands, in a workspace of its own"),
    ("docs/tutorial.md", "tutorial: its files and commands in order, and what they say"),
    ("docs/updates.md", "readme: its commands, in order, from the root of the repository"),
    ("docs/reference/", "registry: written from doc comments, whose examples run"),
];

/// A fenced block with what stands before it.
pub struct Block {
    pub line: usize,
    pub language: String,
    /// The file that the line before the block names, as `` `path`: ``.
    pub file: Option<String>,
    pub text: String,
}

pub fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    let mut before = "";
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                let file = before.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")).map(str::to_owned);
                open = Some(Block { line: number + 1, language: language.trim().into(), file, text: String::new() });
            }
            (Some(_), Some(_)) => {
                found.extend(open.take());
                before = "";
            }
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if !line.trim().is_empty() => before = line.trim(),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is never closed");
    found
}

/// All Markdown files of the repository that people read, from its root.
fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec!["README.md".to_string()];
    let mut todo: Vec<PathBuf> = vec![root.join("docs"), root.join("examples")];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let shown = path.strip_prefix(root).unwrap().display().to_string();
            let hidden = path.file_name().unwrap().to_string_lossy().starts_with('.');
            if path.is_dir() && !hidden && !shown.contains("/seeds") {
                todo.push(path);
            } else if shown.ends_with(".md") {
                found.push(shown);
            }
        }
    }
    found.sort();
    found
}

fn read(page: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
}

#[test]
fn every_script_of_a_page_runs() {
    let mut offences = String::new();
    let mut run = 0;
    for page in pages() {
        if ELSEWHERE.iter().any(|(there, _)| page.starts_with(there)) {
            continue;
        }
        let acme = Workspace::acme();
        for (number, block) in blocks(&read(&page)).into_iter().enumerate() {
            let name = block.file.clone().unwrap_or_else(|| format!("snippet{number}.rhai"));
            if block.file.is_some() {
                acme.write(&name, &block.text);
            }
            let tests = name.ends_with(".test.rhai") || block.text.contains("fn test_");
            let said = match block.language.as_str() {
                "rhai" if tests => {
                    let name = name.replace(".rhai", ".test.rhai").replace(".test.test.", ".test.");
                    acme.write(&name, &block.text);
                    acme.idp(&["test", &name])
                }
                // A script of parameters is run by the commands below it; a module by those that import it.
                "rhai" if block.file.is_some() => acme.idp(&[&format!("./{name}"), "--help"]),
                "rhai" => {
                    acme.write(&name, &block.text);
                    acme.idp(&[&name, "--plan"])
                }
                _ => continue,
            };
            run += 1;
            if said.code != 0 {
                offences.push_str(&format!("{page}:{}\n{}{said}\n", block.line, block.text));
            }
        }
    }
    assert!(run > 25, "only {run} scripts were found");
    assert!(offences.is_empty(), "{offences}");
}

/// Commands stand in `console` blocks behind a `$`, and in blocks without a language that begin with `idp-run`. They run
/// in order in a copy of the example, with the files of the page.
#[test]
fn every_command_of_a_page_runs() {
    let mut offences = String::new();
    let mut run = 0;
    for page in pages() {
        if page.ends_with("README.md") || ELSEWHERE.iter().any(|(there, _)| page.starts_with(there)) {
            continue;
        }
        let acme = Workspace::acme();
        let bin = acme.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink(BINARY, bin.join("idp-run")).unwrap();
        for block in blocks(&read(&page)) {
            if let Some(file) = &block.file {
                acme.write(file, &block.text);
            }
            let command = |line: &str| match block.language.as_str() {
                "console" => line.strip_prefix("$ ").map(str::to_owned),
                "" => line.starts_with("idp-run ").then(|| line.to_string()),
                _ => None,
            };
            for command in block.text.lines().filter_map(command) {
                let mut shell = std::process::Command::new("bash");
                shell.args(["--norc", "-c", &command]).current_dir(acme.path()).env("HOME", acme.path());
                shell.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
                shell.env_remove("IDP_WORKSPACE").env_remove("IDP_GRANTS");
                let said = said(shell);
                run += 1;
                if said.code != 0 {
                    offences.push_str(&format!("{page}:{}: {command}\n{said}\n", block.line));
                }
            }
        }
    }
    assert!(run > 10, "only {run} commands were found");
    assert!(offences.is_empty(), "{offences}");
}

#[test]
fn every_yaml_of_a_page_is_read() {
    let mut offences = String::new();
    let mut settings = 0;
    for page in pages() {
        for block in blocks(&read(&page)).iter().filter(|block| block.language == "yaml") {
            if let Err(error) = yaml::parse(&page, &block.text) {
                offences.push_str(&format!("{page}:{}: {error}\n", block.line));
            }
            if page != "docs/idp-yaml.md" || block.text.starts_with("allow:") {
                continue;
            }
            // The examples of idp.yaml hold in the example's workspace; each is a section of its own.
            settings += 1;
            let acme = Workspace::acme();
            let section = block.text.split(':').next().unwrap_or_default();
            let own = acme.read("idp.yaml");
            let clusters = "clusters: { cluster-dev: { kind: snapshot, folder: .idp/dev }, cluster-mgmt: { kind: snapshot, \
                            folder: .idp/mgmt }, cluster-prod: { kind: snapshot, folder: .idp/prod } }\n";
            let needs = if section == "clusters" { "" } else { clusters };
            acme.write("idp.yaml", &format!("{needs}{}", block.text));
            acme.write(".secrets/deploy-key", "a-key-of-some-length\n");
            let mut doctor = acme.command(&["doctor"]);
            doctor.env("PAGER_TOKEN", "a-token-of-some-length").env("PAGER_API_TOKEN", "a-token-of-some-length");
            let said = crate::workspace::said(doctor);
            if said.code != 0 {
                offences.push_str(&format!("{page}:{}\n{}{said}\n", block.line, block.text));
            }
            acme.write("idp.yaml", &own);
        }
    }
    assert!(settings >= 8, "only {settings} examples of idp.yaml were found");
    assert!(offences.is_empty(), "{offences}");
}

/// Links between pages lead somewhere.
#[test]
fn every_link_of_a_page_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut offences = String::new();
    for page in pages() {
        let text = read(&page);
        let folder = root.join(&page).parent().unwrap().to_path_buf();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty()
                && !path.contains("://")
                && !path.contains(['{', ' ', '*'])
                && !folder.join(path).exists()
            {
                offences.push_str(&format!("{page}: {link}\n"));
            }
        }
    }
    assert!(offences.is_empty(), "{offences}");
}

#[test]
fn pages_that_are_tested_elsewhere_are_there() {
    let pages = pages();
    for (there, how) in ELSEWHERE {
        assert!(pages.iter().any(|page| page.starts_with(there)), "{there} ({how}) is gone: take it off the list");
    }
    // And the index names every page beside it.
    let index = read("docs/README.md");
    for page in pages.iter().filter_map(|page| page.strip_prefix("docs/")) {
        let named = index.contains(&format!("]({page})")) || page == "README.md";
        assert!(named || page.starts_with("reference/"), "docs/README.md doesn't name {page}");
    }
}
