//! `parallel`: independent steps beside each other, each on a thread with an engine of its own. What they give, say and
//! change comes in the order of the items.

mod snapshot;
mod turns;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use rhai::plugin::*;
use rhai::{Array, Dynamic, FnPtr, GlobalRuntimeState, Locked, Map, NativeCallContext, Position, Shared};

use self::turns::Turns;
use crate::bridge::{Branches, RhaiResultOf, Run, RunTag, Trouble, run_of, throw, throw_waiting};
use crate::error::{Error, Kind, Place, Related, Result};
use crate::primitives::captured::{Assigned, assigned_captures, function_of};
use crate::primitives::options::{CallOptions, OptionSpec, Options, Takes};

/// Items at work at once, unless the script says otherwise. Most of what they do is waiting: for disks, for services.
const AT_MOST: u32 = 4;

/// The most that a script may ask for: each is a thread, and services count requests.
const MOST: u32 = 16;

/// Names shown of the items that failed; all of their errors are.
const SHOWN: usize = 5;

/// The options of `parallel(items, work, options)`.
pub const PARALLEL: CallOptions = CallOptions {
    function: "parallel",
    on: "",
    arguments: 3,
    known: &[
        OptionSpec::new("at_most", Takes::Count, "how many items are at work at once, from 1 to 16").otherwise("4"),
        OptionSpec::new("name", Takes::Function, "from an item to what people call it")
            .otherwise("the item's text, its `name`, or its number"),
    ],
    open: false,
};

/// What items beside each other share.
struct Fork<'a> {
    run: Arc<Run>,
    branches: Arc<dyn Branches>,
    turns: Arc<Turns>,
    position: i64,
    items: Array,
    work: FnPtr,
    global: &'a GlobalRuntimeState,
    source: Option<&'a str>,
    at: Position,
    next: AtomicUsize,
    results: Vec<OnceLock<RhaiResultOf<Dynamic>>>,
}

impl Fork<'_> {
    /// Takes items until there are none, or until the run is to stop. Returns the bytes that stay behind in results.
    fn work(&self) -> isize {
        let worker = self.branches.worker();
        loop {
            let item = self.next.fetch_add(1, Ordering::SeqCst);
            if item >= self.items.len() || self.run.stopped().is_some() {
                return worker.leave();
            }
            self.turns.begin(item);
            let sink = self.turns.sink_of(item);
            let run = Arc::new(self.run.branch(sink.clone(), self.position + item as i64));
            let engine = worker.engine(sink);
            let result = self.one(&run, &engine, item);
            let _ = self.results[item].set(result);
            self.turns.end(item);
        }
    }

    /// One item, as a step of its own.
    fn one(&self, run: &Arc<Run>, engine: &rhai::Engine, item: usize) -> RhaiResultOf<Dynamic> {
        let mut global = self.global.clone();
        let outer = global.tag.clone().try_cast::<RunTag>();
        global.tag = Dynamic::from(match outer {
            Some(tag) => tag.another(run.clone()),
            None => RunTag::new(run.clone()),
        });
        // Constants are behind a lock that two threads would fight for.
        if let Some(constants) = self.global.constants.as_ref().and_then(|all| rhai::locked_read(all)) {
            global.constants = Some(Shared::new(Locked::new(constants.clone())));
        }
        let ctx = NativeCallContext::new_with_all_fields(engine, "parallel", self.source, &global, self.at);
        run.step_started(&self.turns.names()[item]).map_err(|error| throw(&ctx, error))?;
        let result = self.work.call_within_context::<Dynamic>(&ctx, (self.items[item].clone(),));
        let result = result.and_then(|mut value| match snapshot::settle(&mut value) {
            Ok(()) => Ok(value),
            Err(error) => Err(throw(&ctx, error)),
        });
        run.step_ended(result.is_ok()).map_err(|error| throw(&ctx, error))?;
        result
    }

    /// Runs the threads to their ends.
    fn all(&self, threads: usize) -> Result<()> {
        let stack = self.run.config.limits.stack();
        let left = std::thread::scope(|scope| {
            let mut handles = Vec::new();
            for number in 0..threads {
                let thread = std::thread::Builder::new().name(format!("item {number}")).stack_size(stack);
                match thread.spawn_scoped(scope, || self.work()) {
                    Ok(handle) => handles.push(handle),
                    // Fewer threads take longer, and do the same.
                    Err(_) if !handles.is_empty() => break,
                    Err(error) => {
                        return Err(Error::failed("idp::io", format!("can't start a thread for an item: {error}"))
                            .help("lower `limits.memory` in idp.yaml: each thread's stack is four times as much"));
                    }
                }
            }
            let ended: Vec<_> = handles.into_iter().map(|handle| handle.join()).collect();
            Ok(ended.into_iter().map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).sum())
        })?;
        self.branches.adopt(left);
        self.run.join(self.position);
        Ok(())
    }

    /// The results in the order of the items, or what the items that failed or wait come to.
    fn gathered(self, ctx: &NativeCallContext) -> RhaiResultOf<Array> {
        if let Some(error) = self.run.stopped() {
            return Err(throw(ctx, error));
        }
        let (mut values, mut failed, mut waiting) = (Array::new(), Vec::new(), Vec::new());
        for (item, result) in self.results.into_iter().enumerate() {
            match result.into_inner() {
                Some(Ok(value)) => values.push(value),
                Some(Err(error)) => match self.branches.explain(error) {
                    Trouble::Failed { error, frames } => {
                        failed.push(Related { item: self.turns.names()[item].clone(), error, frames });
                    }
                    Trouble::Waiting(what) => waiting.push(what),
                },
                None => {}
            }
        }
        if !failed.is_empty() {
            return Err(throw(ctx, summed_up(failed, self.items.len())));
        }
        if !waiting.is_empty() {
            return Err(throw_waiting(ctx, waiting.join("; ")));
        }
        Ok(values)
    }
}

