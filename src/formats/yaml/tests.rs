//! What the reader makes of whole texts: values, places, refusals, bounds.

use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn one(text: &str) -> Value {
    let mut documents = parse("t.yaml", text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0).value
}

fn refused(text: &str) -> (String, String, String) {
    let error = parse("t.yaml", text).expect_err(text.get(..100).unwrap_or(text));
    let place = error.place().map(ToString::to_string).unwrap_or_default();
    (error.code().to_owned(), place, format!("{error} | {}", error.help_text().unwrap_or_default()))
}

fn place(text: &str, path: &str) -> String {
    let place = parse("t.yaml", text).unwrap()[0].place(&parse_path(path).unwrap());
    format!("{}:{}", place.line, place.column)
}

#[test]
fn scalars_by_style() {
    assert_eq!(
        one("a: yes\nb: 'yes'\nc: \"0755\"\nd: 0755\ne: |\n  12\nf: >-\n  null\n"),
        json!({"a": true, "b": "yes", "c": "0755", "d": 493, "e": "12\n", "f": "null"})
    );
    assert_eq!(
        one("a: !!str 1\nb: !!int \"3\"\nc: !mine 12\nd: !!float 2\ne: ! 12\nf: !!binary aGk=\ng: !!str\nh: 1\n"),
        json!({"a": "1", "b": 3, "c": "12", "d": 2, "e": "12", "f": "hi", "g": "", "h": 1})
    );
    assert_eq!(
        one("on: 1\n'n': 3\n1.50: 4\n0x10: 5\n!!str 7: 6\n"),
        json!({"true": 1, "n": 3, "1.5": 4, "16": 5, "7": 6})
    );
    assert_eq!(
        one("a:\nb: ~\nc: ''\nd: {e, f: }\n"),
        json!({"a": null, "b": null, "c": "", "d": {"e": null, "f": null}})
    );
    assert_eq!(one("!x\na: !y [!z {b: 1}]\n"), json!({"a": [{"b": 1}]}), "tags of collections are passed over");
}

#[test]
fn documents_that_hold_nothing_are_dropped_and_lines_stay() {
    let text = "# head\n---\n---\na: 1\n---\n# only\n---\nnull\n--- ~\n...\n---\nb: 2\n";
    let documents = parse("t.yaml", text).unwrap();
    assert_eq!(documents.iter().map(|d| d.value.clone()).collect::<Vec<_>>(), [json!({"a": 1}), json!({"b": 2})]);
    assert_eq!(documents[0].place(&["a".into()]), Place::at("t.yaml", 4, 4));
    assert_eq!(documents[1].key_place(&["b".into()]), Place::at("t.yaml", 12, 1));
    for empty in ["", "\n\n", "# c", "---", "---\n---\n", "\u{feff}", "\r\n"] {
        assert_eq!(parse("t.yaml", empty).unwrap(), [], "{empty:?}");
    }
}

#[test]
fn byte_order_mark_and_crlf() {
    let text = "\u{feff}a: 1\r\nb:\r\n- x: |\r\n    y\r\n    z\r\n";
    assert_eq!(one(text), json!({"a": 1, "b": [{"x": "y\nz\n"}]}));
    assert_eq!(place(text, "a"), "1:4");
    assert_eq!(place(text, "b[0].x"), "4:5");
}

#[test]
fn places_of_values_and_keys() {
    let text = "títu: \"ñ\" # c\nspec:\n  list:\n  - é: {a: [1, 2]}\n  - &x\n    k: v\n  'q': \"\\x41\"\n\"k\\x41\": 1\non: 2\n";
    for (path, at) in [
        ("títu", "1:7"),
        ("spec", "3:3"),
        ("spec.list", "4:3"),
        ("spec.list[0]", "4:5"),
        ("spec.list[0].é.a[1]", "4:16"),
        ("spec.list[1].k", "6:8"),
        ("spec.q", "7:8"),
        ("kA", "8:10"),
        ("true", "9:5"),
        ("spec.list[7].x", "4:3"),
        ("spec.none.more", "3:3"),
        ("none", "1:1"),
        ("", "1:1"),
    ] {
        assert_eq!(place(text, path), at, "{path}");
    }
    let document = &parse("t.yaml", text).unwrap()[0];
    assert_eq!(document.key_place(&parse_path("spec.list[0].é").unwrap()), Place::at("t.yaml", 4, 5));
    assert_eq!(document.key_place(&parse_path("spec.list[0]").unwrap()), Place::at("t.yaml", 4, 5));
    assert_eq!(document.file(), "t.yaml");
    assert_eq!(place("a:\n# - no\n- - x\n", "a"), "3:1");
    assert_eq!(place("a: &x\n-\n  - x\n", "a"), "2:1");
    assert_eq!(place("? a\n: - b\n  - c\n", "a"), "2:3");
}

