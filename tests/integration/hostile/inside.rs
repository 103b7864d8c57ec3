//! Scripts inside of this process, as something that runs many of them does it: a fence each, a plan's world, a sink
//! that counts.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use idp_run::bridge::{Opened, Opening};
use idp_run::config::{Config, Limits};
use idp_run::error::Error;
use idp_run::library::{Library, Script};
use idp_run::report::{Event, Sink};
use idp_run::script::{Attempt, Ended, Extras, Fence, Given, Progress, Surroundings, Trouble};
use idp_run::world::door::Parts;
use idp_run::world::journal::RunKey;
use idp_run::world::permission::Permissions;
use idp_run::world::{Door, Mode, open};

/// How a script ended.
#[derive(Debug)]
pub struct Ending {
    /// The error's code; `ok` without one, `waiting` for people.
    pub code: String,
    /// The error's sentence.
    pub message: String,
    /// How long it took, from its start to the end of its thread.
    pub time: Duration,
    /// The most bytes that its thread held; none if the thread had to be left behind.
    pub most: Option<usize>,
    /// The bytes that it printed.
    pub said: usize,
}

#[derive(Default)]
struct Counting(AtomicUsize);

impl Sink for Counting {
    fn emit(&self, event: Event) {
        if let Event::Print(text) = event {
            self.0.fetch_add(text.len(), Ordering::Relaxed);
        }
    }
}

struct Nobody;

impl idp_run::script::Asking for Nobody {
    fn is_there(&self) -> bool {
        false
    }

    fn ask(
        &self,
        name: &str,
        _: &idp_run::primitives::param::Param,
        _: &idp_run::script::Judge,
    ) -> idp_run::error::Result<serde_json::Value> {
        Err(Error::invalid("idp::param::missing", name))
    }

    fn offer(&self, _: &[&str], _: bool) -> idp_run::error::Result<bool> {
        Ok(false)
    }
}

/// Plans a script of a workspace under these limits.
pub fn plan(workspace: &Path, text: &str, limits: Limits) -> Ending {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut config = Config::find(Some(workspace), workspace).unwrap().unwrap();
    config.limits = limits;
    let script = Script {
        name: "hostile".into(),
        shown: "hostile.rhai".into(),
        folder: Some(workspace.to_path_buf()),
        text: text.into(),
    };
    let progress = Progress::new(limits.memory);
    let counting = Arc::new(Counting::default());
    let surroundings = Surroundings {
        library: Library::new(&config.root).beside(&script),
        config: Arc::new(config),
        sink: counting.clone(),
        progress: progress.clone(),
        mode: Mode::Plan,
        in_memory: true,
        handle: runtime.handle().clone(),
        extras: Extras::default(),
        reviewers: idp_run::audit::gate::reviewers(),
    };
    let began = Instant::now();
    let mut fence = Fence::start(limits, &progress, move || attempt(script, surroundings)).unwrap();
    let ended = runtime.block_on(fence.ended());
    let time = began.elapsed();
    let (code, message, most) = match ended {
        Ended::Itself { result: Ok(()), most } => ("ok".to_string(), String::new(), Some(most)),
        Ended::Itself { result: Err(Trouble::Waiting(what)), most } => ("waiting".to_string(), what, Some(most)),
        Ended::Itself { result: Err(Trouble::Failed { error, .. }), most } => {
            (error.code().to_string(), error.message().to_string(), Some(most))
        }
        Ended::Left(error) | Ended::Panicked(error) => (error.code().to_string(), error.message().to_string(), None),
    };
    Ending { code, message, time, most, said: counting.0.load(Ordering::Relaxed) }
}

fn attempt(script: Script, surroundings: Surroundings) -> Result<(), Trouble> {
    let Surroundings { config, sink, progress, .. } = surroundings.clone();
    let mut attempt = Attempt::prepare(script, surroundings)?;
    let open = |key: RunKey| {
        let (config, sink, flag) = (config.clone(), sink.clone(), progress.flag());
        move || -> Opening { Box::pin(opened(config.clone(), key.clone(), sink.clone(), flag.clone())) }
    };
    let values = attempt.values("hostile", &Given::default(), &Nobody, |key| Ok(open(key)))?;
    let key = attempt.key(&values);
    attempt.go(&values, open(key), &OnceLock::new())
}

async fn opened(
    config: Arc<Config>,
    run: RunKey,
    sink: Arc<dyn Sink>,
    cancelled: Arc<std::sync::atomic::AtomicBool>,
) -> idp_run::error::Result<Opened> {
    let door = Door::new(Parts {
        world: open::for_reading(&config).await?.overlaid(),
        mode: Mode::Plan,
        run,
        script: "hostile.rhai".into(),
        actor: "idp-run".into(),
        permissions: Permissions::new(None, None)?,
        reviewers: Vec::new(),
        journal: None,
        sink,
        cancelled,
        guard: None,
    });
    Ok(Opened { door, hold: None })
}
