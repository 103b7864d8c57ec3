//! What stands between the forge and GitHub in tests: it checks, counts, fails when told to, and adds to the emulator
//! what GitHub does.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::Workspace;
use crate::support::forge_state::ForgeState;
use crate::support::github::{ALICE, Answer, Counts, Fault, GitHub, Proxy, Request, TOKEN, emulator, failures};

/// What a client gets; nothing if there was no whole answer.
fn send(proxy: &Proxy, request: &Request) -> Option<Answer> {
    let address = proxy.url().trim_start_matches("http://").to_owned();
    let answer = request.send(address.parse().unwrap(), &address).ok()?;
    Some(answer)
}

fn with_token(mut request: Request) -> Request {
    request.headers.push(("authorization".into(), format!("Bearer {TOKEN}")));
    request
}

fn status(proxy: &Proxy, method: &str, target: &str, body: Value) -> u16 {
    send(proxy, &with_token(Request::new(method, target, body))).unwrap().status
}

/// Another person than the token's approves.
fn approve(proxy: &Proxy, target: &str) -> u16 {
    let mut approval = Request::new("POST", target, json!({ "event": "APPROVE" }));
    approval.headers.push(("authorization".into(), format!("Bearer {ALICE}")));
    send(proxy, &approval).unwrap().status
}

/// A proxy without a server behind it.
fn alone() -> Proxy {
    let proxy = Proxy::new();
    proxy.layer(|request, below| match (request.method.as_str(), request.path()) {
        ("GET", "/repos/acme/app/topics") => Answer::json(200, &json!({ "names": ["a"] })),
        ("PUT", "/repos/acme/app/topics") => Answer::json(200, &request.json()),
        ("POST", "/graphql") => Answer::json(200, &json!({ "data": {} })),
        _ => below(request),
    });
    proxy
}

const TOPICS: &str = "/repos/acme/app/topics";

#[test]
fn requests_are_recorded_and_counted() {
    let proxy = alone();
    assert_eq!(status(&proxy, "GET", TOPICS, Value::Null), 200);
    assert_eq!(status(&proxy, "PUT", TOPICS, json!({ "names": ["b"] })), 200);
    assert_eq!(status(&proxy, "GET", "/repos/acme/app", Value::Null), 404);
    assert_eq!(status(&proxy, "HEAD", "/repos/acme/app", Value::Null), 404);
    assert_eq!(status(&proxy, "POST", "/graphql", json!({ "query": "{ viewer { login } }" })), 200);
    assert_eq!(
        status(
            &proxy,
            "POST",
            "/graphql",
            json!({ "query": "mutation { disablePullRequestAutoMerge(input: { pullRequestId: \"1\" }) { clientMutationId } }" })
        ),
        200
    );
    assert_eq!(proxy.counts(), Counts { reads: 2, head: 1, not_modified: 0, graphql: 1, writes: 2 });
    assert_eq!(proxy.exchanges().len(), 6);
    let exchanges = proxy.taken();
    assert_eq!(exchanges[1].to_string(), "PUT /repos/acme/app/topics -> 200");
    assert_eq!(
        (exchanges[1].operation.as_str(), &exchanges[1].answer),
        ("repos/replace-all-topics", &json!({ "names": ["b"] }))
    );
    assert_eq!(proxy.counts(), Counts::default());
}

#[test]
fn what_the_description_forbids_is_held_against_the_client() {
    let proxy = alone();
    status(&proxy, "PUT", TOPICS, json!({ "name": ["b"] }));
    status(&proxy, "POST", "/graphql", json!({ "q": "x" }));
    let said = proxy.violations().join("\n");
    assert!(said.contains("PUT /repos/acme/app/topics (repos/replace-all-topics): body : "), "{said}");
    assert!(said.contains("\"names\" is a required property") && said.contains("is no query"), "{said}");
    // A made-up answer that GitHub would not give is held against the test.
    proxy.fault(1, Fault::Instead(Answer::json(200, &json!({ "topics": [] }))));
    status(&proxy, "GET", TOPICS, Value::Null);
    let said = proxy.violations().join("\n");
    assert!(said.starts_with("the answer 200 of repos/get-all-topics: "), "{said}");
    proxy.fault(1, Fault::Instead(Answer::raw(502, "<html>")));
    assert_eq!(status(&proxy, "GET", TOPICS, Value::Null), 502);
}

