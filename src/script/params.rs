//! The values of a golden path's parameters: from flags, a file, the environment, a person at a terminal, defaults.

use std::path::Path;

use rhai::{Dynamic, Map};
use serde_json::Value;

use super::engine::Host;
use super::prompt::Asking;
use crate::bridge::RhaiResultOf;
use crate::error::{Error, Place, Result, nearest};
use crate::formats::yaml::{self, Step};
use crate::primitives::captured::statements_of;
use crate::primitives::param::{Kind, Param, check, parse};
use crate::primitives::value;
use crate::report::shell;

/// A parameter with its name.
#[derive(Debug, Clone)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// Its rules.
    pub rule: Param,
}

/// Where values come from, the strongest first.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `NAME=VALUE` from the command line, in order.
    pub pairs: Vec<(String, String)>,
    /// A YAML or JSON file with a map.
    pub file: Option<std::path::PathBuf>,
    /// Whole values of an earlier attempt, by name.
    pub values: serde_json::Map<String, Value>,
    /// What a test gives: checked, and nothing else counts, not even the environment.
    pub exactly: Option<serde_json::Map<String, Value>>,
    /// Whether the values are an earlier attempt's, taken for what isn't given now.
    pub recalled: bool,
}

impl Given {
    /// The command whose help lists the parameters that there are with what is given.
    fn help(&self, script: &str) -> String {
        let mut words = vec![format!("idp-run {script}")];
        words.extend(self.pairs.iter().map(|(name, value)| shell::word(&format!("{name}={value}"))));
        words.extend(self.file.iter().map(|file| format!("--params {}", shell::word(&file.display().to_string()))));
        format!("`{} --help`", words.join(" "))
    }
}

impl Host {
    /// What `params()` declares, in the order of the text; nothing if the script has no such function.
    pub fn declared(&self) -> RhaiResultOf<Vec<Declared>> {
        if !self.defines("params", 0) {
            return Ok(Vec::new());
        }
        self.read_declared(self.call("params", ())?)
    }

    /// Whether the run is known by other words than those that people give.
    pub fn has_identity(&self) -> bool {
        self.defines("identity", 1)
    }

    /// Whether there are parameters that depend on what the others are.
    pub fn declares_more(&self) -> bool {
        self.defines("params", 1)
    }

    /// What `params(p)` declares for these values of the others, which `params()` declared.
    pub fn declared_for(
        &self,
        first: &[Declared],
        values: &serde_json::Map<String, Value>,
    ) -> RhaiResultOf<Vec<Declared>> {
        let declared = self.read_declared(self.call("params", (to_map(values),))?)?;
        // The run is known by then: what it looked at to tell these parameters was looked at for it.
        // What may be left out there may be told more of here, by what is known now.
        let taken = |name: &str| first.iter().any(|param| param.name == name && !is_open(&param.rule));
        match declared.iter().find(|param| param.rule.identity || taken(&param.name)) {
            None => Ok(declared),
            Some(wrong) => {
                let why = if wrong.rule.identity {
                    "can't be part of what the run is known by"
                } else {
                    "is one of params(), too"
                };
                let message = format!("the parameter `{}` of params(p) {why}", wrong.name);
                let error = Error::invalid("idp::script::param", message).help("declare it in params() alone");
                Err(crate::bridge::throw_at(error, rhai::Position::NONE))
            }
        }
    }

    /// The identity parameters in the words that the run is known by, for the words that people gave: what `identity(p)`
    /// says; nothing if the script has no such function.
    pub fn identity(
        &self,
        declared: &[Declared],
        values: &serde_json::Map<String, Value>,
    ) -> RhaiResultOf<serde_json::Map<String, Value>> {
        let wrong = |message: String| {
            let error = Error::invalid("idp::script::param", message);
            let error =
                error.help("`fn identity(p) { #{ type: claim(p.type).type } }`, of parameters with .identity()");
            crate::bridge::throw_at(error, rhai::Position::NONE)
        };
        let Some(map) = self.call("identity", (to_map(values),))?.try_cast::<Map>() else {
            return Err(wrong("identity(p) must return a map".into()));
        };
        let mut known = serde_json::Map::new();
        for (name, value) in map {
            let Some(param) = declared.iter().find(|param| param.name == name && param.rule.identity) else {
                return Err(wrong(format!(
                    "identity(p) names `{name}`, and params() declares no identity of that name"
                )));
            };
            let value = value::to_json(&value).map_err(|error| crate::bridge::throw_at(error, rhai::Position::NONE))?;
            check(&param.name, &param.rule, &value).map_err(|error| wrong(format!("identity(p) is wrong: {error}")))?;
            known.insert(param.name.clone(), value);
        }
        Ok(known)
    }

