//! What tests ask of policies: what they find in manifests, what their fixes make of them, and whether files of cases
//! come out as they say.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map, NativeCallContext};
use serde_json::{Value, json};

use super::examiner::{Answer, Question};
use super::stage::Stage;
use super::verdicts::{self, Case, Verdict};
use super::{assertion, stage_of};
use crate::bridge::{RhaiResultOf, run_of, throw};
use crate::config::file;
use crate::error::{Error, Place, Result};
use crate::primitives::options::{CallOptions, OptionSpec, Options, Takes};
use crate::primitives::tree::Tree;
use crate::primitives::value;
use crate::report::{Audit, Detection, PolicyLevel};

/// What a manifest is called that is in no file.
const UNNAMED: &str = "manifest.yaml";

/// A day on which waivers hold that are about the findings themselves.
const LAST_DAY: &str = "9999-12-31";

const KNOWN: &[OptionSpec] = &[
    OptionSpec::new("params", Takes::Map, "parameters of the pack").otherwise("its defaults"),
    OptionSpec::new("environment", Takes::Text, "the environment that all of them are for")
        .otherwise("what their file or namespace names"),
    OptionSpec::new("file", Takes::Text, "the name of the file that a text is in").otherwise("manifest.yaml"),
    OptionSpec::new("level", Takes::Text, "deny, warn or audit").otherwise("what the policy declares"),
    OptionSpec::new("waivers", Takes::Text, "the text of a file of waivers"),
    OptionSpec::new("today", Takes::Text, "the day on which waivers are read").otherwise("2026-01-01"),
];

const CHECK: CallOptions = CallOptions { function: "check_policy", on: "", arguments: 3, known: KNOWN, open: false };
const FIX: CallOptions = CallOptions { function: "fix_policy", ..CHECK };

/// The options of these calls.
pub const ALL: &[CallOptions] = &[CHECK, FIX];

fn question(
    ctx: &NativeCallContext,
    stage: &Stage,
    (call, policy): (&CallOptions, &str),
    manifests: &Dynamic,
    options: &Map,
) -> Result<Question> {
    let options = Options::of(call, options)?;
    let params = options.map("params")?.unwrap_or_default();
    let level = match options.text("level")? {
        None => None,
        Some(name) => Some(PolicyLevel::named(&name).ok_or_else(|| {
            let message = format!("the option `level` of {} can't be `{name}`", call.function);
            Error::invalid("idp::script::option", message).help("it is one of deny, warn, audit, off")
        })?),
    };
    let name = options.text("file")?;
    Ok(Question {
        policy: policy.to_owned(),
        folder: stage.folder.clone(),
        config: stage.config(),
        texts: texts(ctx, stage, manifests, name.as_deref())?,
        params: params
            .iter()
            .map(|(name, value)| Ok((name.to_string(), value::to_json(value)?)))
            .collect::<Result<_>>()?,
        pairs: Vec::new(),
        environment: options.text("environment")?,
        level,
        waivers: options.text("waivers")?,
        today: options.text("today")?,
    })
}

/// Manifests with the names of their files: a text, the path of a file, the files of a tree, or a list of such.
fn texts(ctx: &NativeCallContext, stage: &Stage, given: &Dynamic, name: Option<&str>) -> Result<Vec<(String, String)>> {
    if let Some(list) = given.read_lock::<Array>() {
        let mut all = Vec::new();
        for (number, item) in list.iter().enumerate() {
            let name = name.map(str::to_owned).unwrap_or_else(|| format!("manifest-{}.yaml", number + 1));
            all.extend(texts(ctx, stage, item, Some(&name))?);
        }
        return Ok(all);
    }
    if let Some(map) = given.read_lock::<Map>() {
        let text = |key: &str| map.get(key).and_then(|value| value.clone().into_string().ok());
        if let (Some(file), Some(text), 2) = (text("file"), text("text"), map.len()) {
            return Ok(vec![(file, text)]);
        }
    }
    if let Some(tree) = given.read_lock::<Tree>() {
        let run = run_of(ctx).map_err(|_| wrong("a tree belongs to a run"))?;
        let forge = run.world()?.forge.clone();
        let mut all = Vec::new();
        for path in run.wait(tree.files(&*forge, ""))?.into_iter().filter(|path| is_file(path)) {
            let text = run.wait(tree.text(&*forge, &path))?;
            all.push((path, text));
        }
        return Ok(all);
    }
    match given.clone().into_string() {
        Ok(path) if is_file(&path) => {
            Ok(vec![(name.map_or_else(|| path.clone(), str::to_owned), fixture(stage, &path)?)])
        }
        Ok(text) => Ok(vec![(name.unwrap_or(UNNAMED).to_owned(), text)]),
        Err(_) => Err(wrong(&format!("manifests can't be {}", value::type_of(given)))),
    }
}

