//! Which lines and branches of scripts the tests executed, as data.

use std::collections::BTreeMap;
use std::sync::Arc;

/// One way that execution can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// In words: `then`, `else`, `case 2` ...
    pub name: String,
    /// How often it was taken.
    pub taken: u64,
}

/// A place at which execution can go several ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// 1-based.
    pub line: usize,
    /// What it is: `if`, `switch`, `for`, `while`, `&&`, `||`, `??`.
    pub kind: &'static str,
    /// Its ways.
    pub arms: Vec<Arm>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCoverage {
    /// The file as people name it.
    pub file: String,
    /// Its text.
    pub source: Arc<str>,
    /// Lines at which statements begin, and how often those were executed.
    pub lines: BTreeMap<usize, u64>,
    /// In the order of lines.
    pub branches: Vec<Branch>,
}

/// How many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// So many were executed.
    pub hit: usize,
    /// Of so many.
    pub all: usize,
}

impl Share {
    /// In percent; all of nothing is 100.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { self.hit as f64 * 100.0 / self.all as f64 }
    }
}

impl std::ops::Add for Share {
    type Output = Share;
    fn add(self, other: Share) -> Share {
        Share { hit: self.hit + other.hit, all: self.all + other.all }
    }
}

impl FileCoverage {
    /// Lines.
    pub fn lines_share(&self) -> Share {
        Share { hit: self.lines.values().filter(|hits| **hits > 0).count(), all: self.lines.len() }
    }

    /// Arms of branches.
    pub fn branches_share(&self) -> Share {
        let arms = || self.branches.iter().flat_map(|branch| &branch.arms);
        Share { hit: arms().filter(|arm| arm.taken > 0).count(), all: arms().count() }
    }

    /// Runs of lines that no test executed, first and last.
    pub fn missed(&self) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut open = false;
        for (line, hits) in &self.lines {
            match (hits, runs.last_mut().filter(|_| open)) {
                (0, Some(run)) => run.1 = *line,
                (0, None) => runs.push((*line, *line)),
                _ => {}
            }
            open = *hits == 0;
        }
        runs
    }
}

/// What tests saw a rule of a pack do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RuleCoverage {
    /// Its id.
    pub rule: String,
    /// The pack's file.
    pub file: String,
    /// Whether it has a fix.
    pub mends: bool,
    /// Objects that it found nothing in, where a test named it.
    pub passed: usize,
    /// Objects that it found fault with.
    pub failed: usize,
    /// Objects whose findings somebody answered for.
    pub waived: usize,
    /// Findings that its fix mended.
    pub mended: usize,
}

impl RuleCoverage {
    /// What no test saw.
    pub fn missed(&self) -> Vec<&'static str> {
        let all = [("passed", self.passed), ("failed", self.failed), ("waived", self.waived), ("mended", self.mended)];
        let seen = |(name, times): &(&str, usize)| *times > 0 || (*name == "mended" && !self.mends);
        all.into_iter().filter(|one| !seen(one)).map(|(name, _)| name).collect()
    }
}

/// All files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of their names.
    pub files: Vec<FileCoverage>,
    /// The rules of packs, by pack.
    pub rules: Vec<RuleCoverage>,
}

impl Coverage {
    /// Lines of all files.
    pub fn lines(&self) -> Share {
        self.files.iter().map(FileCoverage::lines_share).fold(Share::default(), |sum, share| sum + share)
    }

    /// Arms of branches of all files.
    pub fn branches(&self) -> Share {
        self.files.iter().map(FileCoverage::branches_share).fold(Share::default(), |sum, share| sum + share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_lines_are_told_as_runs() {
        let lines = BTreeMap::from([(1, 1), (2, 0), (4, 0), (5, 3), (9, 0)]);
        let file = FileCoverage { file: "a".into(), source: "".into(), lines, branches: Vec::new() };
        assert_eq!(file.missed(), [(2, 4), (9, 9)]);
        assert_eq!(file.lines_share(), Share { hit: 2, all: 5 });
        assert_eq!(file.branches_share().percent(), 100.0);
    }
}
