//! Files of manifests with what a policy is to say of them: cases that begin with a comment, `### RULE VERDICT`. Read
//! here, and held against what was found; `policies` does the asking.

use serde_json::Value;

use crate::error::{Error, Place, Result};
use crate::formats::yaml;
use crate::primitives::manifest::Manifest;
use crate::report::{Audit, Detection, PolicyLevel};

/// How the line begins that begins a case.
const BEGINS: &str = "### ";

/// What a rule is to do with the manifests of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is asked, and finds nothing.
    Passes,
    /// It denies, at the places that are named.
    Fails,
    /// It warns, at the places that are named.
    Warns,
    /// It isn't asked about any of the objects.
    Skips,
    /// Its fix makes the changes that are named.
    Mends,
}

impl Verdict {
    const ALL: [(&'static str, Verdict); 5] = [
        ("passes", Verdict::Passes),
        ("fails", Verdict::Fails),
        ("warns", Verdict::Warns),
        ("skips", Verdict::Skips),
        ("mends", Verdict::Mends),
    ];
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The line that it begins at.
    pub line: usize,
    /// The rule.
    pub rule: String,
    /// What it does.
    pub verdict: Verdict,
    /// Where, as `PATH` or `PATH: MESSAGE`; of `mends` the changes, as `PATH=VALUE` or `-PATH`.
    pub at: Vec<String>,
    /// Where it warns beside what it fails at.
    pub warns_at: Vec<String>,
    /// Parameters of the pack, as text.
    pub params: Vec<(String, String)>,
    /// The name of the file that the manifests are in.
    pub file: Option<String>,
    /// The environment that they are for.
    pub environment: Option<String>,
    /// The manifests, on the lines that they have in the file.
    pub text: String,
}

/// The cases of a file.
///
/// # Errors
/// `idp::test::cases` for a line that says nothing, with its place.
pub fn cases(file: &str, text: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    // Conditions of a case stand between its first line and its manifests.
    let mut head = false;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: String| {
            let place = Place::at(file, number + 1, 1);
            Error::invalid("idp::test::cases", what).help(SHAPE).at(place)
        };
        if let Some(title) = line.strip_prefix(BEGINS) {
            let mut case = begun(title).map_err(wrong)?;
            case.line = number + 1;
            case.text = "\n".repeat(number + 1);
            cases.push(case);
            head = true;
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        let condition = line.strip_prefix("# ").filter(|_| head);
        head = condition.is_some();
        if let Some(condition) = condition {
            condition_of(case, condition).map_err(wrong)?;
        }
        case.text.push_str(line);
        case.text.push('\n');
    }
    if cases.is_empty() {
        return Err(Error::invalid("idp::test::cases", format!("there is no case in {file}")).help(SHAPE));
    }
    Ok(cases)
}

const SHAPE: &str = "a case begins with a line such as `### shop/replicas fails at spec.replicas`, with the verdict passes, \
                     fails, warns, skips or mends; then `# at PATH: MESSAGE`, `# warns at PATH`, `# with NAME=VALUE`, `# file PATH`, \
                     `# environment NAME`";

fn begun(title: &str) -> Result<Case, String> {
    let mut words = title.splitn(3, ' ');
    let (rule, verdict) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let known = Verdict::ALL.iter().find(|(name, _)| *name == verdict);
    let (_, verdict) = known.ok_or_else(|| format!("`{verdict}` is no verdict"))?;
    let mut case = Case {
        line: 0,
        rule: rule.into(),
        verdict: *verdict,
        at: Vec::new(),
        warns_at: Vec::new(),
        params: Vec::new(),
        file: None,
        environment: None,
        text: String::new(),
    };
    if let Some(rest) = words.next() {
        let changes = rest.strip_prefix("at ").filter(|_| *verdict == Verdict::Mends);
        match changes {
            Some(changes) => case.at = changes.split_whitespace().map(str::to_owned).collect(),
            None => condition_of(&mut case, rest)?,
        }
    }
    Ok(case)
}

fn condition_of(case: &mut Case, condition: &str) -> Result<(), String> {
    let (word, rest) = condition.split_once(' ').unwrap_or((condition, ""));
    let rest = rest.trim();
    match word {
        _ if rest.is_empty() => return Err(format!("`{condition}` lacks something")),
        "at" => case.at.push(rest.to_owned()),
        "warns" if rest.starts_with("at ") => case.warns_at.push(rest["at ".len()..].trim().to_owned()),
        "with" => {
            let (name, value) = rest.split_once('=').ok_or_else(|| format!("`{rest}` is no NAME=VALUE"))?;
            case.params.push((name.to_owned(), value.to_owned()));
        }
        "file" => case.file = Some(rest.to_owned()),
        "environment" => case.environment = Some(rest.to_owned()),
        _ => return Err(format!("`{condition}` is no condition of a case")),
    }
    Ok(())
}

impl Case {
    /// What was found instead of what should have been.
    pub fn wrong(&self, audit: &Audit, asked: usize) -> Option<String> {
        let level = match self.verdict {
            Verdict::Warns => PolicyLevel::Warn,
            _ => PolicyLevel::Deny,
        };
        match self.verdict {
            Verdict::Skips if asked > 0 => return Some("it is asked about them".into()),
            Verdict::Passes if asked == 0 => return Some("it isn't asked about any of them".into()),
            _ => {}
        }
        let mut rest: Vec<&Detection> = audit.detections.iter().collect();
        let mut missing = Vec::new();
        let warned = self.warns_at.iter().map(|at| (at, PolicyLevel::Warn));
        for (expected, level) in self.at.iter().map(|at| (at, level)).chain(warned) {
            let (path, message) =
                expected.split_once(": ").map_or((expected.as_str(), None), |(path, message)| (path, Some(message)));
            let path = if path == "." { "" } else { path };
            let fits = |found: &&Detection| {
                found.level == level
                    && found.path == path
                    && message.is_none_or(|message| found.finding.message == message)
                    && found.finding.policy == self.rule
            };
            match rest.iter().position(fits) {
                Some(at) => drop(rest.remove(at)),
                None => missing.push(format!("it should find `{expected}`")),
            }
        }
        let finds = matches!(self.verdict, Verdict::Fails | Verdict::Warns);
        let anything = self.at.is_empty() && self.warns_at.is_empty();
        if finds && anything && rest.iter().any(|found| found.level == level && found.finding.policy == self.rule) {
            rest.clear();
        } else if finds && anything {
            missing.push("it should find something".into());
        }
        missing.extend(rest.into_iter().map(|found| format!("it finds {}", told(found))));
        (!missing.is_empty()).then(|| missing.join("; "))
    }