#[test]
fn it_fails_as_it_is_told_to() {
    let proxy = alone();
    let put = || with_token(Request::new("PUT", TOPICS, json!({ "names": ["b"] })));
    let is_put = |request: &Request| request.method == "PUT";
    let busy = Answer::error(503, "Service unavailable").with("retry-after", "1");
    proxy.fault_on(2, 2, is_put, Fault::Afterwards(busy));
    let statuses: Vec<u16> = (0..4).map(|_| send(&proxy, &put()).unwrap().status).collect();
    assert_eq!(statuses, [200, 503, 503, 200]);
    proxy.forgive();
    proxy.fault(1, Fault::CutBefore);
    assert!(send(&proxy, &put()).is_none());
    proxy.fault(1, Fault::CutAfter);
    assert!(send(&proxy, &put()).is_none());
    proxy.fault(1, Fault::Truncated);
    let half = send(&proxy, &put()).unwrap();
    assert!(serde_json::from_slice::<Value>(&half.body).is_err() && !half.body.is_empty());
    // Who gives up waiting hears nothing.
    proxy.fault(1, Fault::Silent);
    let address = proxy.url().trim_start_matches("http://").to_owned();
    let stream = std::net::TcpStream::connect(&address).unwrap();
    let mut reader = stream.try_clone().unwrap();
    reader.set_read_timeout(Some(std::time::Duration::from_millis(50))).unwrap();
    std::io::Write::write_all(&mut &stream, format!("GET {TOPICS} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes())
        .unwrap();
    assert!(std::io::Read::read(&mut reader, &mut [0; 16]).is_err());
}

#[test]
fn failures_are_what_github_may_answer() {
    let proxy = alone();
    let all = [
        (401, failures::unauthorized()),
        (403, failures::forbidden("administration=write")),
        (403, failures::single_sign_on()),
        (403, failures::limit_reached(403, 1_800_000_000)),
        (429, failures::limit_reached(429, 1_800_000_000)),
        (403, failures::too_fast(403, Some(60))),
        (429, failures::too_fast(429, None)),
        (301, failures::moved(&proxy.url(), 7)),
        (409, failures::conflict("Git Repository is empty.")),
        (422, failures::invalid("Repository", "name", "name already exists on this account")),
        (502, failures::unicorn(502)),
    ];
    for (expected, answer) in all {
        let url = proxy.url();
        proxy.fault(1, Fault::Instead(answer));
        let said =
            send(&proxy, &with_token(Request::new("POST", "/orgs/acme/repos", json!({ "name": "app" })))).unwrap();
        assert_eq!(said.status, expected);
        assert!(expected != 301 || said.header("location") == Some(&format!("{url}/repositories/7")));
    }
}

#[test]
fn the_client_is_killed_before_or_after_a_request() {
    for (fault, done) in [(Fault::KillBefore, false), (Fault::KillAfter, true)] {
        let proxy = Proxy::new();
        let (sent, heard) = std::sync::mpsc::channel();
        proxy.layer(move |_, _| {
            sent.send(()).unwrap();
            Answer::json(200, &json!({ "names": [] }))
        });
        proxy.fault(1, fault);
        let mut client = Command::new("sleep").arg("600").stdout(Stdio::null()).spawn().unwrap();
        proxy.client(client.id());
        assert!(send(&proxy, &with_token(Request::get(TOPICS))).is_none());
        let ended = client.wait().unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&ended), Some(9));
        assert_eq!(heard.try_recv().is_ok(), done);
    }
}