#[test]
fn merge_keys() {
    let base = "d: &d {a: 1, b: 2}\ne: &e {b: 3, c: 4}\n";
    let merged = |under: &str| one(&format!("{base}{under}"))["m"].clone();
    assert_eq!(merged("m: {<<: *d, b: 9}\n"), json!({"a": 1, "b": 9}));
    assert_eq!(merged("m:\n  b: 9\n  <<: *d\n"), json!({"a": 1, "b": 9}), "explicit keys win wherever << stands");
    assert_eq!(merged("m:\n  <<: [*d, *e, {z: 0}]\n"), json!({"a": 1, "b": 2, "c": 4, "z": 0}));
    assert_eq!(merged("m:\n  <<: {q: 1}\n"), json!({"q": 1}));
    assert_eq!(merged("m:\n  \"<<\": 1\n"), json!({"<<": 1}), "quoted it is a key like others");
    assert_eq!(merged("m: [*d, <<]\n"), json!([{"a": 1, "b": 2}, "<<"]));
    assert_eq!(refused("a: {<<: 1}").0, "idp::yaml::merge");
    assert_eq!(refused("l: &l [{a: 1}]\na: {<<: *l}").0, "idp::yaml::merge");
    assert_eq!(refused("m:\n  <<: {a: 1}\n  <<: {b: 1}\n").0, "idp::yaml::duplicate_key");
    let text = format!("{base}m:\n  <<: [*d, *e]\n  x: 1\n");
    assert_eq!(place(&text, "m.c"), "2:17");
    assert_eq!(place(&text, "m.a"), "1:11");
}

