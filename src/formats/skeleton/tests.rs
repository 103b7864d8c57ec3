//! Tests of skeletons: what comes out, what is refused, and where an error points.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::Kind;

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), executable: false, bytes: Cow::Owned(text.as_bytes().to_vec()) }
}

fn values() -> Json {
    json!({
        "owner": "payments-team", "service": "api", "package_path": "com/acme/api", "database": false, "empty": "",
        "environments": [{ "name": "dev", "cluster": "cluster-dev" }, { "name": "prod", "cluster": "cluster-prod" }],
        "nested": { "colour": "red" },
    })
}

fn text(template: &str) -> String {
    one(template, &values())
}

fn one(template: &str, values: &Json) -> String {
    let mut files = render("t", &[file("a.txt", template)], values).unwrap();
    String::from_utf8(files.remove(0).bytes).unwrap()
}

fn error(template: &str) -> Error {
    render("spring", &[file("src/a.txt", template)], &values()).unwrap_err()
}

fn paths(names: &[&str]) -> Result<Vec<String>> {
    let files: Vec<_> = names.iter().map(|name| file(name, "")).collect();
    Ok(render("t", &files, &values())?.into_iter().map(|file| file.path).collect())
}

#[test]
fn values_blocks_and_comments() {
    assert_eq!(text("by ${{ values.owner }}!\n"), "by payments-team!\n");
    assert_eq!(text("{# why #}\na\n  {% if values.database %}\nb\n  {% else %}\nc\n  {% endif %}\nd\n"), "a\nc\nd\n");
    assert_eq!(
        text("x:\n  {% for e in values.environments %}\n  - ${{ e.name }}\n  {% endfor %}\n"),
        "x:\n  - dev\n  - prod\n"
    );
    assert_eq!(text("a{% if true %}b{% endif +%}\nc\n"), "ab\nc\n");
    assert_eq!(text("{{ $x }} {{ .Values.y }} $${{ values.service }}"), "{{ $x }} {{ .Values.y }} $api");
}

#[test]
fn the_last_newline_stays_as_it_is() {
    assert_eq!(text("${{ values.owner }}\n\n"), "payments-team\n\n");
    assert_eq!(text("${{ values.owner }}"), "payments-team");
    assert_eq!(text("${{ values.owner }}\r\nb\r\n"), "payments-team\r\nb\r\n");
}

#[test]
fn ci_expressions_have_two_escapes() {
    assert_eq!(text("token: ${{ '${{' }} secrets.TOKEN }}\n"), "token: ${{ secrets.TOKEN }}\n");
    assert_eq!(text("{% raw %}\na: ${{ github.ref }}\n{% endraw %}\nb\n"), "a: ${{ github.ref }}\nb\n");
}

