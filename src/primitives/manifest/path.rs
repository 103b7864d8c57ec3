//! The way from an object to a part of it, as a list that views share: one step more costs one allocation.

use std::sync::Arc;

use rhai::ImmutableString;
use serde_json::Value;

use crate::formats::yaml::Step;

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Segment {
    /// Into a map.
    Key(ImmutableString),
    /// Into a list.
    Index(usize),
}

impl From<&Step> for Segment {
    fn from(step: &Step) -> Segment {
        match step {
            Step::Key(key) => Segment::Key(key.as_str().into()),
            Step::Index(index) => Segment::Index(*index),
        }
    }
}

/// Steps from the root, the last one first.
#[derive(Debug, Clone, Default)]
pub struct Trail(Option<Arc<Joint>>);

#[derive(Debug)]
struct Joint {
    before: Trail,
    segment: Segment,
    length: usize,
}

impl Trail {
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |joint| joint.length)
    }

    /// One step on.
    pub fn then(&self, segment: Segment) -> Trail {
        Trail(Some(Arc::new(Joint { before: self.clone(), segment, length: self.len() + 1 })))
    }

    /// The way without its last step, and that step.
    pub fn last(&self) -> Option<(&Trail, &Segment)> {
        self.0.as_ref().map(|joint| (&joint.before, &joint.segment))
    }

    /// What is at its end.
    pub fn find<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        let Some((before, segment)) = self.last() else { return Some(root) };
        let value = before.find(root)?;
        match segment {
            Segment::Key(key) => value.as_object()?.get(key.as_str()),
            Segment::Index(index) => value.as_array()?.get(*index),
        }
    }

    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::with_capacity(self.len());
        let mut at = self;
        while let Some((before, segment)) = at.last() {
            steps.push(match segment {
                Segment::Key(key) => Step::Key(key.to_string()),
                Segment::Index(index) => Step::Index(*index),
            });
            at = before;
        }
        steps.reverse();
        steps
    }
}
