//! Numbers of scorecards, exact: weights in thousandths, scores in hundredths of a point. Called by the model and the score.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::nearest;

/// How much a dimension or a check counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(u32);

/// The words for weights.
const WORDS: [(&str, Weight); 4] =
    [("low", Weight(1_000)), ("medium", Weight(2_000)), ("high", Weight(3_000)), ("critical", Weight(4_000))];

/// The heaviest weight that can be said.
const HEAVIEST: f64 = 1_000.0;

impl Weight {
    /// What counts that says nothing of it.
    pub const MEDIUM: Weight = Weight(2_000);

    /// The weight of a word, in any case of letters: critical 4, high 3, medium 2, low 1.
    ///
    /// # Errors
    /// What is wrong and what to write, each a sentence's end.
    pub fn named(word: &str) -> Result<Weight, (String, String)> {
        let lower = word.to_lowercase();
        WORDS.iter().find(|(name, _)| *name == lower).map(|(_, weight)| *weight).ok_or_else(|| {
            let help = match nearest(&lower, WORDS.iter().map(|(name, _)| *name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a weight is critical (4), high (3), medium (2), low (1), or a number".to_owned(),
            };
            (format!("has the weight `{word}`"), help)
        })
    }

    /// A weight as a number, kept to the thousandth.
    ///
    /// # Errors
    /// What is wrong and what to write, each a sentence's end.
    pub fn number(number: f64) -> Result<Weight, (String, String)> {
        if !(0.001..=HEAVIEST).contains(&number) {
            let help = format!("write a number above 0 and up to {HEAVIEST}; what shall not count is left out");
            return Err((format!("has the weight {number}"), help));
        }
        Ok(Weight((number * 1_000.0).round() as u32))
    }

    /// In thousandths.
    pub(super) fn thousandths(self) -> u64 {
        u64::from(self.0)
    }
}

impl fmt::Display for Weight {
    /// The word where there is one: `critical`, `2.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WORDS.iter().find(|(_, weight)| weight == self) {
            Some((word, _)) => f.write_str(word),
            None => write!(f, "{}", f64::from(self.0) / 1_000.0),
        }
    }
}

impl Serialize for Weight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (f64::from(self.0) / 1_000.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Weight, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Weight::number(number).map_err(|(what, _)| serde::de::Error::custom(what))
    }
}

/// A score from 0 to 100, in hundredths. 100 is said where nothing is missing and 0 where nothing is there, and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u16);

impl Score {
    /// Nothing.
    pub const NONE: Score = Score(0);
    /// Everything.
    pub const FULL: Score = Score(FULL);

    /// The share of a part in a whole; none where there is no whole.
    pub fn share(part: u64, whole: u64) -> Option<Score> {
        let mean = Mean { sum: part as f64, weight: whole as f64, nothing: part == 0, all: part >= whole };
        mean.score()
    }

    /// From 0 to 100.
    pub fn points(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// How far it is from another one, in points; below 0 if the other one is higher.
    pub fn above(self, other: Score) -> f64 {
        (f64::from(self.0) - f64::from(other.0)) / 100.0
    }

    /// The middle of scores: of an even number the mean of the two in the middle.
    pub fn median(mut scores: Vec<Score>) -> Option<Score> {
        scores.sort_unstable();
        let upper = scores.get(scores.len() / 2)?.0;
        let lower = if scores.len().is_multiple_of(2) { scores[scores.len() / 2 - 1].0 } else { upper };
        Some(Score((lower + upper).div_ceil(2).min(if lower == FULL { FULL } else { FULL - 1 })))
    }

    /// Their mean.
    pub fn mean(scores: &[Score]) -> Option<Score> {
        let mut mean = Mean::default();
        scores.iter().for_each(|score| mean.add(1, *score));
        mean.score()
    }
}

const FULL: u16 = 10_000;

impl fmt::Display for Score {
    /// Without needless digits: `87.5`, `100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.points())
    }
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.points().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Score, D::Error> {
        let points = f64::deserialize(deserializer)?;
        match (0.0..=100.0).contains(&points) {
            true => Ok(Score((points * 100.0).round() as u16)),
            false => Err(serde::de::Error::custom("a score is a number from 0 to 100")),
        }
    }
}

