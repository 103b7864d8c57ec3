//! HTTP services of `idp.yaml`, from scripts to services on this machine and back.

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::Value;

use crate::support::server::{Sent, Server, accept, exchange};
use crate::support::{Said, Workspace};

fn workspace(port: u16, script: &str) -> Workspace {
    let idp = format!(
        "http:\n  pager:\n    url: http://127.0.0.1:{port}/v2\n    allow_private: true\n    headers:\n      Authorization: {{ secret: PAGER_TOKEN, prefix: \"Token \" }}\n"
    );
    let grants = "allow: [{ script: \"**\", change: request, target: \"pager/**\" }]\n";
    Workspace::of(&[("idp.yaml", &idp), ("grants.yaml", grants), ("scripts/page.rhai", &format!("//! Page\n{script}"))])
}

fn run(workspace: &Workspace, args: &[&str]) -> Said {
    let mut all = vec!["page", "--output", "json"];
    all.extend(args);
    // A proxy that isn't there: nobody asks it.
    let mut command = workspace.command(&all);
    command
        .env("PAGER_TOKEN", "s3cr3t-of-the-pager")
        .env("http_proxy", "http://127.0.0.1:9")
        .env("ALL_PROXY", "socks5://127.0.0.1:9");
    Said::of(&mut command)
}

fn granted(workspace: &Workspace) -> Said {
    run(workspace, &["--grants", "grants.yaml"])
}

fn line(said: &Said, kind: &str) -> Value {
    let mut lines = said.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.rfind(|line| line["type"] == kind).unwrap_or_default()
}

