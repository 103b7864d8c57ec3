//! Runs that are killed, that run at once, and that run beside git: nothing is lost, nothing is there twice.
//! Short by default; `IDP_FAULT_POINTS=all` (what `.ci/soak` sets) kills at every place instead of a sample.

mod beside_git;
mod claims;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod files;
mod fleet;
mod leftovers;
mod locks;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod people;
mod points;
mod syscalls;
mod together;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod tracer;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Workspace, World, git, ships};

/// Whether every place is wanted.
fn all_points() -> bool {
    std::env::var("IDP_FAULT_POINTS").is_ok_and(|value| value == "all")
}

/// What is killed and run again.
struct Scenario<'a> {
    name: &'a str,
    /// A fresh workspace.
    make: &'a (dyn Fn() -> Workspace + Sync),
    /// The arguments of the run.
    args: &'a [&'a str],
}

/// One change of each kind.
const SMALLEST: Scenario =
    Scenario { name: "smallest", make: &smallest, args: &["smallest", "service=api", "--output", "json"] };

/// The golden path, in the example's workspace.
const GOLDEN: Scenario = Scenario {
    name: "create-service",
    make: &Workspace::acme,
    args: &["create-service", "--params", "payments-api.yaml", "--output", "json"],
};

/// The golden path that hands a service its database, in the example's workspace.
const RESOURCE: Scenario = Scenario {
    name: "create-resource",
    make: &Workspace::acme,
    args: &[
        "create-resource",
        "project=orders",
        "env=dev",
        "type=postgresql",
        "name=shelf",
        "service=stock",
        "--output",
        "json",
    ],
};

/// A resource whose name is made up, with fields that come from its definition.
const UNIQUE: Scenario = Scenario {
    name: "create-resource of a MongoDB",
    make: &Workspace::acme,
    args: &[
        "create-resource",
        "project=orders",
        "env=dev",
        "type=mongodb",
        "name=carts",
        "owner=team-orders",
        "--output",
        "json",
    ],
};

/// A field of a claim that is there.
const CHANGE: Scenario = Scenario {
    name: "update-resource",
    make: &Workspace::acme,
    args: &[
        "update-resource",
        "project=orders",
        "env=prod",
        "type=postgresql",
        "name=checkout",
        "storageGB=100",
        "--output",
        "json",
    ],
};

/// A claim that is there is given up.
const GIVE_UP: Scenario = Scenario {
    name: "delete-resource",
    make: &Workspace::acme,
    args: &[
        "delete-resource",
        "project=orders",
        "env=prod",
        "type=postgresql",
        "name=checkout",
        "anyway=true",
        "--output",
        "json",
    ],
};

/// A resource whose name is made up is made once more, after it was made and given up.
const ANEW: Scenario = Scenario {
    name: "create-resource of a MongoDB that was given up",
    make: &given_up,
    args: &[
        "create-resource",
        "project=orders",
        "env=dev",
        "type=MongoDB",
        "name=carts",
        "owner=team-orders",
        "anew=true",
        "--output",
        "json",
    ],
};

/// What was made once more is given up again.
const GIVE_UP_AGAIN: Scenario = Scenario {
    name: "delete-resource of a MongoDB that was made anew",
    make: &made_anew,
    args: &["delete-resource", "project=orders", "env=dev", "type=mongodbs", "name=carts", "--output", "json"],
};

/// A version goes to the next environment.
const PROMOTE: Scenario = Scenario {
    name: "promote",
    make: &known,
    args: &["promote", "project=orders", "service=stock", "to=prod", "--output", "json"],
};

/// And back.
const ROLLBACK: Scenario = Scenario {
    name: "rollback",
    make: &promoted,
    args: &["rollback", "project=orders", "service=stock", "env=prod", "--output", "json"],
};

/// What was delivered is brought up to date, in a repository that people edited and one where they merged.
const UPDATE: Scenario =
    Scenario { name: "update", make: &delivered, args: &["smallest", "service=api", "--update", "--output", "json"] };

