//! What a scan found: counts by severity, and the worst of it.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// How bad a finding of a scanner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The scanner doesn't say.
    Unknown,
    /// CVSS up to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS from 9.0.
    Critical,
}

impl Severity {
    /// That of a word, in any case: `moderate` is medium, as npm and GitHub say it. What is no such word is unknown.
    pub fn named(word: &str) -> Severity {
        match word.trim().to_lowercase().as_str() {
            "critical" => Severity::Critical,
            "high" | "important" => Severity::High,
            "medium" | "moderate" => Severity::Medium,
            "low" | "negligible" | "minor" => Severity::Low,
            number => number.parse().map_or(Severity::Unknown, Severity::of_cvss),
        }
    }

    /// That of a score: the ratings of CVSS 3.1, section 5. A score of 0 says nothing.
    pub fn of_cvss(score: f64) -> Severity {
        match score {
            score if score >= 9.0 => Severity::Critical,
            score if score >= 7.0 => Severity::High,
            score if score >= 4.0 => Severity::Medium,
            score if score > 0.0 => Severity::Low,
            _ => Severity::Unknown,
        }
    }
}

/// How many findings of each severity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Medium ones.
    pub medium: usize,
    /// Low ones.
    pub low: usize,
    /// Those of which the scanner doesn't say.
    pub unknown: usize,
}

impl Counts {
    /// One more.
    pub fn add(&mut self, severity: Severity) {
        let count = match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Unknown => &mut self.unknown,
        };
        *count += 1;
    }

    /// How many there are.
    pub fn total(&self) -> usize {
        self.critical + self.high + self.medium + self.low + self.unknown
    }

    /// How many are this bad, or worse. Those of unknown severity aren't among them.
    pub fn at_least(&self, severity: Severity) -> usize {
        [
            (Severity::Critical, self.critical),
            (Severity::High, self.high),
            (Severity::Medium, self.medium),
            (Severity::Low, self.low),
        ]
        .into_iter()
        .filter(|(is, _)| *is >= severity)
        .map(|(_, count)| count)
        .sum()
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.critical += other.critical;
        self.high += other.high;
        self.medium += other.medium;
        self.low += other.low;
        self.unknown += other.unknown;
    }
}

/// What a scan found. What it was told to leave out isn't counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The scanner, as it names itself: `Trivy`, `Semgrep OSS`.
    pub tool: String,
    /// What was scanned: an image, a project; empty if the report doesn't say.
    pub subject: String,
    /// When the report was made, if it says so, in seconds since 1970.
    pub generated: Option<i64>,
    /// Known vulnerabilities of packages.
    pub vulnerabilities: Counts,
    /// Those of them that a newer version mends.
    pub fixable: Counts,
    /// Settings that are wrong.
    pub misconfigurations: Counts,
    /// Secrets in files.
    pub secrets: Counts,
    /// Findings of which the format doesn't tell what they are.
    pub others: Counts,
    /// The highest CVSS base score of the vulnerabilities, if any has one.
    pub highest_cvss: Option<f64>,
    /// Parts of the scan that failed, as the scanner says it.
    pub troubles: Vec<String>,
}

impl Scan {
    /// All findings.
    pub fn total(&self) -> Counts {
        let mut total = self.vulnerabilities;
        for counts in [self.misconfigurations, self.secrets, self.others] {
            total += counts;
        }
        total
    }

    /// Takes a score into the highest one.
    pub(super) fn scored(&mut self, score: Option<f64>) {
        let score = score.filter(|score| (0.0..=10.0).contains(score));
        self.highest_cvss = match (self.highest_cvss, score) {
            (Some(highest), Some(score)) => Some(highest.max(score)),
            (highest, score) => highest.or(score),
        };
    }
}

/// A time as reports write it, RFC 3339 whatever its offset, in seconds since 1970.
pub fn time(text: &str) -> Option<i64> {
    text.trim().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}
