//! What is asked of GitHub: nothing twice, what may have changed with the answer's ETag, what doesn't depend on each other
//! at once, and no more than eight requests at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::github::Request;
use crate::support::github::flight::Gathering;
use crate::support::github::proxy::Exchange;

/// The most requests that wait for their answers at once.
const AT_ONCE: usize = 8;

/// Long enough for a ninth request to come, if one is sent.
const LINGER: Duration = Duration::from_millis(300);

/// What was asked twice without need. The rule: the same path with the same query is asked again only if the run itself
/// wrote to the same repository in between; an object by its id not even then.
fn asked_twice(asked: &[Exchange]) -> Vec<String> {
    let repo = |request: &Request| -> Option<String> {
        match request.parts().as_slice() {
            ["repos", owner, name, ..] => Some(format!("{owner}/{name}")),
            _ => None,
        }
    };
    let (mut twice, mut last) = (Vec::new(), HashMap::new());
    for (at, exchange) in asked.iter().enumerate() {
        let request = &exchange.request;
        if request.writes() {
            continue;
        }
        let what = (request.target.clone(), request.body.clone());
        if let Some(before) = last.insert(what, at) {
            let is_object = matches!(request.parts().as_slice(), [_, _, _, "git", "blobs" | "trees" | "commits", _]);
            let place = repo(request);
            let wrote = asked[before..at].iter().any(|other| other.request.writes() && repo(&other.request) == place);
            if place.is_none() || is_object || !wrote {
                twice.push(exchange.to_string());
            }
        }
    }
    twice
}

#[test]
fn nothing_is_asked_twice_in_a_run() {
    for args in [&SERVICE[..], &RESOURCE[..]] {
        let Some(stage) = Stage::acme() else { return };
        for when in ["made", "made already"] {
            stage.idp(args).succeeds(when);
            let asked = stage.github.proxy.taken();
            println!("{} {when}: {} requests", args[0], asked.len());
            assert_eq!(asked_twice(&asked), Vec::<String>::new(), "{} {when}: {asked:#?}", args[0]);
        }
    }
}

/// Whether a request asks for files by their ids, many at once.
fn by_id(exchange: &Exchange) -> bool {
    String::from_utf8_lossy(&exchange.request.body).contains("GitObjectID")
}

/// The definitions that claims are made of lie in a file each.
#[test]
fn definitions_are_read_in_one_request() {
    let Some(stage) = Stage::acme() else { return };
    stage.idp(&RESOURCE).succeeds("made");
    let asked = stage.github.proxy.taken();
    let of_definitions =
        |exchange: &&Exchange| by_id(exchange) && exchange.answer.to_string().contains("CompositeResourceDefinition");
    let queries: Vec<&Exchange> = asked.iter().filter(of_definitions).collect();
    assert_eq!(queries.len(), 1, "{queries:#?}");
    let texts = queries[0].answer["data"]["repository"].as_object().unwrap();
    assert!(texts.len() > 4 && texts.values().all(|blob| blob["text"].is_string()), "{texts:#?}");
    let twice = |exchange: &&Exchange| {
        texts
            .values()
            .any(|blob| exchange.request.target.ends_with(&format!("/git/blobs/{}", blob["oid"].as_str().unwrap())))
    };
    assert_eq!(asked.iter().filter(twice).count(), 0);
}

/// What needs a resource may be in any file of the project's repository: those that may be about its environment are read
/// together, however many they are.
#[test]
fn what_needs_a_resource_is_read_in_few_requests() {
    let Some(stage) = Stage::acme() else { return };
    let words = ["project=orders", "env=prod", "type=postgresql", "name=checkout", "--output", "json"];
    let said = stage.idp(&[&["delete-resource"][..], &words].concat());
    assert!(said.stdout.contains("still needed by ExternalSecret checkout"), "{said}");
    let asked = stage.github.proxy.taken();
    let one_by_one = asked.iter().filter(|exchange| exchange.request.target.contains("/git/blobs/")).count();
    println!("delete-resource: {} requests, {one_by_one} of them for one file", asked.len());
    assert!(one_by_one <= 3 && asked.len() <= 30, "{asked:#?}");
}

