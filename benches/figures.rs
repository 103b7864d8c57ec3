//! The figures that the project promises, measured: `cargo bench`. Prints a table with goals; fails on nothing.
//! Processes are measured from outside (wall time, CPU, greatest resident size), libraries in this process.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use idp_run::bridge::Stop;
use idp_run::formats::skeleton::{SourceFile, render};
use idp_run::formats::yaml::{self, Edit};
use idp_run::library::Library;
use idp_run::report::{Event, Sink};
use idp_run::script::{Host, Progress};
use idp_run::world::change::{Change, File, FileChange, Marker};
use idp_run::world::forge::{Actor, Forge, RepoId, Settings};
use idp_run::world::git::GitForge;
use nix::sys::resource::{UsageWho, getrusage};

fn main() {
    // `cargo bench` passes `--bench`; a child of ours gets the name of what it is to do.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    if args.next().as_deref() == Some("skeleton") {
        let files = args.next().and_then(|count| count.parse().ok()).unwrap_or(100);
        std::hint::black_box(render("bench", &skeleton(files), &serde_json::json!({ "name": "api" })).unwrap());
        return;
    }
    println!("{:<58} {:>10} {:>10}  goal", "figure", "median", "95 %");
    start();
    engine();
    golden_path();
    script_tests();
    beside();
    checks();
    audits();
    skeletons();
    commit();
    update();
    yaml_edits();
}

fn line(name: &str, mut times: Vec<Duration>, goal: &str) {
    times.sort();
    let ms = |at: usize| times[at.min(times.len() - 1)].as_secs_f64() * 1e3;
    println!("{name:<58} {:>7.3} ms {:>7.3} ms  {goal}", ms(times.len() / 2), ms(times.len() * 95 / 100));
}

fn repeat(times: usize, mut act: impl FnMut() -> Duration) -> Vec<Duration> {
    act();
    (0..times).map(|_| act()).collect()
}

fn timed<T>(act: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    std::hint::black_box(act());
    began.elapsed()
}

fn binary(args: &[&str], folder: &Path) -> Duration {
    timed(|| {
        let status = Command::new(env!("CARGO_BIN_EXE_idp-run"))
            .args(args)
            .current_dir(folder)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{args:?}");
    })
}

/// The greatest resident size of any child so far, in MB.
fn children_resident() -> f64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64 / 1024.0
}

fn start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hello.rhai"), "print(\"hello\");\n").unwrap();
    let times = repeat(100, || binary(&["./hello.rhai"], folder.path()));
    line("start of the binary to the end of a one-line script", times, "10 ms");
    println!("{:<58} {:>7.1} MB {:>10}  20 MB", "  its greatest resident size", children_resident(), "");
}

/// Every script that ships, as `idp-run check` looks at it.
fn checks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let times = repeat(100, || binary(&["check", "scripts", "stdlib"], root));
    line("check of all scripts that ship", times, "50 ms");
}

