//! What templates give, and in which words they fail; beside them, templates that mean harm.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn with(text: &str, values: &Json, option: &str) -> Result<String, String> {
    let mut options = Options::default();
    if !option.is_empty() {
        options.set(option).unwrap();
    }
    let data = Data::new(values, Numbers::Typed);
    let template = Template::parse("t", text, &options).map_err(|error| error.message)?;
    template.render(&data, &Limits::default()).map_err(|error| error.message)
}

fn render(text: &str) -> String {
    let values =
        json!({ "l": ["a", "b", "c"], "m": { "b": 1, "a": "x", "n": { "deep": true } }, "s": "text", "nil": null });
    with(text, &values, "").unwrap_or_else(|error| error)
}

#[test]
fn actions_and_blocks() {
    assert_eq!(render("a  {{- 1 -}}  b{{/* gone */}}"), "a1b");
    assert_eq!(render("{{if .s}}1{{else}}2{{end}}{{if .no}}1{{else if .l}}3{{end}}{{with .m.a}}{{.}}{{end}}"), "13x");
    assert_eq!(render("{{range $i, $v := .l}}{{if eq $v \"b\"}}{{continue}}{{end}}{{$i}}{{$v}} {{end}}"), "0a 2c ");
    assert_eq!(
        render("{{range $k, $v := .m}}{{$k}} {{end}}{{range 3}}{{.}}{{end}}{{range .no}}{{else}}-{{end}}"),
        "a b n 012-"
    );
    assert_eq!(render("{{$x := 1}}{{range .l}}{{$x = add $x 1}}{{$y := $x}}{{end}}{{$x}}"), "4");
    assert_eq!(
        render("{{define \"T\"}}<{{.}}>{{end}}{{template \"T\" .s}}{{block \"B\" 1}}[{{.}}]{{end}}"),
        "<text>[1]"
    );
    assert_eq!(render("{{index .l 1 | printf \"%s-%q-%5.1f|%s\" .s \"q\" 2.25}} {{len .l}}"), "text-\"q\"-  2.2|b 3");
}

#[test]
fn what_is_not_there() {
    assert_eq!(render("{{.no}} {{.no.more}} {{.nil}} {{.m.no}}"), "<no value> <no value> <no value> <no value>");
    assert_eq!(
        render("{{.nil.x}}"),
        "template: t:1:6: executing \"t\" at <.nil.x>: nil pointer evaluating interface {}.x"
    );
    assert_eq!(
        render("a\n{{.s.x}}"),
        "template: t:2:4: executing \"t\" at <.s.x>: can't evaluate field x in type interface {}"
    );
    assert_eq!(
        with("{{.no}}", &json!({}), "missingkey=error").unwrap_err(),
        "template: t:1:2: executing \"t\" at <.no>: map has no entry for key \"no\""
    );
}

#[test]
fn errors_of_parsing_name_the_line() {
    for (text, message) in [
        ("{{nope}}", "template: t:1: function \"nope\" not defined"),
        ("\n{{if .x}}", "template: t:2: unexpected EOF"),
        ("{{$x}}", "template: t:1: undefined variable \"$x\""),
        ("{{end}}", "template: t:1: unexpected {{end}}"),
        ("{{1 | 2}}", "template: t:1: non executable command in pipeline stage 2"),
        ("{{\"a}}", "template: t:1: unterminated quoted string"),
        ("{{break}}", "template: t:1: {{break}} outside {{range}}"),
        ("{{.x", "template: t:1: unclosed action"),
    ] {
        assert_eq!(render(text), message, "{text}");
    }
}

#[test]
fn functions_of_application_sets() {
    assert_eq!(render("{{normalize \"Über_Name.X-\"}} {{slugify 10 true \"a very long name\"}}"), "ber-name.x a-very");
    assert_eq!(render("{{toYaml .m | nindent 2}}"), "\n  a: x\n  b: 1\n  \"n\":\n    deep: true");
    assert_eq!(
        render("{{(fromYaml \"a: {b: [1, x]}\").a.b}} {{env \"X\"}}"),
        "template: t:1: function \"env\" not defined"
    );
    assert!(
        render("{{now}}")
            .ends_with("error calling now: its result depends on the clock, so it can't be rendered ahead of time")
    );
}

#[test]
fn hostile_templates_end_in_errors() {
    let limits = Limits { deadline: Some(Instant::now() + Duration::from_secs(20)), ..Limits::default() };
    for text in [
        "{{range 1000000000000}}x{{end}}",
        "{{range until 1000000000}}{{end}}",
        "{{repeat 1000000000 \"x\"}}",
        "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}",
        "{{$x := \"xxxxxxxx\"}}{{range 60}}{{$x = print $x $x}}{{end}}",
        "{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{$x}}",
        "{{$x := list 1}}{{range 60}}{{$x = list $x $x}}{{end}}{{toYaml $x}}",
        "{{$x := list 1}}{{range 60}}{{$x = concat $x $x}}{{end}}",
        "{{$x := dict}}{{range 100000}}{{$x = dict \"a\" $x}}{{end}}{{toJson $x}}",
        "{{$x := dict}}{{$y := dict \"x\" $x}}{{set $x \"y\" $y}}",
        "{{printf \"%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d\" 1 2 3 4 5 6 7 8 9}}",
        "{{indent 1000000000 \"a\"}}",
        "{{replace \"\" (repeat 100000 \"x\") (repeat 100000 \"y\")}}",
        "{{range 100000}}{{regexMatch (print . (repeat 1000 \"(a|b)*\")) \"x\"}}{{end}}",
        "{{range 1000000}}{{repeat 1000 \"y\"}}{{end}}",
    ] {
        let template = Template::parse("t", text, &Options::default()).unwrap();
        let error = template.render(&Data::new(&json!({}), Numbers::Floats), &limits).unwrap_err();
        assert!(error.kind == ErrorKind::Limit || error.message.contains("can't hold itself"), "{text}: {error}");
    }
    for text in ["{{", "{{if 1}}", "{{(", "{{with 1}}{{else "] {
        let error = Template::parse("t", &text.repeat(50_000), &Options::default()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Parse, "{text}");
    }
}

#[test]
fn deep_values_are_dropped_without_recursion() {
    let text = "{{$x := dict}}{{range 100000}}{{$x = dict \"a\" $x}}{{end}}{{$y := list}}{{range 100000}}{{$y = list $y}}{{end}}ok";
    assert_eq!(render(text), "ok");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\{\\{|\\}\\}|[-. $|:=()\"'`,a-z0-9\\n]|if |range |end|else|define |printf |index |\\.l|\\.m|\\$x ?:?=|%[0-9.*#+-]{0,3}[a-zA-Z]|é){0,40}") {
        let _ = with(&text, &json!({ "l": [1, "a"], "m": { "k": null } }), "");
    }
}
