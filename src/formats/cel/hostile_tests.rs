//! Rules that mean harm, or nothing: none may panic, overflow the stack, or take more time and memory than is allowed.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn schema() -> Json {
    json!({"type": "object", "properties": {
        "a": {"type": "object", "properties": {"b": {"type": "string"}}},
        "n": {"type": "integer"},
        "d": {"type": "number"},
        "t": {"type": "string", "format": "date-time"},
        "x": {"x-kubernetes-int-or-string": true},
        "l": {"type": "array", "items": {"type": "integer"}},
        "s": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
        "m": {"type": "object", "additionalProperties": {"type": "string"}},
    }})
}

fn object() -> Json {
    let numbers: Vec<u32> = (0..200).collect();
    json!({"a": {"b": "x"}, "n": i64::MAX, "d": 1e308, "t": "2026-01-01T00:00:00Z", "x": "5%", "l": numbers,
        "s": ["p", "q"], "m": {"k": "v", "ü": ""}})
}

fn come_to(rule: &str) -> Result<(), String> {
    let on = Arc::new(Type::of_schema(&schema()));
    let entry = json!({"rule": rule, "messageExpression": "'n is ' + string(self.n)"});
    let rule = Rule::compile(&entry, &on).map_err(|fault| fault.to_string())?;
    let this = object();
    rule.check(&this, Some(&this), &mut Budget::new()).map_err(|broken| broken.to_string())
}

/// On a stack as small as threads have them.
fn on_a_small_stack(rule: String) -> Result<(), String> {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || come_to(&rule));
    thread.unwrap().join().unwrap()
}

#[test]
fn deep_nesting_is_refused_or_evaluated() {
    let wrapped = |open: &str, inner: &str, close: &str, times: usize| {
        [open.repeat(times), inner.to_owned(), close.repeat(times)].concat()
    };
    for times in [10, 60, 95, 190, 210, 1_000, 40_000] {
        for rule in [
            wrapped("(", "true", ")", times),
            wrapped("!", "true", "", times),
            wrapped("-", "1", " == 1", 1).replacen('-', &"-".repeat(times), 1),
            wrapped("[", "1", "]", times) + ".size() == 1",
            wrapped("{1:", "1", "}", times) + ".size() == 1",
            wrapped("false ? true : ", "true", "", times),
            wrapped("dyn(", "true", ")", times) + " == true",
            wrapped("[1].all(i, ", "true", ")", times),
            format!("dyn(self){}", ".a".repeat(times)),
            format!("dyn(self){}", "[0]".repeat(times)),
            format!("1{} > 1", "+1".repeat(times)),
            format!("1{}", " in dyn([1])".repeat(times)),
            format!("true{}", " && true".repeat(times)),
            format!("'a'{} != ''", ".trim()".repeat(times)),
            format!("optional.of(1){}.hasValue()", ".optMap(v, v)".repeat(times)),
        ] {
            let start: String = rule.chars().take(30).collect();
            let outcome = on_a_small_stack(rule);
            if times == 10 && !start.starts_with("dyn(self)") && !start.starts_with("1 in") {
                assert_eq!(outcome, Ok(()), "{start}");
            }
        }
    }
}

#[test]
fn long_rules_that_are_flat_are_evaluated() {
    let terms = vec!["self.n > 0 && self.a.b != '...---...'"; 300].join(" && ");
    assert_eq!(come_to(&terms), Ok(()));
    let items = vec!["self.n"; 300].join(", ");
    assert_eq!(come_to(&format!("[{items}].size() == 300 && self.a.b in ['{}']", vec!["x"; 500].join("', '"))), Ok(()));
    let words = format!("'{}' + r'\\' + \"\"\"{}\"\"\" != ''", "- . -".repeat(300), "'.'".repeat(300));
    assert_eq!(come_to(&words), Ok(()));
}

