//! What a script can't do: run for ever, fill the memory, leave the workspace.

use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use crate::workspace::{IDP_YAML, Workspace, said};

fn limited(limits: &str) -> Workspace {
    let ws = Workspace::new();
    ws.write("idp.yaml", &format!("{IDP_YAML}limits: {{ {limits} }}\n"));
    ws
}

#[test]
fn a_script_that_never_ends_is_ended() {
    let ws = limited("time: 1s");
    for text in [
        "loop {}",
        "loop { try { throw \"x\"; } catch (e) {} }",
        "let numbers = []; for n in 0..20000 { numbers.push(n); } loop { numbers.filter(|n| n % 2 == 0); }",
        "fn spin() { loop {} } step(\"Spin\", || { try { spin() } catch (e) { print(\"caught\"); } });",
        "let a = [3, 1, 2]; a.sort(|x, y| { loop {} });",
        "let repo = repo(\"app\"); repo.commit(\"main\", \"x\", |t| { loop {} });",
    ] {
        let began = Instant::now();
        let said = ws.script(text);
        said.fails(1, "idp::script::time");
        assert!(began.elapsed() < Duration::from_secs(5), "{text} took {:?}", began.elapsed());
        assert_eq!(said.prints(), "", "it can't be caught");
    }
    assert_eq!(ws.git("app", &["rev-list", "--count", "main"]), "1");
}

#[test]
fn what_compiles_for_ever_is_ended() {
    let ws = limited("time: 1s");
    let long = format!("let x = 1;\n{}", "x += 1;\n".repeat(40_000));
    assert!(long.len() > 256 << 10);
    ws.script(&long).fails(2, "idp::script::too_long");
    for text in
        ["(".repeat(100_000), "[".repeat(200_000), "!".repeat(200_000), "{".repeat(200_000), "x.".repeat(100_000)]
    {
        let began = Instant::now();
        let said = ws.script(&text);
        assert!([1, 2].contains(&said.code), "{}: {}", &text[..2], said.code);
        said.summary();
        assert!(began.elapsed() < Duration::from_secs(8), "{} took {:?}", &text[..2], began.elapsed());
    }
}

#[test]
fn a_script_that_fills_the_memory_is_ended() {
    let ws = limited("memory: 32MiB, time: 10s");
    // One value is bounded anyway; many variables in many calls are not.
    let variables: String = (0..40).map(|n| format!("let v{n} = s + {n};")).collect();
    let text = format!(
        "fn hog(s, n) {{ {variables} if n > 0 {{ hog(s, n - 1) }} }}\nlet s = \"x\"; for n in 0..19 {{ s += s; }} hog(s, 60);"
    );
    let said = ws.script(&text);
    said.fails(1, "idp::script::memory");
    assert!(said.stderr.contains("limits.memory"), "{said}");
    let caught = text.replace("hog(s, 60);", "try { hog(s, 60) } catch (e) { print(\"caught\") }");
    assert_eq!(ws.script(&caught).fails(1, "idp::script::memory").prints(), "");
}

#[test]
fn one_value_has_a_bound_of_its_own() {
    let ws = limited("time: 2s");
    for text in [
        "let s = \"x\"; loop { s += s; }",
        "let s = \"ab\"; s.pad(900000, \"ab\"); s.replace(\"a\", s); print(s.len);",
        "let s = \"ab\"; s.pad(2000000, \"ab\");",
        "let s = \"x\"; for n in 0..19 { s += s; } let all = []; loop { all.push(s + all.len); }",
        "let a = [0]; loop { a += a; }",
        "let a = [0]; a.pad(100000000, 0);",
    ] {
        ws.script(text).fails(1, "idp::script::size");
    }
}

#[test]
fn values_that_nest_for_ever_end_quietly() {
    let ws = limited("memory: 64MiB, time: 2s");
    let said = ws.script("let a = []; loop { a = [a]; }");
    assert!(
        ["idp::script::memory", "idp::script::time", "idp::script::size"].contains(&said.error().as_str()),
        "{said}"
    );
    let deep = "let a = #{}; for n in 0..500 { a = #{ a: a }; }";
    ws.script(&format!("{deep} output(\"a\", a);")).fails(1, "idp::script::depth");
    ws.script(&format!("{deep} manifest(a);")).fails(1, "idp::script::depth");
    for text in ["print(a);", "let b = a == a; print(b);", "print(`${a}`);", "print(a.to_string().len);"] {
        let said = ws.script(&format!("{deep} {text}"));
        assert!((0..=1).contains(&said.code), "{text}\n{}", said.stderr);
        said.summary();
    }
}

#[test]
fn functions_that_call_themselves_for_ever_are_ended() {
    let ws = Workspace::new();
    let said = ws.script("fn f(n) { f(n + 1) }\nf(0);");
    said.fails(1, "idp::script::depth");
    assert!(said.stderr.contains("64 levels") && said.stderr.contains("script.rhai:2:"), "{said}");
}

#[test]
fn the_dangerous_parts_of_the_language_are_off() {
    let ws = Workspace::new();
    for text in
        ["eval(\"1\");", "let f = Fn(\"print\"); f.call(1);", "sleep(1);", "let t = timestamp();", "let b = blob(10);"]
    {
        assert_eq!(ws.script(text).code, 2, "{text}");
    }
    assert!(ws.script("sleep(1);").stderr.contains("wait_for"));
    assert!(!ws.has_state());
}

