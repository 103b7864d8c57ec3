//! The fixes of the shipped packs, made of every case of their tests in several shapes of text: what they mend passes, what
//! they leave has a reason, nothing new is found, and no byte changes that belongs to something else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use idp_run::audit::panel::{self, Panel, Settings};
use idp_run::audit::{Text, audit, fix};
use idp_run::config::Config;
use idp_run::formats::yaml::{self, Document, Step};
use idp_run::library::Library;
use idp_run::report::{Audit, Severity};
use idp_run::script::{Extras, Pack};
use serde_json::Value;

const PACKS: [&str; 3] = ["pod-security", "workload", "platform"];

/// What a case is asked with beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Conditions {
    params: Vec<(String, String)>,
    environment: Option<String>,
    /// Which of the cases with one name of a file it is: names of texts tell them apart.
    turn: usize,
}

/// What a rule of a pack is asked about.
#[derive(Debug)]
struct Case {
    rule: String,
    name: String,
    text: String,
}

/// The cases of all packs that are asked with the same words.
fn cases() -> BTreeMap<Conditions, Vec<Case>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let mut all: BTreeMap<Conditions, Vec<Case>> = BTreeMap::new();
    for pack in PACKS {
        let files = std::fs::read_dir(root.join(pack)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
        files.sort();
        assert!(!files.is_empty(), "{pack} has cases");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let short = file.file_stem().unwrap().to_string_lossy().into_owned();
            for (number, part) in text.split("### ").skip(1).enumerate() {
                let (title, text) = part.split_once('\n').unwrap();
                let mut conditions = Conditions::default();
                let mut name = format!("{pack}-{short}-{number}.yaml");
                for line in text.lines().map_while(|line| line.strip_prefix("# ")) {
                    match line.split_once(' ') {
                        Some(("with", pair)) => {
                            let (key, value) = pair.split_once('=').unwrap();
                            conditions.params.push((format!("{pack}.{key}"), value.to_owned()));
                        }
                        Some(("environment", environment)) => conditions.environment = Some(environment.into()),
                        Some(("file", file)) => name = file.to_owned(),
                        _ => {}
                    }
                }
                let rule = title.split(' ').next().unwrap().to_owned();
                let text = text.strip_suffix("---\n").unwrap_or(text).to_owned();
                while all.get(&conditions).is_some_and(|known| known.iter().any(|other| other.name == name)) {
                    conditions.turn += 1;
                }
                all.entry(conditions).or_default().push(Case { rule, name, text });
            }
        }
    }
    all
}

fn packs() -> Vec<Arc<Pack>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::new(root);
    let scripts = panel::scripts_of(PACKS.into_iter(), &library, root).unwrap();
    let limits = Config::bare(root).unwrap().limits;
    panel::read(scripts, &library, limits, &Extras::default()).unwrap().into_iter().map(Arc::new).collect()
}

/// Comments and empty lines between the lines, wherever they change no value.
fn commented(text: &str) -> String {
    let values =
        |text: &str| yaml::parse("", text).ok().map(|all| all.into_iter().map(|one| one.value).collect::<Vec<_>>());
    let lines: Vec<&str> = text.lines().collect();
    let with = |at: &dyn Fn(usize) -> bool| {
        let mut new = String::new();
        for (number, line) in lines.iter().enumerate() {
            if at(number) {
                let indent = line.len() - line.trim_start().len();
                new.push_str(&format!("{}# comment {number}\n\n", " ".repeat(indent)));
            }
            new.push_str(line);
            new.push('\n');
        }
        new
    };
    let before = values(text);
    let all = with(&|_| true);
    if values(&all) == before {
        return all;
    }
    let mut good = BTreeSet::new();
    for number in 0..lines.len() {
        if values(&with(&|at| at == number)) == before {
            good.insert(number);
        }
    }
    with(&|at| good.contains(&at))
}

/// As written, with the line ends of other systems, with comments between the lines.
const SHAPES: [fn(&str) -> String; 3] = [str::to_owned, |text| text.replace('\n', "\r\n"), commented];