#[test]
fn filters() {
    assert_eq!(text("${{ values.owner | upper | replace('-', '_') }}"), "PAYMENTS_TEAM");
    assert_eq!(text("${{ values.missing | default('none') }}"), "none");
    assert_eq!(text("${{ values.environments[0] | dump }}"), r#"{"cluster":"cluster-dev","name":"dev"}"#);
    assert_eq!(text("${{ [1, 'a<b'] | tojson(2) }}"), "[\n  1,\n  \"a<b\"\n]");
    assert_eq!(text("${{ 'a\n\nb' | indent(2) }}"), "a\n\n  b");
    assert_eq!(text("${{ 'a\nb' | indent(2, true) }}"), "  a\n  b");
}

#[test]
fn yaml_quotes_what_yaml_would_misread() {
    let yaml = |typed: &str| one("${{ values.x | yaml }}", &json!({ "x": typed }));
    assert_eq!(yaml("yes"), r#""yes""#);
    assert_eq!(yaml("a: \"b\" #c\n"), r#""a: \"b\" #c\n""#);
    assert_eq!(yaml("Zahlungen für alle 💶"), "\"Zahlungen für alle 💶\"");
    assert_eq!(yaml("a\u{85}b\u{2028}c\u{feff}\u{7f}"), r#""a\u0085b\u2028c\ufeff\u007f""#);
    assert_eq!(one("${{ values.x | yaml }}", &json!({ "x": [1, true, null] })), "[1,true,null]");
}

#[test]
fn markup_is_not_escaped_whatever_the_file_is_called() {
    let files = ["a.html", "a.xml", "a.json", "a.yaml"].map(|name| file(name, "${{ values.x }}"));
    for file in render("t", &files, &json!({ "x": "<a & 'b'>" })).unwrap() {
        assert_eq!(file.bytes, b"<a & 'b'>", "{}", file.path);
    }
}

#[test]
fn an_undefined_value_is_named_with_its_place_and_the_nearest() {
    let error = error("one\n  by ${{ values.onwer }}\n");
    assert_eq!(error.code(), "idp::template::undefined");
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(error.message(), "src/a.txt, line 2: values.onwer is not defined");
    assert_eq!(error.help_text(), Some("did you mean values.owner?"));
    let place = error.place().unwrap();
    assert_eq!((place.file.as_str(), place.line), ("spring/src/a.txt", 2));
}

#[test]
fn an_undefined_value_is_an_error_wherever_it_is_used() {
    for template in [
        "{% if values.onwer %}x{% endif %}",
        "{% if not values.onwer %}x{% endif %}",
        "{% for x in values.onwer %}x{% endfor %}",
        "${{ values.onwer | upper }}",
        "${{ values.onwer | yaml }}",
        "${{ values.onwer | dump }}",
        "${{ values.onwer | replace('a', 'b') }}",
        "${{ 'a' ~ values.onwer }}",
        "${{ values.onwer.name }}",
        "${{ values.onwer | indent(2) }}",
        "${{ values.onwer.lower() }}",
        "{% if values.onwer == 'x' %}x{% endif %}",
        "{% if 'x' in values.onwer %}x{% endif %}",
        "${{ range(values.onwer) }}",
        "{% set x = values.onwer %}${{ x }}",
    ] {
        let error = error(template);
        assert_eq!(error.code(), "idp::template::undefined", "{template}: {error}");
        assert!(error.message().contains("values.onwer is not defined"), "{template}: {error}");
    }
}

#[test]
fn suggestions_follow_the_path_of_the_value() {
    assert_eq!(error("${{ values.nested.color }}").help_text(), Some("did you mean values.nested.colour?"));
    assert_eq!(error("${{ owner }}").help_text(), Some("did you mean values.owner?"));
    assert_eq!(error("${{ values.nested.zzzzz }}").help_text(), Some("values.nested has: colour"));
    let inside = error("{% for e in values.environments %}${{ e.clutser }}{% endfor %}");
    assert!(inside.message().contains("e.clutser is not defined"), "{inside}");
}

#[test]
fn syntax_errors_have_their_place() {
    for template in ["a\n${{ values.owner", "a\n{% if %}", "a\n{% nope %}", "a\n${{ values.owner | uper }}", "a\n${#x}"]
    {
        let error = error(template);
        assert_eq!(error.code(), "idp::template::syntax", "{template}: {error}");
        assert_eq!(error.place().unwrap().line, 2, "{template}: {error}");
        assert!(error.message().starts_with("src/a.txt, line 2: "), "{error}");
    }
    assert_eq!(error("${{ 1 + 'a' }}").code(), "idp::template::render");
}

#[test]
fn names_are_rendered_and_empty_segments_drop_the_file() {
    let names = [
        "src/${{ values.package_path }}/App.java",
        "{% if values.database %}db{% endif %}/schema.sql",
        "{% if values.database %}no{% else %}yes{% endif %}.md",
        "${{ values.empty }}",
    ];
    assert_eq!(paths(&names).unwrap(), ["src/com/acme/api/App.java", "yes.md"]);
    let error = paths(&["src/${{ values.pakage_path }}/a"]).unwrap_err();
    assert_eq!(error.code(), "idp::template::undefined");
    assert_eq!(error.place().unwrap(), &Place::file("t/src/${{ values.pakage_path }}/a"));
}

#[test]
fn binary_files_and_modes_are_handed_through() {
    let binary = [0x89, b'P', 0, b'$', b'{', b'{', b' ', b'x', b' ', b'}', b'}'];
    let latin = [0xe9, b'$', b'{', b'{', b'x'];
    let files = [
        SourceFile { path: "b".to_owned(), executable: true, bytes: Cow::Owned(binary.to_vec()) },
        SourceFile { path: "a".to_owned(), executable: false, bytes: Cow::Owned(latin.to_vec()) },
    ];
    let rendered = render("t", &files, &values()).unwrap();
    assert_eq!(rendered[0], RenderedFile { path: "a".to_owned(), executable: false, bytes: latin.to_vec() });
    assert_eq!(rendered[1], RenderedFile { path: "b".to_owned(), executable: true, bytes: binary.to_vec() });
}

#[test]
fn a_path_cannot_leave_the_target() {
    for hostile in [
        "../a",
        "/etc/passwd",
        "a/../../b",
        "..",
        ".",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "..\\a",
        "a\nb",
        "a\u{0}b",
        "a\u{7f}",
        "a\u{2028}b",
        ".git/config",
        ".GIT/hooks/pre-commit",
        "a/.git",
        ".git./x",
        ".git /x",
        "GIT~1/x",
        ".git::$INDEX_ALLOCATION/x",
        ".g\u{200c}it/x",
        "C:/x",
    ] {
        let values = json!({ "x": hostile });
        let error = render("t", &[file("${{ values.x }}", "")], &values).unwrap_err();
        assert_eq!(error.code(), "idp::template::path", "{hostile:?}");
        assert_eq!(error.place().unwrap().file, "t/${{ values.x }}");
        assert!(!error.message().contains(['\n', '\0']), "{hostile:?}");
        let written = render("t", &[file(hostile, "")], &values).unwrap_err();
        assert_eq!(written.code(), "idp::template::path", "{hostile:?}");
    }
    let long = "x".repeat(256);
    let values = json!({ "x": "" });
    assert_eq!(render("t", &[file("{% if values.x %}a{% endif %}", "")], &values).unwrap(), []);
    assert_eq!(paths(&[long.as_str()]).unwrap_err().code(), "idp::template::path");
    assert!(paths(&[".gitignore", ".github/a", "...", ".gitattributes", "git", "a..b", "@x/[id].ts"]).is_ok());
}

#[test]
fn two_files_cannot_have_one_path() {
    for names in
        [["api", "${{ values.service }}"], ["Api", "api"], ["Straße/ä", "straße/Ä"], ["a", "a/b"], ["a/b/c", "A/B"]]
    {
        let error = paths(&names).unwrap_err();
        assert_eq!(error.code(), "idp::template::path", "{names:?}");
    }
}

#[test]
fn endless_work_ends() {
    let nested = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    assert_eq!(error(nested).code(), "idp::template::limit");
    let big = "{% for a in range(9999) %}${{ 'xxxxxxxxxx' * 1000 }}{% endfor %}";
    assert_eq!(error(big).code(), "idp::template::limit");
    for template in [
        "${{ 'a' | indent(2000000000) }}",
        "${{ '%2000000000s' | format('x') }}",
        "${{ [1] | batch(2000000000, 'x') }}",
        "${{ 'a' * 2000000000 }}",
        "${{ range(2000000000) }}",
        "{% set ns = namespace() %}",
    ] {
        assert!(
            ["idp::template::render", "idp::template::syntax", "idp::template::undefined"]
                .contains(&error(template).code())
        );
    }
    let deep = format!("${{{{ {}1{} }}}}", "(".repeat(20_000), ")".repeat(20_000));
    assert_eq!(error(&deep).code(), "idp::template::syntax");
}

#[test]
fn typed_values_are_inert() {
    let typed = "${{ values.secret }} {% raw %} {# x #} {% if %}\r\n<&'\"> ${{ '${{' }}\n";
    let values = json!({ "x": typed, "secret": "s" });
    assert_eq!(one("a ${{ values.x }}b\n", &values), format!("a {typed}b\n"));
    assert_eq!(one("{% set y = values.x %}${{ y }}", &values), typed);
}

proptest! {
    #[test]
    fn any_value_comes_out_verbatim(typed in "(\\PC|[ \\n\\t{}%#$'\"\\\\]|\\$\\{\\{|\\{%|\\{#|%\\}|#\\}|\\}\\}){0,60}") {
        let values = json!({ "x": typed });
        prop_assert_eq!(one("<${{ values.x }}>\n", &values), format!("<{typed}>\n"));
        let read: String = serde_json::from_str(&one("${{ values.x | yaml }}", &values)).unwrap();
        prop_assert_eq!(read, typed);
    }

    #[test]
    fn any_path_that_comes_out_is_inside(typed in "(\\PC|[./\\\\~: ]|\\.git|\\.\\.|git~1){0,20}") {
        if let Ok(files) = render("t", &[file("${{ values.x }}", "")], &json!({ "x": typed })) {
            for file in files {
                prop_assert!(file.path.split('/').all(|part| !["", ".", "..", ".git"].contains(&part.to_lowercase().as_str())));
                prop_assert!(!file.path.contains('\\') && !file.path.chars().any(char::is_control));
            }
        }
    }
}
