//! What one rendering has at hand: the ApplicationSet, who answers its generators, and what is left of the bounds.

use std::cell::Cell;

use serde_json::Value as Json;

use crate::formats::gotemplate::Options;

use super::answers::Answers;
use super::text::Dialect;
use super::{Limits, Settings};

/// The state of one rendering.
pub struct Engine<'a> {
    /// The whole ApplicationSet.
    pub set: &'a Json,
    /// Who is asked.
    pub answers: &'a dyn Answers,
    /// How it is rendered.
    pub settings: &'a Settings,
    /// How texts are rendered.
    pub dialect: Dialect,
    made: Cell<usize>,
}

impl<'a> Engine<'a> {
    /// Starts a rendering.
    ///
    /// # Errors
    /// For an option that templates don't have.
    pub fn new(set: &'a Json, answers: &'a dyn Answers, settings: &'a Settings) -> Result<Self, String> {
        let spec = &set["spec"];
        let mut go = (spec["goTemplate"] == true).then(Options::default);
        if let Some(options) = &mut go {
            for option in spec["goTemplateOptions"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                options.set(option)?;
            }
        }
        let dialect = Dialect::new(go, settings.limits.template, settings.limits.output);
        Ok(Engine { set, answers, settings, dialect, made: Cell::new(0) })
    }

    /// Whether the texts are templates of Go.
    pub fn is_go(&self) -> bool {
        self.dialect.go.is_some()
    }

    /// Takes sets of parameters from what there may be.
    ///
    /// # Errors
    /// If there are more, or if it takes too long.
    pub fn count(&self, sets: usize) -> Result<(), String> {
        let Limits { params, template, .. } = &self.settings.limits;
        self.made.set(self.made.get().saturating_add(sets));
        if self.made.get() > *params {
            return Err(format!("the generators give more than {params} sets of parameters"));
        }
        if template.deadline.is_some_and(|deadline| std::time::Instant::now() >= deadline) {
            return Err("the generators take longer than they may".to_owned());
        }
        Ok(())
    }
}
