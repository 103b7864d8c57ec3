//! Edits: what changes, what stays, what is refused; and that no other text comes out, whatever goes in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn path(text: &str) -> Vec<Step> {
    parse_path(text).unwrap()
}

fn set(text: &str, at: &str, value: Value) -> String {
    change(text, &Edit::Set { path: path(at), value })
}

fn append(text: &str, at: &str, value: Value) -> String {
    change(text, &Edit::Append { path: path(at), value })
}

fn add(text: &str, at: &str, key: &str, value: Value) -> String {
    change(text, &Edit::Add { path: path(at), key: key.to_owned(), value })
}

fn remove(text: &str, at: &str) -> String {
    change(text, &Edit::Remove { path: path(at) })
}

fn change(text: &str, change: &Edit) -> String {
    match edit("t.yaml", text, 0, change) {
        Ok(text) => text,
        Err(error) => {
            assert_eq!(error.code(), "idp::yaml::edit");
            format!("ERR {error}")
        }
    }
}

#[test]
fn what_follows_a_block_that_the_file_cuts_off_gives_it_no_line_break() {
    assert_eq!(add("a:\n  x: |\n    y", "a", "b", json!(1)), "a:\n  x: |-\n    y\n  b: 1");
    assert_eq!(
        add("a:\n  x: &n !!str >+2 # text\n    y", "", "b", json!(1)),
        "a:\n  x: &n !!str >2- # text\n    y\nb: 1"
    );
    assert_eq!(append("- |\n  y", "", json!("z")), "- |-\n  y\n- z");
    assert_eq!(set("a: 1\nx: |\n  y", "a", json!(2)), "a: 2\nx: |\n  y");
}

#[test]
fn scalars_keep_the_quotes_around_them() {
    assert_eq!(set("a: b # c\n", "a", json!("d")), "a: d # c\n");
    assert_eq!(set("a: 'b'\n", "a", json!("it's")), "a: 'it''s'\n");
    assert_eq!(set("a: \"b\"\n", "a", json!("c")), "a: \"c\"\n");
    assert_eq!(set("a: \"b\"\n", "a", json!(5)), "a: 5\n");
    assert_eq!(set("a: b\n", "a", json!("yes")), "a: \"yes\"\n");
    assert_eq!(set("a: b\n", "a", json!("0755")), "a: \"0755\"\n");
    assert_eq!(set("a: 1", "a", json!(1.0)), "a: 1");
    assert_eq!(set("[a, 'b']", "[1]", json!("c, d")), "[a, 'c, d']");
    assert_eq!(set("a: multi\n  line # c\nb: 1\n", "a", json!("x")), "a: x # c\nb: 1\n");
    assert_eq!(set("x\n", "", json!("z")), "z\n");
}

#[test]
fn nulls_that_are_not_written_get_written() {
    assert_eq!(set("a:\nb: 1\n", "a", json!(2)), "a: 2\nb: 1\n");
    assert_eq!(set("a: # c\n", "a", json!("x")), "a: x # c\n");
    assert_eq!(set("a: # c\nb: 1\n", "a", json!({"k": [1]})), "a: # c\n  k:\n  - 1\nb: 1\n");
    assert_eq!(set("{a, b: }", "a", json!(1)), "{a: 1, b: }");
    assert_eq!(set("{a, b: }", "b", json!(1)), "{a, b: 1 }");
    assert_eq!(set("- \n- 1\n", "[0]", json!(2)), "- 2\n- 1\n");
}

#[test]
fn tags_stay_where_they_fit_and_anchors_always() {
    assert_eq!(set("a: !!str 1\n", "a", json!("2")), "a: !!str \"2\"\n");
    assert_eq!(set("a: &x !!str 1\nb: *x\n", "a", json!(2)), "a: &x 2\nb: *x\n");
    assert_eq!(set("a: &x 1\nb: *x\n", "a", json!(2)), "a: &x 2\nb: *x\n");
}