/// Items beside each other: what happens first is another thing each time.
const BESIDE: Scenario = Scenario { name: "beside", make: &beside, args: &["beside", "--output", "json"] };

/// A saved plan, with one change of each kind.
const SAVED: Scenario =
    Scenario { name: "apply plan.json", make: &saved, args: &["apply", "plan.json", "--output", "json"] };

/// What a run made is taken back while its proposal is open.
const UNDO: Scenario =
    Scenario { name: "undo", make: &applied, args: &["runs", "undo", "smallest service=api", "--output", "json"] };

/// After the proposal was merged, and with what nobody touched deleted.
const UNDO_MERGED: Scenario = Scenario {
    name: "undo of a merged run",
    make: &merged,
    args: &["runs", "undo", "smallest service=api", "--delete", "--output", "json"],
};

impl Scenario<'_> {
    /// Whether the binary has the script; says so if not.
    fn is_there(&self) -> bool {
        let there = self.args[0] != "create-service" || ships(self.args[0]);
        if !there {
            println!("skipped: this build ships no script `{}`", self.args[0]);
        }
        there
    }

    /// The world after a run that nothing disturbed.
    fn undisturbed(&self) -> World {
        let workspace = (self.make)();
        workspace.idp(self.args).succeeds("undisturbed");
        World::of(&workspace)
    }

    /// Runs again after a kill: the same world as ever, nothing left to do, git content.
    #[track_caller]
    fn converges(&self, workspace: &Workspace, expected: &World, keep_journal: bool, when: &str) {
        let journal = if keep_journal { "journal kept" } else { "journal deleted" };
        let when = format!("{}, {when}, {journal}", self.name);
        if !keep_journal {
            workspace.forget_journal();
        }
        workspace.idp(self.args).succeeds(&format!("rerun: {when}"));
        World::of(workspace).assert_same(expected, &when);
        let again = workspace.idp(self.args).succeeds(&format!("second rerun: {when}"));
        assert_eq!(again.counts(), [0, 0, 0], "{when}: the second rerun changed something: {again}");
        workspace.fsck(&when);
    }
}

/// Calls `act` with the numbers from 0 until it returns false, on two threads.
fn on_two_threads(act: impl Fn(usize) -> bool + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| while act(next.fetch_add(1, Ordering::SeqCst)) {});
        }
    });
}

fn smallest() -> Workspace {
    Workspace::of(&[
        ("idp.yaml", IDP_YAML),
        ("seeds/platform/README.md", "# Platform\n"),
        ("seeds/platform/services/shop.yaml", "name: shop\n"),
        ("scripts/smallest.rhai", SCRIPT),
    ])
}

fn beside() -> Workspace {
    Workspace::of(&[
        ("idp.yaml", IDP_YAML),
        ("seeds/platform/README.md", "# Platform\n"),
        ("scripts/beside.rhai", ITEMS),
    ])
}

/// What each item proposes goes to its own repository: numbers of pull requests in a shared one go by who came first.
const ITEMS: &str = r##"//! Items beside each other
//!
//! Repositories and proposals of several services at once.

