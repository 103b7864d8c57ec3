//! Folders that somebody else made: skeletons, seeds, workspaces, bare repositories. What leads elsewhere or never ends is
//! refused with its path, and nothing is written outside.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use tempfile::TempDir;

use crate::workspace::{Said, Workspace};

/// Runs the binary, which must not wait for a pipe that nobody writes to.
fn prompt(ws: &Workspace, args: &[&str]) -> Said {
    let mut command = ws.command(args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("{args:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn pipe(path: &Path) {
    nix::unistd::mkfifo(path, Mode::S_IRWXU).unwrap();
}

/// A change to a folder, and a word of the refusal.
type Harm = (&'static str, Spoil, &'static str);

/// Spoils a folder; the second path is outside of the workspace.
type Spoil = fn(&Path, &Path);

/// What can be wrong with the files of a skeleton or a seed. The second path is outside of the workspace.
const HARMS: &[Harm] = &[
    ("a link to a file", |folder, outside| symlink(outside.join("secret"), folder.join("link")).unwrap(), "link"),
    ("a link to a folder", |folder, outside| symlink(outside, folder.join("link")).unwrap(), "link"),
    (
        "a chain of links",
        |folder, outside| {
            symlink(outside.join("secret"), folder.join("one")).unwrap();
            symlink("one", folder.join("two")).unwrap();
        },
        "neither a file nor a folder",
    ),
    ("a link to nothing", |folder, _| symlink("gone", folder.join("link")).unwrap(), "link"),
    ("a link to itself", |folder, _| symlink("link", folder.join("link")).unwrap(), "link"),
    ("a link to a sibling", |folder, _| symlink("README.md", folder.join("link")).unwrap(), "link"),
    ("a device by a link", |folder, _| symlink("/dev/zero", folder.join("zero")).unwrap(), "zero"),
    ("a pipe", |folder, _| pipe(&folder.join("pipe")), "pipe"),
    ("a socket", |folder, _| drop(UnixListener::bind(folder.join("socket")).unwrap()), "socket"),
    (
        "Git's own folder",
        |folder, _| {
            fs::create_dir(folder.join(".git")).unwrap();
            fs::write(folder.join(".git/config"), "[core]\n\tfsmonitor = touch /tmp/x\n").unwrap();
        },
        "enters Git's own folder",
    ),
    (
        "Git's own folder in capitals",
        |folder, _| {
            fs::create_dir(folder.join(".GIT")).unwrap();
            fs::write(folder.join(".GIT/config"), "x").unwrap();
        },
        "enters Git's own folder",
    ),
    (
        "a file that stands for it",
        |folder, _| fs::write(folder.join(".git"), "gitdir: /etc\n").unwrap(),
        "enters Git's own",
    ),
    ("its short name", |folder, _| fs::write(folder.join("git~1"), "x").unwrap(), "enters Git's own folder"),
    (
        "its name for NTFS",
        |folder, _| fs::write(folder.join(".git::$INDEX_ALLOCATION"), "x").unwrap(),
        "enters Git's own",
    ),
    ("its name with a dot", |folder, _| fs::write(folder.join(".git."), "x").unwrap(), "enters Git's own folder"),
    ("its name for HFS", |folder, _| fs::write(folder.join(".g\u{200c}it"), "x").unwrap(), "enters Git's own folder"),
    ("submodules", |folder, _| fs::write(folder.join(".gitmodules"), "[submodule \"x\"]\n").unwrap(), "submodules"),
    ("twins", |folder, _| fs::write(folder.join("readme.MD"), "x").unwrap(), "letter case"),
    (
        "twins of folders",
        |folder, _| {
            fs::create_dir(folder.join("a")).unwrap();
            fs::create_dir(folder.join("A")).unwrap();
        },
        "letter case",
    ),
    ("a line break in a name", |folder, _| fs::write(folder.join("a\nb"), "x").unwrap(), "control character"),
    ("an escape in a name", |folder, _| fs::write(folder.join("a\u{1b}[31mb"), "x").unwrap(), "control character"),
    ("a backslash in a name", |folder, _| fs::write(folder.join("a\\..\\b"), "x").unwrap(), "backslash"),
    (
        "a name that is not UTF-8",
        |folder, _| {
            fs::write(folder.join(OsStr::from_bytes(b"a\xffb")), "x").unwrap();
        },
        "not UTF-8",
    ),
    (
        "a file of 1 GB",
        |folder, _| fs::File::create(folder.join("huge")).unwrap().set_len(1 << 30).unwrap(),
        "larger than 32 MiB",
    ),
    (
        "files of 160 MB",
        |folder, _| {
            for n in 0..5 {
                fs::File::create(folder.join(format!("large{n}"))).unwrap().set_len(32 << 20).unwrap();
            }
        },
        "128 MiB",
    ),
    (
        "folders without end",
        |folder, _| {
            let deep: std::path::PathBuf = std::iter::repeat_n("d", 80).collect();
            fs::create_dir_all(folder.join(deep)).unwrap();
        },
        "64 folders",
    ),
    (
        "files without end",
        |folder, _| {
            for n in 0..20_001 {
                fs::File::create(folder.join(format!("f{n}"))).unwrap();
            }
        },
        "20000 files",
    ),
];

fn outside() -> TempDir {
    let outside = TempDir::new().unwrap();
    fs::write(outside.path().join("secret"), "hunter2\n").unwrap();
    outside
}

fn untouched(outside: &TempDir) {
    let names: Vec<_> = fs::read_dir(outside.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::read_to_string(outside.path().join("secret")).unwrap(), "hunter2\n");
}

#[test]
fn seeds_that_mean_harm_are_refused_with_their_path() {
    for (name, harm, word) in HARMS {
        let (ws, outside) = (Workspace::new(), outside());
        harm(&ws.path().join("seeds/app"), outside.path());
        for args in
            [["run", "script.rhai", "--output", "json", "--plan"], ["run", "script.rhai", "--output", "json", "--yes"]]
        {
            ws.write("script.rhai", "print(repo(\"app\").exists());");
            let said = prompt(&ws, &args);
            said.fails(2, "idp::seed");
            let all = said.to_string();
            assert!(all.contains(word) && all.contains("seeds/app") && !all.contains("hunter2"), "{name}: {all}");
            assert!(!all.contains('\u{1b}'), "{name}");
        }
        assert!(!ws.path().join(".idp/forge").exists(), "{name}");
        untouched(&outside);
    }
}

#[test]
fn skeletons_that_mean_harm_are_refused_with_their_path() {
    for (name, harm, word) in HARMS {
        let (ws, outside) = (Workspace::new(), outside());
        ws.write("templates/mine/template.yaml", "values: {}\n").write("templates/mine/skeleton/README.md", "# Mine\n");
        harm(&ws.path().join("templates/mine/skeleton"), outside.path());
        ws.write("script.rhai", "repo(\"app\").commit(\"main\", \"x\", template(\"mine\", #{}));");
        let said = prompt(&ws, &["script.rhai", "--output", "json"]);
        said.fails(2, "idp::template::path");
        let all = said.to_string();
        assert!(all.contains(word) && all.contains("templates/mine") && !all.contains("hunter2"), "{name}: {all}");
        untouched(&outside);
    }
}

#[test]
fn templates_that_mean_harm_are_refused() {
    let doublings = "{% set x = x ~ x %}".repeat(40);
    let bomb = format!("{{% set x = \"xxxxxxxxxxxxxxxx\" %}}{doublings}${{{{ x }}}}");
    let recursive = "{% for x in [\"xxxxxxxxxxxxxxxx\"] recursive %}${{ loop([x ~ x]) }}{% endfor %}";
    for (name, text, codes) in [
        ("a text of 1 GB", "${{ \"x\" * 1000000000 }}", ["idp::template::render", ""]),
        (
            "texts of 100 MB",
            "${{ \"x\" * 99999999 }}${{ \"x\" * 99999999 }}",
            ["idp::template::limit", "idp::script::memory"],
        ),
        ("a list of 1 GB", "${{ [1] * 1000000000 }}", ["idp::template::render", "idp::template::limit"]),
        ("a doubled text", &bomb, ["idp::script::memory", ""]),
        ("a text doubled in turns", recursive, ["idp::script::memory", "idp::template::render"]),
        (
            "turns without end",
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            ["idp::template::limit", ""],
        ),
        (
            "a range without end",
            "{% for a in range(999999999999) %}{% endfor %}",
            ["idp::template::render", "idp::template::limit"],
        ),
        (
            "an output without end",
            "{% for a in range(99999) %}${{ \"x\" * 10000 }}{% endfor %}",
            ["idp::template::limit", ""],
        ),
        (
            "nested brackets",
            &format!("${{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000)),
            ["idp::template::syntax", ""],
        ),
        ("nested blocks", &"{% if true %}".repeat(50_000), ["idp::template::syntax", ""]),
        ("another file", "{% include \"/etc/passwd\" %}", ["idp::template::syntax", "idp::template::render"]),
        (
            "a replacement",
            "{% set x = \"x\" * 100000 %}${{ x | replace(\"x\", x) }}",
            ["idp::script::memory", "idp::template::limit"],
        ),
        ("a join", "${{ range(99999) | join(\"x\" * 100000) }}", ["idp::script::memory", "idp::template::limit"]),
        ("a panic of the engine", "${{ \"\"[::-1] }}", ["idp::template::render", ""]),
        ("an indent", "${{ \"x\" | indent(99999999999) }}", ["idp::template::render", ""]),
    ] {
        let ws = Workspace::new();
        ws.write("templates/mine/template.yaml", "values: {}\n").write("templates/mine/skeleton/a.txt", text);
        ws.write("script.rhai", "template(\"mine\", #{});");
        let began = Instant::now();
        let said = prompt(&ws, &["script.rhai", "--output", "json"]);
        let code = said.error();
        println!("template {name:28} {:6} ms  {code}", began.elapsed().as_millis());
        assert!(matches!(said.code, 1 | 2) && codes.contains(&code.as_str()), "{name}: {code}\n{}", said.stderr);
        said.summary();
    }
}

#[test]
fn cards_of_templates_are_bounded() {
    let harms: [(&str, Spoil, &str); 5] = [
        (
            "aliases",
            |card, _| {
                let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string();
                for n in 1..12 {
                    text.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")));
                }
                fs::write(card, text).unwrap();
            },
            "idp::yaml::too_large",
        ),
        ("brackets", |card, _| fs::write(card, "[".repeat(200_000)).unwrap(), "idp::yaml::too_deep"),
        ("1 GB", |card, _| fs::File::create(card).unwrap().set_len(1 << 30).unwrap(), "idp::template::path"),
        ("a link", |card, outside| symlink(outside.join("secret"), card).unwrap(), "idp::template::path"),
        ("not UTF-8", |card, _| fs::write(card, b"values: \xff\n").unwrap(), "idp::template::path"),
    ];
    for (name, harm, code) in harms {
        let (ws, outside) = (Workspace::new(), outside());
        ws.write("templates/mine/skeleton/a.txt", "a\n").write("script.rhai", "template(\"mine\", #{});");
        harm(&ws.path().join("templates/mine/template.yaml"), outside.path());
        let said = prompt(&ws, &["script.rhai", "--output", "json"]);
        assert_eq!((said.code, said.error().as_str()), (2, code), "{name}\n{said}");
        assert!(!said.to_string().contains("hunter2"), "{name}");
    }
    // A pipe of that name is no template.
    let ws = Workspace::new();
    ws.write("templates/mine/skeleton/a.txt", "a\n").write("script.rhai", "template(\"mine\", #{});");
    pipe(&ws.path().join("templates/mine/template.yaml"));
    prompt(&ws, &["script.rhai", "--output", "json"]).fails(2, "idp::template::unknown");
}

#[test]
fn rendered_paths_stay_inside() {
    for value in ["../x", "/etc/x", "a/../../x", ".git/config", ".GIT/config", "a\nb", "C:/x", "a\\b", "git~1/x", "."] {
        let ws = Workspace::new();
        ws.write("templates/mine/template.yaml", "values: { name: { description: x } }\n");
        ws.write("templates/mine/skeleton/${{ values.name }}/a.txt", "a\n");
        ws.write(
            "script.rhai",
            &format!("repo(\"app\").commit(\"main\", \"x\", template(\"mine\", #{{ name: {value:?} }}));"),
        );
        let said = prompt(&ws, &["script.rhai", "--output", "json"]);
        said.fails(2, "idp::template::path");
    }
}

#[test]
fn a_file_beside_its_twin_is_refused() {
    let ws = Workspace::new();
    ws.script("repo(\"app\").commit(\"main\", \"x\", tree().write(\"readme.md\", \"x\"));").fails(1, "idp::tree::twin");
    ws.script("repo(\"app\").commit(\"main\", \"x\", tree().write(\"a/B\", \"x\").write(\"A/b\", \"x\"));")
        .fails(1, "idp::tree::twin");
    ws.script("repo(\"app\").commit(\"main\", \"x\", |t| t.remove(\"README.md\").write(\"readme.md\", \"x\"));")
        .ends(0, "create 1 update 0 delete 0 unchanged 0 applied");
}

#[test]
fn files_of_a_workspace_that_never_end_stop_nobody() {
    // A script by name that is a pipe is no script; by its path it is refused.
    let ws = Workspace::new();
    ws.write("scripts/good.rhai", "//! Good\nprint(1);\n");
    pipe(&ws.path().join("scripts/bad.rhai"));
    symlink("/dev/zero", ws.path().join("scripts/zero.rhai")).unwrap();
    fs::File::create(ws.path().join("scripts/huge.rhai")).unwrap().set_len(4 << 30).unwrap();
    fs::File::create(ws.path().join("scripts/long.rhai")).unwrap().set_len(10 << 20).unwrap();
    fs::write(ws.path().join("scripts/latin.rhai"), b"print(\"\xe9\");").unwrap();
    assert!(prompt(&ws, &["list"]).stdout.contains("good"));
    for (script, code) in [
        ("bad", "idp::script::unknown"),
        ("scripts/bad.rhai", "idp::script::unreadable"),
        ("scripts/zero.rhai", "idp::script::unreadable"),
        ("huge", "idp::script::unreadable"),
        ("long", "idp::script::too_long"),
        ("latin", "idp::script::encoding"),
    ] {
        let said = prompt(&ws, &["run", script, "--output", "json"]);
        assert_eq!((said.code, said.error().as_str()), (2, code), "{script}\n{said}");
    }
    // An idp.yaml that is a pipe makes no workspace.
    let ws = Workspace::empty();
    pipe(&ws.path().join("idp.yaml"));
    ws.write("a.rhai", "print(1);");
    assert_eq!(prompt(&ws, &["a.rhai", "--output", "json"]).prints(), "1");
}

#[test]
fn links_of_a_workspace_do_not_lead_out_of_it() {
    let outside = outside();
    let refused = |ws: &Workspace, args: &[&str], code: &str| {
        let said = prompt(ws, args);
        assert_eq!((said.code, said.error().as_str()), (2, code), "{said}");
        assert!(said.to_string().contains("link") && !said.to_string().contains("hunter2"), "{said}");
    };
    let run = ["run", "script.rhai", "--output", "json"];
    // The folder of the world itself.
    let ws = Workspace::new();
    ws.write("script.rhai", "repo(\"fresh\").ensure(#{});");
    symlink(outside.path(), ws.path().join(".idp")).unwrap();
    refused(&ws, &run, "idp::workspace");
    // What idp.yaml names: the forge, a cluster, a contact, a seed.
    for name in [".idp/forge", ".idp/clusters/dev", ".idp/ops.jsonl", "seeds/app"] {
        let ws = Workspace::new();
        ws.write("script.rhai", "repo(\"fresh\").ensure(#{});");
        let place = ws.path().join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let _ = fs::remove_dir_all(&place);
        symlink(outside.path().join(if name.ends_with("jsonl") { "secret" } else { "" }), &place).unwrap();
        refused(&ws, &run, "idp::config");
    }
    // A script by name, and a template as a whole.
    let ws = Workspace::new();
    ws.write("scripts/x", "");
    symlink(outside.path().join("secret"), ws.path().join("scripts/leak.rhai")).unwrap();
    refused(&ws, &["run", "leak", "--output", "json"], "idp::script::unreadable");
    refused(&ws, &["run", "scripts/leak.rhai", "--output", "json"], "idp::script::unreadable");
    fs::create_dir_all(ws.path().join("templates")).unwrap();
    fs::create_dir_all(outside.path().join("skeleton")).unwrap();
    fs::write(outside.path().join("template.yaml"), "values: {}\n").unwrap();
    symlink(outside.path(), ws.path().join("templates/mine")).unwrap();
    ws.write("script.rhai", "template(\"mine\", #{});");
    refused(&ws, &run, "idp::template::path");
    fs::remove_dir(outside.path().join("skeleton")).unwrap();
    fs::remove_file(outside.path().join("template.yaml")).unwrap();
    untouched(&outside);
}

#[test]
fn bare_repositories_that_mean_harm_run_nothing_and_lead_nowhere() {
    let harms: [(&str, Spoil, bool); 9] = [
        (
            "commands in its configuration",
            |repo, outside| {
                let mark = outside.join("mark");
                let config = format!(
                    "\n[core]\n\tfsmonitor = touch {mark}\n\tsshCommand = touch {mark}\n\thooksPath = hooks\n[uploadpack]\n\tpackObjectsHook = touch {mark}\n[filter \"x\"]\n\tclean = touch {mark}\n",
                    mark = mark.display()
                );
                let old = fs::read_to_string(repo.join("config")).unwrap();
                fs::write(repo.join("config"), format!("{old}{config}")).unwrap();
            },
            true,
        ),
        (
            "hooks",
            |repo, outside| {
                fs::create_dir_all(repo.join("hooks")).unwrap();
                for hook in ["reference-transaction", "post-commit", "pre-receive", "update", "post-update"] {
                    let path = repo.join("hooks").join(hook);
                    fs::write(&path, format!("#!/bin/sh\ntouch {}/mark\n", outside.display())).unwrap();
                    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
                }
            },
            true,
        ),
        (
            "alternates",
            |repo, outside| {
                fs::create_dir_all(repo.join("objects/info")).unwrap();
                fs::write(repo.join("objects/info/alternates"), format!("{}\n", outside.display())).unwrap();
            },
            false,
        ),
        (
            "a linked ref",
            |repo, outside| {
                fs::remove_file(repo.join("refs/heads/main")).unwrap();
                symlink(outside.join("secret"), repo.join("refs/heads/main")).unwrap();
            },
            false,
        ),
        (
            "refs elsewhere",
            |repo, outside| {
                fs::rename(repo.join("refs"), repo.join("refs.old")).unwrap();
                symlink(outside, repo.join("refs")).unwrap();
            },
            false,
        ),
        (
            "objects elsewhere",
            |repo, outside| {
                fs::rename(repo.join("objects"), repo.join("objects.old")).unwrap();
                symlink(outside, repo.join("objects")).unwrap();
            },
            false,
        ),
        (
            "a pipe for its configuration",
            |repo, _| {
                fs::remove_file(repo.join("config")).unwrap();
                pipe(&repo.join("config"));
            },
            false,
        ),
        ("a pipe for its packed refs", |repo, _| pipe(&repo.join("packed-refs")), false),
        (
            "a pipe for its protection",
            |repo, _| {
                let _ = fs::remove_file(repo.join("idp/protection.json"));
                pipe(&repo.join("idp/protection.json"));
            },
            false,
        ),
    ];
    let script =
        "repo(\"app\").commit(\"main\", \"x\", |t| t.write(\"a.txt\", t.read(\"README.md\")), #{ id: \"second\" });";
    for (name, harm, works) in harms {
        let (ws, outside) = (Workspace::new(), outside());
        ws.script("repo(\"app\").commit(\"main\", \"first\", tree().write(\"first.txt\", \"x\"));").summary();
        harm(&ws.bare("app"), outside.path());
        ws.write("script.rhai", script);
        let said = prompt(&ws, &["script.rhai", "--output", "json"]);
        assert_eq!(said.code == 0, works, "{name}: {said}");
        assert!(!said.to_string().contains("hunter2"), "{name}: {said}");
        said.summary();
        untouched(&outside);
    }
}