#[test]
fn block_scalars() {
    let text = "a: |  # why\n  x\n  y\n\n# z\nb: 1\n";
    assert_eq!(set(text, "a", json!("p\nq\n")), "a: |  # why\n  p\n  q\n\n# z\nb: 1\n");
    assert_eq!(set(text, "a", json!("p\nq")), "a: |-  # why\n  p\n  q\n\n# z\nb: 1\n");
    assert_eq!(set(text, "a", json!("p")), "a: p  # why\n\n# z\nb: 1\n");
    assert_eq!(set("a: b # c\n", "a", json!("p\nq\n")), "a: \"p\\nq\\n\" # c\n");
    assert_eq!(set("a: b\n", "a", json!("p\nq\n")), "a: |\n  p\n  q\n");
    assert_eq!(set("a:\n- b\n", "a[0]", json!("p\nq\n")), "a:\n- |\n  p\n  q\n");
    assert_eq!(add("a: |+\n  x\n\n\n", "", "b", json!(1)), "a: |+\n  x\n\n\nb: 1\n");
    assert_eq!(add("a: |\n  x\n\n\n", "", "b", json!(1)), "a: |\n  x\nb: 1\n\n\n");
}

#[test]
fn collections_in_place_of_others() {
    assert_eq!(set("a:\n  b: 1\n  c: 2 # x\nd: 3\n", "a", json!({"e": 1})), "a:\n  e: 1 # x\nd: 3\n");
    assert_eq!(set("a: # c\n  b: 1\nd: 3\n", "a", json!("x")), "a: x # c\nd: 3\n");
    assert_eq!(set("a: &n # c\n  b: 1\nd: 3\n", "a", json!("x")), "a: &n x # c\nd: 3\n");
    assert_eq!(set("a: x # c\nd: 3\n", "a", json!([1, {"b": 2, "c": 3}])), "a: # c\n- 1\n- b: 2\n  c: 3\nd: 3\n");
    assert_eq!(set("l:\n- a: 1\n  b: 2\n- c\n", "l[0]", json!("x")), "l:\n- x\n- c\n");
    assert_eq!(set("l:\n- x\n- c\n", "l[0]", json!({"a": 1, "b": [2]})), "l:\n- a: 1\n  b:\n  - 2\n- c\n");
    assert_eq!(set("a: {b: 1} # c\n", "a", json!({"b": 2})), "a: {b: 2} # c\n");
    assert_eq!(set("a:\n- 1\nb: 2\n", "a", json!({"c": 1})), "a: {c: 1}\nb: 2\n");
}

#[test]
fn keys_are_added_in_the_style_around() {
    assert_eq!(set("a: 1 # x\n\n# y\n", "b", json!(2)), "a: 1 # x\nb: 2\n\n# y\n");
    assert_eq!(set("a: 1", "b", json!(2)), "a: 1\nb: 2");
    assert_eq!(set("a:\n- 1\n\n  # x\n# y\n", "b", json!(2)), "a:\n- 1\n\n  # x\nb: 2\n# y\n");
    assert_eq!(set("a:\r\n    b: 1\r\n", "a.c", json!({"d": 1})), "a:\r\n    b: 1\r\n    c:\r\n        d: 1\r\n");
    assert_eq!(set("a:\n  - 1\nb: 1\n", "c", json!([1])), "a:\n  - 1\nb: 1\nc:\n  - 1\n");
    assert_eq!(set("- a: 1\n  b:\n    c: 2\n", "[0].d", json!(3)), "- a: 1\n  b:\n    c: 2\n  d: 3\n");
    assert_eq!(add("a: {}\n", "a", "b.c/d", json!("on")), "a:\n  b.c/d: \"on\"\n");
    assert_eq!(add("a: {b: 1,}\n", "a", "c", json!(2)), "a: {b: 1, c: 2}\n");
    assert_eq!(add("\u{feff}a: 1\n", "", "on", json!(2)), "\u{feff}a: 1\n\"on\": 2\n");
    assert!(add("a: 1\n", "", "a", json!(2)).contains("has the key `a` already"));
    assert!(add("d: &d {a: 1}\nm: {<<: *d}\n", "m", "a", json!(2)).contains("already"));
}