#[test]
fn imports_are_files_of_the_workspace() {
    let ws = Workspace::new();
    ws.write("lib/words.rhai", "fn hello(name) { `Hello, ${name}` }\n");
    ws.write("lib/more.rhai", "import \"lib/words\" as words;\nfn twice(name) { words::hello(name) + \"!\" }\n");
    assert_eq!(ws.script("import \"lib/words\" as w; print(w::hello(\"Ann\"));").prints(), "Hello, Ann");
    assert_eq!(ws.script("import \"lib/more\" as m; print(m::twice(\"Ann\"));").prints(), "Hello, Ann!");
    // Beside the script.
    ws.write("deep/own.rhai", "fn own() { 1 }\n").write("deep/run.rhai", "import \"own\" as own; print(own::own());");
    let mut command = ws.command(&["deep/run.rhai", "--output", "json"]);
    command.current_dir(ws.path());
    assert_eq!(said(command).prints(), "1");
}

#[test]
fn imports_do_not_leave_the_workspace() {
    let outside = tempfile::TempDir::new().unwrap();
    let secret = outside.path().join("secret.rhai");
    std::fs::write(&secret, "fn secret() { 42 }\n").unwrap();
    let ws = Workspace::new();
    symlink(&secret, ws.path().join("link.rhai")).unwrap();
    symlink(outside.path(), ws.path().join("folder")).unwrap();
    let absolute = outside.path().join("secret").display().to_string();
    let name = outside.path().file_name().unwrap().to_str().unwrap();
    for (path, words) in [
        (absolute.as_str(), "leaves the workspace"),
        (&format!("../{name}/secret"), "leaves the workspace"),
        ("./script", "leaves the workspace"),
        ("lib/../../x", "leaves the workspace"),
        ("link", "leads out of the workspace"),
        ("folder/secret", "leads out of the workspace"),
        ("gone", "there is no such file"),
        ("std/gone", "there is no module `std/gone`"),
        ("std/../../secret", "there is no module"),
        ("", "import"),
    ] {
        let said = ws.script(&format!("import \"{path}\" as x;\nprint(x::secret());"));
        said.fails(2, "idp::script::import");
        assert!(said.stderr.contains(words), "{path}\n{said}");
        assert!(said.stderr.contains("script.rhai:1:"), "{path}\n{said}");
    }
}

#[test]
fn an_import_cycle_is_named() {
    let ws = Workspace::new();
    ws.write("a.rhai", "import \"b\" as b;\nfn x() { 1 }\n").write("b.rhai", "import \"a\" as a;\nfn y() { 1 }\n");
    let said = ws.script("import \"a\" as a;\nprint(a::x());");
    said.fails(2, "idp::script::import_cycle");
    assert!(said.stderr.contains("a → b → a") || said.stdout.contains("a → b → a"), "{said}");
}

#[test]
fn a_mistake_in_an_imported_file_is_shown_there() {
    let ws = Workspace::new();
    ws.write("lib/bad.rhai", "fn ok() { 1 }\nfn broken( { 2 }\n");
    let said = ws.script("print(1);\nimport \"lib/bad\" as bad;\nprint(bad::ok());");
    said.fails(2, "idp::script::syntax");
    assert!(said.stderr.contains("bad.rhai:2:"), "{said}");
    ws.write("lib/late.rhai", "fn fails(x) {\n    repo(x).tree(\"main\")\n}\n");
    let said = ws.script("import \"lib/late\" as late;\nlate::fails(\"gone\");");
    said.fails(1, "idp::forge::missing");
    assert!(said.stderr.contains("late.rhai:2:") && said.stderr.contains("script.rhai:2:"), "{said}");
}

#[test]
fn secrets_enter_nothing() {
    let ws = Workspace::new();
    for text in [
        "print(secret(\"TOKEN\"));",
        "print(`${secret(\"TOKEN\")}`);",
        "print(\"x\" + secret(\"TOKEN\"));",
        "output(\"x\", secret(\"TOKEN\"));",
        "output(\"x\", [#{ a: secret(\"TOKEN\") }]);",
        "repo(\"app\").commit(\"main\", \"x\", tree().write(\"a\", secret(\"TOKEN\")));",
        "notify(\"ops\", \"x\", #{ once: \"x\", token: secret(\"TOKEN\") });",
        "manifest(#{ data: secret(\"TOKEN\") });",
        "let a = [secret(\"TOKEN\")]; print(a);",
        "let m = #{ a: secret(\"TOKEN\") }; print(`${m}`);",
    ] {
        ws.write("script.rhai", text);
        let mut command = ws.command(&["script.rhai", "--output", "json"]);
        command.env("TOKEN", "hunter2");
        let said = said(command);
        assert!(!format!("{said}").contains("hunter2"), "{said}");
        assert!(said.code != 0 || said.prints().contains("***") || !said.prints().contains("TOKEN"), "{text}\n{said}");
    }
}

#[test]
fn objects_of_clusters_can_not_leave_their_folder() {
    let ws = Workspace::new();
    for (kind, api) in [("/tmp/x", "v1"), ("../../../x", "v1"), ("ConfigMap", "a/../../../v1")] {
        let text = format!(
            "cluster(\"dev\").apply(manifest(#{{ apiVersion: \"{api}\", kind: \"{kind}\", metadata: #{{ name: \"f\" }} }}));"
        );
        ws.script(&text).fails(2, "idp::manifest::name");
        ws.script(&format!("print(cluster(\"dev\").get(\"{api}\", \"{kind}\", \"\", \"f\") ?? \"none\");"))
            .fails(2, "idp::manifest::name");
    }
    ws.script("print(cluster(\"dev\").get(\"v1\", \"ConfigMap\", \"/etc\", \"f\") ?? \"none\");")
        .fails(2, "idp::manifest::name");
}
