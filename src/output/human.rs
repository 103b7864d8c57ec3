//! Events for people. A plan is the result and goes to stdout; an apply is progress on stderr, its outputs and last
//! words on stdout.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::look::{Look, clean, one_line};
use super::progress::Progress;
use super::stream::Streams;
use super::table::Table;
use super::{Options, change, diagnostic, rendered, words};
use crate::report::{Action, Counts, Diff, Event, Sink, Status};

/// The sink for people.
pub(super) struct Human(Mutex<State>);

struct State {
    options: Options,
    streams: Streams,
    progress: Progress,
    /// The steps that go on, outermost first, and whether the plan has shown their names.
    steps: Vec<(String, bool)>,
    /// What a plan's script printed; an apply prints at once.
    prints: String,
    outputs: Vec<(String, Value)>,
    pull_requests: Option<Table>,
    waits_for: Option<String>,
    /// Whether an ApplicationSet was told of.
    rendered: bool,
    /// Where the plan was saved.
    saved: Option<String>,
}

impl Human {
    /// A sink over these streams.
    pub(super) fn new(options: &Options, streams: Streams) -> Human {
        let live = streams.stderr.is_terminal() && !options.quiet;
        let progress = Progress::new(streams.stderr.look(), live, !options.plan && !options.quiet);
        Human(Mutex::new(State {
            options: *options,
            streams,
            progress,
            steps: Vec::new(),
            prints: String::new(),
            outputs: Vec::new(),
            pull_requests: None,
            waits_for: None,
            rendered: false,
            saved: None,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Human {
    fn emit(&self, event: Event) {
        self.state().take(event);
    }

    fn suspend(&self, f: &mut dyn FnMut()) {
        self.state().progress.hold();
        f();
        self.state().progress.release();
    }
}

impl Drop for Human {
    fn drop(&mut self) {
        // Verbs that aren't runs end without a summary.
        let mut state = self.state();
        let rest = state.progress.finish(None);
        state.say(&rest);
        state.results();
    }
}

impl State {
    fn take(&mut self, event: Event) {
        if !matches!(event, Event::PullRequest { .. }) {
            self.list_pull_requests();
        }
        match event {
            Event::StepStarted { name, depth } => {
                self.steps.truncate(depth);
                self.steps.push((one_line(&name), false));
                let text = self.progress.started(&name, depth);
                self.say(&text);
            }
            Event::StepEnded { name, depth, ok } => {
                self.steps.truncate(depth);
                let text = self.progress.ended(&name, depth, ok);
                self.say(&text);
            }
            Event::Items { running, done, of } => self.progress.items(&running, done, of),
            Event::Change { action, kind, target, diff, note } => {
                self.change(action, kind, &target, &diff, note.as_deref());
            }
            Event::Unchanged { kind, target } if self.options.verbose => {
                let look = self.look();
                self.happened(vec![change::unchanged(&look, kind, &target)]);
            }
            Event::Unchanged { .. } => {}
            Event::Debug { text, place } if self.options.verbose => {
                self.attention(&format!("{place}: {}\n", clean(&text)));
            }
            Event::Debug { .. } => {}
            Event::Output { name, value } => self.outputs.push((one_line(&name), value)),
            Event::Print(text) if self.options.plan => {
                self.prints.push_str(&clean(&text));
                self.prints.push('\n');
            }
            Event::Print(text) => self.result(&format!("{}\n", clean(&text))),
            Event::Warning { message, help } => {
                let text = diagnostic::warning(&self.aside(), &message, help.as_deref());
                self.attention(&text);
            }
            Event::Finding(finding) => {
                let text = diagnostic::finding(&self.aside(), &finding);
                self.attention(&text);
            }
            Event::Waiting(what) => self.wait(one_line(&what)),
            Event::PlanSaved { file, .. } => self.saved = Some(one_line(&file)),
            Event::PlanRead { run, created, idp_run, changes, .. } => {
                let look = self.streams.stderr.look();
                let size = words::count(changes, "change");
                let about = format!("Plan of {}, made {} by idp-run {} ({size})", one_line(&run), created, idp_run);
                if !self.options.quiet {
                    self.say(&format!("{}\n", look.dim(&one_line(&about))));
                }
            }
            Event::Moved { kind, target, why, diff } => {
                let look = self.streams.stderr.look();
                let mut text =
                    format!("{} {} {}: ", look.yellow("!"), words::kind(&kind), look.bold(&one_line(&target)));
                text.push_str(&format!("{}\n", one_line(&why)));
                for line in change::details(&look, Action::Update, &diff, self.options.verbose) {
                    text.push_str(&format!("{}\n", indent(2, &line)));
                }
                self.attention(&text);
            }
            Event::Conflict { kind, target, why } => {
                let look = self.look();
                let (mark, target) = (look.yellow("!"), look.bold(&one_line(&target)));
                let line = format!("{mark} {} {target} conflicts: {}", words::kind(&kind), one_line(&why));
                self.happened(vec![line]);
            }
            Event::Stays { kind, target, why } => {
                let look = self.look();
                let line = format!("  {} {} stays: {}", words::kind(&kind), one_line(&target), one_line(&why));
                self.happened(vec![look.dim(&line)]);
            }
            Event::Failure { error, frames } => {
                let rest = self.progress.finish(Some(false));
                self.say(&rest);
                let text = diagnostic::failure(&self.streams.stderr.look(), &error, &frames);
                let gap = if self.is_used() { "\n" } else { "" };
                self.say(&format!("{gap}{text}"));
            }
            Event::Rendered(set) => {
                let look = self.look();
                let gap = if self.rendered { "" } else { "\n" };
                self.rendered = true;
                let lines = rendered::planned(&look, &set, self.options.verbose).join("\n");
                if self.options.plan {
                    self.result(&format!("{gap}{lines}\n"));
                } else {
                    self.say(&format!("{gap}{lines}\n"));
                }
            }
            Event::PullRequest { repository, number, title, head, base, state, url } => {
                let arrow = self.streams.stdout.look().symbol("→", "->");
                let table = self
                    .pull_requests
                    .get_or_insert_with(|| Table::new(["PULL REQUEST", "STATE", "TITLE", "BRANCH", "URL"]));
                let branches = format!("{head} {arrow} {base}");
                table.row([format!("{repository}#{number}"), state.to_string(), title, branches, url]);
            }
            Event::Summary { counts, status } => self.summary(&counts, status),
        }
    }

    /// What a plan shows stands on stdout, what an apply does is progress.
    fn look(&self) -> Look {
        if self.options.plan { self.streams.stdout.look() } else { self.streams.stderr.look() }
    }

    fn change(&mut self, action: Action, kind: &str, target: &str, diff: &Diff, note: Option<&str>) {
        let look = self.look();
        let mut lines = vec![change::line(&look, action, kind, target, diff, note)];
        if self.options.plan || self.options.verbose {
            let details = change::details(&look, action, diff, self.options.verbose);
            lines.extend(details.into_iter().map(|line| indent(2, &line)));
        }
        self.happened(lines);
    }

    fn happened(&mut self, lines: Vec<String>) {
        let depth = self.steps.len();
        let text: String = lines.iter().map(|line| indent(depth, line) + "\n").collect();
        if !self.options.plan {
            let text = self.progress.say(text);
            self.say(&text);
            return;
        }
        // A step is named once something in it is worth showing.
        let look = self.streams.stdout.look();
        let mut heading = String::new();
        let mut names = std::mem::take(&mut self.steps);
        for (at, (name, shown)) in names.iter_mut().enumerate().filter(|(_, (_, shown))| !shown) {
            if at == 0 && self.streams.stdout.is_used() {
                heading.push('\n');
            }
            heading.push_str(&format!("{}\n", indent(at, &look.bold(name))));
            *shown = true;
        }
        self.steps = names;
        self.result(&(heading + text.as_str()));
    }

    fn wait(&mut self, what: String) {
        let look = self.look();
        let line = format!("{} wait for {what}", look.cyan(look.symbol("…", ".")));
        if self.options.plan {
            self.happened(vec![line]);
        } else if self.streams.stderr.is_terminal() {
            self.progress.waiting(&what);
        } else {
            let line = format!("{} waiting for {what}", look.cyan(look.symbol("…", ".")));
            self.happened(vec![line]);
        }
        self.waits_for = Some(what);
    }

    /// What stderr can show to the right of the steps that go on.
    fn aside(&self) -> Look {
        let look = self.streams.stderr.look();
        Look { width: look.width.map(|width| width.saturating_sub(2 * self.steps.len())), ..look }
    }

    /// Warnings and findings: below the step that they belong to, and never silent.
    fn attention(&mut self, text: &str) {
        if self.options.plan || self.options.quiet {
            self.say(text);
            return;
        }
        let depth = self.steps.len();
        let text = text.lines().map(|line| indent(depth, line) + "\n").collect();
        let text = self.progress.say(text);
        self.say(&text);
    }

    fn summary(&mut self, counts: &Counts, status: Status) {
        let rest = self.progress.finish(None);
        self.say(&rest);
        let spoke = !self.outputs.is_empty() || self.streams.stdout.is_used();
        self.results();
        // A script that only asks and prints has its answer as its result, and nothing else.
        if status == Status::Applied && *counts == Counts::default() && spoke {
            return;
        }
        let look = self.streams.stdout.look();
        let (head, rest) = words::summary(self.options.plan, counts, status, self.waits_for.as_deref());
        let head = match status {
            Status::Failed => look.red(&head),
            Status::Waiting | Status::Cancelled => look.yellow(&head),
            Status::Applied if counts.changes() > 0 => look.green(&head),
            _ => look.bold(&head),
        };
        self.block(&format!("{head}{rest}\n"));
        if let Some(file) = self.saved.take() {
            self.result(&format!("Saved as {file}; `idp-run apply {file}` makes exactly these changes.\n"));
        }
    }

    /// What was collected: prints of a plan, then outputs.
    fn results(&mut self) {
        self.list_pull_requests();
        let prints = std::mem::take(&mut self.prints);
        self.block(&prints);
        let outputs = std::mem::take(&mut self.outputs);
        let look = self.streams.stdout.look();
        let width = outputs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(24);
        let mut text = String::new();
        for (name, value) in &outputs {
            let pad = " ".repeat(width.saturating_sub(name.chars().count()));
            let value = spoken(value);
            let value = look.value(value.trim_end()).replace('\n', &format!("\n{}", " ".repeat(width + 3)));
            text.push_str(&format!("{}{pad}   {value}\n", look.dim(name)));
        }
        self.block(&text);
    }

    fn list_pull_requests(&mut self) {
        if let Some(table) = self.pull_requests.take() {
            let text = table.render(&self.streams.stdout.look());
            self.block(&text);
        }
    }

    /// A part of the result that stands apart from what was before.
    fn block(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.streams.stdout.is_used() {
            self.result("\n");
        } else if self.streams.stderr.is_used() {
            // The gap belongs to the progress: a file that takes stdout has no use for it.
            self.say("\n");
        }
        self.result(text);
    }

    fn is_used(&self) -> bool {
        self.streams.stderr.is_used() || (self.streams.stdout.is_used() && self.streams.stdout.is_terminal())
    }

    fn result(&mut self, text: &str) {
        let State { progress, streams, .. } = self;
        progress.aside(|| streams.stdout.write(text));
    }

    fn say(&mut self, text: &str) {
        let State { progress, streams, .. } = self;
        progress.aside(|| streams.stderr.write(text));
    }
}

fn indent(depth: usize, line: &str) -> String {
    if line.is_empty() { String::new() } else { format!("{}{line}", "  ".repeat(depth)) }
}

/// A value as people write it: texts as they are, lists with commas.
fn spoken(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            items.iter().map(spoken).collect::<Vec<_>>().join(", ")
        }
        Value::Null => "(none)".to_string(),
        other => other.to_string(),
    }
}