fn wrong(what: &str) -> Error {
    Error::invalid("idp::test::manifests", what)
        .help("give a text of YAML, the path of a file, a tree, or a list of `#{ file, text }`")
}

/// Whether a text is the path of a file rather than manifests.
fn is_file(text: &str) -> bool {
    let named = [".yaml", ".yml", ".json"].iter().any(|ending| text.ends_with(ending));
    named && !text.contains(['\n', '{']) && !text.contains(": ")
}

/// The text of a file of the workspace: beside the test, or by its path from the workspace's folder.
fn fixture(stage: &Stage, path: &str) -> Result<String> {
    let folders = stage.folder.iter().chain([&stage.root]);
    let found = folders.map(|folder| folder.join(path)).find(|path| path.is_file());
    let Some(found) = found.filter(|found| file::stays_inside(&stage.root, found)) else {
        let error = Error::invalid("idp::test::manifests", format!("there is no file {path}"));
        return Err(error.help("paths start at the test's folder, or at the workspace's"));
    };
    file::read_text(&found)
        .map_err(|error| Error::invalid("idp::test::manifests", format!("can't read {path}: {error}")))
}

/// A finding, with the fields that audits write as JSON.
fn finding(audit: &Audit, found: &Detection) -> Dynamic {
    value::from_json(&json!({
        "policy": found.finding.policy,
        "severity": found.finding.severity,
        "level": found.level,
        "object": audit.object(found),
        "file": found.finding.place.file,
        "line": found.finding.place.line,
        "column": found.finding.place.column,
        "path": found.path,
        "message": found.finding.message,
        "help": found.finding.help,
        "waived": found.waived.is_some(),
        "waiver": found.waived,
    }))
}

fn check(ctx: &NativeCallContext, policy: &str, manifests: &Dynamic, options: &Map) -> RhaiResultOf<Array> {
    let (stage, _) = stage_of(ctx)?;
    let act = || {
        let question = question(ctx, &stage, (&CHECK, policy), manifests, options)?;
        let Answer { audit, .. } = stage.examiner()?.examine(&question)?;
        Ok(audit.detections.iter().map(|found| finding(&audit, found)).collect())
    };
    act().map_err(|error| throw(ctx, error))
}

fn fix(ctx: &NativeCallContext, policy: &str, manifests: &Dynamic, options: &Map) -> RhaiResultOf<Dynamic> {
    let (stage, _) = stage_of(ctx)?;
    let act = || {
        let question = question(ctx, &stage, (&FIX, policy), manifests, options)?;
        let mended = stage.examiner()?.mend(&question)?;
        let pair = |((file, _), text): (&(String, String), String)| {
            Map::from_iter([("file".into(), file.as_str().into()), ("text".into(), text.into())])
        };
        if manifests.is_string() {
            return Ok(mended.into_iter().next().unwrap_or_default().into());
        }
        Ok(question.texts.iter().zip(mended).map(pair).map(Dynamic::from_map).collect::<Array>().into())
    };
    act().map_err(|error| throw(ctx, error))
}

