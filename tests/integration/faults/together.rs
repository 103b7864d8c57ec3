//! Runs at the same time: of one key, of several keys that share a repository, and the first runs of a workspace.

use std::process::Stdio;

use super::{SMALLEST, all_points};
use crate::support::{Said, Workspace, World};

/// Starts all of them before it waits for any.
pub fn at_once(workspace: &Workspace, runs: &[Vec<String>]) -> Vec<Said> {
    let children: Vec<_> = runs
        .iter()
        .map(|args| {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            workspace.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            Said { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
        })
        .collect()
}

#[test]
fn two_runs_of_the_same_key_make_every_object_once() {
    let expected = SMALLEST.undisturbed();
    let rounds = if all_points() { 100 } else { 10 };
    for round in 0..rounds {
        let workspace = (SMALLEST.make)();
        let args: Vec<String> = SMALLEST.args.iter().map(|arg| arg.to_string()).collect();
        let said = at_once(&workspace, &[args.clone(), args]);
        let mut made = 0;
        for one in said {
            let one = one.succeeds(&format!("two at once, round {round}"));
            made += one.counts()[0];
            assert_eq!(one.counts()[1..], [0, 0], "{one}");
        }
        assert_eq!(made, 6, "round {round}: six objects, each made by one of the two");
        World::of(&workspace).assert_same(&expected, "two runs of the same key at once");
        workspace.fsck("two runs of the same key at once");
    }
    println!("{rounds} rounds of two runs of the same key at once");
}

const SHARED: &str = r##"//! Share a repository
fn params() { #{ name: param("string", "Name").identity() } }
fn run(p) {
    let gitops = repo("gitops", #{ shared: "payments" });
    gitops.ensure(#{ description: "Shared", visibility: "internal", topics: ["gitops", p.name] });
    gitops.commit("main", "feat: first", tree().write("README.md", "# Shared\n"));
    gitops.protect("main", #{ reviews: 1, checks: [p.name] });
    gitops.propose(`Add ${p.name}`, |t| t.write(`services/${p.name}.yaml`, `name: ${p.name}\n`));
}
"##;

#[test]
fn runs_that_share_a_repository_make_it_once() {
    let (rounds, runs) = (if all_points() { 60 } else { 6 }, 8);
    for round in 0..rounds {
        let workspace =
            Workspace::of(&[("idp.yaml", "forge: { kind: local, owner: acme }\n"), ("scripts/share.rhai", SHARED)]);
        let args = |run: usize| vec!["share".to_string(), format!("name=s{run}"), "--output".into(), "json".into()];
        let said = at_once(&workspace, &(0..runs).map(args).collect::<Vec<_>>());
        for one in said {
            one.succeeds(&format!("{runs} runs that share a repository, round {round}"));
        }
        let bare = workspace.bare("gitops");
        let git = |args: &[&str]| crate::support::git(&bare, args);
        assert_eq!(git(&["rev-list", "--count", "main"]), "1", "one first commit");
        assert_eq!(git(&["for-each-ref", "--format=%(refname)", "refs/idp-run/"]).lines().count(), 1, "one marker");
        assert_eq!(
            git(&["for-each-ref", "--format=%(refname)", "refs/pull/"]).lines().count(),
            runs,
            "a proposal each"
        );
        // What each asks of the settings is there: nobody set another's topic or check back.
        for file in ["idp/repository.json", "idp/protection.json"] {
            let text = std::fs::read_to_string(bare.join(file)).unwrap();
            let all = (0..runs).all(|run| text.contains(&format!("\"s{run}\"")));
            assert!(all, "{file} lacks what one of the runs asked for: {text}");
        }
        workspace.fsck("runs that share a repository");
        for run in 0..runs {
            let args = args(run);
            let again = workspace.idp(&args.iter().map(String::as_str).collect::<Vec<_>>()).succeeds("rerun");
            assert_eq!(again.counts(), [0, 0, 0], "{again}");
        }
    }
    println!("{rounds} rounds of {runs} runs that share a repository, in a world that none of them found");
}