/// 1,000 files with a Deployment of 62 lines each, none of them wrong.
fn audits() {
    let objects = include_str!("../tests/integration/api_server/built_in.yaml");
    let deployment = objects.split("---\n").find(|object| object.contains("kind: Deployment\n")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 0..1000 {
        let service = folder.path().join(format!("service{}", number / 10));
        std::fs::create_dir_all(&service).unwrap();
        let text = deployment.replacen("name: api\n", &format!("name: api{number}\n"), 1);
        std::fs::write(service.join(format!("file{number}.yaml")), text).unwrap();
    }
    let times = repeat(20, || binary(&["audit", "--with", "schema"], folder.path()));
    line("audit of 1,000 files with schemas", times, "210 ms");
    println!("{:<58} {:>7.1} MB", "  greatest resident size of any process so far", children_resident());
}

struct Silent;
impl Sink for Silent {
    fn emit(&self, _: Event) {}
}

fn engine() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hello.rhai"), "print(\"hello\");\n").unwrap();
    let library = Library::new(folder.path());
    let script = library.script("./hello.rhai", folder.path()).unwrap();
    let times = repeat(200, || {
        timed(|| Host::compile(script.clone(), &library, Arc::new(Silent), Progress::new(1 << 30)).ok().unwrap())
    });
    line("engine with a compiled one-line script", times, "1 ms");
    assert_eq!(Progress::new(1).why(), Stop::No);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        if entry.file_name() == ".idp" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn golden_path() {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/acme");
    let args = ["create-service", "--params", "payments-api.yaml"];
    let plan = ["create-service", "--params", "payments-api.yaml", "--plan"];
    let fresh = || {
        let folder = tempfile::tempdir().unwrap();
        copy(&example, folder.path());
        folder
    };
    let folder = fresh();
    line("create-service --plan, first (seeds read in memory)", repeat(30, || binary(&plan, folder.path())), "50 ms");
    let times = repeat(20, || {
        let folder = fresh();
        binary(&args, folder.path())
    });
    line("create-service applied, first (the world is made, too)", times, "250 ms");
    let save = [&plan[..], &["--out", "plan.json"]].concat();
    line("create-service --plan --out, first", repeat(30, || binary(&save, folder.path())), "-");
    let saved = folder.path().join("plan.json");
    let times = repeat(20, || {
        let folder = fresh();
        std::fs::copy(&saved, folder.path().join("plan.json")).unwrap();
        binary(&["apply", "plan.json"], folder.path())
    });
    line("create-service's saved plan applied (the world is made, too)", times, "-");
    let times = repeat(20, || {
        let folder = fresh();
        binary(&args, folder.path());
        binary(&["runs", "undo", "create-service"], folder.path())
    });
    line("create-service undone", times, "-");
    binary(&args, folder.path());
    line("create-service --plan on a world where it was applied", repeat(30, || binary(&plan, folder.path())), "50 ms");
    line("create-service again, nothing to change", repeat(30, || binary(&args, folder.path())), "250 ms");
    let mut number = 0;
    let times = repeat(20, || {
        number += 1;
        let service = format!("service=s{number}");
        let words = ["create-service", "project=billing", &service, "owner=team-payments", "description=Bills"];
        binary(&words, folder.path())
    });
    line("create-service applied, one more service in that world", times, "250 ms");
}

/// Eight repositories with a commit, protection and a proposal each; one after the other, and beside each other.
fn beside() {
    const SCRIPT: &str = r##"
let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
let values = #{ name: "x" };
parallel(names, |name| {
    let app = repo(name);
    let files = tree();
    for number in range(0, 50) { files = files.write(`src/file${number}.txt`, `${name} ${number}`); }
    app.ensure(#{ description: name }).commit("main", "feat: start", files);
    app.protect("main", #{ reviews: 1 });
    app.propose("Add docs", |t| t.write("docs/index.md", "# Docs"));
}, #{ at_most: AT_MOST });
"##;
    let mut first = None;
    for at_most in [1, 2, 4, 8] {
        let times = repeat(20, || {
            let folder = tempfile::tempdir().unwrap();
            let script = SCRIPT.replace("AT_MOST", &at_most.to_string());
            std::fs::write(folder.path().join("eight.rhai"), script).unwrap();
            binary(&["./eight.rhai"], folder.path())
        });
        let mut sorted = times.clone();
        sorted.sort();
        let median = sorted[sorted.len() / 2].as_secs_f64();
        let first = *first.get_or_insert(median);
        let name = format!("eight repositories, {at_most} at once ({:.1} times as fast as 1)", first / median);
        line(&name, times, "-");
    }
}

/// The tests of what ships, over the source tree.
fn script_tests() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let listed =
        Command::new(env!("CARGO_BIN_EXE_idp-run")).args(["test", "--list"]).current_dir(&root).output().unwrap();
    let count = String::from_utf8_lossy(&listed.stdout).lines().count();
    let name = format!("test, all {count} tests of the shipped scripts");
    line(&name, repeat(15, || binary(&["test"], &root)), "1,000 ms");
    let name = format!("test --coverage, the same {count} tests");
    line(&name, repeat(15, || binary(&["test", "--coverage"], &root)), "");
}

/// A skeleton of this many files of 40 lines each, with values in names and contents.
fn skeleton(files: usize) -> Vec<SourceFile> {
    let text = "name: ${{ values.name }}\n{% if values.name %}\nspec: some words of a file\n{% endif %}\n".repeat(10);
    (0..files)
        .map(|number| SourceFile {
            path: format!("src/${{{{ values.name }}}}/part{}/file{number}.yaml", number % 20),
            executable: false,
            bytes: Cow::Owned(text.clone().into_bytes()),
        })
        .collect()
}

fn skeletons() {
    for (files, goal) in [(100, "50 ms of CPU, 24 MB"), (1000, "250 ms")] {
        let sources = skeleton(files);
        let values = serde_json::json!({ "name": "api" });
        let times = repeat(20, || timed(|| render("bench", &sources, &values).unwrap()));
        line(&format!("skeleton of {files} files rendered"), times, goal);
        // In a process of its own: CPU and memory of all that it takes.
        let before = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let me = std::env::current_exe().unwrap();
        assert!(Command::new(me).args(["skeleton", &files.to_string()]).status().unwrap().success());
        let after = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        let cpu = |usage: nix::sys::resource::Usage| {
            let (user, system) = (usage.user_time(), usage.system_time());
            (user.tv_sec() + system.tv_sec()) as f64 * 1e3 + (user.tv_usec() + system.tv_usec()) as f64 / 1e3
        };
        println!(
            "{:<58} {:>7.2} ms {:>10}  {goal}",
            "  CPU of a process that renders it once",
            cpu(after) - cpu(before),
            ""
        );
    }
    println!(
        "{:<58} {:>7.1} MB {:>10}  24 MB",
        "  greatest resident size of any process so far",
        children_resident(),
        ""
    );
}

fn commit() {
    let folder = tempfile::tempdir().unwrap();
    let forge = GitForge::new(folder.path().join("forge"), "acme", "https://git.example", Default::default());
    let repo = RepoId::new("acme", "big").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let actor = Actor { name: "idp-run".into(), time: 0 };
    let create = Change::CreateRepository {
        repo: repo.clone(),
        settings: Settings::default(),
        marker: "bench".into(),
        template: None,
    };
    runtime.block_on(forge.apply(&create, &actor)).unwrap();
    let mut round = 0;
    let times = repeat(10, || {
        round += 1;
        let parent = runtime.block_on(forge.branch(&repo, "main")).unwrap();
        let files = (0..1000)
            .map(|number| FileChange {
                path: format!("k8s/env{}/service{number}/deployment.yaml", number % 10),
                before: None,
                after: Some(File::text(format!("round: {round}\nnumber: {number}\n"))),
            })
            .collect();
        let change = Change::Commit {
            repo: repo.clone(),
            branch: "main".into(),
            parent,
            message: "bench".into(),
            marker: Marker::new("bench", &format!("round-{round}")),
            files,
        };
        timed(|| runtime.block_on(forge.apply(&change, &actor)).unwrap())
    });
    line("commit of 1,000 tree edits, synced to disk", times, "-");
}

/// A service of 100 files, 10 of which a newer skeleton changes, and people, too: each time on a fresh copy.
fn update() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let write = |path: &str, text: &str| {
        std::fs::create_dir_all(at.join(path).parent().unwrap()).unwrap();
        std::fs::write(at.join(path), text).unwrap();
    };
    let part = |number: usize| format!("templates/service/skeleton/src/part{}/file{number}.txt", number % 10);
    let lines =
        |first: &str, last: &str| format!("{first}\n{}{last}\n", "some words of a line of the file\n".repeat(40));
    write("idp.yaml", "forge: { kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }\n");
    write("templates/service/template.yaml", "values: {}\n");
    write(
        "scripts/deliver.rhai",
        "fn params() { #{ service: param(\"string\", \"Name\").identity() } }\n\
         fn run(p) {\n\
             repo(p.service).ensure(#{}).commit(\"main\", \"feat: first\", template(\"service\", #{}));\n\
         }\n",
    );
    (0..100).for_each(|number| write(&part(number), &lines("first", "last")));
    binary(&["deliver", "service=api"], at);
    let forge = GitForge::new(at.join(".idp/forge"), "acme", "https://git.acme.example", Default::default());
    let repo = RepoId::new("acme", "api").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let files = (0..10).map(|number| FileChange {
        path: part(number).trim_start_matches("templates/service/skeleton/").to_string(),
        before: None,
        after: Some(File::text(lines("first", "people's"))),
    });
    let change = Change::Commit {
        repo: repo.clone(),
        branch: "main".into(),
        parent: runtime.block_on(forge.branch(&repo, "main")).unwrap(),
        message: "by hand".into(),
        marker: Marker::new("people", "main"),
        files: files.collect(),
    };
    runtime.block_on(forge.apply(&change, &Actor { name: "ann".into(), time: 0 })).unwrap();
    (0..10).for_each(|number| write(&part(number), &lines("newer", "last")));
    let times = repeat(20, || {
        let fresh = tempfile::tempdir().unwrap();
        assert!(Command::new("cp").arg("-a").arg(at.join(".")).arg(fresh.path()).status().unwrap().success());
        binary(&["deliver", "service=api", "--update"], fresh.path())
    });
    line("--update: 10 changed files of 100, and people's edits", times, "200 ms");
    let times = repeat(20, || binary(&["deliver", "service=api"], at));
    line("  a rerun without --update that finds them older", times, "-");
}

fn yaml_edits() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/examples/acme/seeds/orders-gitops/k8s/prod/checkout/deployment.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let at = yaml::parse_path("spec.template.spec.containers[0].image").unwrap();
    let edit = |number: usize| Edit::Set { path: at.clone(), value: format!("registry.example/api:v{number}").into() };
    let lines = text.lines().count();
    let each = timed(|| {
        for number in 0..10_000 {
            std::hint::black_box(yaml::edit(path, &text, 0, &edit(number)).unwrap());
        }
    });
    line(&format!("10,000 lossless YAML edits, each read anew ({lines} lines)"), vec![each], "-");
    let documents = yaml::parse(path, &text).unwrap();
    let parsed = timed(|| {
        for number in 0..10_000 {
            std::hint::black_box(yaml::edit_parsed(&documents, 0, &edit(number)).unwrap());
        }
    });
    line("10,000 lossless YAML edits of a text that was read", vec![parsed], "-");
}
