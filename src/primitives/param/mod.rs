//! Parameters of golden paths: declared as data, so that they can be listed, asked for and checked without running.

mod check;

use rhai::plugin::*;
use serde_json::Value;

use crate::error::{Error, nearest};
pub use check::{check, parse};

/// The longest pattern, in bytes: what it takes to read one grows with it many times over.
pub const LONGEST_PATTERN: usize = 4096;

/// The code of the error that says that a script doesn't take a value of a parameter.
pub const REFUSED: &str = "idp::param::refused";

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    String,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// true or false.
    Bool,
    /// A list of texts.
    List,
    /// A whole number or a text, as a field of a claim can be. Scripts declare none themselves.
    IntOrString,
}

impl Kind {
    /// The kind that a script names.
    pub fn named(name: &str) -> Option<Kind> {
        Some(match name {
            "string" => Kind::String,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "bool" => Kind::Bool,
            "list" => Kind::List,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::Bool => "bool",
            Kind::List => "list",
            Kind::IntOrString => "int or string",
        }
    }

    /// What a value of it is.
    pub fn words(self) -> &'static str {
        match self {
            Kind::String => "a text",
            Kind::Int => "a whole number",
            Kind::Float => "a number",
            Kind::Bool => "true or false",
            Kind::List => "a list of texts",
            Kind::IntOrString => "a whole number or a text",
        }
    }
}

/// What to say of a type that no parameter has.
pub fn unknown_kind(name: &str) -> Error {
    let error = Error::invalid("idp::script::param", format!("`{name}` is not the type of a parameter"));
    error.help("string, int, float, bool or list; a choice among texts is `param(\"string\", ...).choices([...])`")
}

/// One parameter. Every rule is optional.
#[derive(Debug, Clone)]
pub struct Param {
    /// What it holds.
    pub kind: Kind,
    /// What it is, in a few words.
    pub description: String,
    /// The value unless one is given.
    pub default: Option<Value>,
    /// Whether it may be left out, and is `()` then.
    pub optional: bool,
    /// The whole text must match.
    pub pattern: Option<regex::Regex>,
    /// The least and the greatest number, or length of a text or list.
    pub range: Option<(f64, f64)>,
    /// The only values.
    pub choices: Vec<Value>,
    /// Whether it is part of the run key.
    pub identity: bool,
    /// Whether forms show it only on demand.
    pub advanced: bool,
    /// Its place among those that have one, where the text of the script doesn't tell; they come behind the others.
    pub place: usize,
    /// Whether it says how one attempt goes about it, and nothing about what is made.
    pub passing: bool,
    /// Whether people at a terminal are asked for it as well, though it may be left out, once anything is asked.
    pub asked: bool,
    /// The pattern in words: `lowercase letters and digits`.
    pub words: Option<String>,
    /// Texts that it can't be, though they match, and why.
    pub except: Option<(Vec<String>, String)>,
    /// Whether the default is what is there already: it isn't judged by rules that may be newer.
    pub present: bool,
}

impl Param {
    /// A parameter of a kind without any rule.
    pub fn new(kind: Kind, description: &str) -> Param {
        Param {
            kind,
            description: description.to_string(),
            default: None,
            optional: false,
            pattern: None,
            range: None,
            choices: Vec::new(),
            identity: false,
            advanced: false,
            place: 0,
            passing: false,
            asked: false,
            words: None,
            except: None,
            present: false,
        }
    }
}

/// A parameter with these bounds on top of those that it has.
fn bounded(
    ctx: rhai::NativeCallContext,
    param: Param,
    least: Option<rhai::Dynamic>,
    greatest: Option<rhai::Dynamic>,
) -> crate::bridge::RhaiResultOf<Param> {
    let both = least.is_some() && greatest.is_some();
    let (below, above) = param.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    let number = |value: Option<rhai::Dynamic>, otherwise: f64| match value {
        None => Ok(otherwise),
        Some(value) => value.as_float().or_else(|_| value.as_int().map(|whole| whole as f64)),
    };
    match (number(least, below), number(greatest, above)) {
        (Ok(least), Ok(greatest)) if least <= greatest => Ok(Param { range: Some((least, greatest)), ..param }),
        _ => {
            let message = match both {
                true => "a range needs two numbers, the least first",
                false => "a bound is a number, and the least is below the greatest",
            };
            Err(crate::bridge::throw(&ctx, crate::error::Error::invalid("idp::script::param", message)))
        }
    }
}