#[test]
fn the_emulator_starts_with_the_repositories_of_acme() {
    let Some(github) = GitHub::acme() else { return };
    let repos = github.list("/orgs/acme/repos");
    let names: Vec<&str> = repos.iter().map(|repo| repo["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["platform-gitops", "orders-gitops", "orders-checkout", "orders-stock"]);
    assert_eq!(repos[0]["visibility"], "internal");
    let tree = github.read("/repos/acme/orders-checkout/git/trees/main?recursive=1");
    let paths: Vec<&str> = tree["tree"].as_array().unwrap().iter().map(|file| file["path"].as_str().unwrap()).collect();
    assert!(
        paths.contains(&"catalog-info.yaml")
            && paths.contains(&"src/main/java/example/acme/orders/checkout/Basket.java")
    );
    let commits = github.list("/repos/acme/orders-checkout/commits");
    assert_eq!((commits.len(), &commits[0]["commit"]["message"]), (1, &json!("Seed\n")));
    let rules = github.read("/repos/acme/orders-stock/branches/main/protection");
    assert_eq!(rules["required_pull_request_reviews"]["required_approving_review_count"], 1);
    // An answer that is known already costs nothing.
    let mut request = with_token(Request::get("/repos/acme/orders-stock"));
    let first = send(&github.proxy, &request).unwrap();
    request.headers.push(("if-none-match".into(), first.header("etag").unwrap().into()));
    assert_eq!(send(&github.proxy, &request).unwrap().status, 304);
    assert_eq!(github.proxy.counts().not_modified, 1);
    assert_eq!(github.read("/orgs/acme/installation")["app_id"], emulator::APP);
    assert!(first.value()["url"].as_str().unwrap().starts_with(&github.proxy.url()));
}

#[test]
fn the_same_seeds_are_the_same_on_both_forges() {
    let Some(github) = GitHub::acme() else { return };
    let workspace = Workspace::acme();
    // The first change makes the embedded world; it leaves these two alone.
    workspace.idp(&["create-service", "--params", "payments-api.yaml", "--yes"]).succeeds("create-service");
    let (here, there) = (ForgeState::of_embedded(&workspace), ForgeState::of_github(&github));
    let untouched = ["orders-checkout", "orders-gitops", "orders-stock"];
    there.clone().only(&untouched).assert_same(&here.clone().only(&untouched), "seeds");
    assert_ne!(here, there, "what the script made is only here");
    let said = github.run(Command::new("echo").arg("a client"));
    assert_eq!((said.status.code(), said.stdout.as_str()), (Some(0), "a client\n"));
}

#[test]
fn an_empty_repository_takes_no_objects() {
    let Some(github) = GitHub::start() else { return };
    let proxy = &github.proxy;
    assert_eq!(status(proxy, "POST", "/orgs/acme/repos", json!({ "name": "app", "visibility": "internal" })), 201);
    assert_eq!(github.read("/repos/acme/app")["visibility"], "internal");
    assert_eq!(status(proxy, "POST", "/orgs/acme/repos", json!({ "name": "app" })), 422);
    assert_eq!(status(proxy, "POST", "/repos/acme/app/git/blobs", json!({ "content": "x" })), 409);
    assert_eq!(status(proxy, "GET", "/repos/acme/app/git/ref/heads/main", Value::Null), 409);
    github.repository("other", json!({ "is_template": true }));
    assert_eq!(status(proxy, "POST", "/repos/acme/other/git/blobs", json!({ "content": "x" })), 201);
    assert_eq!(status(proxy, "DELETE", "/repos/acme/other/git/refs/heads/gone", Value::Null), 422);
    let head = github.head("other", "main");
    let body = json!({ "ref": "refs/idp-run/a/b", "sha": head });
    assert_eq!(status(proxy, "POST", "/repos/acme/other/git/refs", body.clone()), 201);
    assert_eq!(status(proxy, "POST", "/repos/acme/other/git/refs", body), 422);
    assert_eq!(status(proxy, "POST", "/repos/acme/other/generate", json!({ "owner": "acme", "name": "copy" })), 201);
    let tree = |repo: &str| github.read(&format!("/repos/acme/{repo}/git/trees/main"))["sha"].clone();
    assert_eq!(tree("copy"), tree("other"));
}

#[test]
fn pull_requests_are_as_on_github() {
    let Some(github) = GitHub::start() else { return };
    let proxy = &github.proxy;
    github.repository("app", json!({ "description": "x" }));
    let first = github.push("app", "main", "lines", &[("a.txt", "1\n2\n3\n4\n5\n6\n7\n"), ("b.txt", "b\n")]);
    github.made("POST", "/repos/acme/app/git/refs", json!({ "ref": "refs/heads/change", "sha": first }));
    let pull = json!({ "title": "Change", "head": "change", "base": "main" });
    let open = |body: &Value| status(proxy, "POST", "/repos/acme/app/pulls", body.clone());
    assert_eq!(open(&pull), 422, "no commits between");
    assert_eq!(open(&json!({ "title": "x", "head": "nowhere", "base": "main" })), 422);
    github.push("app", "change", "one", &[("a.txt", "one\n2\n3\n4\n5\n6\n7\n")]);
    assert_eq!(open(&pull), 201);
    assert_eq!(open(&pull), 422, "twice");
    github.accept_duplicates();
    assert_eq!(open(&json!({ "title": "Again", "head": "change", "base": "main" })), 201);
    github.made("PATCH", "/repos/acme/app/pulls/2", json!({ "state": "closed" }));
    // The head moves with the branch.
    let head = github.push("app", "change", "c", &[("c.txt", "c\n")]);
    let seen = github.read("/repos/acme/app/pulls/1");
    assert_eq!((&seen["head"]["sha"], &seen["mergeable"]), (&json!(head), &json!(true)));
    assert!(github.list("/repos/acme/app/pulls")[0].get("mergeable").is_none());
    let files = github.list("/repos/acme/app/pulls/1/files");
    let names: Vec<&str> = files.iter().map(|file| file["filename"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.txt", "c.txt"]);
    assert_eq!(github.list("/repos/acme/app/pulls/1/commits").len(), 2);
    assert_eq!(github.read("/repos/acme/app/issues/1")["pull_request"]["url"], seen["url"]);
    // What others did on the base meanwhile is kept, in the same file, too.
    github.push("app", "main", "seven", &[("a.txt", "1\n2\n3\n4\n5\n6\nseven\n"), ("d.txt", "d\n")]);
    let merge = |body: Value| status(proxy, "PUT", "/repos/acme/app/pulls/1/merge", body);
    assert_eq!(merge(json!({ "sha": first })), 409);
    let protection = json!({ "required_status_checks": null, "enforce_admins": true, "restrictions": null,
        "required_pull_request_reviews": { "required_approving_review_count": 1 } });
    github.made("PUT", "/repos/acme/app/branches/main/protection", protection);
    assert_eq!(merge(json!({ "sha": head })), 405, "nobody approved");
    let reviews = "/repos/acme/app/pulls/1/reviews";
    assert_eq!(status(proxy, "POST", reviews, json!({ "event": "APPROVE" })), 422, "one's own");
    assert_eq!(approve(proxy, reviews), 200);
    assert_eq!(merge(json!({ "sha": head, "merge_method": "squash" })), 200);
    let text = |path: &str| {
        let mut raw = with_token(Request::get(&format!("/repos/acme/app/contents/{path}")));
        raw.headers.push(("accept".into(), "application/vnd.github.raw+json".into()));
        String::from_utf8(send(proxy, &raw).unwrap().body).unwrap()
    };
    assert_eq!(text("a.txt"), "one\n2\n3\n4\n5\n6\nseven\n");
    assert_eq!((text("c.txt"), text("d.txt")), ("c\n".into(), "d\n".into()));
    let merged = github.read("/repos/acme/app/pulls/1");
    assert_eq!(
        (&merged["merged"], &merged["state"], &merged["head"]["sha"]),
        (&json!(true), &json!("closed"), &json!(head))
    );
    assert_eq!(merge(json!({})), 405, "merged already");
    let landed = github.head("app", "main");
    assert_eq!(github.list(&format!("/repos/acme/app/commits/{landed}/pulls")).len(), 1);
    // Both sides changed a line.
    github.push("app", "change", "again", &[("a.txt", "ONE\n2\n3\n4\n5\n6\n7\n")]);
    assert_eq!(open(&pull), 201);
    assert_eq!(github.read("/repos/acme/app/pulls/3")["mergeable"], false);
}

#[test]
fn statuses_rulesets_teams_and_hooks_are_remembered() {
    let Some(github) = GitHub::acme() else { return };
    let proxy = &github.proxy;
    let head = github.head("orders-stock", "main");
    let at = "/repos/acme/orders-stock";
    let set = |state: &str| {
        status(proxy, "POST", &format!("{at}/statuses/{head}"), json!({ "state": state, "context": "plan" }))
    };
    assert_eq!((set("pending"), set("success")), (201, 201));
    let found = github.read(&format!("{at}/commits/main/status"));
    assert_eq!((&found["state"], &found["total_count"]), (&json!("success"), &json!(1)));
    let ruleset = json!({ "name": "main", "enforcement": "active", "target": "branch",
        "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH"], "exclude": [] } },
        "rules": [{ "type": "non_fast_forward" }] });
    assert_eq!(status(proxy, "POST", &format!("{at}/rulesets"), ruleset.clone()), 201);
    assert_eq!(status(proxy, "POST", &format!("{at}/rulesets"), ruleset), 422);
    assert_eq!(github.read(&format!("{at}/rulesets/1"))["rules"][0]["type"], "non_fast_forward");
    assert_eq!(status(proxy, "DELETE", &format!("{at}/rulesets/1"), Value::Null), 204);
    let label = json!({ "name": "idp-run", "color": "ededed" });
    assert_eq!(status(proxy, "POST", &format!("{at}/labels"), label.clone()), 201);
    assert_eq!(status(proxy, "POST", &format!("{at}/labels"), label), 422);
    let rules = json!({ "required_status_checks": { "strict": false, "contexts": [], "checks": [{ "context": "build" }] },
        "enforce_admins": null, "required_pull_request_reviews": null, "restrictions": null });
    let protection = format!("{at}/branches/main/protection");
    assert_eq!(status(proxy, "PUT", &protection, rules), 200);
    assert_eq!(github.read(&protection)["required_status_checks"]["contexts"], json!(["build"]));
    assert_eq!(status(proxy, "DELETE", &protection, Value::Null), 204);
    assert_eq!(status(proxy, "DELETE", &protection, Value::Null), 404);
    let gone = send(proxy, &with_token(Request::get(&protection))).unwrap();
    assert_eq!((gone.status, gone.value()["message"].as_str()), (404, Some("Branch not protected")));
    let team = format!("/orgs/acme/teams/team-orders{at}");
    assert_eq!(status(proxy, "GET", &team, Value::Null), 404);
    assert_eq!(status(proxy, "PUT", &team, json!({ "permission": "maintain" })), 204);
    let mut request = with_token(Request::get(&team));
    request.headers.push(("accept".into(), "application/vnd.github.v3.repository+json".into()));
    assert_eq!(send(proxy, &request).unwrap().value()["role_name"], "maintain");
    let hook = json!({ "name": "web", "events": ["push"], "config": { "url": "http://127.0.0.1:9/", "content_type": "json" } });
    assert_eq!(status(proxy, "POST", &format!("{at}/hooks"), hook.clone()), 201);
    assert_eq!(status(proxy, "POST", &format!("{at}/hooks"), hook), 422);
}

#[test]
fn files_of_all_repositories_are_had_by_one_query() {
    let Some(github) = GitHub::acme() else { return };
    let query = "query($owner: String!, $first: Int!, $after: String) { organization(login: $owner) { \
        repositories(first: $first, after: $after, orderBy: { field: NAME, direction: ASC }) { totalCount \
        pageInfo { hasNextPage endCursor } nodes { nameWithOwner isArchived visibility defaultBranchRef { name target { oid } } \
        info: object(expression: \"HEAD:catalog-info.yaml\") { ... on Blob { text byteSize isBinary } } \
        catalog: object(expression: \"HEAD:catalog\") { ... on Tree { entries { name type object { ... on Blob { text } } } } } } } } }";
    let ask = |after: Value| {
        let variables = json!({ "owner": "acme", "first": 3, "after": after });
        let body = json!({ "query": query, "variables": variables });
        let answer = send(&github.proxy, &with_token(Request::new("POST", "/graphql", body))).unwrap().value();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"]["organization"]["repositories"].clone()
    };
    let first = ask(Value::Null);
    assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(4), &json!(true)));
    let node = &first["nodes"][0];
    assert_eq!((&node["nameWithOwner"], &node["visibility"]), (&json!("acme/orders-checkout"), &json!("INTERNAL")));
    assert_eq!(node["defaultBranchRef"]["target"]["oid"], github.head("orders-checkout", "main"));
    let file = std::fs::read_to_string("examples/acme/seeds/orders-checkout/catalog-info.yaml").unwrap();
    assert_eq!((&node["info"]["text"], &node["catalog"]), (&json!(file), &Value::Null));
    let entries = &first["nodes"][1]["catalog"]["entries"];
    assert_eq!((&entries[0]["name"], &entries[0]["type"]), (&json!("domain.yaml"), &json!("blob")));
    assert!(entries[0]["object"]["text"].as_str().unwrap().contains("kind: Domain"));
    let second = ask(first["pageInfo"]["endCursor"].clone());
    assert_eq!((second["nodes"].as_array().unwrap().len(), &second["pageInfo"]["hasNextPage"]), (1, &json!(false)));
    assert_eq!(github.proxy.counts(), Counts { graphql: 2, ..Counts::default() });
}