/// One error for all of the items that failed.
fn summed_up(failed: Vec<Related>, of: usize) -> Error {
    let first = failed[0].error.kind();
    let kind = if failed.iter().all(|related| related.error.kind() == first) { first } else { Kind::Failed };
    let mut names: Vec<&str> = failed.iter().take(SHOWN).map(|related| related.item.as_str()).collect();
    let more = failed.len().saturating_sub(SHOWN).to_string() + " more";
    if failed.len() > SHOWN {
        names.push(&more);
    }
    let items = if of == 1 { "item" } else { "items" };
    let message = format!("{} of {of} {items} failed: {}", failed.len(), names.join(", "));
    Error::new(kind, "idp::parallel::failed", message)
        .help("each of them is told below; what the other items did stays, and the same command does the rest")
        .because(failed)
}

/// What a person calls an item: its text, its `name`, or its number.
fn name_of(item: &Dynamic, number: usize) -> String {
    let text = |value: &Dynamic| value.clone().into_string().ok().filter(|text| !text.trim().is_empty());
    let field = || item.read_lock::<Map>().and_then(|map| map.get("name").and_then(text));
    let count = || item.as_int().ok().map(|count| count.to_string());
    text(item).or_else(field).or_else(count).unwrap_or_else(|| format!("item {}", number + 1))
}

/// Refuses a closure that changes what it captured: each item has a copy, so the change would be lost.
fn check(ctx: &NativeCallContext, work: &FnPtr) -> RhaiResultOf<()> {
    let captured = work.curry();
    let closure = function_of(ctx, work.fn_name()).filter(|found| found.params.len() == captured.len() + 1);
    let Some(closure) = closure else {
        let error = Error::invalid("idp::script::arguments", "`parallel` needs a function of one item");
        return Err(throw(ctx, error.help("write it as parallel(items, |item| ...)")));
    };
    let plain = |name: &str| {
        let at = closure.params.iter().position(|parameter| parameter == name);
        at.and_then(|at| captured.get(at)).is_some_and(|value| value.is_array() || value.is_map() || value.is_string())
    };
    let changed = assigned_captures(&closure, captured.len(), &|name| function_of(ctx, name));
    let Some(Assigned { name, method, position }) =
        changed.into_iter().find(|change| change.method.is_none() || plain(&change.name))
    else {
        return Ok(());
    };
    let how = method.map_or_else(|| "assigns".to_string(), |method| format!("calls `{method}` on"));
    let file = ctx.call_source().unwrap_or_default();
    let error = Error::invalid(
        "idp::parallel::captured",
        format!("the function given to `parallel` {how} `{name}`, which was declared outside of it"),
    )
    .at(Place::at(file, position.line().unwrap_or(0), position.position().unwrap_or(0)))
    .help("items have copies, so the change would be lost: return a value, and use the list that `parallel` gives");
    Err(throw(ctx, error))
}

