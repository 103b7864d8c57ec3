//! Several runners at once on GitHub, each with a workspace and a journal of its own, as CI jobs have them.

use std::process::Stdio;

use super::kills::all_points;
use super::stage::{SERVICE, Stage, point};
use crate::support::github::TOKEN;
use crate::support::{Said, Workspace};

const RUNNERS: usize = 4;

#[test]
fn runners_without_a_shared_journal_make_every_object_once() {
    let Some(alone) = Stage::acme() else { return };
    alone.idp(&SERVICE).succeeds("alone");
    let expected = alone.state();
    let rounds = if all_points() { 20 } else { 2 };
    for round in 0..rounds {
        let Some(stage) = Stage::acme() else { return };
        let workspaces: Vec<Workspace> = (0..RUNNERS).map(|_| Workspace::acme()).collect();
        let children: Vec<_> = workspaces
            .iter()
            .map(|workspace| {
                point(workspace, &stage.github.proxy.url());
                let mut command = workspace.command(&SERVICE);
                command.env("GITHUB_TOKEN", TOKEN).env("IDP_GRANTS", workspace.path().join("grants.yaml"));
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            Said { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
                .succeeds(&format!("{RUNNERS} at once, round {round}"));
        }
        stage.state().assert_same(&expected, &format!("{RUNNERS} at once, round {round}"));
        stage.is_done(&SERVICE, "after all of them");
    }
    println!("{rounds} rounds of {RUNNERS} runners at once");
}