#[test]
fn anchors_and_aliases() {
    let text = "a: &x [1, &y {b: 2}]\nc: *x\nd: *y\n&k e: &v f\nh: {*k : *v}\n";
    assert_eq!(one(text), json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": {"b": 2}, "e": "f", "h": {"e": "f"}}));
    assert_eq!(place(text, "c[1].b"), "1:18");
    assert_eq!(place(text, "h.e"), "4:10");
    assert_eq!(one("a: &x 1\nb: &x 2\nc: *x\n")["c"], json!(2), "the nearest before counts");
    assert_eq!(refused("a: &x [*x]\n").0, "idp::yaml::alias");
    let (code, at, said) = refused("a: 1\nhost: *.example.com\n");
    assert_eq!((code.as_str(), at.as_str()), ("idp::yaml::syntax", "t.yaml:2:7"));
    assert!(said.contains("quote the value"), "{said}");
    assert_eq!(refused("a: &x 1\n---\nb: *x\n").0, "idp::yaml::syntax", "anchors end with their document");
}

#[test]
fn keys_that_json_cannot_have() {
    for text in ["? [a]\n: b\n", "{a: b}: c\n", "~: 1\n", ": 1\n", "18446744073709551615: 1\n", "a: &x [1]\n*x : 2\n"] {
        assert_eq!(refused(text).0, "idp::yaml::key", "{text}");
    }
}

#[test]
fn duplicate_keys_name_both_lines() {
    let (code, at, said) = refused("a: 1\nb:\n  c: 1\n  d: 2\n\n  \"c\": 3\n");
    assert_eq!((code.as_str(), at.as_str()), ("idp::yaml::duplicate_key", "t.yaml:6:3"));
    assert!(said.contains("`c`") && said.contains("lines 3 and 6"), "{said}");
    assert_eq!(refused("y: 1\ntrue: 2\n").0, "idp::yaml::duplicate_key");
    assert_eq!(refused("{a: 1, b: {}, a: 2}").0, "idp::yaml::duplicate_key");
}

#[test]
fn scalars_that_can_not_be_read() {
    for text in ["a: .inf", "a: !!int x", "a: !!binary '?'", "!!bool 3: a"] {
        let (code, at, _) = refused(text);
        assert_eq!((code.as_str(), at.starts_with("t.yaml:1:")), ("idp::yaml::scalar", true), "{text}");
    }
}

#[test]
fn syntax_errors_help_with_the_usual_causes() {
    for (text, at, help) in [
        ("a:\n\tb: 1\n", "t.yaml:2", "spaces"),
        ("a:\n  b: 1\n\tc: 2\n", "t.yaml:", "spaces"),
        ("name: {{ .Values.x }}\n", "t.yaml:1", "template"),
        ("name: {{ .Values.x }}-y\n", "t.yaml:1", "template"),
        ("a: 1\nfoo:bar\nb: 2\n", "t.yaml:", "space after the colon"),
        ("a: b: c\n", "t.yaml:1", "`: `"),
        ("a: @x\n", "t.yaml:1", "quote"),
        ("a: \"x\\d\"\n", "t.yaml:1", "backslash"),
        ("a: \"x\nb: 1\n", "t.yaml:", "close the quote"),
        ("a: [1, 2\nb: 1\n", "t.yaml:", "bracket"),
        ("a:\n  b: 1\n c: 2\n", "t.yaml:3", "column"),
    ] {
        let (code, place, said) = refused(text);
        assert!(code == "idp::yaml::syntax" || code == "idp::yaml::key", "{text}: {code}");
        assert!(place.starts_with(at), "{text}: {place}");
        assert!(said.contains(help), "{text}: {said}");
    }
}

/// Refusals come from counting, not from running out: generous in time for slow machines, exact in what they say.
/// Refused within minutes, however busy the machine is: this is for what would never end.
fn bounded(text: &str, code: &str) {
    let start = Instant::now();
    assert_eq!(refused(text).0, code);
    assert!(start.elapsed().as_secs() < 120, "{code} took {:?}", start.elapsed());
}

/// `count` anchored lines, each made from the number of the line before.
fn chain(first: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    (1..count).fold(format!("a0: &a0 {first}\n"), |text, n| format!("{text}a{n}: &a{n} {}\n", line(n - 1)))
}

#[test]
fn bombs_are_refused() {
    bounded(&"[".repeat(200_000), "idp::yaml::too_deep");
    bounded(&"{a: ".repeat(200_000), "idp::yaml::too_deep");
    bounded(&"- ".repeat(200_000), "idp::yaml::too_deep");
    bounded(&(0..2000).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>(), "idp::yaml::too_deep");
    bounded(&format!("[{}]", "1,".repeat(4_000_000)), "idp::yaml::too_large");
    bounded(&"a".repeat(MAX_BYTES + 1), "idp::yaml::too_large");
    bounded(&chain("[x,x]", 30, |n| format!("[{}]", vec![format!("*a{n}"); 10].join(","))), "idp::yaml::too_large");

    let quadratic = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 10_000].join(","));
    bounded(&quadratic, "idp::yaml::too_large");
    let anchors: String = (0..90).map(|n| format!("&a{n} [")).collect();
    bounded(&format!("{anchors}{}{}", "1,".repeat(100_000), "]".repeat(90)), "idp::yaml::too_large");
    bounded(&chain("[]", 200, |n| format!("[*a{n}]")), "idp::yaml::too_deep");
    bounded(&chain("{}", 200, |n| format!("{{<<: *a{n}}}")), "idp::yaml::too_deep");
    bounded(&chain("{}", 200, |n| format!("{{<<: [*a{n}, *a{n}]}}")), "idp::yaml::too_large");
}

#[test]
fn looking_up_what_many_merges_share_is_bounded() {
    let text = chain("{}", 12, |n| format!("{{<<: [*a{n}, *a{n}], k: 1}}"));
    let documents = parse("t.yaml", &text).unwrap();
    assert_eq!(documents[0].place(&parse_path("a11.none").unwrap()).line, 12);
}

#[test]
fn ordinary_depth_and_repetition_are_taken() {
    assert!(parse("t.yaml", &format!("{}1{}", "[".repeat(99), "]".repeat(99))).is_ok());
    let anchors = format!("b: &b {{a: 1, c: [1, 2]}}\nl: [{}]\n", vec!["*b"; 2_000].join(","));
    assert_eq!(one(&anchors)["l"].as_array().map(Vec::len), Some(2_000));
}

#[test]
fn a_block_that_the_file_cuts_off_has_no_line_break() {
    // As kubectl reads them (kustomize 5.7); the specification's `b-chomped-last` is a break or the end of the file.
    for (text, value) in [
        ("x: |\n  y", "y"),
        ("x: |+\n  y", "y"),
        ("x: >\n  y\n  z", "y z"),
        ("x: |-\n  y", "y"),
        ("x: |\n  y\n  ", "y\n"),
        ("x: |\n  y\n", "y\n"),
        ("x: |+\n  y\n\n", "y\n\n"),
        ("x: |\n  y\n# end", "y\n"),
        ("x: |\n  y\n...", "y\n"),
    ] {
        assert_eq!(one(text)["x"], value, "{text:?}");
    }
    assert_eq!(one("- |\n  y\n- |\n  z"), serde_json::json!(["y\n", "z"]));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-c:\\-\\[\\]{}&*!|>'\"#\n\r\t ,<%@?~0-9é\u{feff}]{0,60}") {
        let (each, faults) = parse_each("t.yaml", &format!("{text}\n---\n{text}"));
        for document in &each {
            document.place(&parse_path("a[0].b").unwrap());
        }
        if let Ok(documents) = parse("t.yaml", &format!("{text}\n---\n{text}")) {
            assert_eq!((each, faults), (documents, Vec::new()));
        }
        if let Ok(documents) = parse("t.yaml", &text) {
            for document in documents {
                document.place(&parse_path("a[0].b").unwrap());
            }
        }
    }
}

