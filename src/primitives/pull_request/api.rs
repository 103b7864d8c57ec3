//! Pull requests in scripts.

use rhai::plugin::*;

/// Pull requests: what `repo.propose` opens, finds again and updates.
#[export_module]
pub mod api {
    use std::time::{Duration, Instant};

    use rhai::{Dynamic, ImmutableString, Map, NativeCallContext};

    use super::super::options;
    use crate::bridge::{RhaiResultOf, run_of, throw, throw_waiting};
    use crate::error::{Error, Result};
    use crate::primitives::later;
    use crate::primitives::options::Options;
    use crate::report::Event;
    use crate::world::change::Change;
    use crate::world::forge::State;
    use crate::world::{Later, Mode, hash};

    /// A pull request, as `repo.propose` returns it.
    pub type PullRequest = super::super::PullRequest;

    /// Its number. In a plan that opens it, a value that is known after the apply; `()` if there was nothing to propose.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// print(`Number ${pull.number}`);
    /// ```
    #[rhai_fn(global, get = "number", pure)]
    pub fn number(pull: &mut PullRequest) -> Dynamic {
        match &pull.now {
            Some(now) => {
                let number = match &now.number {
                    Later::Known(number) => Later::Known(i64::try_from(*number).unwrap_or(i64::MAX)),
                    Later::Unknown => Later::Unknown,
                };
                later::dynamic(&number, || format!("number of the pull request `{}`", pull.title))
            }
            None => Dynamic::UNIT,
        }
    }

    /// Where people look at it. In a plan that opens it, a value that is known after the apply; `()` if there was
    /// nothing to propose.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// output("Pull request", pull.url);
    /// ```
    #[rhai_fn(global, get = "url", pure)]
    pub fn url(pull: &mut PullRequest) -> Dynamic {
        match &pull.now {
            Some(now) => later::dynamic(&now.url, || format!("URL of the pull request `{}`", pull.title)),
            None => Dynamic::UNIT,
        }
    }

    /// Its title.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// print(pull.title);
    /// ```
    #[rhai_fn(global, get = "title", pure)]
    pub fn title(pull: &mut PullRequest) -> ImmutableString {
        pull.title.as_str().into()
    }

    /// Its description: anybody may have changed it. Empty if there was nothing to propose.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").pull_request("say-hello").body);
    /// ```
    #[rhai_fn(global, get = "body", pure)]
    pub fn body(pull: &mut PullRequest) -> ImmutableString {
        pull.now.as_ref().map_or("", |now| now.body.as_str()).into()
    }

    /// Where it stands: `open`, `merged`, `closed`, or `none` if there was nothing to propose.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// if pull.state == "open" { print("waits for a review"); }
    /// ```
    #[rhai_fn(global, get = "state", pure)]
    pub fn state(pull: &mut PullRequest) -> ImmutableString {
        pull.now.as_ref().map_or("none", |now| now.state.as_str()).into()
    }

    /// Says something under the pull request, once for its `once` (default: the text).
    ///
    /// Errors: `idp::pr::missing`, `idp::permission`.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// pull.comment("Greetings from the golden path.");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn comment(ctx: NativeCallContext, pull: &mut PullRequest, body: &str) -> RhaiResultOf<PullRequest> {
        comment_with(ctx, pull, body, Map::new())
    }

    /// Says something with options: `once` names the comment, so that a rerun with another text doesn't add a second.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// pull.comment("Greetings.", #{ once: "greeting" });
    /// ```
    #[rhai_fn(global, name = "comment", return_raw, pure)]
    pub fn comment_with(
        ctx: NativeCallContext,
        pull: &mut PullRequest,
        body: &str,
        options: Map,
    ) -> RhaiResultOf<PullRequest> {
        let run = run_of(&ctx)?;
        let act = || -> Result<()> {
            let options = Options::of(&options::COMMENT, &options)?;
            let once = options.text("once")?.unwrap_or_else(|| body.to_string());
            let door = run.door()?;
            let Some(now) = &pull.now else { return Ok(()) };
            let marker = format!("{}/{}", door.run().hash, hash::short(&once));
            let pulls = run.wait(door.world().forge.pull_requests(&pull.repo, Some(&now.head)))?;
            let there = pulls.iter().rfind(|there| there.number == now.number);
            let said = match there {
                Some(there) => run.wait(door.world().forge.discussion(&pull.repo, there))?.has(&marker),
                None => false,
            };
            let target = format!("{} {} {}", pull.repo, now.head, &marker[marker.len() - 8..]);
            if said {
                door.unchanged("comment", &target);
                return Ok(());
            }
            let (repo, number, head) = (pull.repo.clone(), now.number.clone(), now.head.clone());
            let change = Change::Comment { repo, number, head, marker, body: body.into() };
            run.pass(door.pass(change)).map(drop)
        };
        act().map(|()| pull.clone()).map_err(|error| throw(&ctx, error))
    }

    /// Waits until the pull request is merged. While it is open, the attempt ends as waiting: run the same command
    /// again, or `idp-run runs resume`, to look again. In a plan it is taken for merged.
    ///
    /// Errors: `idp::pr::closed`.
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// pull.wait();
    /// print("merged");
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn wait(ctx: NativeCallContext, pull: &mut PullRequest) -> RhaiResultOf<PullRequest> {
        wait_with(ctx, pull, Map::new())
    }

    /// Waits with options: `patience` is the number of seconds to look again and again before the attempt ends as
    /// waiting (default 0).
    ///
    /// ```rhai
    /// let pull = repo("platform-gitops").propose("Say hello", |t| t.write("hello.md", "Hello\n"));
    /// pull.wait(#{ patience: 60 });
    /// ```
    #[rhai_fn(global, name = "wait", return_raw, pure)]
    pub fn wait_with(ctx: NativeCallContext, pull: &mut PullRequest, options: Map) -> RhaiResultOf<PullRequest> {
        let run = run_of(&ctx)?;
        let thrown = |error: Error| throw(&ctx, error);
        let patience = Options::of(&options::WAIT, &options).and_then(|options| options.count("patience"));
        let patience = Duration::from_secs(u64::from(patience.map_err(thrown)?.unwrap_or(0)));
        let door = run.door().map_err(thrown)?;
        let Some(mut now) = pull.now.clone() else { return Ok(pull.clone()) };
        let what = format!("pull request {}#{} to be merged", pull.repo, now.number);
        let began = Instant::now();
        loop {
            let there = run.wait(door.world().forge.pull_requests(&pull.repo, Some(&now.head))).map_err(thrown)?;
            now = there.into_iter().find(|there| there.number == now.number).unwrap_or(now);
            let seen = PullRequest { now: Some(now.clone()), ..pull.clone() };
            match now.state {
                State::Merged => return Ok(seen),
                State::Closed => {
                    let message = format!("{}#{} was closed without being merged", pull.repo, now.number);
                    return Err(thrown(Error::failed("idp::pr::closed", message)));
                }
                State::Open if door.mode() == Mode::Plan => {
                    run.sink.emit(Event::Waiting(what));
                    return Ok(seen);
                }
                State::Open if began.elapsed() >= patience => return Err(throw_waiting(&ctx, what)),
                State::Open => {
                    let pause = async {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        Ok(())
                    };
                    run.wait(pause).map_err(thrown)?;
                }
            }
        }
    }
}