    fn read_declared(&self, map: Dynamic) -> RhaiResultOf<Vec<Declared>> {
        // The call is made from outside of the script: the function's body is the nearest place that there is.
        let own = self.ast.iter_fn_def().filter(|own| own.name == "params");
        let starts = own.filter_map(|own| statements_of(own).first().map(rhai::Stmt::position));
        let position = starts.min().unwrap_or(rhai::Position::NONE);
        let wrong = |message: String| {
            let error = Error::invalid("idp::script::param", message);
            crate::bridge::throw_at(error.help("`fn params() { #{ name: param(\"string\", \"...\") } }`"), position)
        };
        let Some(map) = map.try_cast::<Map>() else { return Err(wrong("params() must return a map".into())) };
        let mut declared = Vec::new();
        for (name, rule) in map {
            let Some(rule) = rule.try_cast::<Param>() else {
                return Err(wrong(format!("the parameter `{name}` must be made with param(type, description)")));
            };
            if let Some(default) = &rule.default {
                let fits = check(&name, &rule, default);
                fits.map_err(|error| wrong(format!("the default is wrong: {error}")))?;
            }
            declared.push(Declared { name: name.to_string(), rule });
        }
        // Maps forget their order; people wrote one for a reason.
        let text = &self.script().text;
        let start = text.find("fn params").unwrap_or(0);
        declared.sort_by_key(|param| (param.rule.place, position_of(&text[start..], &param.name)));
        Ok(declared)
    }
}