#[test]
fn the_rule_finds_what_is_asked_twice() {
    let exchange = |method: &str, target: &str| Exchange {
        request: Request::new(method, target, serde_json::Value::Null),
        operation: String::new(),
        status: 200,
        answer: serde_json::Value::Null,
    };
    let all = [
        ("GET", "/repos/acme/a/branches/main"),
        ("GET", "/repos/acme/a/branches/main?x=1"),
        ("POST", "/repos/acme/b/git/refs"),
        ("GET", "/repos/acme/a/branches/main"),
        ("GET", "/repos/acme/a/git/blobs/1"),
        ("POST", "/repos/acme/a/git/refs"),
        ("GET", "/repos/acme/a/branches/main"),
        ("GET", "/repos/acme/a/git/blobs/1"),
        ("GET", "/orgs/acme"),
        ("POST", "/orgs/acme/repos"),
        ("GET", "/orgs/acme"),
    ];
    let all: Vec<Exchange> = all.iter().map(|(method, target)| exchange(method, target)).collect();
    assert_eq!(
        asked_twice(&all),
        ["GET /repos/acme/a/branches/main -> 200", "GET /repos/acme/a/git/blobs/1 -> 200", "GET /orgs/acme -> 200",]
    );
}

/// A commit may have moved any branch: the other one is asked for with its ETag, and the answer without a body is as good
/// as the first one.
#[test]
fn what_may_have_changed_is_asked_for_with_its_etag() {
    let Some(stage) = Stage::acme() else { return };
    stage.workspace.write(
        "twice.rhai",
        r#"let stock = repo("orders-stock");
print(stock.tree("main").read("catalog-info.yaml").len);
stock.commit("notes", "docs: a note", tree().write("note.md", "Note\n"));
print(stock.tree("main").read("catalog-info.yaml").len);
"#,
    );
    let said = stage.idp(&["twice.rhai"]).succeeds("twice");
    let asked = stage.github.proxy.taken();
    let main = |exchange: &&Exchange| exchange.request.target == "/repos/acme/orders-stock/branches/main";
    let seen: Vec<(bool, u16)> = asked
        .iter()
        .filter(main)
        .map(|exchange| (exchange.request.header("if-none-match").is_some(), exchange.status))
        .collect();
    assert_eq!(seen, [(false, 200), (true, 304)], "{asked:#?}");
    let printed: Vec<&str> = said.stdout.lines().filter(|line| line.parse::<u64>().is_ok()).collect();
    assert!(matches!(printed.as_slice(), [one, other] if one == other && *one != "0"), "{said}");
    // Somebody else's commit is seen all the same: then the answer is another one.
    stage.workspace.write(
        "moved.rhai",
        r#"let stock = repo("orders-stock");
print(stock.tree("main").has("pushed.md"));
stock.commit("more-notes", "docs: a note", tree().write("note.md", "Note\n"));
print(stock.tree("main").has("pushed.md"));
"#,
    );
    let pushed = std::sync::Once::new();
    let (github, proxy) = (&stage.github, &stage.github.proxy);
    let before = github.read("/repos/acme/orders-stock/git/ref/heads/main")["object"]["sha"].clone();
    let commit = pushed_aside(github);
    proxy.layer(move |request, below| {
        let answer = below(request);
        if request.method == "POST" && request.path().ends_with("/git/refs") {
            pushed.call_once(|| {
                let body = serde_json::json!({ "sha": commit, "force": false });
                let mut push = Request::new("PATCH", "/repos/acme/orders-stock/git/refs/heads/main", body);
                push.headers = request.headers.iter().filter(|(name, _)| name == "authorization").cloned().collect();
                assert_eq!(below(&push).status, 200);
            });
        }
        answer
    });
    let said = stage.idp(&["moved.rhai"]).succeeds("moved");
    assert_ne!(github.read("/repos/acme/orders-stock/git/ref/heads/main")["object"]["sha"], before);
    assert!(said.stdout.contains("false\ntrue\n"), "{said}");
}