/// Where two values differ: what changed or went, and what came.
fn differences(old: &Value, new: &Value, path: &mut Vec<Step>, found: &mut Vec<(Vec<Step>, bool)>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                path.push(name.as_str().into());
                match (a.get(name), b.get(name)) {
                    (Some(a), Some(b)) => differences(a, b, path, found),
                    (there, _) => found.push((path.clone(), there.is_some())),
                }
                path.pop();
            }
        }
        (Value::Array(a), Value::Array(b)) if b.len() >= a.len() => {
            for (at, new) in b.iter().enumerate() {
                path.push(at.into());
                match a.get(at) {
                    Some(old) => differences(old, new, path, found),
                    None => found.push((path.clone(), false)),
                }
                path.pop();
            }
        }
        _ if old == new => {}
        _ => found.push((path.clone(), true)),
    }
}

/// The lines that a value is written on, from its key on.
fn lines_of(document: &Document, value: &Value, path: &mut Vec<Step>) -> (usize, usize) {
    let (first, mut last) = (document.key_place(path).line, document.place(path).line);
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.as_str().into(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.into(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, child) in children {
        path.push(step);
        last = last.max(lines_of(document, child, path).1);
        path.pop();
    }
    (first, last)
}

/// The lines that may change where values did: those of what changed or went; where something came, those of what is around
/// it only if that is in brackets or empty.
fn touched(old: &str, new: &str) -> BTreeSet<usize> {
    let (before, after) = (yaml::parse("", old).unwrap(), yaml::parse("", new).unwrap());
    assert_eq!(before.len(), after.len());
    let lines: Vec<&str> = old.lines().collect();
    let mut all = BTreeSet::new();
    for (document, after) in before.iter().zip(&after) {
        let mut found = Vec::new();
        differences(&document.value, &after.value, &mut Vec::new(), &mut found);
        for (mut path, was_there) in found {
            if !was_there {
                path.pop();
            }
            let Some(value) = yaml::get(&document.value, &path) else { panic!("{path:?} is nowhere") };
            let place = document.place(&path);
            let begins = lines[place.line - 1].chars().nth(place.column - 1);
            let in_brackets = matches!(begins, Some('{' | '['));
            if !was_there && !in_brackets && (value.is_object() || value.is_array()) {
                continue;
            }
            let (first, mut last) = lines_of(document, value, &mut path);
            if in_brackets && first != last {
                // Up to the bracket that closes it.
                last += lines[last..].iter().take_while(|line| line.trim_start().starts_with(['}', ']'])).count();
            }
            all.extend(first..=last);
        }
    }
    all
}

/// Each line of the old text that may not change must be in the new one, in order.
fn keeps_lines(old: &str, new: &str) -> Result<(), String> {
    let touched = touched(old, new);
    let mut rest = new.split_inclusive('\n');
    for (number, line) in old.split_inclusive('\n').enumerate().filter(|(number, _)| !touched.contains(&(number + 1))) {
        if !rest.any(|there| there == line) {
            return Err(format!("line {} is gone: {line:?}", number + 1));
        }
    }
    Ok(())
}

/// The findings by text, object in it and policy, with their paths.
fn found(audit: &Audit) -> BTreeMap<(String, usize, String), Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for one in &audit.detections {
        let key = (one.finding.place.file.clone(), one.object.unwrap_or(usize::MAX), one.finding.policy.clone());
        found.entry(key).or_default().push(one.path.clone());
    }
    found
}

fn asked(panel: &Arc<Panel>, texts: &[Text]) -> Audit {
    audit(texts.to_vec(), panel.clone(), Severity::Low).unwrap()
}

