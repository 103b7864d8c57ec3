//! Where a run is, on stderr: a spinner over the step that goes on, if a person watches; else a line a start and an end.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::look::{Look, one_line};

/// Lines of a step shown below the spinner while it goes on; all of them stay once it ended.
const TAIL: usize = 6;

/// What goes on. Its methods return what is to be written to stderr for good.
pub(super) struct Progress {
    look: Look,
    /// Draws a spinner.
    live: bool,
    /// Whether what happened stays on the screen; a plan leaves only its result.
    keep: bool,
    block: Option<Block>,
    bar: Option<ProgressBar>,
    held: usize,
}

/// An outermost step with all that happened in it.
struct Block {
    name: String,
    lines: Vec<Line>,
    waiting: Option<String>,
    items: Option<String>,
}

enum Line {
    Text(String),
    Step { name: String, depth: usize, ended: Option<bool> },
}

impl Progress {
    /// Progress that draws (`live`) or only says, and that keeps what it said or not.
    pub(super) fn new(look: Look, live: bool, keep: bool) -> Progress {
        Progress { look, live, keep, block: None, bar: None, held: 0 }
    }

    /// A step begins.
    pub(super) fn started(&mut self, name: &str, depth: usize) -> String {
        let name = one_line(name);
        if !self.live {
            return if self.keep { self.step(&name, depth, None) } else { String::new() };
        }
        if depth == 0 {
            let before = self.close(None);
            self.block = Some(Block { name, lines: Vec::new(), waiting: None, items: None });
            self.draw();
            return before;
        }
        self.push(Line::Step { name, depth, ended: None })
    }

    /// A step ended.
    pub(super) fn ended(&mut self, name: &str, depth: usize, ok: bool) -> String {
        let name = one_line(name);
        if !self.live {
            return if self.keep { self.step(&name, depth, Some(ok)) } else { String::new() };
        }
        if depth == 0 && self.block.as_ref().is_some_and(|block| block.name == name) {
            return self.close(Some(ok));
        }
        if let Some(block) = &mut self.block {
            block.waiting = None;
        }
        let open = self.block.iter_mut().flat_map(|block| block.lines.iter_mut().rev());
        for line in open {
            match line {
                Line::Step { name: known, depth: at, ended: ended @ None } if *known == name && *at == depth => {
                    *ended = Some(ok);
                    self.draw();
                    return String::new();
                }
                _ => {}
            }
        }
        // Steps that run beside each other end in any order.
        self.push(Line::Step { name, depth, ended: Some(ok) })
    }

    /// Something happened in the step that goes on.
    pub(super) fn say(&mut self, text: String) -> String {
        self.push(Line::Text(text))
    }

    /// The step waits for something.
    pub(super) fn waiting(&mut self, what: &str) {
        if let Some(block) = &mut self.block {
            block.waiting = Some(what.to_string());
        }
        self.draw();
    }

    /// How far items beside each other are. What they say is shown in their order; this is what goes on meanwhile.
    pub(super) fn items(&mut self, running: &[String], done: usize, of: usize) {
        if let Some(block) = &mut self.block {
            let names: Vec<_> = running.iter().map(|name| one_line(name)).collect();
            block.items = (done < of).then(|| format!("{done} of {of} done, under way: {}", names.join(", ")));
        }
        self.draw();
    }

    /// Ends what goes on: the run stopped within it (`Some(false)`), or nothing is known of it.
    pub(super) fn finish(&mut self, ok: Option<bool>) -> String {
        self.close(ok)
    }

    /// Takes the spinner away for as long as others use the terminal.
    pub(super) fn hold(&mut self) {
        self.held += 1;
        self.clear();
    }

    /// Brings it back.
    pub(super) fn release(&mut self) {
        self.held = self.held.saturating_sub(1);
        self.draw();
    }

