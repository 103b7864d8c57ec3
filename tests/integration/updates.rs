//! What was delivered is brought up to date: merged with people's edits, proposed once, never against their no.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::workspace::{Said, Workspace};

/// Delivers a template to a repository of its own.
const SCRIPT: &str = r#"
fn params() {
    #{
        service: param("string", "Name").identity(),
        port: param("int", "Port").or_else(8080),
        owner: param("string", "Team"),
    }
}

fn run(p) {
    let app = repo(p.service).ensure(#{ description: "A service" });
    app.commit("main", "feat: first", template("service", p));
    app.protect("main", #{ reviews: 1 });
    let pull = repo("gitops").propose(`Deploy ${p.service}`, |t| t
        .write(`services/${p.service}.yaml`, `name: ${p.service}` + "\n" + `port: ${p.port}` + "\n" + `owner: ${p.owner}` + "\n"),
        #{ reviewers: ["platform-team"] });
    print(pull.state);
}
"#;

const CARD: &str =
    "values: { service: { description: Name }, port: { description: Port }, owner: { description: Team } }\n";

const README: &str =
    "# ${{ values.service }}\n\none\ntwo\nthree\nfour\nfive\n\nOwner: ${{ values.owner }}\n\nsix\nseven\neight\n";

fn workspace() -> Workspace {
    let ws = Workspace::new();
    ws.write("scripts/deliver.rhai", SCRIPT);
    ws.write("templates/service/template.yaml", CARD);
    for (path, text) in [
        ("README.md", README),
        ("run.sh", "#!/bin/sh\necho run\n"),
        ("k8s/service.yaml", "port: ${{ values.port }}\n"),
        ("docs/old.md", "# Old\n\nWords that many read.\n"),
    ] {
        ws.write(&skeleton(path), text);
    }
    fs::write(ws.path().join(skeleton("logo.bin")), b"\0one").unwrap();
    ws
}

fn skeleton(path: &str) -> String {
    format!("templates/service/skeleton/{path}")
}

/// The workspace after a first delivery.
fn delivered() -> Workspace {
    let ws = workspace();
    ws.idp(&[&RUN[..], &["owner=ann"]].concat()).ends(0, "create 4 update 0 delete 0 unchanged 0 applied");
    ws
}

const RUN: [&str; 4] = ["deliver", "service=api", "--output", "json"];

fn update(ws: &Workspace, more: &[&str]) -> Said {
    ws.idp(&[&RUN[..], &["--update"], more].concat())
}

/// The branch of the update of that number.
fn branch(ws: &Workspace, repo: &str, number: usize) -> String {
    let heads = ws.git(repo, &["for-each-ref", "--format=%(refname:short)", "refs/heads/idp-run/"]);
    let end = format!("-{number}");
    heads.lines().find(|head| head.ends_with(&end)).unwrap_or_else(|| panic!("no update {number}: {heads}")).to_string()
}

fn merge(ws: &Workspace, repo: &str, number: &str, more: &[&str]) {
    let said = ws.idp(&[&["pr", "merge", repo, number, "--admin", "--as", "ann"], more].concat());
    assert_eq!(said.code, 0, "{said}");
}

fn warnings(said: &Said) -> String {
    let warnings = said.of_type("diagnostic").into_iter().filter(|event| event["severity"] == "warning");
    warnings.map(|event| format!("{} / {}\n", event["message"], event["help"])).collect()
}

const NOTHING: &str = "create 0 update 0 delete 0 unchanged 4 applied";
const ONE: &str = "create 1 update 0 delete 0 unchanged 4 applied";

#[test]
fn a_service_without_anything_new_gets_no_pull_request() {
    let ws = delivered();
    update(&ws, &[]).ends(0, NOTHING);
    ws.person("api", "main", |at| {
        fs::write(at.join("README.md"), "people's\n").unwrap();
        fs::remove_file(at.join("run.sh")).unwrap();
        fs::write(at.join("more.txt"), "more\n").unwrap();
    });
    update(&ws, &[]).ends(0, NOTHING);
    assert_eq!(ws.idp(&["pr", "list", "api"]).stdout, "acme/api has no pull requests.\n");
}

#[test]
fn a_newer_template_is_merged_with_what_people_changed() {
    let ws = delivered();
    ws.person("api", "main", |at| {
        let text = fs::read_to_string(at.join("README.md")).unwrap();
        fs::write(at.join("README.md"), text.replace("eight", "eight and more")).unwrap();
        fs::write(at.join("mine.txt"), "mine\n").unwrap();
        fs::create_dir(at.join("guide")).unwrap();
        fs::rename(at.join("docs/old.md"), at.join("guide/old.md")).unwrap();
    });
    ws.write(&skeleton("README.md"), &README.replace("one\n", "one, newer\n"));
    ws.write(&skeleton("docs/old.md"), "# Old\n\nWords that many read.\n\nMore words.\n");
    ws.write(&skeleton("new.txt"), "new\n");
    fs::remove_file(ws.path().join(skeleton("k8s/service.yaml"))).unwrap();
    fs::set_permissions(ws.path().join(skeleton("run.sh")), fs::Permissions::from_mode(0o755)).unwrap();

    let plan = update(&ws, &["--plan"]);
    plan.ends(0, "create 1 update 0 delete 0 unchanged 4 planned");
    let said = update(&ws, &[]);
    said.ends(0, ONE);
    assert_eq!(plan.of_type("change"), said.of_type("change"), "the plan shows what is made");
    assert!(warnings(&said).is_empty(), "{said}");
    let head = branch(&ws, "api", 1);
    let text = ws.file("api", &head, "README.md").unwrap();
    assert!(text.contains("one, newer\n") && text.contains("eight and more\n"), "{text}");
    assert_eq!(
        ws.git("api", &["diff", "--summary", "--no-renames", "--name-status", "main", &head]),
        "M\tREADME.md\nM\tguide/old.md\nD\tk8s/service.yaml\nA\tnew.txt\nM\trun.sh"
    );
    assert!(ws.git("api", &["ls-tree", &head, "run.sh"]).starts_with("100755"));
    assert!(ws.git("api", &["fsck", "--full", "--strict", "--no-dangling"]).is_empty());
    // It is there: again is nothing.
    update(&ws, &[]).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    // The template moves on: the open one follows.
    ws.write(&skeleton("new.txt"), "newer\n");
    update(&ws, &[]).ends(0, "create 0 update 1 delete 0 unchanged 4 applied");
    assert_eq!(ws.file("api", &head, "new.txt").unwrap(), "newer\n");
    // When nothing differs any more from what was delivered, the open one is left over.
    let ws = delivered();
    ws.write(&skeleton("new.txt"), "new\n");
    update(&ws, &[]).ends(0, ONE);
    fs::remove_file(ws.path().join(skeleton("new.txt"))).unwrap();
    let said = update(&ws, &[]);
    said.ends(0, NOTHING);
    assert!(warnings(&said).contains("acme/api#1 proposes what isn't asked for any more"), "{said}");
}

#[test]
fn conflicts_are_marked_and_named() {
    let ws = delivered();
    ws.person("api", "main", |at| {
        let text = fs::read_to_string(at.join("README.md")).unwrap();
        fs::write(at.join("README.md"), text.replace("Owner: ann", "Owner: ann and ben")).unwrap();
        fs::write(at.join("k8s/service.yaml"), "port: 1\n").unwrap();
        fs::write(at.join("logo.bin"), b"\0two").unwrap();
        fs::remove_file(at.join("run.sh")).unwrap();
        fs::write(at.join("docs/old.md"), "changed\n").unwrap();
    });
    fs::write(ws.path().join(skeleton("logo.bin")), b"\0three").unwrap();
    ws.write(&skeleton("run.sh"), "#!/bin/sh\necho newer\n");
    fs::remove_file(ws.path().join(skeleton("docs/old.md"))).unwrap();
    let said = update(&ws, &["owner=cleo", "port=9090"]);
    said.ends(0, "create 1 update 1 delete 0 unchanged 3 applied");
    let warned = warnings(&said);
    for conflict in [
        "`README.md` (changed on both sides)",
        "`k8s/service.yaml` (changed on both sides)",
        "`logo.bin` (a binary file that changed on both sides)",
        "`run.sh` (deleted by people, and rendered differently now)",
        "`docs/old.md` (changed by people, and not rendered any more)",
    ] {
        assert!(warned.contains(conflict), "{conflict}: {said}");
        let shown = ws.idp(&["pr", "show", "api", "1"]).stdout;
        assert!(shown.contains(conflict), "{conflict}: {shown}");
    }
    let head = branch(&ws, "api", 1);
    // YAML with conflict markers is no YAML, and passes all the same: it is people's to resolve.
    assert_eq!(
        ws.file("api", &head, "k8s/service.yaml").unwrap(),
        "<<<<<<< people's edits\nport: 1\n||||||| delivered before\nport: 8080\n=======\nport: 9090\n>>>>>>> new\n"
    );
    assert!(ws.file("api", &head, "README.md").unwrap().contains("Owner: ann and ben\n|||||||"));
    assert_eq!(ws.git("api", &["diff", "--name-only", "main", &head]), "README.md\nk8s/service.yaml");
    update(&ws, &["owner=cleo", "port=9090"]).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    // Nobody merges markers without saying so.
    assert_eq!(ws.idp(&["pr", "approve", "api", "1", "--as", "ben"]).code, 0);
    let said = ws.idp(&["pr", "merge", "api", "1", "--as", "ann", "--output", "json"]);
    said.fails(1, "idp::pr::markers");
    assert!(said.stderr.contains("README.md, k8s/service.yaml"), "{said}");
    // A person resolves it on the branch: what is new there is theirs.
    ws.person("api", &head, |at| {
        fs::write(at.join("k8s/service.yaml"), "port: 9091\n").unwrap();
        fs::write(at.join("README.md"), "resolved\n").unwrap();
    });
    update(&ws, &[]).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    merge(&ws, "api", "1", &[]);
    update(&ws, &[]).ends(0, NOTHING);
    // The next one starts from there.
    let said = update(&ws, &["port=9092"]);
    assert!(said.changes()[0].starts_with("create pull_request acme/api idp-run/update-commit-main-"), "{said}");
    assert_eq!(ws.git("api", &["diff", "--name-only", "main", &branch(&ws, "api", 2)]), "k8s/service.yaml");
}

#[test]
fn what_people_made_of_a_manifest_is_no_reason_to_refuse_an_update() {
    let ws = workspace();
    ws.write(&skeleton("chart.yaml"), "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n");
    ws.idp(&[&RUN[..], &["owner=ann"]].concat()).ends(0, "create 4 update 0 delete 0 unchanged 0 applied");
    ws.person("api", "main", |at| {
        let text = fs::read_to_string(at.join("chart.yaml")).unwrap();
        fs::write(at.join("chart.yaml"), format!("{{{{ if .Values.on }}}}\n{text}")).unwrap();
    });
    ws.write(&skeleton("chart.yaml"), "a: 1\nb: 2\nc: 3\nd: 4\ne: 6\n");
    update(&ws, &[]).ends(0, ONE);
    let text = ws.file("api", &branch(&ws, "api", 1), "chart.yaml").unwrap();
    assert_eq!(text, "{{ if .Values.on }}\na: 1\nb: 2\nc: 3\nd: 4\ne: 6\n");
    // What the template itself brings is looked at like any other delivery.
    ws.write(&skeleton("other.yaml"), "a: b: c\n");
    update(&ws, &[]).fails(1, "idp::review::refused");
}

#[test]
fn updates_follow_each_other_however_they_are_merged() {
    for method in ["", "--squash", "--rebase"] {
        let ws = delivered();
        let more: &[&str] = if method.is_empty() { &[] } else { &[method] };
        for number in 1..=3 {
            ws.write(&skeleton("README.md"), &README.replace("one\n", &format!("one {number}\n")));
            update(&ws, &[]).ends(0, ONE);
            let head = branch(&ws, "api", number);
            let diff = ws.git("api", &["diff", "--numstat", "main", &head]);
            assert_eq!(diff, "1\t1\tREADME.md", "{method} {number}");
            merge(&ws, "api", &number.to_string(), more);
            ws.person("api", "main", |at| {
                let text = fs::read_to_string(at.join("README.md")).unwrap();
                fs::write(at.join("README.md"), format!("{text}more {number}\n")).unwrap();
            });
            // A merged branch may go: what the next one starts from is kept.
            ws.git("api", &["update-ref", "-d", &format!("refs/heads/{head}")]);
            ws.git("api", &["gc", "--prune=now", "--quiet"]);
            update(&ws, &[]).ends(0, NOTHING);
        }
        let text = ws.file("api", "main", "README.md").unwrap();
        assert!(text.contains("one 3\n") && text.ends_with("more 1\nmore 2\nmore 3\n"), "{method}: {text}");
    }
}

#[test]
fn an_update_that_people_closed_is_a_no_until_something_changes() {
    let ws = delivered();
    ws.write(&skeleton("new.txt"), "new\n");
    update(&ws, &[]).ends(0, ONE);
    assert_eq!(ws.idp(&["pr", "close", "api", "1", "--as", "ann"]).code, 0);
    let said = update(&ws, &[]);
    said.ends(0, NOTHING);
    assert!(warnings(&said).contains("acme/api#1 proposed the same and was closed"), "{said}");
    ws.write(&skeleton("new.txt"), "newer\n");
    update(&ws, &[]).ends(0, ONE);
    assert_eq!(ws.file("api", &branch(&ws, "api", 2), "new.txt").unwrap(), "newer\n");
    // The file that was refused once was never delivered: what is proposed is the whole of it.
    assert!(ws.file("api", "main", "new.txt").is_none());
}

#[test]
fn a_merged_proposal_is_updated_like_a_commit() {
    let ws = delivered();
    merge(&ws, "gitops", "1", &["--squash"]);
    ws.person("gitops", "main", |at| {
        let file = at.join("services/api.yaml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("# ours\n{text}")).unwrap();
        fs::write(at.join("services/other.yaml"), "name: other\n").unwrap();
    });
    update(&ws, &[]).ends(0, NOTHING);
    let said = update(&ws, &["owner=ben"]);
    said.ends(0, "create 2 update 0 delete 0 unchanged 4 applied");
    let head = branch(&ws, "gitops", 1);
    assert!(head.starts_with("idp-run/update-proposal-deliver-api-"), "{head}");
    assert_eq!(ws.file("gitops", &head, "services/api.yaml").unwrap(), "# ours\nname: api\nport: 8080\nowner: ben\n");
    assert_eq!(ws.git("gitops", &["diff", "--name-only", "main", &head]), "services/api.yaml");
    merge(&ws, "gitops", "2", &["--squash"]);
    merge(&ws, "api", "1", &["--squash"]);
    update(&ws, &[]).ends(0, NOTHING);
    // Another service in the same repository has updates of its own.
    let other = ["deliver", "service=shop", "owner=cleo", "--output", "json"];
    ws.idp(&other).ends(0, "create 4 update 0 delete 0 unchanged 0 applied");
    merge(&ws, "gitops", "3", &[]);
    update(&ws, &["port=1"]).ends(0, "create 2 update 0 delete 0 unchanged 4 applied");
    let said = ws.idp(&["deliver", "service=shop", "port=2", "--update", "--output", "json"]);
    said.ends(0, "create 2 update 0 delete 0 unchanged 4 applied");
    let files = |head: &str| ws.git("gitops", &["diff", "--name-only", &format!("main...{head}")]);
    let heads = ws.git("gitops", &["for-each-ref", "--format=%(refname:short)", "refs/heads/idp-run/"]);
    let changed: Vec<String> =
        heads.lines().filter(|head| !head.ends_with(&branch(&ws, "gitops", 1))).map(files).collect();
    assert_eq!(changed, ["services/api.yaml", "services/shop.yaml"]);
}

#[test]
fn an_update_is_saved_as_a_plan_and_applied() {
    let ws = delivered();
    update(&ws, &["owner=ben", "--plan", "--out", "plan.json"])
        .ends(0, "create 1 update 1 delete 0 unchanged 3 planned");
    let said = ws.idp(&["apply", "plan.json", "--output", "json"]);
    said.ends(0, "create 1 update 1 delete 0 unchanged 3 applied");
    assert!(ws.file("api", &branch(&ws, "api", 1), "README.md").unwrap().contains("Owner: ben"));
    update(&ws, &[]).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    // A plan of an update that people got in the way of is refused.
    update(&ws, &["owner=cleo", "--plan", "--out", "plan.json"]);
    merge(&ws, "api", "1", &[]);
    ws.idp(&["apply", "plan.json", "--output", "json"]).fails(1, "idp::plan::moved");
}

#[test]
fn parameters_that_are_not_given_are_those_of_the_last_attempt() {
    let ws = delivered();
    update(&ws, &["port=9090"]).ends(0, "create 1 update 1 delete 0 unchanged 3 applied");
    let readme = ws.file("api", &branch(&ws, "api", 1), "README.md").unwrap();
    assert!(readme.contains("Owner: ann\n"), "{readme}");
    // Recorded: the next one has both.
    update(&ws, &[]).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
    for file in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = fs::remove_file(ws.path().join(".idp").join(file));
    }
    let said = update(&ws, &[]);
    said.fails(2, "idp::param::missing");
    assert!(said.stderr.contains("--update takes what isn't given from the journal"), "{said}");
    update(&ws, &["owner=ann", "port=9090"]).ends(0, "create 0 update 0 delete 0 unchanged 5 applied");
}

#[test]
fn runs_that_are_older_than_what_is_there_are_listed() {
    let ws = delivered();
    ws.idp(&["deliver", "service=shop", "owner=ben", "--output", "json"]);
    let outdated = |more: &[&str]| ws.idp(&[&["runs", "list", "--outdated"][..], more].concat());
    assert_eq!(outdated(&[]).stdout, "All runs were made with what is there now.\n");
    assert_eq!(outdated(&["--detailed-exitcode"]).code, 0);
    ws.write(&skeleton("new.txt"), "new\n");
    ws.write("scripts/deliver.rhai", &SCRIPT.replace("feat: first", "feat: begin"));
    let said = ws.idp(&[&RUN[..], &["owner=cleo"]].concat());
    let warned = warnings(&said);
    assert!(
        warned.contains("since then changed: script, template service, parameter owner")
            && warned.contains("idp-run deliver service=api --update"),
        "{said}"
    );
    let said = outdated(&["--detailed-exitcode"]);
    assert_eq!(said.code, 5, "{said}");
    let line = |service: &str| said.stdout.lines().find(|line| line.contains(service)).unwrap().to_string();
    assert!(line("service=api").contains("script, template service, parameter owner"), "{said}");
    assert!(line("service=shop").contains("script, template service "), "{said}");
    let json = outdated(&["--output", "json"]).of_type("run");
    assert_eq!(json[0]["changed"], serde_json::json!(["script", "template service", "parameter owner"]));
    assert_eq!(json[0]["update"], "idp-run deliver service=api --update");
    // Neither looking at them nor a proposal brings them up to date: that it is merged does.
    update(&ws, &[]);
    let said = outdated(&[]);
    assert!(line_of(&said, "service=api").contains(" acme/api#1 is open "), "{said}");
    assert!(
        said.stdout.contains("idp-run pr show acme/api 1") && !line_of(&said, "service=shop").contains('#'),
        "{said}"
    );
    update(&ws, &[]);
    assert_eq!(ws.idp(&["pr", "close", "api", "1", "--as", "ann"]).code, 0);
    update(&ws, &[]);
    assert!(line_of(&outdated(&[]), "service=api").contains(" acme/api#1 was declined "));
    let json = outdated(&["--output", "json"]).of_type("run");
    let api = json.iter().find(|run| run["key"] == "deliver service=api").unwrap();
    assert_eq!(api["updates"], serde_json::json!([{ "repository": "acme/api", "number": 1, "state": "declined" }]));
    // What is asked for again as it was is no longer older.
    let before = ws.read(&skeleton("new.txt"));
    ws.write(&skeleton("new.txt"), "newer\n");
    update(&ws, &[]);
    assert!(line_of(&outdated(&[]), "service=api").contains(" acme/api#2 is open "));
    ws.write(&skeleton("new.txt"), &before);
    update(&ws, &[]);
    ws.write(&skeleton("new.txt"), "newer\n");
    update(&ws, &[]);
    merge(&ws, "api", "2", &[]);
    let said = outdated(&[]);
    assert!(!said.stdout.contains("service=api") && said.stdout.contains("service=shop"), "{said}");
    assert!(warnings(&ws.idp(&[&RUN[..], &["owner=cleo"]].concat())).is_empty());
    // Nor is what was taken back.
    assert_eq!(ws.idp(&["runs", "undo", "deliver", "service=shop"]).code, 0);
    assert!(!outdated(&[]).stdout.contains("service=shop"));
    fs::remove_file(ws.path().join("scripts/deliver.rhai")).unwrap();
    assert!(outdated(&[]).stdout.contains("the script is gone"));
}

fn line_of(said: &Said, what: &str) -> String {
    said.stdout.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {said}")).to_string()
}

/// Nothing of it is older: an open proposal follows its run, and so does what came of it.
#[test]
fn a_proposal_is_as_new_as_the_attempt_that_changed_it_last() {
    let ws = Workspace::new();
    let text = "fn params() { #{ name: param(\"string\", \"Name\").identity(), size: param(\"int\", \"Size\") } }\n\
                fn run(p) { repo(\"gitops\").propose(`Add ${p.name}`, |t| t.write(`${p.name}.txt`, `${p.size}\n`)); }\n";
    ws.write("scripts/ask.rhai", text);
    let ask = |size: &str| ws.idp(&["ask", "name=disk", size, "--output", "json"]);
    let outdated = || ws.idp(&["runs", "list", "--outdated"]).stdout;
    ask("size=1").ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
    ask("size=2").ends(0, "create 0 update 1 delete 0 unchanged 0 applied");
    let none = "All runs were made with what is there now.\n";
    assert_eq!(outdated(), none);
    merge(&ws, "gitops", "1", &[]);
    assert_eq!(outdated(), none);
    assert!(warnings(&ask("size=2")).is_empty());
    let said = ask("size=3");
    assert!(warnings(&said).contains("since then changed: parameter size"), "{said}");
    assert!(outdated().contains("parameter size"));
}

#[test]
fn create_service_is_brought_up_to_date() {
    let ws = Workspace::acme();
    let words = ["create-service", "--output", "json", "project=payments", "service=api"];
    let first = [&words[..], &["owner=team-payments", "description=Takes money", "database=true"]].concat();
    ws.idp(&first).ends(0, "create 8 update 0 delete 0 unchanged 0 applied");
    let update = [&words[..], &["--update"]].concat();
    ws.idp(&update).ends(0, "create 0 update 0 delete 0 unchanged 8 applied");
    merge(&ws, "platform-gitops", "1", &[]);
    merge(&ws, "payments-gitops", "1", &["--squash"]);
    ws.idp(&update).ends(0, "create 0 update 0 delete 0 unchanged 8 applied");
    let said = ws.idp(&[&update[..], &["description=Takes a lot of money"]].concat());
    let names: Vec<String> = said.changes();
    assert_eq!(
        names,
        [
            "update repository acme/payments-api",
            "create pull_request acme/payments-api idp-run/update-commit-main-20f21a0b-1",
            "create pull_request acme/payments-gitops idp-run/update-proposal-create-service-payments-api-20f21a0b-1",
        ],
        "{said}"
    );
    let changed = ws.git(
        "payments-gitops",
        &["diff", "--name-only", "main", "idp-run/update-proposal-create-service-payments-api-20f21a0b-1"],
    );
    assert_eq!(changed, "k8s/dev/api/namespace.yaml\nk8s/prod/api/namespace.yaml\nk8s/staging/api/namespace.yaml");
}