#[test]
fn elements_are_appended_in_the_style_around() {
    assert_eq!(append("a: []\n", "a", json!("x")), "a:\n- x\n");
    assert_eq!(append("a: [ 1 ]\n", "a", json!(2)), "a: [ 1, 2 ]\n");
    assert_eq!(append("a: [\n  1, # x\n  2, # y\n]\n", "a", json!(3)), "a: [\n  1, # x\n  2, # y\n  3,\n]\n");
    assert_eq!(append("a: [\n  1,\n  2 # y\n]\n", "a", json!(3)), "a: [\n  1,\n  2, # y\n  3\n]\n");
    assert_eq!(
        append("a:\n-   b: 1\n    c: 2\n", "a", json!({"b": 3, "c": [4]})),
        "a:\n-   b: 1\n    c: 2\n-   b: 3\n    c:\n    - 4\n"
    );
    assert_eq!(append("- - a\n- b\n", "[0]", json!("c")), "- - a\n  - c\n- b\n");
    assert_eq!(append("a:\n- x\n# tail\n", "a", json!("z")), "a:\n- x\n- z\n# tail\n");
    assert!(append("a: 1\n", "a", json!(1)).contains("is not a list"));
}

#[test]
fn removals_take_whole_lines() {
    assert_eq!(remove("a: 1 # x\n# y\nb: 2\n", "a"), "# y\nb: 2\n");
    assert_eq!(remove("a:\n  b: 1\n  c:\n    d: 1\n\n  e: 2\n", "a.c"), "a:\n  b: 1\n\n  e: 2\n");
    assert_eq!(remove("a: 1\nb: 2", "b"), "a: 1");
    assert_eq!(remove("l:\n- a: 1\n  b: 2\n", "l[0].a"), "l:\n- b: 2\n");
    assert_eq!(remove("l:\n- a: 1 # x\n  # y\n  b: 2\n", "l[0].a"), "l:\n- \n  # y\n  b: 2\n");
    assert_eq!(remove("l:\n- a: 1\n- b: 2\n", "l[0]"), "l:\n- b: 2\n");
    assert_eq!(remove("l:\n-\n  a: 1\n- b: 2\n", "l[0]"), "l:\n- b: 2\n");
    assert_eq!(remove("l: # c\n- a\nm: 1\n", "l[0]"), "l: [] # c\nm: 1\n");
    assert_eq!(remove("a:\n  b: 1\n", "a.b"), "a: {}\n");
    assert_eq!(remove("- - a\n  - b\n", "[0][0]"), "- - b\n");
    assert_eq!(remove("a: |\n  x\n\nb: 1\n", "a"), "\nb: 1\n");
    assert_eq!(remove("\u{feff}a: 1\r\nb: 2\r\n", "a"), "\u{feff}b: 2\r\n");
    assert_eq!(remove("l:\n- >-\n  a\n- |-\n  b\n- c\n", "l[0]"), "l:\n- |-\n  b\n- c\n");
    assert_eq!(remove("a: |+\n  x\nb: 1\n\nc: 2\n", "b"), "a: |+\n  x\nc: 2\n");
    assert_eq!(remove("a: |+\n  x\n\nb: 1", "b"), "a: |+\n  x\n\n");
    assert!(remove("a: 1\n", "").contains("as a whole"));
}

#[test]
fn removals_in_flow_take_their_comma() {
    assert_eq!(remove("a: [1, 2, 3]\n", "a[0]"), "a: [2, 3]\n");
    assert_eq!(remove("a: [1, 2, 3]\n", "a[1]"), "a: [1, 3]\n");
    assert_eq!(remove("a: [1, 2, 3]\n", "a[2]"), "a: [1, 2]\n");
    assert_eq!(remove("a: [1]\n", "a[0]"), "a: []\n");
    assert_eq!(remove("a: { b: 1, c: 2 }\n", "a.c"), "a: { b: 1 }\n");
    assert_eq!(remove("a: [\n  1, # x\n  2, # y\n  3\n]\n", "a[1]"), "a: [\n  1, # x\n  3\n]\n");
    assert_eq!(remove("a: [\n  1, # x\n  2 # y\n]\n", "a[1]"), "a: [\n  1, # x\n]\n");
}