fn position_of(text: &str, name: &str) -> usize {
    let found = text.match_indices(name).find(|(at, _)| {
        let before = text[..*at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        before && text[at + name.len()..].trim_start_matches('"').trim_start().starts_with(':')
    });
    found.map_or(usize::MAX, |(at, _)| at)
}

/// Takes the values that an earlier attempt had and that are given nowhere now, as long as the script still takes them.
pub fn recall(
    script: &str,
    declared: &[Declared],
    more: bool,
    given: &mut Given,
    earlier: &serde_json::Map<String, Value>,
) -> Result<()> {
    let stated = stated(script, declared, more, given)?;
    given.recalled = true;
    // What was said about how to go about one attempt is no wish of the next.
    for param in declared.iter().filter(|param| !param.rule.passing && !stated.contains_key(&param.name)) {
        if let Some(value) = earlier.get(&param.name).filter(|value| !value.is_null()) {
            check(&param.name, &param.rule, value).map_err(|error| {
                error.help(format!("that is what the last attempt had: give `{}=VALUE` to change it", param.name))
            })?;
            given.values.insert(param.name.clone(), value.clone());
        }
    }
    // What depends on the others is checked once they are known.
    for (name, value) in earlier.iter().filter(|(name, value)| more && !value.is_null() && !is_in(declared, name)) {
        given.values.entry(name.clone()).or_insert_with(|| value.clone());
    }
    Ok(())
}

/// Whether a parameter may be left out, and nothing stands for it then.
fn is_open(rule: &Param) -> bool {
    rule.optional && rule.default.is_none() && !rule.identity
}

fn is_in(declared: &[Declared], name: &str) -> bool {
    declared.iter().any(|param| param.name == name)
}

/// The values that are given, checked, without defaults. With `more` there are parameters that aren't declared yet, and
/// their values are left alone.
pub fn stated(
    script: &str,
    declared: &[Declared],
    more: bool,
    given: &Given,
) -> Result<serde_json::Map<String, Value>> {
    let mut values = given.values.clone();
    values.retain(|name, _| is_in(declared, name));
    for param in declared {
        if given.values.contains_key(&param.name) {
            // A resumed run is the run that it was, whatever the environment says by now.
            continue;
        }
        if given.exactly.is_some() {
            continue;
        }
        let variable = format!("IDP_PARAM_{}", param.name.to_uppercase());
        if let Some(text) = std::env::var_os(&variable) {
            let text = text
                .into_string()
                .map_err(|_| Error::invalid("idp::param::type", format!("{variable} is not UTF-8")))?;
            let value = parse(&param.name, &param.rule, &text)
                .and_then(|value| check(&param.name, &param.rule, &value).map(|()| value))
                .map_err(|error| error.at(Place::file(&variable)))?;
            values.insert(param.name.clone(), value);
        }
    }
    if let Some(file) = &given.file {
        from_file(script, declared, more, file, &mut values)?;
    }
    let later = |name: &str| more && !is_in(declared, name);
    for (name, value) in given.exactly.iter().flatten().filter(|(name, value)| !value.is_null() && !later(name)) {
        let param = known(script, declared, name)?;
        check(name, &param.rule, value)?;
        values.insert(name.clone(), value.clone());
    }
    for (name, text) in given.pairs.iter().filter(|(name, _)| !later(name)) {
        let param = known(script, declared, name)?;
        let value = parse(name, &param.rule, text)?;
        check(name, &param.rule, &value)?;
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// What was gathered, and whether somebody was asked for it.
pub struct Gathered {
    /// The values of all declared parameters.
    pub values: serde_json::Map<String, Value>,
    /// Whether somebody was asked.
    pub asked: bool,
    /// What they answered.
    answers: serde_json::Map<String, Value>,
}

/// What a script says of the values that are known so far, nothing standing for those that aren't.
pub type Known<'a> = dyn Fn(&serde_json::Map<String, Value>) -> Result<()> + 'a;

/// The values of all declared parameters, checked. Those left out are asked for if somebody is there to answer, and each answer
/// is judged with those before it.
pub fn gather(
    script: &str,
    declared: &[Declared],
    more: bool,
    given: &Given,
    asking: &dyn Asking,
    known: &Known,
) -> Result<Gathered> {
    fill(script, declared, stated(script, declared, more, given)?, given, asking, &|param| param.asked, known)
}

/// Adds what is missing: what `too` says is asked for as well, once anything has to be.
fn fill(
    script: &str,
    declared: &[Declared],
    mut values: serde_json::Map<String, Value>,
    given: &Given,
    asking: &dyn Asking,
    too: &dyn Fn(&Param) -> bool,
    known: &Known,
) -> Result<Gathered> {
    let missing =
        |param: &&Declared| !values.contains_key(&param.name) && param.rule.default.is_none() && !param.rule.optional;
    let missing: Vec<&Declared> = declared.iter().filter(missing).collect();
    let asked = !missing.is_empty();
    let mut answers = serde_json::Map::new();
    if asked {
        if !asking.is_there() {
            let names: Vec<String> = missing.iter().map(|param| format!("`{}`", param.name)).collect();
            let (noun, verb) = if names.len() == 1 { ("parameter", "is") } else { ("parameters", "are") };
            return Err(Error::invalid(
                "idp::param::missing",
                format!("the {noun} {} {verb} missing", names.join(", ")),
            )
            .help(format!("give NAME=VALUE or --params FILE; {} lists them", given.help(script))));
        }
        let open = declared.iter().filter(|param| !values.contains_key(&param.name));
        let due = open.filter(|param| too(&param.rule) || missing.iter().any(|one| one.name == param.name));
        // What was given and is wrong is told before the first question.
        known(&so_far(declared, &values))?;
        for param in due.collect::<Vec<_>>() {
            let judge = |answer: &Value| {
                let mut values = so_far(declared, &values);
                values.insert(param.name.clone(), answer.clone());
                known(&values)
            };
            let answer = asking.ask(&param.name, &param.rule, &judge)?;
            values.insert(param.name.clone(), answer.clone());
            answers.insert(param.name.clone(), answer);
        }
    }
    for param in declared {
        let value =
            values.entry(param.name.clone()).or_insert_with(|| param.rule.default.clone().unwrap_or(Value::Null));
        // A whole number where any number may stand would divide as whole numbers do.
        if param.rule.kind == Kind::Float
            && let Some(number) = value.as_f64()
        {
            *value = number.into();
        }
    }
    Ok(Gathered { values, asked, answers })
}

/// The values that are known so far: given, or by default.
fn so_far(declared: &[Declared], values: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let mut all = values.clone();
    for param in declared {
        all.entry(param.name.clone()).or_insert_with(|| param.rule.default.clone().unwrap_or(Value::Null));
    }
    all
}

/// Adds the values of parameters that depend on the others. Whoever was asked for one of those is shown all of these
/// with their defaults, but for the advanced ones: the answers are a form.
pub fn gather_more(
    script: &str,
    declared: &[Declared],
    more: &[Declared],
    given: &Given,
    first: Gathered,
    asking: &dyn Asking,
    known: &Known,
) -> Result<serde_json::Map<String, Value>> {
    let Gathered { mut values, asked, answers } = first;
    let mut given = given.clone();
    if given.recalled {
        given.values.retain(|name, _| !more.iter().any(|param| param.rule.passing && param.name == *name));
    }
    for param in more {
        if let Some(value) = given.values.get(&param.name).filter(|value| !value.is_null()) {
            check(&param.name, &param.rule, value)?;
        }
    }
    let all = together(declared, more);
    let stated = stated(script, &all, false, &given)?;
    let needs = |param: &Declared| param.rule.default.is_none() && !param.rule.optional;
    let mut form =
        asking.is_there() && (asked || more.iter().any(|param| needs(param) && !stated.contains_key(&param.name)));
    // Who gives none of them is offered them once.
    let offered: Vec<&str> =
        more.iter().filter(|param| !param.rule.advanced).map(|param| param.name.as_str()).collect();
    let untouched = more.iter().all(|param| !stated.contains_key(&param.name));
    if !form && asking.is_there() && !given.recalled && untouched && !offered.is_empty() {
        form = asking.offer(&offered, more.iter().any(|param| param.rule.present))?;
    }
    let mut own = Given { values: stated.into_iter().collect(), ..Given::default() };
    // What was answered before more of it was known.
    for (name, answer) in answers.into_iter().filter(|(name, answer)| !answer.is_null() && is_in(more, name)) {
        own.values.insert(name, answer);
    }
    if form {
        for param in more.iter().filter(|param| !param.rule.advanced) {
            if own.values.contains_key(&param.name) {
                continue;
            }
            let judge = |answer: &Value| {
                let mut all = values.clone();
                all.extend(own.values.clone());
                all.insert(param.name.clone(), answer.clone());
                known(&all)
            };
            let answer = asking.ask(&param.name, &param.rule, &judge)?;
            if !answer.is_null() {
                own.values.insert(param.name.clone(), answer);
            }
        }
    }
    own.exactly = Some(serde_json::Map::new());
    values.extend(
        fill(script, more, self::stated(script, more, false, &own)?, &given, asking, &|_| false, &|_| Ok(()))?.values,
    );
    Ok(values)
}

/// All parameters: of those that are declared twice, what `params(p)` says.
pub fn together(declared: &[Declared], more: &[Declared]) -> Vec<Declared> {
    declared.iter().filter(|param| !is_in(more, &param.name)).chain(more).cloned().collect()
}

/// Values as the map that scripts get.
pub fn to_map(values: &serde_json::Map<String, Value>) -> Map {
    values.iter().map(|(name, value)| (name.as_str().into(), value::from_json(value))).collect()
}

fn from_file(
    script: &str,
    declared: &[Declared],
    more: bool,
    file: &Path,
    values: &mut serde_json::Map<String, Value>,
) -> Result<()> {
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::invalid("idp::param::file", format!("can't read {shown}: {error}")))?;
    let documents = yaml::parse(&shown, &text)?;
    let Some(document) = documents.first() else { return Ok(()) };
    let Some(map) = document.value.as_object() else {
        return Err(
            Error::invalid("idp::param::file", "parameters must be a map of names and values").at(document.place(&[]))
        );
    };
    for (name, value) in map.iter().filter(|(name, _)| !more || is_in(declared, name)) {
        let path = [Step::Key(name.clone())];
        let param = known(script, declared, name).map_err(|error| error.at(document.key_place(&path)))?;
        if value.is_null() {
            continue;
        }
        check(name, &param.rule, value).map_err(|error| error.at(document.place(&path)))?;
        values.insert(name.clone(), value.clone());
    }
    Ok(())
}

fn known<'a>(script: &str, declared: &'a [Declared], name: &str) -> Result<&'a Declared> {
    declared.iter().find(|param| param.name == name).ok_or_else(|| {
        let error = Error::invalid("idp::param::unknown", format!("{script} has no parameter `{name}`"));
        match nearest(name, declared.iter().map(|param| param.name.as_str())) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None if declared.is_empty() => error.help("it takes none"),
            None => error.help(format!("`idp-run {script} --help` lists its parameters")),
        }
    })
}
