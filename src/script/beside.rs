//! What a script's host lends to items that run beside each other: engines, a count of memory, and what errors mean.
//! The primitive `parallel` uses it through the run.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult};

use super::engine::{Extras, Host, Progress, equipped};
use super::imports::Sources;
use super::memory::Ceiling;
use super::{diagnose, memory};
use crate::bridge::{Branches, Run, RunTag, Trouble, Worker};
use crate::library::{Library, Script};
use crate::report::Sink;

/// Lends what a host has. Its own engine is of one thread and can't be shared.
pub(super) struct Beside {
    /// The same script without a run: it only says what errors mean.
    twin: Host,
}

impl Beside {
    pub(super) fn new(host: &Host) -> Beside {
        Beside { twin: host.twin() }
    }
}

impl Branches for Beside {
    fn worker(&self) -> Box<dyn Worker> {
        Box::new(OneThread {
            library: self.twin.library().clone(),
            script: self.twin.script().clone(),
            sources: self.twin.sources().clone(),
            progress: self.twin.progress().on_another_thread(),
            extras: self.twin.extras.clone(),
            _ceiling: self.twin.progress().put_ceiling(),
        })
    }

    fn explain(&self, error: Box<EvalAltResult>) -> Trouble {
        diagnose(&self.twin, *error)
    }

    fn adopt(&self, bytes: isize) {
        memory::adopt(bytes);
    }
}

/// What one thread has. An engine that several threads share doesn't scale: they wait for its table of texts.
struct OneThread {
    library: Library,
    script: Script,
    sources: Sources,
    progress: Progress,
    extras: Extras,
    _ceiling: Ceiling,
}

impl Worker for OneThread {
    fn engine(&self, sink: Arc<dyn Sink>) -> Engine {
        equipped(&self.script, &self.library, &self.sources, sink, self.progress.clone(), &self.extras)
    }

    fn leave(self: Box<Self>) -> isize {
        let progress = self.progress.clone();
        drop(self);
        progress.withdraw();
        memory::balance()
    }
}

impl Host {
    /// The same script on an engine that runs nothing.
    fn twin(&self) -> Host {
        Host {
            engine: Engine::new_raw(),
            ast: self.ast.clone(),
            sources: self.sources.clone(),
            library: self.library.clone(),
            script: self.script.clone(),
            progress: self.progress.clone(),
            extras: self.extras.clone(),
        }
    }

    /// Gives the script its run: from here on primitives can reach the world.
    pub fn attach(&mut self, tag: RunTag) {
        self.lend(&tag.run());
        self.engine.set_default_tag(Dynamic::from(tag));
    }

    /// Lends a run what items beside each other need.
    pub fn lend(&self, run: &Arc<Run>) {
        run.lend(Arc::new(Beside::new(self)));
    }
}
