//! One attempt at a run, whoever starts it: compile, gather the values, tell the key, check, run. The command line opens
//! its door over the real world, tests over one in memory.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::diagnose::{diagnose, entry_points};
use super::engine::{Extras, Host, Progress};
use super::inputs::inputs;
use super::meter::Metered;
use super::params::{Declared, Given, gather, gather_more, recall, stated, to_map, together};
use super::prompt::Asking;
use super::run_key::run_key;
use crate::bridge::{Opening, Run, RunTag, Setup, Trouble};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::library::{Library, Script};
use crate::primitives::param::REFUSED;
use crate::report::{Silence, Sink};
use crate::world::Mode;
use crate::world::journal::{Inputs, RunKey};
use crate::world::review::Reviewer;

/// What a script runs in.
#[derive(Clone)]
pub struct Surroundings {
    /// The workspace.
    pub config: Arc<Config>,
    /// Where names are looked up.
    pub library: Library,
    /// Where events go.
    pub sink: Arc<dyn Sink>,
    /// Whether changes are made or shown.
    pub mode: Mode,
    /// Whether what a run changes stays in memory: a plan's overlay, a test's world.
    pub in_memory: bool,
    /// The watch on time and memory.
    pub progress: Progress,
    /// The runtime that futures are driven by.
    pub handle: tokio::runtime::Handle,
    /// What the script's engine has beyond the primitives.
    pub extras: Extras,
    /// Who looks at each change of a workspace first.
    pub reviewers: Reviewers,
}

/// Makes the reviewers of a door: rooms above this one have some, too.
pub type Reviewers = Arc<dyn Fn(&Config) -> Result<Vec<Box<dyn Reviewer>>> + Send + Sync>;

impl Surroundings {
    /// A run in them, whose door is made by `open` once the world is needed.
    pub fn run(&self, open: impl Fn() -> Opening + Send + Sync + 'static) -> Run {
        let setup = Setup {
            config: self.config.clone(),
            library: self.library.clone(),
            sink: self.sink.clone(),
            handle: self.handle.clone(),
            stop: self.progress.subscribe(),
            in_memory: self.in_memory,
        };
        Run::new(setup, open)
    }
}

/// A compiled script with what its `params()` declares.
pub struct Attempt {
    host: Host,
    declared: Vec<Declared>,
    surroundings: Surroundings,
    update: bool,
    /// The hash of the key for which the script looks at the world.
    looked: Option<String>,
}

impl Attempt {
    /// Compiles a script and asks it for its parameters.
    pub fn prepare(script: Script, mut surroundings: Surroundings) -> Result<Attempt, Trouble> {
        surroundings.sink = Arc::new(Metered::new(surroundings.sink, surroundings.progress.clone()));
        let Surroundings { library, sink, progress, extras, .. } = &surroundings;
        let host = Host::compile_with(script, library, sink.clone(), progress.clone(), extras.clone())?;
        entry_points(&host)?;
        let declared = host.declared().map_err(|error| diagnose(&host, *error))?;
        Ok(Attempt { host, declared, surroundings, update: false, looked: None })
    }

    /// The same; with `update`, it brings up to date what attempts before it delivered.
    #[must_use]
    pub fn updating(self, update: bool) -> Attempt {
        Attempt { update, ..self }
    }

    /// What `params()` declares.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The values of all parameters, checked. `called` is what messages call the script. For a script with parameters that
    /// depend on others, `look` makes what opens a door through which it looks at the world, as a plan does.
    pub fn values<O>(
        &mut self,
        called: &str,
        given: &Given,
        asking: &dyn Asking,
        look: impl Fn(RunKey) -> Result<O>,
    ) -> Result<Map<String, Value>, Trouble>
    where
        O: Fn() -> Opening + Send + Sync + 'static,
    {
        let more = self.host.declares_more();
        let judged = self.host.has_identity() && asking.is_there();
        if judged {
            self.look(self.key(&stated(called, &self.declared, more, given)?), &look)?;
        }
        let known = |values: &Map<String, Value>| if judged { self.judged(values) } else { Ok(()) };
        let mut first = gather(called, &self.declared, more, given, asking, &known)?;
        self.settle(&mut first.values, &look)?;
        if !more {
            return Ok(first.values);
        }
        let declared = self.declared_for(&first.values, &look)?;
        let known = |values: &Map<String, Value>| if judged { self.judged(values) } else { Ok(()) };
        let values = gather_more(called, &self.declared, &declared, given, first, asking, &known)?;
        self.declared = together(&self.declared, &declared);
        Ok(values)
    }

    /// What `identity(p)` refuses of the values so far. Whatever else goes wrong comes up again, once all are known.
    fn judged(&self, values: &Map<String, Value>) -> Result<()> {
        let told = self.host.identity(&self.declared, values).map_err(|error| diagnose(&self.host, *error));
        match told {
            Err(Trouble::Failed { error, .. }) if error.code() == REFUSED => Err(error),
            _ => Ok(()),
        }
    }