    /// What a fix did instead of what it should have done.
    ///
    /// # Errors
    /// `idp::test::cases` for a change that is none.
    pub fn mended_wrong(&self, file: &str, mended: &str) -> Result<Option<String>> {
        let (before, after) = (yaml::parse(file, &self.text)?, yaml::parse(file, mended)?);
        let mut expected: Vec<Manifest> = before.into_iter().map(|document| Manifest::of(document.value)).collect();
        for change in &self.at {
            let wrong = || Error::invalid("idp::test::cases", format!("`{change}` is no PATH=VALUE and no -PATH"));
            let place = || Place::at(file, self.line, 1);
            // A change is one of the first object that it changes.
            let mut made = false;
            for object in &mut expected {
                let new = match change.strip_prefix('-') {
                    Some(path) => object.remove_at(&object.at(path)?)?,
                    None => {
                        let (path, value) = change.split_once('=').ok_or_else(|| wrong().at(place()))?;
                        let value: Value = serde_json::from_str(value).map_err(|_| wrong().at(place()))?;
                        object.set_at(&object.at(path)?, value)?
                    }
                };
                made |= new != *object;
                *object = new;
                if made {
                    break;
                }
            }
            if !made {
                return Ok(Some(format!("`{change}` changes nothing")));
            }
        }
        let same = expected.len() == after.len()
            && expected.iter().zip(&after).all(|(expected, after)| *expected.value() == after.value);
        Ok((!same).then(|| format!("the fix makes of it\n{}", mended.trim_start_matches('\n'))))
    }
}

/// A finding in a line.
pub fn told(found: &Detection) -> String {
    let path = if found.path.is_empty() { "." } else { &found.path };
    let waived = if found.waived.is_some() { " (waived)" } else { "" };
    format!("{} {} at {path}: {}{waived}", found.finding.policy, found.level.name(), found.finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# Cases of the shop.
### shop/replicas fails at spec.replicas
kind: Deployment
---
### shop/latest passes
# with version=1.29
# environment prod
# file k8s/a.yaml
kind: Pod # a pod
---
### shop/host mends at -spec.a spec.b=2
a: 1
";

    #[test]
    fn cases_have_a_rule_a_verdict_and_conditions() {
        let cases = cases("c.yaml", FILE).unwrap();
        let said: Vec<_> =
            cases.iter().map(|case| (case.line, case.rule.as_str(), case.verdict, case.at.len())).collect();
        assert_eq!(
            said,
            [
                (2, "shop/replicas", Verdict::Fails, 1),
                (5, "shop/latest", Verdict::Passes, 0),
                (11, "shop/host", Verdict::Mends, 2)
            ]
        );
        assert_eq!(cases[1].params, [("version".to_owned(), "1.29".to_owned())]);
        assert_eq!((cases[1].file.as_deref(), cases[1].environment.as_deref()), (Some("k8s/a.yaml"), Some("prod")));
        // A place in a case is one in the file.
        assert_eq!(yaml::parse("c", &cases[1].text).unwrap()[0].place(&[]).line, 9);
    }

    #[test]
    fn what_says_nothing_is_refused_at_its_line() {
        for (text, what) in [
            ("### shop/a fials\n", "`fials` is no verdict"),
            ("### shop/a passes\n# whith a=b\n", "`whith a=b` is no condition of a case"),
            ("### shop/a passes\n# with a\n", "`a` is no NAME=VALUE"),
            ("kind: Pod\n", "there is no case in c.yaml"),
        ] {
            let error = cases("c.yaml", text).unwrap_err();
            assert_eq!((error.code(), error.message()), ("idp::test::cases", what));
        }
    }

    #[test]
    fn a_fix_makes_the_changes_that_are_named_and_no_others() {
        let case = cases("c.yaml", "### a/b mends at -x b.z=2\nx: 1\nb: {}\n").unwrap().remove(0);
        assert_eq!(case.mended_wrong("c.yaml", "b: {z: 2}\n").unwrap(), None);
        assert!(case.mended_wrong("c.yaml", "b: {z: 3}\n").unwrap().is_some());
        assert!(case.mended_wrong("c.yaml", "b: {z: 2}\nw: 1\n").unwrap().is_some());
    }
}