/// Whether a finding has the fields: all as they are said, `message` and `help` with that part.
fn has(found: &Map, wanted: &Map) -> Result<bool> {
    for (key, wanted) in wanted {
        let there = found.get(key).ok_or_else(|| {
            let names: Vec<&str> = found.keys().map(|key| key.as_str()).collect();
            let error = Error::invalid("idp::test::arguments", format!("a finding has no `{key}`"));
            error.help(format!("it has {}", names.join(", ")))
        })?;
        let (there, wanted) = (value::to_json(there)?, value::to_json(wanted)?);
        let fits = match (&there, &wanted) {
            (Value::String(there), Value::String(part)) if key == "message" || key == "help" => there.contains(part),
            _ => there == wanted,
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A finding of a list in a line.
fn line(found: &Dynamic) -> String {
    let Some(map) = found.read_lock::<Map>() else { return value::type_of(found) };
    let text = |key: &str| map.get(key).map(ToString::to_string).unwrap_or_default();
    let waived = if text("waived") == "true" { " (waived)" } else { "" };
    let path = Some(text("path")).filter(|path| !path.is_empty()).unwrap_or_else(|| ".".into());
    format!(
        "{} {} at {path}: {}{waived} ({}:{})",
        text("policy"),
        text("level"),
        text("message"),
        text("file"),
        text("line")
    )
}

/// An assertion about findings that doesn't hold, with the findings.
fn not_so(ctx: &NativeCallContext, message: String, found: &Array) -> Box<rhai::EvalAltResult> {
    let error = assertion(message);
    if let Ok((stage, _)) = stage_of(ctx) {
        let lines: String = found.iter().take(40).map(|found| format!(" {}\n", line(found))).collect();
        stage.explain_later(
            &error,
            Vec::new(),
            Some(if lines.is_empty() { " nothing was found\n".into() } else { lines }),
        );
    }
    throw(ctx, error)
}

fn finds(ctx: &NativeCallContext, found: &Array, wanted: &Map) -> RhaiResultOf<Map> {
    for one in found {
        let map = one.read_lock::<Map>().map(|map| map.clone()).unwrap_or_default();
        if has(&map, wanted).map_err(|error| throw(ctx, error))? {
            return Ok(map);
        }
    }
    let wanted = value::to_json(&Dynamic::from_map(wanted.clone())).map_err(|error| throw(ctx, error))?;
    Err(not_so(ctx, format!("nothing was found with {wanted}"), found))
}

/// Asks about each case of a file.
fn judge(ctx: &NativeCallContext, path: &str) -> RhaiResultOf<i64> {
    let (stage, _) = stage_of(ctx)?;
    let act = || -> Result<(usize, Vec<String>)> {
        let cases = verdicts::cases(path, &fixture(&stage, path)?)?;
        let mut offences = Vec::new();
        for case in &cases {
            let at = |error: Error| match error.place() {
                Some(_) => error,
                None => error.at(Place::at(path, case.line, 1)),
            };
            if let Some(what) = wrong_in(&stage, path, case).map_err(at)? {
                offences.push(format!("{path}:{} {}: {what}", case.line, case.rule));
            }
        }
        Ok((cases.len(), offences))
    };
    let (number, offences) = act().map_err(|error| throw(ctx, error))?;
    if offences.is_empty() {
        return Ok(i64::try_from(number).unwrap_or(i64::MAX));
    }
    let error = assertion(format!("{} of {number} cases come out otherwise", offences.len()));
    let lines = offences.iter().flat_map(|offence| offence.lines()).map(|line| format!(" {line}\n")).collect();
    stage.explain_later(&error, Vec::new(), Some(lines));
    Err(throw(ctx, error))
}

fn wrong_in(stage: &Stage, path: &str, case: &Case) -> Result<Option<String>> {
    let examiner = stage.examiner()?;
    let mut question = Question {
        policy: case.rule.clone(),
        folder: stage.folder.clone(),
        config: stage.config(),
        texts: vec![(case.file.clone().unwrap_or_else(|| path.to_owned()), case.text.clone())],
        params: serde_json::Map::new(),
        pairs: case.params.clone(),
        environment: case.environment.clone(),
        level: None,
        waivers: None,
        today: None,
    };
    if case.verdict == Verdict::Mends {
        let mended = examiner.mend(&question)?.into_iter().next().unwrap_or_default();
        let wrong = case.mended_wrong(path, &mended)?;
        question.texts[0].1 = mended;
        let left = examiner.examine(&question)?.audit.detections.first().map(verdicts::told);
        return Ok(wrong.or(left.map(|left| format!("it still finds {left}"))));
    }
    let Answer { audit, asked } = examiner.examine(&question)?;
    if let Some(wrong) = case.wrong(&audit, asked) {
        return Ok(Some(wrong));
    }
    if audit.detections.is_empty() {
        return Ok(None);
    }
    // What fails can be answered for, unless its policy forbids that.
    let waivable = audit.policies.iter().find(|rule| rule.id == case.rule).is_none_or(|rule| rule.waivable);
    question.waivers = Some(waiver(&audit, case));
    question.today = Some(LAST_DAY.to_owned());
    let again = examiner.examine(&question)?.audit;
    let held =
        again.detections.iter().find(|found| found.finding.policy == case.rule && found.waived.is_some() != waivable);
    Ok(held.map(|found| {
        format!("a waiver {} {}", if waivable { "doesn't hold for" } else { "holds for" }, verdicts::told(found))
    }))
}

/// A waiver of what was found in a case.
fn waiver(audit: &Audit, case: &Case) -> String {
    let about = |found: &Detection| {
        let object = audit.object(found)?;
        let fields =
            [("kind", Some(&object.kind)), ("namespace", object.namespace.as_ref()), ("name", object.name.as_ref())];
        let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?.as_str()))));
        Some(Value::Object(fields.collect()))
    };
    let mut objects: Vec<Value> = audit.detections.iter().filter_map(about).collect();
    objects.dedup();
    json!({
        "policy": case.rule, "objects": objects, "owner": "tests", "reason": "It is what the case is about",
        "expires": LAST_DAY,
    })
    .to_string()
}

