//! The fixes of the pack: what they change is what the case says, and the rule is content afterwards.

use std::path::Path;

use idp_run::bridge::Trouble;
use idp_run::formats::yaml;
use idp_run::library::Library;
use idp_run::primitives::manifest::Manifest;
use idp_run::primitives::policy::Candidate;
use idp_run::script::{Extras, Given, Pack, Progress, as_params};

use super::{Case, cases};

const MEMORY: usize = 256 << 20;

/// What a rule's fix changes in the objects of a case, and how much it finds afterwards.
fn mended(case: &Case, pack: &Pack) -> Result<(Vec<String>, usize), Trouble> {
    let seat = pack.seat(Progress::new(MEMORY))?;
    let params = as_params(&pack.values(&Given::default())?);
    let rule = pack.rules().iter().position(|facts| facts.id == case.rule).unwrap();
    let facts = pack.rules()[rule].clone();
    let (mut edits, mut left) = (Vec::new(), 0);
    for (number, document) in yaml::parse("case", &case.manifests).unwrap().into_iter().enumerate() {
        let object = Manifest::numbered(document.value, number);
        let candidate = Candidate { object: &object, file: "case.yaml", environment: None };
        let Some(view) = facts.applies_to.view(&candidate) else { continue };
        assert!(!seat.check(rule, view.clone(), &params)?.is_empty(), "{}: there is nothing to mend", case.place);
        let Some(fixed) = seat.fix(rule, view, &params)? else { continue };
        edits.extend(fixed.edits().iter().map(|edit| match &edit.to {
            Some(value) => format!("{}={value}", edit.path),
            None => format!("-{}", edit.path),
        }));
        let whole = fixed.whole();
        let candidate = Candidate { object: &whole, file: "case.yaml", environment: None };
        if let Some(view) = facts.applies_to.view(&candidate) {
            left += seat.check(rule, view, &params)?.len();
        }
    }
    Ok((edits, left))
}

fn failures() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = Library::new(root);
    let script = library.script("scripts/policies/workload.rhai", root).unwrap();
    let pack = Pack::load(script, &library, Progress::new(MEMORY), Extras::default()).ok().unwrap();
    let mut failures = Vec::new();
    let mut tried = Vec::new();
    for case in cases().iter().filter(|case| case.verdict == "mends") {
        let (edits, left) = mended(case, &pack).ok().unwrap();
        tried.push(case.rule.clone());
        if (edits.join(" ").as_str(), left) != (case.path.as_str(), 0) {
            failures.push(format!("{} {}: {edits:?}, and {left} left", case.place, case.rule));
        }
    }
    let untried = pack.rules().iter().filter(|facts| facts.mends && !tried.contains(&facts.id));
    failures.extend(untried.map(|facts| format!("{} mends, and no case says what", facts.id)));
    failures
}

#[test]
fn fixes_mend_what_is_found() {
    // Scripts take more stack than the threads of tests have.
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(failures).unwrap();
    let failures = thread.join().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