#[test]
fn a_pull_request_merges_by_itself_once_it_may() {
    let Some(github) = GitHub::acme() else { return };
    let proxy = &github.proxy;
    let main = github.head("orders-stock", "main");
    github.made("POST", "/repos/acme/orders-stock/git/refs", json!({ "ref": "refs/heads/change", "sha": main }));
    let head = github.push("orders-stock", "change", "change", &[("a.txt", "a\n")]);
    let pull = json!({ "title": "Change", "head": "change", "base": "main" });
    let pull = github.made("POST", "/repos/acme/orders-stock/pulls", pull);
    let enable = || {
        let query = "mutation($pull: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID!) { \
            enablePullRequestAutoMerge(input: { pullRequestId: $pull, mergeMethod: $method, expectedHeadOid: $head }) \
            { pullRequest { number autoMergeRequest { mergeMethod } } } }";
        let variables = json!({ "pull": pull["node_id"], "method": "SQUASH", "head": head });
        let body = json!({ "query": query, "variables": variables });
        send(proxy, &with_token(Request::new("POST", "/graphql", body))).unwrap().value()
    };
    assert_eq!(enable()["errors"][0]["message"], "Auto merge is not allowed for this repository");
    github.made("PATCH", "/repos/acme/orders-stock", json!({ "allow_auto_merge": true }));
    let said = enable();
    let set = &said["data"]["enablePullRequestAutoMerge"]["pullRequest"]["autoMergeRequest"]["mergeMethod"];
    assert_eq!(set, "SQUASH", "{said}");
    assert_eq!(github.read("/repos/acme/orders-stock/pulls/1")["state"], "open");
    assert_eq!(approve(proxy, "/repos/acme/orders-stock/pulls/1/reviews"), 200);
    assert_eq!(github.read("/repos/acme/orders-stock/pulls/1")["merged"], true);
    assert_eq!(github.read("/repos/acme/orders-stock/contents/a.txt")["name"], "a.txt");
}