    /// What `params()` declares and, as far as the given values tell, `params(p)`: for help.
    pub fn all_declared<O>(
        &mut self,
        called: &str,
        given: &Given,
        look: impl Fn(RunKey) -> Result<O>,
    ) -> Result<Vec<Declared>, Trouble>
    where
        O: Fn() -> Opening + Send + Sync + 'static,
    {
        let mut all = self.declared.clone();
        if self.host.declares_more() {
            let mut values = stated(called, &self.declared, true, given)?;
            for param in &self.declared {
                let default = param.rule.default.clone().unwrap_or(Value::Null);
                values.entry(param.name.clone()).or_insert(default);
            }
            self.settle(&mut values, &look)?;
            all = together(&all, &self.declared_for(&values, &look)?);
        }
        Ok(all)
    }

    /// Whether there are parameters that depend on others.
    pub fn declares_more(&self) -> bool {
        self.host.declares_more()
    }

    /// Puts the identity parameters in the words that the run is known by.
    fn settle<O>(&mut self, values: &mut Map<String, Value>, look: impl Fn(RunKey) -> Result<O>) -> Result<(), Trouble>
    where
        O: Fn() -> Opening + Send + Sync + 'static,
    {
        if self.host.has_identity() {
            self.look(self.key(values), look)?;
            let known = self.host.identity(&self.declared, values).map_err(|error| diagnose(&self.host, *error))?;
            values.extend(known);
        }
        Ok(())
    }

    fn declared_for<O>(
        &mut self,
        values: &Map<String, Value>,
        look: impl Fn(RunKey) -> Result<O>,
    ) -> Result<Vec<Declared>, Trouble>
    where
        O: Fn() -> Opening + Send + Sync + 'static,
    {
        self.look(self.key(values), look)?;
        self.host.declared_for(&self.declared, values).map_err(|error| diagnose(&self.host, *error))
    }

    /// Lets the script look at the world, once for a key. What is looked at to tell parameters is nobody's business.
    fn look<O>(&mut self, key: RunKey, look: impl Fn(RunKey) -> Result<O>) -> Result<()>
    where
        O: Fn() -> Opening + Send + Sync + 'static,
    {
        if self.looked.as_ref() != Some(&key.hash) {
            self.looked = Some(key.hash.clone());
            let surroundings = Surroundings { sink: Arc::new(Silence), ..self.surroundings.clone() };
            self.host.attach(RunTag::new(Arc::new(surroundings.run(look(key)?))));
        }
        Ok(())
    }

    /// What the run is known by that these values ask for, as far as they say.
    pub fn identity<O>(
        &mut self,
        called: &str,
        given: &Given,
        look: impl Fn(RunKey) -> Result<O>,
    ) -> Result<RunKey, Trouble>
    where
        O: Fn() -> Opening + Send + Sync + 'static,
    {
        let mut values = stated(called, &self.declared, self.host.declares_more(), given)?;
        for param in &self.declared {
            let default = param.rule.default.clone().unwrap_or(Value::Null);
            values.entry(param.name.clone()).or_insert(default);
        }
        self.settle(&mut values, look)?;
        Ok(self.key(&values))
    }

    /// Gives the values that an earlier attempt had and that are given nowhere now.
    pub fn recall(&self, called: &str, given: &mut Given, earlier: &Map<String, Value>) -> Result<()> {
        recall(called, &self.declared, self.host.declares_more(), given, earlier)
    }

    /// What a run with these values is known by.
    pub fn key(&self, values: &Map<String, Value>) -> RunKey {
        run_key(self.host.script(), &inputs(&self.host, &self.surroundings, None), &self.declared, values)
    }

    /// What the attempt was made with so far.
    pub fn inputs(&self, run: Option<&Run>) -> Inputs {
        inputs(&self.host, &self.surroundings, run)
    }

    /// Asks `check(p)`, then runs `run(p)`, or the script from top to bottom. The run is put where it can be looked at
    /// afterwards, however the script ends.
    pub fn go(
        &mut self,
        values: &Map<String, Value>,
        open: impl Fn() -> Opening + Send + Sync + 'static,
        run: &OnceLock<Arc<Run>>,
    ) -> Result<(), Trouble> {
        let made = || {
            let run = self.surroundings.run(open);
            run.set_update(self.update);
            Arc::new(run)
        };
        self.host.attach(RunTag::new(run.get_or_init(made).clone()));
        let host = &self.host;
        let map = || to_map(values);
        if host.defines("check", 1) {
            let verdict = host.call("check", (map(),)).map_err(|error| diagnose(host, *error))?;
            if let Ok(message) = verdict.into_string() {
                return Err(Error::invalid("idp::param::check", message).into());
            }
        }
        let result = if host.defines("run", 1) {
            host.call("run", (map(),))
        } else if host.defines("params", 0) {
            let shown = &host.script().shown;
            return Err(Error::invalid("idp::script::run", format!("{shown} has params() but no run(p)")).into());
        } else {
            host.run()
        };
        result.map(drop).map_err(|error| diagnose(host, *error))
    }
}