#[test]
fn what_costs_too_much_ends() {
    let nested = "self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))";
    let limit = "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost \
                 exceeds limit for rule: ";
    assert_eq!(come_to(nested), Err(format!("Invalid value: \"object\": {limit}{nested}")));
    let doubled = |start: &str, step: &str, times: usize| {
        let steps: String = (0..times).map(|_| format!(".optMap(v, {step})")).collect();
        format!("optional.of({start}){steps}.hasValue()")
    };
    for rule in [
        doubled("self.l", "v + v", 40),
        doubled("self.a.b + '0123456789'", "v + v", 40),
        doubled("self.a.b", "v.replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')", 20),
        doubled("[self.l]", "[v, v].flatten()", 40),
        "lists.range(9223372036854775807).size() > 0".to_owned(),
        "'%.999999999f'.format([1.5]) == ''".to_owned(),
        "self.a.b.matches('(((x{1,999}){1,999}){1,999})')".to_owned(),
        "[self.a.b].join(self.a.b) == ''.replace('', '') && self.l.map(i, self.l).flatten().sort().size() < 0"
            .to_owned(),
    ] {
        assert!(come_to(&rule).is_err(), "{rule}");
    }
}

/// Parts of rules, right and wrong ones.
const PARTS: [&str; 84] = [
    "self",
    "oldSelf",
    "self.n",
    "self.d",
    "self.t",
    "self.x",
    "self.l",
    "self.s",
    "self.m",
    "self.a.b",
    ".",
    ".?",
    "[",
    "[?",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ":",
    "?",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "&&",
    "||",
    "==",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    " in ",
    "has",
    "size",
    "dyn",
    "type",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "duration",
    "timestamp",
    ".all(i, ",
    ".exists(i, j, ",
    ".map(i, ",
    ".filter(i, ",
    ".transformMap(i, j, ",
    ".sortBy(i, ",
    ".optMap(i, ",
    "i",
    "j",
    ".sum()",
    ".matches(",
    ".split(",
    ".replace(",
    ".substring(",
    ".format(",
    ".getHours(",
    "quantity(",
    "ip(",
    "cidr(",
    "url(",
    "semver(",
    "sets.contains(",
    "optional.of(",
    "optional.none()",
    ".orValue(",
    ".value()",
    "1",
    "0",
    "1.5",
    "7u",
    "9223372036854775807",
    "'a'",
    "'1Gi'",
    "b'x'",
    "true",
    "null",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_panics(parts in proptest::collection::vec(0..PARTS.len(), 1..14), other in ".{0,12}") {
        let rule: String = parts.iter().map(|part| PARTS[*part]).collect();
        let _ = come_to(&rule);
        let _ = come_to(&other);
        let _ = come_to(&format!("{rule}{other}"));
    }

    #[test]
    fn no_text_panics_a_function(text in "\\PC{0,16}", number in any::<i64>()) {
        let quoted = format!("{text:?}");
        for rule in [
            "quantity(T).isInteger()", "url(T).getEscapedPath() == url(T).getHost() + url(T).getPort()",
            "url(T).getQuery() == {}", "ip(T).family() == 4", "cidr(T).masked() == cidr(T)", "semver(T, true).major() == 1",
            "T.format([1, 'a', 1.5])==''", "T.substring(1, 3) == T.charAt(2)", "duration(T) > duration('1s')",
            "timestamp(T).getHours(T) == 1", "T.matches(T)", "T.split('', N).join(T) == T.replace('a', T, N)",
            "T.indexOf('a', N) == T.lastIndexOf('b', N)", "int(T) + N == int(double(T)) - uint(T)", "[T].slice(N, N) == []",
            "format.qualifiedName().validate(T) == format.uuid().validate(T)", "format.datetime().validate(T).hasValue()",
            "timestamp(N) + duration(N) > timestamp(N) - duration(N)", "N / (N - 1) % N == -N * N", "strings.quote(T) == T",
        ] {
            let _ = come_to(&rule.replace('T', &quoted).replace('N', &number.to_string()));
        }
    }
}