#[test]
fn reads_happen_in_plans_and_writes_pass_the_door() {
    let server = Server::new(|request| match request.split(' ').next() {
        Some("GET") => (200, "{\"teams\": [{\"name\": \"orders\"}]}".into()),
        _ => (201, "{\"id\": 7}".into()),
    });
    let workspace = workspace(
        server.port,
        r#"
fn run(p) {
    let pager = http("pager");
    let team = pager.get("/teams", #{ query: #{ q: "a b" } }).json.teams[0].name;
    let made = pager.post("/services", #{ name: "api", team: team });
    output("Service", `number ${made.json.id}`);
}
"#,
    );
    let said = run(&workspace, &["--plan"]);
    assert_eq!(line(&said, "diagnostic")["code"], "idp::permission", "{said}");
    assert!(said.stderr.contains("target: \"pager/POST/services\""), "{said}");
    assert_eq!(said.status.code(), Some(4));
    assert_eq!(server.sent().len(), 1, "the read of the plan");
    let plan = run(&workspace, &["--plan", "--grants", "grants.yaml"]).succeeds("plan");
    let change = line(&plan, "change");
    assert_eq!((&change["kind"], &change["target"]), (&"request".into(), &"pager POST /services".into()));
    assert_eq!(server.sent().len(), 2, "nothing but the read is sent");
    // The answer is known later: fields of it, too.
    assert_eq!(line(&plan, "diagnostic"), Value::Null, "{plan}");
    let applied = granted(&workspace).succeeds("apply");
    assert_eq!(line(&applied, "output")["value"], "number 7", "{applied}");
    let sent = server.sent();
    assert!(sent[3].starts_with("POST /v2/services HTTP/1.1\r\n"), "{sent:?}");
    assert!(sent[3].ends_with("{\"name\":\"api\",\"team\":\"orders\"}"), "{sent:?}");
    assert!(sent.iter().all(|request| request.contains("authorization: Token s3cr3t-of-the-pager\r\n")), "{sent:?}");
    for said in [&plan, &applied] {
        assert!(!said.stdout.contains("s3cr3t") && !said.stderr.contains("s3cr3t"), "{said}");
    }
}

#[test]
fn a_request_with_a_cause_is_sent_once() {
    let server = Server::new(|_| (202, "{}".into()));
    let script =
        r#"let answer = http("pager").post("/alerts", "up", #{ once: "created" }); print(`${answer.status}`);"#;
    let workspace = workspace(server.port, script);
    let first = granted(&workspace).succeeds("first");
    assert_eq!((line(&first, "print")["text"].clone(), first.counts()), ("202".into(), [1, 0, 0]));
    let again = granted(&workspace).succeeds("again");
    assert_eq!((line(&again, "print")["text"].clone(), again.counts()), ("".into(), [0, 0, 0]));
    let sent = server.sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains("idempotency-key: ") && sent[0].contains("content-type: text/plain"), "{sent:?}");
    // Killed while it was sent: whether it arrived isn't known, and the service doesn't de-duplicate.
    let workspace = self::workspace(server.port, script);
    let mut command = workspace.command(&["page", "--grants", "grants.yaml"]);
    let killed = (1..20).find(|point| {
        workspace.forget_journal();
        Said::of(command.env("PAGER_TOKEN", "s3cr3t-of-the-pager").env("IDP_FAULT", point.to_string()))
            .status
            .code()
            .is_none()
            && server.sent().len() == 2
    });
    assert!(killed.is_some(), "{:?}", server.sent());
    let said = granted(&workspace).succeeds("after the kill");
    assert!(line(&said, "diagnostic")["message"].as_str().unwrap().contains("uncertain"), "{said}");
    assert_eq!(server.sent().len(), 2);
}

#[test]
fn answers_that_fail_are_told_with_the_service_and_the_path() {
    let server = Server::new(|request| match request.split(' ').nth(1) {
        Some("/v2/missing") => (404, "no".into()),
        Some("/v2/broken") => (200, "<html>".into()),
        _ => (422, "name is taken".into()),
    });
    let workspace = workspace(
        server.port,
        r#"
let pager = http("pager");
print(pager.get("/missing").status);
try { pager.get("/broken").json } catch (e) { print(e.code + " " + e.message); }
try { pager.get("/../admin") } catch (e) { print(e.code); }
try { http("pagr") } catch (e) { print(e.help); }
try { pager.get("/x", #{ headers: #{ Host: "evil" } }) } catch (e) { print(e.code); }
pager.post("/services", #{});
"#,
    );
    let said = granted(&workspace);
    let printed: Vec<Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["type"] == "print")
        .map(|line| line["text"].clone())
        .collect();
    assert_eq!(printed[0], "404");
    assert!(
        printed[1].as_str().unwrap().starts_with("idp::http::json the answer to `pager GET /broken` (status 200)"),
        "{said}"
    );
    assert_eq!(printed[2..], ["idp::http::path", "did you mean `pager`?", "idp::http::header"]);
    let error = line(&said, "diagnostic");
    assert_eq!(error["message"], "the service `pager` answered POST /services with 422: name is taken", "{said}");
}

#[test]
fn secrets_of_scripts_are_sent_and_not_seen_and_need_a_grant() {
    let server = Server::new(|request| {
        (200, request.to_lowercase().lines().find(|l| l.starts_with("x-key")).unwrap_or_default().into())
    });
    let script = r#"
let key = secret("API_KEY").after("Key ");
let answer = http("pager").post("/echo", #{}, #{ headers: #{ "X-Key": key } });
print(answer.text);
"#;
    let workspace = workspace(server.port, script);
    let run = |grants: &str| {
        let mut command = workspace.command(&["page", "--output", "json", "--grants", grants]);
        Said::of(command.env("API_KEY", "k3y-of-the-api").env("PAGER_TOKEN", "s3cr3t-of-the-pager"))
    };
    assert!(run("grants.yaml").status.code() == Some(4), "a grant of the service is none of the secret");
    workspace
        .write("more.yaml", "allow: [{ script: \"**\", change: request, target: \"{pager/**,secret/API_KEY}\" }]\n");
    let said = run("more.yaml").succeeds("granted");
    // The service says it back: it is hidden all the same.
    assert_eq!(line(&said, "print")["text"], "x-key: key ***", "{said}");
    assert!(said.stdout.contains("Key *** (the secret API_KEY)"), "{said}");
    let missing = Said::of(
        workspace.command(&["page", "--plan", "--grants", "more.yaml"]).env("PAGER_TOKEN", "s3cr3t-of-the-pager"),
    );
    assert!(missing.stderr.contains("idp::secret::missing") && missing.stderr.contains("API_KEY"), "{missing}");
}

#[test]
fn https_is_checked_by_the_systems_certificates() {
    use tokio_rustls::rustls::{self, pki_types::pem::PemObject};
    let [known, other, key] = [
        include_bytes!("tls/known.pem").as_slice(),
        include_bytes!("tls/other.pem").as_slice(),
        include_bytes!("tls/known-key.pem").as_slice(),
    ];
    let certificate = rustls::pki_types::CertificateDer::from_pem_slice(known).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(key).unwrap();
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        loop {
            let connection = rustls::ServerConnection::new(config.clone()).unwrap();
            let stream = rustls::StreamOwned::new(connection, accept(&listener));
            exchange(stream, &Sent::default(), &|_| (200, "over tls".into()));
        }
    });
    let text = |pem| std::str::from_utf8(pem).unwrap();
    let idp = format!("http: {{ safe: {{ url: \"https://localhost:{port}\", allow_private: true }} }}\n");
    let script = "//! Read\nprint(http(\"safe\").get(\"/\").text);\n";
    let workspace = Workspace::of(&[
        ("idp.yaml", &idp),
        ("scripts/read.rhai", script),
        ("ca.pem", text(known)),
        ("other.pem", text(other)),
    ]);
    let known = Said::of(workspace.command(&["read"]).env("SSL_CERT_FILE", workspace.path().join("ca.pem")));
    assert_eq!(known.succeeds("a known authority").stdout, "over tls\n");
    let unknown = Said::of(workspace.command(&["read"]).env("SSL_CERT_FILE", workspace.path().join("other.pem")));
    assert!(unknown.stderr.contains("idp::http::connect") && unknown.stderr.contains("certificate"), "{unknown}");
}

#[test]
fn mistakes_in_the_declaration_name_file_line_and_field() {
    for (text, wanted) in [
        ("http: { a: { url: \"http://api.example\" } }", "`http.a.url` is not https"),
        ("http: { a: { url: \"https://u@api.example\" } }", "it holds a user name or a password"),
        ("http: { a: {} }", "`http.a` needs `url`"),
        ("http: { a: { url: \"https://api.example\", max_bytes: 0 } }", "`http.a.max_bytes` must be from 1"),
        (
            "http: { a: { url: \"https://api.example\", headers: { X: { name: Y } } } }",
            "unknown key `http.a.headers.X.name`",
        ),
        ("http: { a: { url: \"https://api.example\", hosts: [\"a/b\"] } }", "must be a list of host names"),
        ("secrets: { A: { env: X, file: y } }", "`secrets.A` needs one of `env` and `file`"),
    ] {
        let workspace = Workspace::of(&[("idp.yaml", text), ("s.rhai", "")]);
        let said = workspace.idp(&["./s.rhai"]);
        assert!(said.stderr.replace("\n        ", " ").contains(wanted), "{text}: {said}");
        assert_eq!(said.status.code(), Some(2));
    }
}