/// A weighted mean of scores on its way.
#[derive(Debug, Clone, Copy)]
pub struct Mean {
    sum: f64,
    weight: f64,
    nothing: bool,
    all: bool,
}

impl Default for Mean {
    fn default() -> Mean {
        Mean { sum: 0.0, weight: 0.0, nothing: true, all: true }
    }
}

impl Mean {
    /// Adds a share, `part` of `whole`, with a weight: exactly, where a score has been rounded.
    pub fn add_share(&mut self, weight: u64, part: u64, whole: u64) {
        if whole > 0 {
            self.sum += weight as f64 * (part as f64 / whole as f64);
            self.weight += weight as f64;
            self.nothing &= part == 0;
            self.all &= part >= whole;
        }
    }

    /// Adds a score with a weight.
    pub fn add(&mut self, weight: u64, score: Score) {
        self.add_share(weight, u64::from(score.0), u64::from(FULL));
    }

    /// The mean; none of nothing.
    pub fn score(&self) -> Option<Score> {
        if self.weight <= 0.0 {
            return None;
        }
        let exact = (self.sum / self.weight * f64::from(FULL)).round() as u16;
        Some(match (self.nothing, self.all) {
            (true, _) => Score::NONE,
            (_, true) => Score::FULL,
            _ => Score(exact.clamp(1, FULL - 1)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn weights_are_words_or_numbers() {
        assert_eq!(Weight::named("Critical"), Weight::number(4.0));
        assert_eq!(Weight::named("low"), Weight::number(1.0));
        assert_eq!(Weight::number(2.0).unwrap(), Weight::MEDIUM);
        assert_eq!(Weight::number(2.5).unwrap().to_string(), "2.5");
        assert_eq!(Weight::named("hgih").unwrap_err().1, "did you mean `high`?");
        for wrong in [0.0, -1.0, 1_000.5, f64::NAN, f64::INFINITY] {
            assert!(Weight::number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_the_whole_is_a_hundred() {
        assert_eq!(Score::share(0, 0), None);
        assert_eq!(Score::share(1, 3).unwrap().to_string(), "33.33");
        assert_eq!(Score::share(99_999, 100_000).unwrap().to_string(), "99.99");
        assert_eq!(Score::share(1, 1_000_000).unwrap().to_string(), "0.01");
        assert_eq!((Score::share(5, 5), Score::share(0, 5)), (Some(Score::FULL), Some(Score::NONE)));
    }

    #[test]
    fn middles() {
        let of = |points: &[u64]| points.iter().map(|part| Score::share(*part, 100).unwrap()).collect::<Vec<_>>();
        assert_eq!(Score::median(of(&[])), None);
        assert_eq!(Score::median(of(&[90, 10, 50])), Some(of(&[50])[0]));
        assert_eq!(Score::median(of(&[100, 50])), Some(of(&[75])[0]));
        assert_eq!(Score::mean(&of(&[100, 50, 0])), Some(of(&[50])[0]));
        assert_eq!(Score::median(of(&[100, 100])), Some(Score::FULL));
    }

    proptest! {
        #[test]
        fn scores_survive_writing(part in 0u64..5_000, more in 1u64..5_000) {
            let score = Score::share(part, part + more).unwrap();
            let text = serde_json::to_string(&score).unwrap();
            prop_assert_eq!(serde_json::from_str::<Score>(&text).unwrap(), score);
            prop_assert!(score < Score::FULL);
            prop_assert_eq!(score == Score::NONE, part == 0);
        }

        /// A mean lies between its lowest and its highest.
        #[test]
        fn means_lie_between(parts in prop::collection::vec((1u64..5_000, 0u64..=100), 1..10)) {
            let mut mean = Mean::default();
            let scores: Vec<Score> = parts.iter().map(|(_, part)| Score::share(*part, 100).unwrap()).collect();
            parts.iter().zip(&scores).for_each(|((weight, _), score)| mean.add(*weight, *score));
            let mean = mean.score().unwrap();
            prop_assert!(scores.iter().min() <= Some(&mean) && Some(&mean) <= scores.iter().max());
            let median = Score::median(scores.clone()).unwrap();
            prop_assert!(scores.iter().min() <= Some(&median) && Some(&median) <= scores.iter().max());
        }
    }
}
