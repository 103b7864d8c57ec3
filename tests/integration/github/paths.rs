//! The golden paths on GitHub: planned and made there as on the embedded forge, rerun without a write, merged by people,
//! brought up to date, taken back, and applied from a saved plan.

use serde_json::Value;

use super::stage::{RESOURCE, SERVICE, Stage};
use crate::support::forge_state::ForgeState;
use crate::support::{Said, Workspace};

/// The same organisation on both forges.
struct Both {
    stage: Stage,
    embedded: Workspace,
}

impl Both {
    fn acme() -> Option<Both> {
        Some(Both { stage: Stage::acme()?, embedded: Workspace::acme() })
    }

    /// Runs it on both, and compares what became of it.
    #[track_caller]
    fn run(&self, args: &[&str]) -> [Said; 2] {
        let when = args.join(" ");
        let there = self.stage.idp(args).succeeds(&format!("on GitHub: {when}"));
        let here = self.embedded.idp(args).succeeds(&format!("embedded: {when}"));
        assert_eq!(self.events(&there), self.events(&here), "{when}");
        self.same(&when);
        [there, here]
    }

    /// Both forges hold the same.
    #[track_caller]
    fn same(&self, when: &str) {
        self.stage.github.proxy.assert_valid();
        // A plan leaves nothing, so that the embedded forge has no repositories before the first change.
        if self.embedded.repositories().is_empty() {
            return;
        }
        self.stage.state().assert_same(&ForgeState::of_embedded(&self.embedded), when);
    }

    /// What was changed, with its diffs, and the numbers at the end. Both hosts are called alike.
    fn events(&self, said: &Said) -> Vec<Value> {
        let text = said.stdout.replace(&self.stage.github.proxy.url(), "https://git.acme.example");
        let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events
            .filter(|event| ["change", "stays", "unchanged", "summary"].iter().any(|kind| event["type"] == *kind))
            .collect()
    }

    /// People approve and merge a pull request.
    fn merge(&self, repo: &str, number: &str) {
        self.embedded.idp(&["pr", "approve", repo, number, "--as", "alice"]).succeeds("approved, embedded");
        self.embedded.idp(&["pr", "merge", repo, number, "--as", "alice"]).succeeds("merged, embedded");
        self.stage.alice(&["pr", "approve", repo, number]).succeeds("approved, on GitHub");
        self.stage.idp(&["pr", "merge", repo, number]).succeeds("merged, on GitHub");
    }

    /// A rerun of it writes nothing, whether the journal knows of it or not.
    #[track_caller]
    fn is_done(&self, args: &[&str], when: &str) {
        self.stage.is_done(args, when);
        self.stage.workspace.forget_journal();
        self.stage.is_done(args, &format!("{when}, the journal deleted"));
        self.same(when);
    }
}

#[test]
fn golden_paths_plan_and_make_what_they_do_on_the_embedded_forge() {
    let Some(both) = Both::acme() else { return };
    for (args, made) in [(&SERVICE[..], 8), (&RESOURCE[..], 1)] {
        let [planned, _] = both.run(&[args, &["--plan"]].concat());
        assert_eq!(both.stage.github.proxy.counts().writes, 0, "{:#?}", both.stage.asked());
        both.stage.github.proxy.taken();
        let [first, _] = both.run(args);
        println!("{} on GitHub: {:?}", args[0], both.stage.github.proxy.counts());
        assert_eq!(first.counts(), [made, 0, 0], "{first}");
        let kinds = |said: &Said| -> Vec<String> {
            let changes = both.events(said).into_iter().filter(|event| event["type"] == "change");
            changes.map(|event| format!("{} {} {}", event["action"], event["kind"], event["target"])).collect()
        };
        assert_eq!(kinds(&planned), kinds(&first));
        both.is_done(args, "made");
        both.run(&[args, &["--plan"]].concat());
    }
    both.merge("platform-gitops", "1");
    both.merge("payments-gitops", "1");
    both.merge("orders-gitops", "1");
    both.is_done(&SERVICE, "merged");
    both.is_done(&RESOURCE, "merged");
}

/// Asked for, changed, given up, made anew and given up again: twice each, and the second time writes nothing.
#[test]
fn a_claim_lives_as_on_the_embedded_forge() {
    let Some(both) = Both::acme() else { return };
    let named = ["project=orders", "env=dev", "type=Database", "name=ledger", "--output", "json"];
    let of = |path: &'static str, more: &[&'static str]| [&[path], &named[..], more].concat();
    let wish = ["owner=team-orders", "engine=postgres", "provider=gcp"];
    let anew = [&wish[..], &["anew=true"]].concat();
    let life = [
        of("create-resource", &wish),
        of("update-resource", &["size=large", "version=16"]),
        of("delete-resource", &[]),
        of("create-resource", &anew),
        of("delete-resource", &[]),
    ];
    for (number, args) in (1..).zip(&life) {
        let [said, _] = both.run(args);
        println!("{} on GitHub: {:?}", args[0], both.stage.github.proxy.counts());
        assert_eq!(said.counts(), [1, 0, 0], "{said}");
        both.is_done(args, "proposed");
        both.merge("orders-gitops", &number.to_string());
        both.is_done(args, "merged");
    }
    let refused = both.stage.idp(&of("create-resource", &wish));
    assert_eq!(refused.status.code(), Some(2), "{refused}");
}

#[test]
fn what_a_run_made_is_taken_back_as_on_the_embedded_forge() {
    let Some(both) = Both::acme() else { return };
    both.run(&SERVICE);
    both.merge("payments-gitops", "1");
    let undo = ["runs", "undo", "create-service", "--output", "json"];
    both.run(&[&undo[..], &["--plan"]].concat());
    both.run(&undo);
    both.stage.is_done(&undo, "undone");
    both.same("undone twice");
}

#[test]
fn delivered_files_are_brought_up_to_date_as_on_the_embedded_forge() {
    let Some(both) = Both::acme() else { return };
    both.run(&SERVICE);
    both.merge("payments-gitops", "1");
    let changed = [&SERVICE[..], &["description=Takes the money"]].concat();
    both.run(&changed);
    let update = [&changed[..], &["--update"]].concat();
    both.run(&[&update[..], &["--plan"]].concat());
    both.run(&update);
    both.stage.is_done(&update, "brought up to date");
    both.same("brought up to date twice");
}

#[test]
fn a_saved_plan_makes_what_a_run_makes() {
    let Some(both) = Both::acme() else { return };
    both.run(&[&SERVICE[..], &["--plan", "--out", "plan.json"]].concat());
    let apply = ["apply", "plan.json", "--output", "json"];
    let [first, _] = both.run(&apply);
    assert_eq!(first.counts(), [8, 0, 0], "{first}");
    both.stage.is_done(&apply, "applied");
    both.is_done(&SERVICE, "applied from a plan");
}