#[test]
fn aliases_follow_their_anchor_and_are_not_edited_through() {
    let text = "d: &d\n  cpu: 1\n  l: [1]\na:\n  <<: *d\n  cpu: 2 # over\nb: *d\n";
    assert_eq!(set(text, "d.cpu", json!(9)), text.replace("cpu: 1", "cpu: 9"));
    assert_eq!(append(text, "d.l", json!(2)), text.replace("[1]", "[1, 2]"));
    assert_eq!(remove(text, "d.l"), text.replace("  l: [1]\n", ""));
    assert_eq!(set(text, "a.cpu", json!(3)), text.replace("cpu: 2", "cpu: 3"));
    assert_eq!(set(text, "b", json!(3)), text.replace("b: *d", "b: 3"));
    assert_eq!(remove(text, "b"), text.replace("b: *d\n", ""));
    let through = set(text, "b.cpu", json!(3));
    assert!(through.contains("through the alias in line 7"), "{through}");
    let merged = set(text, "a.l", json!(3));
    assert!(merged.contains("through the merge key in line 5"), "{merged}");
    assert!(append(text, "b", json!(3)).starts_with("ERR"));
    assert!(remove(text, "d").starts_with("ERR"), "the aliases would lose their anchor");
    assert!(remove(text, "a.cpu").starts_with("ERR"), "the merged one would come back");
}

#[test]
fn refusals_say_what_is_not_there() {
    assert!(set("a: {}\n", "a.b.c", json!(1)).contains("`a` has no b"));
    assert!(set("a: [1]\n", "a[1]", json!(1)).contains("`a` has no [1]"));
    assert!(set("a: 1\n", "a.b", json!(1)).contains("is not a map"));
    let error = edit("t.yaml", "a: 1\n---\nb: 1\n", 2, &Edit::Remove { path: path("a") }).unwrap_err();
    assert!(error.message().contains("no document 2"));
    let error = edit("t.yaml", "a: 1\n---\nb: 1\n", 1, &Edit::Remove { path: path("a.b") }).unwrap_err();
    assert_eq!(error.place().map(ToString::to_string).as_deref(), Some("t.yaml:3:1"));
    assert_eq!(
        edit("t.yaml", "a: 1\na: 2\n", 0, &Edit::Remove { path: path("a") }).unwrap_err().code(),
        "idp::yaml::duplicate_key"
    );
}

#[test]
fn several_edits_and_documents() {
    let text = "# head\n---\n# none\n---\na: 1\n---\nb: 1 # x\n";
    let edits = [Edit::Set { path: path("b"), value: json!(2) }, Edit::Set { path: path("c"), value: json!([]) }];
    assert_eq!(edit_all("t.yaml", text, 1, &edits).unwrap(), text.replace("b: 1 # x\n", "b: 2 # x\nc: []\n"));
    let documents = parse("t.yaml", text).unwrap();
    assert_eq!(edit_parsed(&documents, 0, &Edit::Set { path: path("a"), value: json!(1) }).unwrap(), text);
    assert_eq!(
        edit_parsed(&documents, 0, &Edit::Set { path: path("a"), value: json!(3) }).unwrap(),
        text.replace("a: 1", "a: 3")
    );
}