    /// Writes to the terminal with the spinner out of the way.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn push(&mut self, line: Line) -> String {
        match &mut self.block {
            Some(block) if self.keep => {
                block.lines.push(line);
                block.waiting = None;
                self.draw();
                String::new()
            }
            _ if self.keep => self.line(&line),
            _ => String::new(),
        }
    }

    fn close(&mut self, ok: Option<bool>) -> String {
        self.clear();
        let Some(block) = self.block.take().filter(|_| self.keep) else { return String::new() };
        let mut text = self.step(&block.name, 0, ok);
        for line in &block.lines {
            text.push_str(&self.line(line));
        }
        text
    }

    fn line(&self, line: &Line) -> String {
        match line {
            Line::Text(text) => text.clone(),
            Line::Step { name, depth, ended } => self.step(name, *depth, *ended),
        }
    }

    fn step(&self, name: &str, depth: usize, ended: Option<bool>) -> String {
        let symbol = match ended {
            None => self.look.dim(self.look.symbol("•", "*")),
            Some(true) => self.look.green(self.look.symbol("✓", "ok")),
            Some(false) => self.look.red(self.look.symbol("✗", "failed")),
        };
        format!("{}{symbol} {name}\n", "  ".repeat(depth))
    }

    fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn draw(&mut self) {
        let Some(block) = self.block.as_ref().filter(|_| self.live && self.held == 0) else { return };
        let width = self.look.width.unwrap_or(80).saturating_sub(3);
        let mut lines = vec![block.name.clone()];
        let all: Vec<String> = block.lines.iter().map(|line| self.line(line)).collect();
        let tail: Vec<&str> = all.iter().flat_map(|text| text.lines()).collect();
        lines.extend(tail[tail.len().saturating_sub(TAIL)..].iter().map(|line| line.to_string()));
        if let Some(items) = &block.items {
            lines.push(self.look.dim(&format!("  {items}")));
        }
        if let Some(what) = &block.waiting {
            lines.push(self.look.dim(&format!("  waiting for {what}")));
        }
        let lines: Vec<_> =
            lines.iter().map(|line| console::truncate_str(line, width, self.look.symbol("…", "..."))).collect();
        let message = lines.join("\n");
        self.bar.get_or_insert_with(|| spinner(&self.look)).set_message(message);
    }
}

fn spinner(look: &Look) -> ProgressBar {
    let frames = if look.unicode { "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" } else { "-\\|/" };
    let mut frames: Vec<String> = frames.chars().map(|c| look.cyan(&c.to_string())).collect();
    // The last is drawn when it ended, and that never stays.
    frames.push(" ".to_string());
    let frames: Vec<&str> = frames.iter().map(String::as_str).collect();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style.tick_strings(&frames));
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look { unicode: true, ..Look::default() }
    }

    #[test]
    fn a_watched_step_is_written_once_it_ended() {
        let mut progress = Progress::new(look(), true, true);
        let mut text = progress.started("Deliver", 0);
        text += &progress.started("Open", 1);
        text += &progress.say("    + pull request\n".into());
        progress.waiting("an approval");
        progress.hold();
        text += &progress.ended("Open", 1, false);
        progress.release();
        assert_eq!(text, "");
        assert_eq!(progress.ended("Deliver", 0, true), "✓ Deliver\n  ✗ Open\n    + pull request\n");
        assert_eq!(progress.say("outside\n".into()), "outside\n");
    }

    #[test]
    fn steps_beside_each_other_are_all_written() {
        let mut progress = Progress::new(look(), true, true);
        let mut text = progress.started("a", 0) + progress.started("b", 0).as_str();
        text += &progress.ended("a", 0, true);
        text += &progress.ended("b", 0, true);
        assert_eq!(text, "• a\n✓ b\n✓ a\n");
    }

    #[test]
    fn a_plan_leaves_no_progress_behind() {
        let mut progress = Progress::new(look(), true, false);
        let text =
            progress.started("a", 0) + progress.say("+ x\n".into()).as_str() + progress.ended("a", 0, true).as_str();
        assert_eq!(text, "");
    }
}
