//! Regular expressions: `matches`, `find`, `findAll`.
//! As k8s.io/apiserver v0.36, pkg/cel/library/regex.go; patterns are read as Go reads them.

use regex::{Regex, RegexBuilder};

use super::super::tree::Native;
use super::super::value::{Outcome, Value, error, no_overload};
use crate::formats::pattern::translate;

/// A compiled pattern may take that much memory.
const LARGEST: usize = 1 << 20;

pub(super) fn find(name: &str) -> Option<Native> {
    Some(match name {
        "matches" => |args| compiled(args, matches),
        "find" => |args| compiled(args, first),
        "findAll" => |args| compiled(args, all),
        _ => return None,
    })
}

/// The pattern, or why it is none.
pub(in super::super) fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern).map_err(|why| format!("error parsing regexp: {why}"))?;
    RegexBuilder::new(&translated).size_limit(LARGEST).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        other => format!("error parsing regexp: {other}"),
    })
}

/// The function's value with a pattern that was compiled before. Which function it is follows from its arguments.
pub(in super::super) fn with<'a>(pattern: &Compiled, args: &[Value<'a>]) -> Outcome<'a> {
    (pattern.function)(&pattern.regex, args)
}

type Search = for<'a> fn(&Regex, &[Value<'a>]) -> Outcome<'a>;

/// A pattern that a rule spells out, and what is done with it.
#[derive(Debug)]
pub(in super::super) struct Compiled {
    regex: Regex,
    function: Search,
}

impl Compiled {
    /// For the function of that name.
    pub(in super::super) fn new(name: &str, pattern: &str) -> Result<Compiled, String> {
        let function = match name {
            "matches" => matches,
            "find" => first,
            _ => all,
        };
        Ok(Compiled { regex: compile(pattern)?, function })
    }
}

fn compiled<'a>(args: &[Value<'a>], function: Search) -> Outcome<'a> {
    match args {
        [Value::Text(_), Value::Text(pattern), ..] => {
            let pattern = compile(pattern).map_err(|message| error(format!("Illegal regex: {message}")))?;
            function(&pattern, args)
        }
        _ => Err(no_overload()),
    }
}

fn matches<'a>(pattern: &Regex, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Text(text), ..] => Ok(Value::Bool(pattern.is_match(text))),
        _ => Err(no_overload()),
    }
}

fn first<'a>(pattern: &Regex, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Text(text), ..] => Ok(Value::made(pattern.find(text).map_or("", |found| found.as_str()))),
        _ => Err(no_overload()),
    }
}

fn all<'a>(pattern: &Regex, args: &[Value<'a>]) -> Outcome<'a> {
    let most = match args {
        [_, _, Value::Int(most)] => usize::try_from(*most).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    match args {
        [Value::Text(text), ..] => {
            let found = pattern.find_iter(text).take(most).map(|found| Value::made(found.as_str()));
            Ok(Value::list(found.collect()))
        }
        _ => Err(no_overload()),
    }
}