/// Texts in many styles, with comments, quotes, anchors, blank lines and both kinds of line breaks.
fn texts() -> impl Strategy<Value = String> {
    let word = "(a|b1|x y|yes|012|'q r'|\"s\\\\t\"|~|\\*al|v1\\.2|é|-1\\.5)";
    let comment = "(| # note|  # it's)";
    let leaf = prop_oneof![
        (word, comment).prop_map(|(word, comment)| format!(" {word}{comment}\n")),
        Just("\n".to_owned()),
        (word, word).prop_map(|(a, b)| format!(" [{a}, {{k: {b}}}]\n")),
        (word, word).prop_map(|(a, b)| format!(" {{ m: {a}, n: [ {b} ] }} # f\n")),
        (word, comment).prop_map(|(a, comment)| format!(" [\n      {a},{comment}\n      {a}\n    ]\n")),
        "([|>][-+]?)".prop_map(|head| format!(" {head}\n          text: x\n\n          more\n\n")),
        Just(" &al v\n".to_owned()),
        Just(" !!str 5 # t\n".to_owned()),
    ];
    let block = leaf.prop_recursive(3, 12, 4, |inner| {
        let nested = |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
        prop_oneof![
            (prop::collection::vec(inner.clone(), 1..4), "(|\n|# c\n)", 0..2usize).prop_map(
                move |(items, gap, deep)| {
                    let list: String = items
                        .iter()
                        .enumerate()
                        .map(|(n, item)| format!("{}k{n}:{item}", if n > 0 { &gap } else { "" }))
                        .collect();
                    format!("\n{}", if deep > 0 { nested(&nested(&list)) } else { nested(&list) })
                }
            ),
            (prop::collection::vec(inner, 1..4), "(|\n|# c\n)").prop_map(move |(items, gap)| {
                let list: String =
                    items.iter().map(|item| format!("- {}{gap}", nested(item).trim_start_matches(' '))).collect();
                format!("\n{}", nested(&list))
            }),
        ]
    });
    (prop::collection::vec(block, 1..4), any::<bool>(), any::<bool>()).prop_map(|(entries, crlf, cut)| {
        let mut text: String = entries.iter().enumerate().map(|(n, entry)| format!("e{n}:{entry}")).collect();
        if cut {
            text.truncate(text.trim_end().len());
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

/// Half of the texts get an anchor for their aliases.
fn anchored(text: String) -> String {
    if text.len().is_multiple_of(2) { text.replacen(" b1\n", " &al b1\n", 1) } else { text.replace("*al", "al") }
}

/// The entries of the root map: name and text without what ends it.
fn entries(text: &str) -> Vec<(&str, &str)> {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices("\ne").map(|(at, _)| at + 1)).collect();
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
    starts.iter().zip(ends).map(|(start, end)| (&text[*start..start + 2], text[*start..end].trim_end())).collect()
}

fn paths(value: &Value, here: &mut Vec<Step>, all: &mut Vec<Vec<Step>>) {
    all.push(here.clone());
    let steps: Vec<(Step, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (Step::from(key.as_str()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (Step::Index(at), value)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in steps {
        here.push(step);
        paths(value, here, all);
        here.pop();
    }
}

fn new_values() -> impl Strategy<Value = Value> {
    prop_oneof![
        "(new|yes|0755|p: q|a\nb\n|c\nd|it's|)".prop_map(Value::from),
        Just(json!(7)),
        Just(json!(null)),
        Just(json!({})),
        Just(json!([])),
        Just(json!({"p": {"q": ["r", {"s": "t", "u": []}]}})),
        Just(json!(["v", ["w"]])),
    ]
}

/// What the edit means, worked out apart from the editor.
fn meant(value: &Value, edit: &Edit) -> Option<Value> {
    let mut after = value.clone();
    match edit {
        Edit::Set { path, value } => *get_mut(&mut after, path)? = value.clone(),
        Edit::Add { path, key, value } => {
            drop(get_mut(&mut after, path)?.as_object_mut()?.insert(key.clone(), value.clone()))
        }
        Edit::Append { path, value } => get_mut(&mut after, path)?.as_array_mut()?.push(value.clone()),
        Edit::Remove { path } => match (get_mut(&mut after, &path[..path.len() - 1])?, path.last()?) {
            (Value::Object(map), Step::Key(key)) => drop(map.shift_remove(key)),
            (Value::Array(items), Step::Index(at)) => drop(items.remove(*at)),
            _ => return None,
        },
    }
    Some(after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_edit_is_exact_or_refused(text in texts(), pick in any::<prop::sample::Index>(), kind in 0..4, value in new_values()) {
        let text = anchored(text);
        let Ok(before) = parse("t.yaml", &text) else { return Ok(()) };
        let Some(document) = before.first() else { return Ok(()) };
        let mut all = Vec::new();
        paths(&document.value, &mut Vec::new(), &mut all);
        let path = all[pick.index(all.len())].clone();
        let edit_of = match kind {
            0 => Edit::Set { path, value },
            1 => Edit::Add { path, key: "added".to_owned(), value },
            2 => Edit::Append { path, value },
            _ => Edit::Remove { path },
        };
        let Ok(edited) = edit("t.yaml", &text, 0, &edit_of) else { return Ok(()) };
        let after = parse("t.yaml", &edited).unwrap();
        if !text.contains("*al") {
            prop_assert_eq!(Some(after[0].value.clone()), meant(&document.value, &edit_of), "{}\n->\n{}", text, edited);
        }
        let (Edit::Set { path, .. } | Edit::Add { path, .. } | Edit::Append { path, .. } | Edit::Remove { path }) = &edit_of;
        let touched = path.first().map(|step| Path(std::slice::from_ref(step)).to_string());
        let cut_off = !text.ends_with('\n');
        for (name, entry) in entries(&text) {
            let whole = path.is_empty() && kind == 0 || touched.as_deref() == Some(name);
            // A block that the file cuts off may get a header that says so.
            let bare = |text: &str| if cut_off { text.replace(['-', '+'], "") } else { text.to_owned() };
            prop_assert!(whole || bare(&edited).contains(&bare(entry)), "{entry} changed:\n{text}\n->\n{edited}");
        }
    }

    #[test]
    fn no_text_panics(text in "\u{feff}?[a-c:\\-\\[\\]{}&*!|>'\"#\n\r\t ,<?~0-9é]{0,40}", kind in 0..4, value in new_values()) {
        let Ok(before) = parse("t.yaml", &text) else { return Ok(()) };
        let Some(document) = before.first() else { return Ok(()) };
        let mut all = Vec::new();
        paths(&document.value, &mut Vec::new(), &mut all);
        for path in all {
            let edit_of = match kind {
                0 => Edit::Set { path, value: value.clone() },
                1 => Edit::Add { path, key: "added".to_owned(), value: value.clone() },
                2 => Edit::Append { path, value: value.clone() },
                _ => Edit::Remove { path },
            };
            drop(edit("t.yaml", &text, 0, &edit_of));
        }
    }

    #[test]
    fn most_edits_are_made(text in texts(), pick in any::<prop::sample::Index>(), value in new_values()) {
        // Not a rule, but the reason to have an editor: scalars under keys can be set, except through aliases.
        let text = anchored(text);
        let Ok(before) = parse("t.yaml", &text) else { return Ok(()) };
        let Some(document) = before.first() else { return Ok(()) };
        let mut all = Vec::new();
        paths(&document.value, &mut Vec::new(), &mut all);
        all.retain(|path| get(&document.value, path).is_some_and(|value| !value.is_array() && !value.is_object()));
        if text.contains("al") || all.is_empty() { return Ok(()) }
        let path = all[pick.index(all.len())].clone();
        let edited = edit("t.yaml", &text, 0, &Edit::Set { path, value });
        let comments = |text: &str| text.matches(" #").count() + text.matches("\n#").count();
        let kept = edited.as_ref().is_ok_and(|edited| comments(edited) == comments(&text));
        prop_assert!(kept, "{}\n{:?}", text, edited);
    }
}

#[test]
fn an_empty_list_under_a_key_grows_line_by_line() {
    let text = "spec:\n  elements: [] # none yet\n  other: 1\n";
    let once = append(text, "spec.elements", json!({"service": "api"}));
    assert_eq!(once, "spec:\n  elements: # none yet\n  - service: api\n  other: 1\n");
    let twice = append(&once, "spec.elements", json!({"service": "ledger"}));
    assert_eq!(twice, "spec:\n  elements: # none yet\n  - service: api\n  - service: ledger\n  other: 1\n");
}

#[test]
fn empty_nodes_at_odd_places_are_edited_or_refused() {
    for text in ["-: \r-", "-", "- ", "[a: ]", "a: [:]", "? "] {
        for at in ["", "[0]", "-", "a", "[0].a"] {
            let Ok(path) = parse_path(at) else { continue };
            for change in [
                Edit::Set { path: path.clone(), value: json!({ "a": [1] }) },
                Edit::Add { path: path.clone(), key: "b".into(), value: json!("x") },
                Edit::Append { path: path.clone(), value: json!("x") },
                Edit::Remove { path: path.clone() },
            ] {
                let _ = edit("t.yaml", text, 0, &change);
            }
        }
    }
    assert!(add("a: [o: {b: }]\n", "a[0]", "c", json!(1)).starts_with("ERR"));
    assert_eq!(set("a: [o: {b: }]\n", "a[0].o.b", json!(1)), "a: [o: {b: 1 }]\n");
}