fn run_all(ctx: &NativeCallContext, mut items: Array, mut work: FnPtr, options: &Map) -> RhaiResultOf<Array> {
    let run = run_of(ctx)?;
    let fail = |error| throw(ctx, error);
    let (at_most, naming) = options_of(options).map_err(fail)?;
    if run.is_branch() {
        let error = Error::failed("idp::parallel::nested", "`parallel` can't be called within `parallel`");
        return Err(fail(error.help("make one list of all items first, or walk the inner one with `for`")));
    }
    check(ctx, &work)?;
    let mut names = Vec::with_capacity(items.len());
    for (number, item) in items.iter_mut().enumerate() {
        snapshot::settle(item).map_err(fail)?;
        names.push(match &naming {
            Some(name) => name.call_within_context::<rhai::ImmutableString>(ctx, (item.clone(),))?.to_string(),
            None => name_of(item, number),
        });
    }
    work.iter_curry_mut().try_for_each(snapshot::settle).map_err(fail)?;
    let Some(branches) = run.branches().cloned() else {
        return Err(fail(Error::failed("idp::script::no_run", "parallel needs a run")));
    };
    // An overlay numbers what it invents, and shows the same each time: its items take turns.
    let threads = if run.in_memory { 1 } else { at_most as usize }.min(items.len());
    let fork = Fork {
        turns: Turns::new(run.sink.clone(), names),
        position: run.fork(),
        results: items.iter().map(|_| OnceLock::new()).collect(),
        next: AtomicUsize::new(0),
        global: ctx.global_runtime_state(),
        source: ctx.fn_source(),
        at: ctx.call_position(),
        branches,
        items,
        work,
        run,
    };
    fork.all(threads).map_err(fail)?;
    fork.gathered(ctx)
}

fn options_of(map: &Map) -> Result<(u32, Option<FnPtr>)> {
    let options = Options::of(&PARALLEL, map)?;
    let at_most = options.count("at_most")?.unwrap_or(AT_MOST);
    if !(1..=MOST).contains(&at_most) {
        let message = format!("the option `at_most` of parallel must be from 1 to {MOST}, and it is {at_most}");
        return Err(Error::invalid("idp::script::option", message));
    }
    Ok((at_most, options.function("name")?))
}

/// Independent work on several items at once.
#[export_module]
pub mod api {
    use rhai::{Array, FnPtr, Map, NativeCallContext};

    use crate::bridge::RhaiResultOf;

    /// Calls the function with each item, up to four at once, and returns the results in the order of the items. Items
    /// must not depend on each other: each has copies of the variables that the function captured. If some fail, the
    /// others go on, and the error tells all of them.
    ///
    /// Errors: `idp::parallel::failed`, `idp::parallel::captured`, `idp::parallel::nested`, `idp::script::depth`.
    ///
    /// ```rhai
    /// let urls = parallel(["orders-stock", "orders-checkout"], |name| repo(name).url);
    /// print(urls);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn parallel(ctx: NativeCallContext, items: Array, work: FnPtr) -> RhaiResultOf<Array> {
        super::run_all(&ctx, items, work, &Map::new())
    }

    /// The same with options: `at_most` items at once, from 1 to 16, and `name`, a function from an item to what people
    /// call it. Without it a text is its own name, a map is called by its `name`, anything else by its number.
    ///
    /// ```rhai
    /// let teams = [#{ team: "orders" }, #{ team: "billing" }];
    /// parallel(teams, |t| print(t.team), #{ at_most: 2, name: |t| t.team });
    /// ```
    #[rhai_fn(name = "parallel", return_raw)]
    pub fn parallel_with(ctx: NativeCallContext, items: Array, work: FnPtr, options: Map) -> RhaiResultOf<Array> {
        super::run_all(&ctx, items, work, &options)
    }
}