/// Makes the fixes of one rule, or of all, and says what isn't as it should be.
fn mended(panel: &Arc<Panel>, texts: &[Text], before: &Audit, rule: Option<&str>, told: &mut Vec<String>) -> usize {
    let of_rule = |policy: &str| rule.is_none_or(|rule| rule == policy);
    let only = |audit: &Audit| {
        let mut audit = audit.clone();
        audit.detections.retain(|found| of_rule(&found.finding.policy));
        audit
    };
    let mut new = texts.to_vec();
    let mut changed = 0;
    let mut refused: BTreeMap<(String, String), usize> = BTreeMap::new();
    for one in fix::make(texts.to_vec(), panel.clone(), fix::todo(&only(before), texts)).unwrap() {
        assert_eq!(one.refused.len(), one.left.len());
        for refusal in one.refused {
            assert!(!refusal.why.is_empty());
            *refused.entry((refusal.place.file, refusal.policy)).or_default() += 1;
        }
        let Some(content) = one.content else { continue };
        changed += 1;
        let (old, name) = (texts[one.text].content.as_deref().unwrap(), &texts[one.text].shown);
        if let Err(why) = keeps_lines(old, &content) {
            told.push(format!("{name} {rule:?}: {why}\n{old}\n=>\n{content}"));
        }
        new[one.text].content = Some(content.into());
    }
    let after = asked(panel, &new);
    let (was, is) = (found(before), found(&after));
    let mut left: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (key, paths) in &is {
        let (file, _, policy) = key;
        let none = Vec::new();
        let known = was.get(key).unwrap_or(&none);
        if paths.len() > known.len() {
            let text = new.iter().find(|text| *text.shown == **file).and_then(|text| text.content.clone());
            told.push(format!("{file} {rule:?}: {policy} finds more: {paths:?}, not {known:?}\n{}", text.unwrap()));
        }
        *left.entry((file.clone(), policy.clone())).or_default() += 1;
    }
    let fixable: BTreeSet<&str> =
        before.detections.iter().filter(|found| found.fixable).map(|found| &*found.finding.policy).collect();
    for ((file, policy), objects) in left {
        let reasons = refused.get(&(file.clone(), policy.clone())).copied().unwrap_or_default();
        if fixable.contains(&*policy) && of_rule(&policy) && reasons < objects {
            let text = new.iter().find(|text| *text.shown == *file).and_then(|text| text.content.clone());
            told.push(format!("{file} {rule:?}: {policy} is left without a reason\n{}", text.unwrap()));
        }
    }
    for one in fix::make(new.clone(), panel.clone(), fix::todo(&only(&after), &new)).unwrap() {
        if let Some(content) = one.content {
            told.push(format!("{} {rule:?}: the second fix makes of it\n{content}", new[one.text].shown));
        }
    }
    changed
}

#[test]
fn fixes_of_the_shipped_packs_mend_what_they_say_and_nothing_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let packs = packs();
    let mends: BTreeSet<String> =
        packs.iter().flat_map(|pack| pack.rules()).filter(|facts| facts.mends).map(|facts| facts.id.clone()).collect();
    let mut told = Vec::new();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    let cases = cases();
    let all = cases.values().flatten();
    let failing: BTreeSet<&str> = all.map(|case| &*case.rule).filter(|rule| mends.contains(*rule)).collect();
    assert_eq!(failing.len(), mends.len(), "each rule with a fix has cases");
    for (conditions, cases) in &cases {
        let settings = Settings { params: conditions.params.clone(), ..Settings::default() };
        let empty = Panel { environment: conditions.environment.clone(), ..Panel::of(&Config::bare(root).unwrap()) };
        let panel = Arc::new(empty.with_read(packs.clone(), &settings).unwrap());
        for shape in SHAPES {
            let texts: Vec<Text> = cases.iter().map(|case| Text::new(&case.name, shape(&case.text))).collect();
            let before = asked(&panel, &texts);
            for rule in &mends {
                // Alone, where the case is about it.
                let own: Vec<Text> = cases
                    .iter()
                    .zip(&texts)
                    .filter(|(case, _)| case.rule == *rule)
                    .map(|(_, text)| text.clone())
                    .collect();
                if !own.is_empty() {
                    let before = asked(&panel, &own);
                    *times.entry(rule).or_default() += mended(&panel, &own, &before, Some(rule), &mut told);
                }
            }
            mended(&panel, &texts, &before, None, &mut told);
        }
    }
    let never: Vec<_> = mends.iter().filter(|rule| times.get(rule.as_str()).is_none_or(|times| *times == 0)).collect();
    assert!(told.is_empty(), "{} times:\n{}", told.len(), told.join("\n\n"));
    assert!(never.is_empty(), "{never:?} mended nothing");
}
