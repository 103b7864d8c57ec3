//! The Markdown of a plan: whole once, and with any text in it, read as GitHub reads it.

use proptest::prelude::*;
use pulldown_cmark::{Event as Part, Options as Flavour, Parser, Tag, TagEnd};
use serde_json::json;

use super::*;
use crate::report::{Finding, Place, Severity};

fn about() -> About {
    About {
        marker: Some("idp-run plan 0123456789abcdef".into()),
        plan: true,
        run: "create-service project=payments service=api".into(),
        job: Some("https://github.com/acme/platform/actions/runs/7".into()),
        commit: Some("0123456789012345678901234567890123456789".into()),
    }
}

fn commit(before: &str, after: &str) -> What {
    let file = FileDiff::between("docs/a.md", Some(before.as_bytes()), Some(after.as_bytes()));
    let diff = Diff { fields: vec![("message".into(), None, Some("feat: x".into()))], files: vec![file] };
    What::Change { action: Action::Update, kind: "commit", target: "acme/api main".into(), diff, note: None }
}

fn told(happened: Vec<Happened>) -> Told {
    Told {
        happened,
        end: Some((Counts { create: 1, update: 1, ..Counts::default() }, Status::Planned)),
        ..Told::default()
    }
}

#[test]
fn a_plan_is_read_by_people() {
    let step = |name: &str, what: What| Happened { steps: vec![name.into()], what };
    let mut told = told(vec![
        step("Deliver", commit("a\n```\nb\n", "a\n````sh\nc\n")),
        step("Deliver", What::Wait("@alice to merge #12".into())),
        Happened {
            steps: Vec::new(),
            what: What::Change {
                action: Action::Create,
                kind: "pull_request",
                target: "acme/api*x*".into(),
                diff: Diff::default(),
                note: Some("see https://example.com".into()),
            },
        },
    ]);
    told.outputs.push(("URL".into(), json!("(known after apply)")));
    told.prints = "Hello\n".into();
    told.troubles.push(Trouble::Finding(Finding {
        policy: "manifest".into(),
        severity: Severity::Medium,
        place: Place::at("acme/api:k8s/x.yaml", 3, 0),
        message: "no limits".into(),
        help: Some("set them".into()),
    }));
    insta::assert_snapshot!(render(&about(), &told, COMMENT), @r#"
    <!-- idp-run plan 0123456789abcdef -->
    ### Plan of <code>create-service project=payments service=api</code>

    **Plan&#58;** 1 to create, 1 to change, 0 to delete.

    > [!WARNING]
    > <code>manifest</code>: no limits
    > at <code>acme/api&#58;k8s/x.yaml&#58;3</code>
    > <br>set them

    | output | value |
    | --- | --- |
    | URL | <code>(known after apply)</code> |

    **Deliver**

    <details><summary><code>~</code> commit <code>acme/api main</code> (1 file, +2 −2)</summary>

    `````diff
    + message: feat: x
    --- a/docs/a.md
    +++ b/docs/a.md
    @@ -1,3 +1,3 @@
     a
    -```
    -b
    +````sh
    +c
    `````

    </details>

    … wait for &#64;&#8203;alice to merge &#35;&#8203;12

    **After the steps**

    <code>+</code> pull request <code>acme/api&#42;x&#42;</code> · see https&#58;//example.com

    <details><summary>What the script printed</summary>

    ```text
    Hello
    ```

    </details>

    <sub>idp-run 0.1.0 for <code>0123456789012345678901234567890123456789</code>, in <a href="https&#58;//github.com/acme/platform/actions/runs/7">this job</a></sub>
    "#);
}

#[test]
fn what_has_no_room_is_left_out_at_the_border_of_a_change_and_said() {
    let large = "line\n".repeat(2_000);
    let all = (0..40).map(|_| Happened { steps: Vec::new(), what: commit("", &large) }).collect();
    let text = render(&about(), &told(all), COMMENT);
    assert!(text.len() <= COMMENT && text.len() > COMMENT - 20_000);
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    assert!(
        text.contains("> Left out: the differences of 35 changes. There is room for 65536 bytes here"),
        "{}",
        &text[text.len() - 400..]
    );
    assert_eq!(text.matches("acme/api main").count(), 40);
    let many = (0..2_000).map(|_| Happened { steps: Vec::new(), what: commit("", &large) }).collect();
    let text = render(&about(), &told(many), COMMENT);
    assert!(text.len() <= COMMENT);
    assert!(text.contains(" and ") && text.contains(" entries. There is room"));
    assert_eq!(render(&about(), &Told::default(), 300), "");
}

/// Tags that are ours.
const OURS: [&str; 8] = ["code", "details", "summary", "sub", "br", "a", "/details", "!--"];

/// What GitHub would make of the text beside what we mean by it.
fn foreign(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut fenced, mut folds) = (false, 0);
    for part in Parser::new_ext(text, Flavour::ENABLE_TABLES | Flavour::ENABLE_STRIKETHROUGH | Flavour::ENABLE_GFM) {
        match part {
            Part::Start(Tag::CodeBlock(_)) => fenced = true,
            Part::End(TagEnd::CodeBlock) => fenced = false,
            Part::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Emphasis | Tag::Strikethrough | Tag::List(_)) => {
                found.push(format!("{part:?}"));
            }
            // Our own, where something has no room.
            Part::Code(code) if &*code == "--plan --verbose" => {}
            Part::Code(code) => found.push(format!("`{code}`")),
            Part::Html(html) | Part::InlineHtml(html) => {
                folds += html.matches("<details>").count() as i32 - html.matches("</details>").count() as i32;
                for tag in html.split('<').skip(1) {
                    let name = tag.split(['>', ' ', '\n']).next().unwrap_or_default();
                    if !OURS.contains(&name) && !OURS.contains(&name.trim_start_matches('/')) {
                        found.push(format!("<{tag}"));
                    }
                }
            }
            Part::Text(words) if !fenced => {
                let mention =
                    words.as_bytes().windows(2).any(|pair| pair[0] == b'@' && pair[1].is_ascii_alphanumeric());
                if mention {
                    found.push(words.to_string());
                }
            }
            _ => {}
        }
    }
    // What folds, unfolds.
    if folds != 0 || fenced {
        found.push(format!("{folds} open folds, in a fence: {fenced}"));
    }
    found
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "@alice",
        "#12",
        "GH-1",
        "`",
        "```",
        "````\n",
        "\n",
        "\n\n",
        " ",
        "<script>",
        "</details>",
        "-->",
        "<!--",
        "|",
        "*a*",
        "__b__",
        "[x](http://evil.example)",
        "![i](x)",
        "https://evil.example",
        "www.evil.example",
        "~~z~~",
        "> q",
        "- l",
        "1. n",
        "# h",
        "&#64;",
        "\\",
        "\r",
        "\u{202e}",
        "\u{0}",
        "é",
        "a",
        "B",
        "***",
        "---",
        "===",
        "$$",
        ":+1:",
        "    ",
        "\t",
        "```diff\n",
        "\\`",
        "&lt;b&gt;",
        "<b>",
        "@org/team",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_text_becomes_markup(texts in prop::collection::vec(hostile(), 12), most in 3_000..COMMENT) {
        let mut rest = texts.iter().cloned();
        let mut next = || rest.next().unwrap_or_default();
        let file = FileDiff::between(&next(), Some(next().as_bytes()), Some(next().as_bytes()));
        let change = What::Change {
            action: Action::Update,
            kind: "commit",
            target: next(),
            diff: Diff { fields: vec![(next(), Some(next()), Some(next()))], files: vec![file] },
            note: Some(next()),
        };
        let mut told = told(vec![
            Happened { steps: vec![next()], what: change },
            Happened { steps: vec![texts[0].clone()], what: What::Wait(texts[1].clone()) },
            Happened { steps: Vec::new(), what: What::Moved {
                kind: texts[2].clone(), target: texts[3].clone(), why: texts[4].clone(), diff: Diff::default(),
            } },
        ]);
        told.outputs.push((next(), json!(next())));
        told.prints = next();
        told.waits_for = Some(texts[5].clone());
        told.troubles.push(Trouble::Warning { message: texts[6].clone(), help: Some(texts[7].clone()) });
        told.troubles.push(Trouble::Error {
            item: Some(texts[8].clone()), code: "idp::x", message: texts[9].clone(), help: None, place: Some(texts[10].clone()),
        });
        let about = About { marker: Some(texts[11].clone()), run: texts[0].clone(), ..about() };
        let text = render(&about, &told, most);
        prop_assert!(text.len() <= most, "{} > {most}", text.len());
        prop_assert_eq!(foreign(&text), Vec::<String>::new(), "{}", text);
    }
}