/// A commit with one more file on top of main, which no branch is at yet.
fn pushed_aside(github: &crate::support::github::GitHub) -> String {
    let head = github.head("orders-stock", "main");
    let commit = github.read(&format!("/repos/acme/orders-stock/git/commits/{head}"));
    let file = serde_json::json!({ "path": "pushed.md", "mode": "100644", "type": "blob", "content": "Pushed\n" });
    let body = serde_json::json!({ "base_tree": commit["tree"]["sha"], "tree": [file] });
    let tree = github.made("POST", "/repos/acme/orders-stock/git/trees", body);
    let body = serde_json::json!({ "message": "docs: pushed", "tree": tree["sha"], "parents": [head] });
    let made = github.made("POST", "/repos/acme/orders-stock/git/commits", body);
    made["sha"].as_str().unwrap().to_owned()
}

/// Twenty manifests in a folder of the platform's repository.
fn with_manifests(stage: &Stage) {
    let files: Vec<(String, String)> = (0..20)
        .map(|number| {
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: many-{number}\n");
            (format!("many/{number:02}.yaml"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    stage.github.push("platform-gitops", "main", "feat: many", &files);
    stage.github.proxy.at_once();
}

fn is_blob(request: &Request) -> bool {
    request.method == "GET" && request.path().contains("/git/blobs/")
}

/// A folder is one question, whatever is in it.
#[test]
fn the_files_of_a_folder_are_read_in_one_request() {
    let Some(stage) = Stage::acme() else { return };
    with_manifests(&stage);
    let tree = "let files = repo(\"platform-gitops\").tree(\"main\").manifests(\"many\");";
    stage.workspace.write("read.rhai", &format!("{tree}\nfor file in files.keys() {{ print(files[file].name); }}\n"));
    let said = stage.idp(&["read.rhai"]).succeeds("one");
    assert!(said.stdout.contains("many-0\nmany-1\n"), "{said}");
    let asked = stage.github.proxy.taken();
    assert_eq!(asked.iter().filter(|exchange| is_blob(&exchange.request)).count(), 0, "{asked:#?}");
    assert_eq!(asked.iter().filter(|exchange| by_id(exchange)).count(), 1, "{asked:#?}");
}

#[test]
fn items_are_read_beside_each_other_but_no_more_than_eight() {
    let Some(stage) = Stage::acme() else { return };
    with_manifests(&stage);
    let beside = "parallel(tree.files(\"many\"), |file| tree.read(file), #{ at_most: 16 });";
    stage.workspace.write("read.rhai", &format!("let tree = repo(\"platform-gitops\").tree(\"main\");\n{beside}\n"));
    stage.github.proxy.gather(Gathering::new(AT_ONCE, LINGER, is_blob));
    stage.idp(&["read.rhai"]).succeeds("items");
    assert_eq!(stage.github.proxy.at_once().0, AT_ONCE);
    assert_eq!(stage.github.proxy.taken().iter().filter(|exchange| is_blob(&exchange.request)).count(), 20);
}

/// What a step of the golden path needs, and none of which depends on another one's answer, is asked for at once: each
/// group is held back until all of it is there.
#[test]
fn a_golden_path_asks_at_once_for_what_is_independent() {
    let Some(stage) = Stage::acme() else { return };
    let proxy = &stage.github.proxy;
    proxy.at_once();
    // Which pull requests there are in a repository that is there, is looked at before anything is made.
    let of = |what: &str| format!("/repos/acme/payments-gitops/{what}");
    let (head, pulls, main) = (of("branches/create-service-payments-api"), of("pulls"), of("branches/main"));
    let bases = AtomicUsize::new(0);
    let of_proposal = move |request: &Request| {
        let path = request.path();
        // The base is asked for again after its first commit.
        let again = path == main && bases.fetch_add(1, Ordering::SeqCst) == 1;
        request.method == "GET" && (path == head || path == pulls || again)
    };
    proxy.gather(Gathering::new(3, Duration::ZERO, of_proposal));
    stage.idp(&SERVICE).succeeds("create-service");
    let ((most, rounds), requests) = (proxy.at_once(), proxy.exchanges().len());
    println!("create-service on GitHub: {requests} requests, {rounds} of them in sequence");
    assert_eq!(most, 3);
    assert_eq!(rounds, requests - 2, "of three at once");
    proxy.assert_valid();
}
