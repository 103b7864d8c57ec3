//! Scorecards: how mature a service is, why, and what comes next. Pure: whoever runs the checks hands in their answers.
//! Callers are those who declare, show and record scores.

mod difference;
mod exemptions;
mod points;
mod rollup;
mod scorecard;
mod service;
mod standing;
#[cfg(test)]
mod tests;
mod verdict;

pub use difference::{Difference, Moved, State, Turn, Way, difference};
pub use exemptions::Exemptions;
pub use points::{Score, Weight};
pub use rollup::{AtLevel, By, RollUp, Worst, roll_up};
pub use scorecard::{Check, DECLARED, Dimension, Draft, Level, Scorecard, is_id};
pub use service::{APPLIES_TO, Applies, IDENTITY, Service};
pub use standing::{Missing, Next, OfDimension, Outcome, Standing};
pub use verdict::{Answer, Evidence, Measured, Threshold, Verdict};