/// The error of a value that is none of those that are known.
fn unknown(parameter: &str, given: &str, why: &str, known: &[Value]) -> Error {
    let names: Vec<&str> = known.iter().filter_map(Value::as_str).collect();
    let error = Error::invalid(REFUSED, format!("the parameter `{parameter}` can't be `{given}`: {why}"));
    match nearest(given, names.iter().copied()) {
        _ if names.is_empty() => error.help("there are none yet"),
        Some(near) => error.help(format!("did you mean `{near}`? There are: {}", names.join(", "))),
        None => error.help(format!("there are: {}", names.join(", "))),
    }
}

/// The bounds of a parameter in words: `20 to 1000`, `at least 1`.
pub fn bounds((least, greatest): (f64, f64)) -> String {
    match (least.is_finite(), greatest.is_finite()) {
        (true, false) => format!("at least {least}"),
        (false, true) => format!("at most {greatest}"),
        _ => format!("{least} to {greatest}"),
    }
}

/// Parameters of golden paths: what `params()` declares.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, NativeCallContext};

    use super::bounded;
    use crate::bridge::{RhaiResultOf, throw};
    use crate::error::Error;
    use crate::primitives::value;

    /// A parameter of a golden path, as `params()` declares it.
    pub type Param = super::Param;

    /// A parameter of a type (`string`, `int`, `float`, `bool`, `list`) with a description. It is required unless
    /// `or_else` or `optional` follow.
    ///
    /// Errors: `idp::script::param`, `idp::param::type`.
    ///
    /// ```rhai
    /// let service = param("string", "Service name").matching("^[a-z]+$");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn param(ctx: NativeCallContext, kind: &str, description: &str) -> RhaiResultOf<Param> {
        let kind = super::Kind::named(kind).ok_or_else(|| throw(&ctx, super::unknown_kind(kind)))?;
        Ok(Param::new(kind, description))
    }

    /// The value that the parameter has unless one is given.
    ///
    /// Errors: `idp::script::data`.
    ///
    /// ```rhai
    /// let database = param("bool", "Provision PostgreSQL?").or_else(false);
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn or_else(ctx: NativeCallContext, param: Param, default: Dynamic) -> RhaiResultOf<Param> {
        let default = value::to_json(&default).map_err(|error| throw(&ctx, error))?;
        Ok(Param { default: Some(default), present: false, ..param })
    }

    /// The parameter may be left out, and is `()` then.
    ///
    /// ```rhai
    /// let system = param("string", "System, unless the project's own").optional();
    /// ```
    #[rhai_fn(global)]
    pub fn optional(param: Param) -> Param {
        Param { optional: true, ..param }
    }

    /// The text must match this regular expression.
    ///
    /// Errors: `idp::script::param`, `idp::param::pattern`.
    ///
    /// ```rhai
    /// let project = param("string", "Business domain").matching("^[a-z][a-z0-9]*$");
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn matching(ctx: NativeCallContext, param: Param, pattern: &str) -> RhaiResultOf<Param> {
        if pattern.len() > super::LONGEST_PATTERN {
            let message = format!("the pattern of a parameter is longer than {} bytes", super::LONGEST_PATTERN);
            return Err(throw(&ctx, Error::invalid("idp::script::param", message)));
        }
        let built = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|error| {
            let message = format!("the pattern of a parameter is not a regular expression: {error}");
            throw(&ctx, Error::invalid("idp::script::param", message))
        })?;
        Ok(Param { pattern: Some(built), words: None, ..param })
    }

    /// The text must match this regular expression, which the words say to people: they go on after `must be`.
    ///
    /// Errors: `idp::script::param`, `idp::param::pattern`.
    ///
    /// ```rhai
    /// let project = param("string", "Business domain").matching("^[a-z]+$", "lowercase letters");
    /// ```
    #[rhai_fn(global, name = "matching", return_raw)]
    pub fn matching_said(ctx: NativeCallContext, param: Param, pattern: &str, words: &str) -> RhaiResultOf<Param> {
        Ok(Param { words: Some(words.to_string()), ..matching(ctx, param, pattern)? })
    }

    /// The number, or the length of the text or list, must lie between these two, both included.
    ///
    /// Errors: `idp::script::param`, `idp::param::range`.
    ///
    /// ```rhai
    /// let storage = param("int", "Storage in GB").range(20, 1000);
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn range(ctx: NativeCallContext, param: Param, least: Dynamic, greatest: Dynamic) -> RhaiResultOf<Param> {
        bounded(ctx, param, Some(least), Some(greatest))
    }

    /// The number, or the length of the text or list, must be this or more.
    ///
    /// Errors: `idp::script::param`, `idp::param::range`.
    ///
    /// ```rhai
    /// let days = param("int", "Days that a message waits").at_least(1);
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn at_least(ctx: NativeCallContext, param: Param, least: Dynamic) -> RhaiResultOf<Param> {
        bounded(ctx, param, Some(least), None)
    }

    /// The number, or the length of the text or list, must be this or less.
    ///
    /// Errors: `idp::script::param`, `idp::param::range`.
    ///
    /// ```rhai
    /// let name = param("string", "Name of the bucket").at_most(40);
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn at_most(ctx: NativeCallContext, param: Param, greatest: Dynamic) -> RhaiResultOf<Param> {
        bounded(ctx, param, None, Some(greatest))
    }

    /// The only values that the parameter may have.
    ///
    /// Errors: `idp::script::data`, `idp::param::choice`.
    ///
    /// ```rhai
    /// let size = param("string", "Size").choices(["small", "medium", "large"]).or_else("small");
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn choices(ctx: NativeCallContext, param: Param, values: Array) -> RhaiResultOf<Param> {
        let choices = values.iter().map(value::to_json).collect::<crate::error::Result<_>>();
        Ok(Param { choices: choices.map_err(|error| throw(&ctx, error))?, ..param })
    }

    /// The parameter is part of what the run is known by: another value is another run, not an update.
    ///
    /// ```rhai
    /// let project = param("string", "Business domain").identity();
    /// ```
    #[rhai_fn(global)]
    pub fn identity(param: Param) -> Param {
        Param { identity: true, ..param }
    }

    /// A parameter of `params(p)` that people are asked for only where it has to be given. The others of `params(p)` are
    /// asked for with their defaults once anything has to be asked.
    ///
    /// ```rhai
    /// let timeout = param("int", "Seconds until a statement is given up").or_else(60).advanced();
    /// ```
    #[rhai_fn(global)]
    pub fn advanced(param: Param) -> Param {
        Param { advanced: true, ..param }
    }

    /// The parameter says how this attempt goes about it, and nothing about what is made: later attempts aren't told that
    /// it differs.
    ///
    /// ```rhai
    /// let anyway = param("bool", "Although something still needs it").or_else(false).passing();
    /// ```
    #[rhai_fn(global)]
    pub fn passing(param: Param) -> Param {
        Param { passing: true, ..param }
    }

    /// People at a terminal are asked for the parameter as well, though it may be left out, once anything is asked.
    ///
    /// ```rhai
    /// let service = param("string", "Service that gets the connection").optional().asked();
    /// ```
    #[rhai_fn(global)]
    pub fn asked(param: Param) -> Param {
        Param { asked: true, ..param }
    }

    /// Texts that the parameter can't be, though they match its pattern, and why.
    ///
    /// Errors: `idp::script::data`, `idp::param::pattern`.
    ///
    /// ```rhai
    /// let name = param("string", "Name").matching("^[a-z]+$").except(["on", "off"], "YAML reads it as another thing");
    /// ```
    #[rhai_fn(global, return_raw)]
    pub fn except(ctx: NativeCallContext, param: Param, texts: Array, why: &str) -> RhaiResultOf<Param> {
        let texts: Result<Vec<String>, &str> = texts.into_iter().map(|text| text.into_string()).collect();
        let texts = texts.map_err(|is| {
            let message = format!("what a parameter can't be is a list of texts, and one is {is}");
            throw(&ctx, Error::invalid("idp::script::data", message))
        })?;
        Ok(Param { except: Some((texts, why.to_string())), ..param })
    }

    /// Refuses the value of a parameter, for what only the world can tell. `why` goes on after the parameter's name:
    /// `must be one of small, large`. The reader is shown the parameter, not the calls of the script.
    ///
    /// Errors: `idp::param::refused`.
    ///
    /// ```rhai
    /// try { refuse("size", "must be at most 5, and it is 9", "ask for more"); } catch (e) { print(e.message); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn refuse(ctx: NativeCallContext, parameter: &str, why: &str, help: &str) -> RhaiResultOf<()> {
        let message = format!("the parameter `{parameter}` {why}");
        Err(throw(&ctx, Error::invalid(super::REFUSED, message).help(help)))
    }

    /// Refuses the value of a parameter that is none of these: the reader is told the nearest. `why` says what isn't so:
    /// `idp.yaml has no such environment`.
    ///
    /// Errors: `idp::param::refused`, `idp::script::data`.
    ///
    /// ```rhai
    /// try { refuse("env", "prd", "there is no such environment", ["dev", "prod"]); } catch (e) { print(e.help); }
    /// ```
    #[rhai_fn(name = "refuse", return_raw)]
    pub fn refuse_unknown(
        ctx: NativeCallContext,
        parameter: &str,
        given: &str,
        why: &str,
        known: Array,
    ) -> RhaiResultOf<()> {
        let known = known.iter().map(value::to_json).collect::<crate::error::Result<Vec<_>>>();
        let known = known.map_err(|error| throw(&ctx, error))?;
        Err(throw(&ctx, super::unknown(parameter, given, why, &known)))
    }
}
