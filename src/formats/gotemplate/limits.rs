//! What one rendering may take: output, memory, steps, depth and time. Templates come from repositories, and an endless
//! range or a text of a gigabyte must end in an error.

use std::collections::HashMap;
use std::time::Instant;

use regex::Regex;

use crate::formats::pattern;

/// The bounds of one rendering.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the text that comes out.
    pub output: usize,
    /// Bytes of all values that are made on the way, about.
    pub memory: usize,
    /// Actions, arguments and elements that are looked at.
    pub steps: u64,
    /// Blocks, pipelines and templates inside each other, and collections inside each other.
    pub depth: usize,
    /// When to stop, whatever else is left.
    pub deadline: Option<Instant>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { output: 8 << 20, memory: 64 << 20, steps: 2_000_000, depth: 200, deadline: None }
    }
}

/// Why a function gives no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub message: String,
    /// Whether it is one of the bounds.
    pub is_limit: bool,
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Fault { message, is_limit: false }
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Fault { message: message.to_owned(), is_limit: false }
    }
}

impl Fault {
    fn limit(message: String) -> Self {
        Fault { message, is_limit: true }
    }
}

/// What is left of the bounds, and patterns that were compiled on the way.
pub struct Budget {
    limits: Limits,
    steps: u64,
    memory: usize,
    patterns: HashMap<String, Result<Regex, String>>,
}

/// Steps between two looks at the clock.
const STEPS_A_LOOK: u64 = 512;
/// A pattern costs so many steps a byte: compiling is slower than all else.
const STEPS_A_PATTERN_BYTE: usize = 40;

impl Budget {
    pub fn new(limits: &Limits) -> Self {
        Budget { limits: *limits, steps: 0, memory: 0, patterns: HashMap::new() }
    }

    /// Takes steps.
    pub fn step(&mut self, count: usize) -> Result<(), Fault> {
        let before = self.steps / STEPS_A_LOOK;
        self.steps = self.steps.saturating_add(count as u64);
        if self.steps > self.limits.steps {
            return Err(Fault::limit(format!("the template takes more than {} steps", self.limits.steps)));
        }
        let is_late = |deadline: Instant| Instant::now() >= deadline;
        if self.steps / STEPS_A_LOOK > before && self.limits.deadline.is_some_and(is_late) {
            return Err(Fault::limit("the template takes longer than it may".to_owned()));
        }
        Ok(())
    }

    /// Takes memory, before it is allocated.
    pub fn room(&mut self, bytes: usize) -> Result<(), Fault> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory > self.limits.memory {
            return Err(Fault::limit(format!("the template's values take more than {} bytes", self.limits.memory)));
        }
        Ok(())
    }

    /// Whether so much was written that it is too much.
    pub fn check_output(&self, bytes: usize) -> Result<(), Fault> {
        if bytes > self.limits.output {
            return Err(Fault::limit(format!("the template's output is larger than {} bytes", self.limits.output)));
        }
        Ok(())
    }

    /// Whether something is nested deeper than it may be.
    pub fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth > self.limits.depth {
            return Err(Fault::limit(format!("it is nested more than {} deep", self.limits.depth)));
        }
        Ok(())
    }

    /// What a function may still take in memory.
    pub fn memory_left(&self) -> usize {
        self.limits.memory.saturating_sub(self.memory)
    }

    /// A pattern of Go, compiled once a rendering.
    pub fn pattern(&mut self, text: &str) -> Result<Regex, Fault> {
        if let Some(known) = self.patterns.get(text) {
            return known.clone().map_err(Fault::from);
        }
        self.step(text.len().saturating_mul(STEPS_A_PATTERN_BYTE))?;
        let compiled = pattern::translate(text)
            .and_then(|translated| Regex::new(&translated).map_err(|error| error.to_string()))
            .map_err(|message| format!("error parsing regexp: {message}: `{text}`"));
        self.room(text.len().saturating_mul(STEPS_A_PATTERN_BYTE))?;
        self.patterns.insert(text.to_owned(), compiled.clone());
        compiled.map_err(Fault::from)
    }
}