/// Policies in tests: what they find in manifests, how they mend them, and files of cases with their verdicts.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::RhaiResultOf;

    /// What a policy finds in manifests, in the order of the lines: a list of maps with `policy`, `severity`, `level`,
    /// `object` (`apiVersion`, `kind`, `namespace`, `name`), `file`, `line`, `column`, `path`, `message`, `help`, `waived`
    /// and `waiver`. The policy is a pack by name, one rule of it (`workload/image-tag`), or a script by its path
    /// (`./mine.rhai`); what is beside the test comes first. Manifests are a text, the path of a file (from the test's
    /// folder, or the workspace's), the tree of a repository, or a list of those and of `#{ file, text }`. A policy that
    /// throws fails the test.
    ///
    /// ```rhai
    /// let found = check_policy("workload/image-tag", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" +
    ///     "spec: {containers: [{name: a, image: \"api:latest\"}]}\n");
    /// assert_eq(found.map(|f| f.path), ["spec.containers[0].image"]);
    /// assert_eq(found[0].line, 4);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn check_policy(ctx: NativeCallContext, policy: &str, manifests: Dynamic) -> RhaiResultOf<Array> {
        super::check(&ctx, policy, &manifests, &Map::new())
    }

    /// The same with parameters of the pack, an environment, the name of the file, another level, or waivers.
    ///
    /// ```rhai
    /// let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: \"api:1.0\"}]}\n";
    /// assert_clean(check_policy("workload/image-tag", pod));
    /// let found = check_policy("workload/image-tag", pod, #{ params: #{ require_digest: true } });
    /// assert_finds(found, #{ path: "spec.containers[0].image", level: "deny" });
    /// ```
    #[rhai_fn(name = "check_policy", return_raw)]
    pub fn check_policy_with(
        ctx: NativeCallContext,
        policy: &str,
        manifests: Dynamic,
        options: Map,
    ) -> RhaiResultOf<Array> {
        super::check(&ctx, policy, &manifests, &options)
    }

    /// The manifests as the fixes of a policy mend them: a text for a text, otherwise a list of `#{ file, text }`. What
    /// needs no mending stays as it is; a fix that can't be made fails the test.
    ///
    /// ```rhai
    /// let old = "apiVersion: batch/v1beta1\nkind: CronJob # nightly\nmetadata: {name: a}\n";
    /// assert_eq(fix_policy("workload/api-version", old), "apiVersion: batch/v1\nkind: CronJob # nightly\nmetadata: {name: a}\n");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fix_policy(ctx: NativeCallContext, policy: &str, manifests: Dynamic) -> RhaiResultOf<Dynamic> {
        super::fix(&ctx, policy, &manifests, &Map::new())
    }

    /// The same with the options of `check_policy`.
    ///
    /// ```rhai
    /// let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {serviceAccount: api}\n";
    /// assert_contains(fix_policy("workload/service-account-field", pod, #{ file: "a.yaml" }), "serviceAccountName: api");
    /// ```
    #[rhai_fn(name = "fix_policy", return_raw)]
    pub fn fix_policy_with(
        ctx: NativeCallContext,
        policy: &str,
        manifests: Dynamic,
        options: Map,
    ) -> RhaiResultOf<Dynamic> {
        super::fix(&ctx, policy, &manifests, &options)
    }

    /// Claims that something was found at that path, and returns the first such finding.
    ///
    /// ```rhai
    /// let found = check_policy("platform/no-secrets", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n");
    /// assert_contains(assert_finds(found, "kind").message, "Secret");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_finds(ctx: NativeCallContext, found: Array, path: &str) -> RhaiResultOf<Map> {
        super::finds(&ctx, &found, &Map::from_iter([("path".into(), path.into())]))
    }

    /// Claims that something was found with these fields, and returns the first such finding. Of `message` and `help` a
    /// part is enough.
    ///
    /// ```rhai
    /// let found = check_policy("platform/no-secrets", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n");
    /// assert_finds(found, #{ path: "kind", level: "deny", message: "Secret", line: 2 });
    /// ```
    #[rhai_fn(name = "assert_finds", return_raw)]
    pub fn assert_finds_with(ctx: NativeCallContext, found: Array, fields: Map) -> RhaiResultOf<Map> {
        super::finds(&ctx, &found, &fields)
    }

    /// Claims that nothing was found, or that somebody answers for all of it.
    ///
    /// ```rhai
    /// let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
    /// let waiver = "policy: platform/no-secrets\nobjects: [{kind: Secret, name: a}]\n" +
    ///     "owner: team-a\nreason: It goes next week\nexpires: 2026-02-01\n";
    /// assert_clean(check_policy("platform/no-secrets", secret, #{ waivers: waiver }));
    /// assert_eq(check_policy("platform/no-secrets", secret, #{ waivers: waiver, today: "2026-02-02" }).len(), 2);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_clean(ctx: NativeCallContext, found: Array) -> RhaiResultOf<()> {
        let waived = |one: &Dynamic| {
            one.read_lock::<Map>()
                .is_some_and(|map| map.get("waived").and_then(|flag| flag.as_bool().ok()) == Some(true))
        };
        match found.iter().filter(|one| !waived(one)).count() {
            0 => Ok(()),
            1 => Err(super::not_so(&ctx, "nothing was to be found, and there is a finding".into(), &found)),
            many => Err(super::not_so(&ctx, format!("nothing was to be found, and there are {many} findings"), &found)),
        }
    }

    /// Claims that the cases of a file come out as they say, and returns how many there are. A case begins with a line
    /// `### RULE VERDICT`: `passes`, `fails at PATH`, `warns at PATH`, `skips` (the rule isn't asked), or `mends at CHANGE ...`, a
    /// change being `PATH=VALUE` or `-PATH`. Lines `# at PATH: MESSAGE`, `# warns at PATH`, `# with NAME=VALUE`, `# file PATH` and
    /// `# environment NAME` may follow. What fails is asked again with a waiver, which has to hold.
    ///
    /// ```rhai
    /// assert_eq(assert_cases("examples/cases.yaml"), 2);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn assert_cases(ctx: NativeCallContext, file: &str) -> RhaiResultOf<i64> {
        super::judge(&ctx, file)
    }
}