/// Values and their lines, and the lines of what is wrong.
fn each(text: &str) -> (Vec<(serde_json::Value, usize)>, Vec<usize>) {
    let (documents, faults) = parse_each("t.yaml", text);
    let values = documents.iter().map(|one| (one.value.clone(), one.place(&[]).line)).collect();
    (values, faults.iter().map(|error| error.place().map_or(0, |place| place.line)).collect())
}

#[test]
fn each_document_is_read_for_itself() {
    let text = "# c\na: &x 1\nb: *x\n---\nc: {\n--- # d\nd: |\n  --- no mark\n ---\n  x\n---\n%YAML 1.2\n---\n\ne: [1, {f: 2}]\n...\n\
                %YAML 1.2\n---\ng: *x\n--- h\n---\n";
    let (values, faults) = each(text);
    // The block scalar of `d` ends with less indent; an anchor is of its own document.
    assert_eq!(faults, [5, 9, 12, 19]);
    let read: Vec<_> = values.into_iter().collect();
    assert_eq!(
        read,
        [
            (serde_json::json!({ "a": 1, "b": 1 }), 2),
            (serde_json::json!({ "e": [1, { "f": 2 }] }), 15),
            (serde_json::json!("h"), 20)
        ]
    );
    let (documents, _) = parse_each("t.yaml", text);
    assert_eq!(documents[1].place(&parse_path("e[1].f").unwrap()), crate::error::Place::at("t.yaml", 15, 12));
    let (_, faults) = parse_each("t.yaml", "a: 1\n---\nb: 1\nc: 1\nb: 2\n");
    assert_eq!(faults[0].message(), "the key `b` is there twice, in lines 3 and 5");
    // One document, or none that can be told from others: what `parse` says.
    assert_eq!(each("a: {\n").1, [1]);
    let (documents, faults) = parse_each("t.yaml", &"a: {\n---\n".repeat(150));
    assert_eq!((documents.len(), faults.len()), (0, 101));
    assert_eq!(faults[100].message(), "50 more documents of t.yaml can't be read");
}

#[test]
fn a_place_to_look_at_is_there() {
    let documents = parse("t.yaml", "kind: A\nspec:\n  a: 1\n  list:\n  - name: x\n    b: 1\nnone:\n").unwrap();
    let place = |path: &str| {
        let place = documents[0].place_to_look(&parse_path(path).unwrap());
        (place.line, place.column)
    };
    assert_eq!([place("spec.a"), place("spec.b"), place("spec.b.c")], [(3, 6), (2, 1), (2, 1)]);
    assert_eq!([place("spec.list[0].c"), place("spec.list[1]"), place("none.a")], [(5, 5), (4, 3), (7, 1)]);
    assert_eq!(place("status"), (1, 1));
}

#[test]
fn a_tab_is_told_where_it_is() {
    let told = |text: &str| {
        let error = parse("a.yaml", text).unwrap_err();
        let place = error.place().cloned().unwrap_or_default();
        (place.line, place.column, error.message().to_owned())
    };
    let tab = |line, column| (line, column, "not valid YAML: a tab in the indentation".to_owned());
    assert_eq!(told("a:\n  b: 1\n\tc: 2\n"), tab(3, 1));
    assert_eq!(told("a:\n  b: 1\n\n  # c\n\tc: 2\n"), tab(5, 1));
    assert_eq!(told("metadata:\n\tname: a\n"), tab(2, 1));
    assert_eq!(told("a:\n  b:\n  \t- x\n"), tab(3, 3));
    assert_eq!(told("list:\n-\ta: 1\n\tb: 2\n"), tab(3, 1));
}

#[test]
fn a_key_that_is_there_twice_in_one_line_names_that_line() {
    let told = |text: &str| parse("a.yaml", text).unwrap_err().message().to_owned();
    assert_eq!(told("x: 1\na: {b: 1, b: 2}\n"), "the key `b` is there twice, in line 2");
    assert_eq!(told("b: 1\nb: 2\n"), "the key `b` is there twice, in lines 1 and 2");
}