fn run(p) {
    parallel(["api", "web", "jobs"], |name| {
        let app = repo(name);
        app.ensure(#{ description: `The ${name}` });
        app.commit("main", "feat: start", tree().write("README.md", `# ${name}` + "\n"));
        step("Propose", || { app.propose("Add docs", |t| t.write("docs/index.md", "# Docs\n")); });
    });
    notify("deployments", "All are there", #{ once: "made" });
    repo("platform").propose("Tell of them", |t| t.write("told.md", "all\n"));
}
"##;

fn applied() -> Workspace {
    let workspace = smallest();
    workspace.idp(SMALLEST.args).succeeds("the run that is undone");
    workspace
}

fn merged() -> Workspace {
    let workspace = applied();
    workspace.idp(&["pr", "merge", "platform", "1", "--admin", "--as", "jane"]).succeeds("the merge");
    workspace
}

fn given_up() -> Workspace {
    let workspace = Workspace::acme();
    workspace.idp(UNIQUE.args).succeeds("made");
    workspace.idp(&["pr", "merge", "orders-gitops", "1", "--admin", "--as", "jane"]).succeeds("merged");
    workspace.idp(GIVE_UP_AGAIN.args).succeeds("given up");
    workspace.idp(&["pr", "merge", "orders-gitops", "2", "--admin", "--as", "jane"]).succeeds("merged");
    workspace
}

fn made_anew() -> Workspace {
    let workspace = given_up();
    workspace.idp(ANEW.args).succeeds("made anew");
    workspace.idp(&["pr", "merge", "orders-gitops", "3", "--admin", "--as", "jane"]).succeeds("merged");
    workspace
}

/// The example's world as it is made by the first look at it.
fn known() -> Workspace {
    let workspace = Workspace::acme();
    workspace.idp(&["versions"]).succeeds("a look");
    workspace
}

fn promoted() -> Workspace {
    let workspace = known();
    workspace.idp(PROMOTE.args).succeeds("promoted");
    workspace.idp(&["pr", "merge", "orders-gitops", "1", "--admin", "--as", "jane"]).succeeds("merged");
    workspace
}

fn saved() -> Workspace {
    let workspace = smallest();
    workspace.idp(&["smallest", "service=api", "--plan", "--out", "plan.json"]).succeeds("the plan");
    workspace
}

/// The smallest script's workspace after a run, a merge, an edit by a person, and a change of the script.
fn delivered() -> Workspace {
    let workspace = smallest();
    workspace.idp(SMALLEST.args).succeeds("the run");
    workspace.idp(&["pr", "merge", "platform", "1", "--as", "alice", "--admin", "--squash"]).succeeds("the merge");
    let clone = tempfile::TempDir::new().unwrap();
    git(clone.path(), &["clone", "-q", workspace.bare("api").to_str().unwrap(), "."]);
    std::fs::write(clone.path().join("README.md"), "# api, by people\n").unwrap();
    git(clone.path(), &["commit", "-q", "-a", "-m", "by hand"]);
    git(clone.path(), &["push", "-q", "origin", "main"]);
    let newer =
        SCRIPT.replace("`# ${service}\\n`", "`# ${service}, newer\\n`").replace("\"main\\n\")", "\"newer\\n\")");
    let newer = newer.replace("`name: ${service}\\n`", "`name: ${service}-newer\\n`");
    assert_ne!(newer, SCRIPT);
    workspace.write("scripts/smallest.rhai", &newer);
    workspace
}

const IDP_YAML: &str = "\
forge: { kind: local, folder: .idp/forge, owner: acme, url: https://git.acme.example }
clusters:
  dev: { kind: snapshot, folder: .idp/clusters/dev }
contacts:
  deployments: { kind: file, path: .idp/notifications/deployments.jsonl }
seeds:
  platform: { folder: seeds/platform, protection: { reviews: 1 } }
";

const SCRIPT: &str = r##"//! The smallest golden path
//!
//! One change of each kind.

fn params() {
    #{ service: param("string", "Service name").identity() }
}

fn run(p) {
    let service = p.service;
    let app = repo(service);
    step("Scaffold the repository", || {
        app.ensure(#{ description: "A service", visibility: "internal", topics: ["service"] });
        app.commit("main", "feat: scaffold", tree().write("README.md", `# ${service}\n`).write("src/main.txt", "main\n"));
        app.protect("main", #{ reviews: 1 });
    });
    let pull = step("Propose its deployment", || {
        repo("platform").propose(`Deploy ${service}`, |t| t.write(`services/${service}.yaml`, `name: ${service}\n`), #{
            body: "Words.", labels: ["idp-run"], reviewers: ["platform-team"],
        })
    });
    let namespace = manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: `acme-dev-${service}` } });
    cluster("dev").apply(namespace);
    notify("deployments", `${service} is on its way`, #{ once: "created" });
    output("Pull request", pull.url);
}
"##;
