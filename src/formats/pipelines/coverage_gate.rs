//! The coverage below which a build fails, as files of the build say it: a pipeline that runs `gradle check` or `npm test` doesn't.

use std::sync::OnceLock;

use regex::Regex;

use crate::error::Place;

/// A bound of coverage.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageGate {
    /// In percent.
    pub percent: f64,
    /// Where it is written.
    pub place: Place,
}

/// One way to say it.
struct Way {
    /// Names of files, each whole or with a `*` at one end.
    files: &'static [&'static str],
    /// What the file must have besides, so that the bound counts.
    needs: Option<&'static str>,
    /// The bound, as the first group.
    pattern: &'static str,
    /// Whether it is a share of 1.
    is_share: bool,
}

const WAYS: [Way; 7] = [
    Way {
        files: &["build.gradle", "build.gradle.kts"],
        needs: Some("jacocoTestCoverageVerification"),
        pattern: r#"minimum(?:\.set\(|\s*=?\s*)\(?"?([01](?:\.[0-9]+)?)"#,
        is_share: true,
    },
    Way {
        files: &["pom.xml"],
        needs: Some("jacoco"),
        pattern: r"<minimum>\s*([01](?:\.[0-9]+)?)\s*</minimum>",
        is_share: true,
    },
    Way {
        files: &["pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", "Makefile", "noxfile.py"],
        needs: None,
        pattern: r"--cov-fail-under[= ]([0-9]+(?:\.[0-9]+)?)",
        is_share: false,
    },
    Way {
        files: &["pyproject.toml", ".coveragerc", "setup.cfg", "tox.ini"],
        needs: None,
        pattern: r"(?m)^\s*fail_under\s*=\s*([0-9]+(?:\.[0-9]+)?)",
        is_share: false,
    },
    Way {
        files: &["package.json", ".nycrc", ".nycrc.json", ".c8rc.json"],
        needs: Some("check-coverage"),
        pattern: r#"(?:--lines[= ]|"lines"\s*:\s*)([0-9]+(?:\.[0-9]+)?)"#,
        is_share: false,
    },
    Way {
        files: &["package.json", "jest.config.*"],
        needs: Some("coverageThreshold"),
        pattern: r#"["']?lines["']?\s*:\s*([0-9]+(?:\.[0-9]+)?)"#,
        is_share: false,
    },
    Way {
        files: &["vitest.config.*", "vite.config.*"],
        needs: Some("thresholds"),
        pattern: r#"["']?lines["']?\s*:\s*([0-9]+(?:\.[0-9]+)?)"#,
        is_share: false,
    },
];

fn patterns() -> &'static [Option<Regex>] {
    static PATTERNS: OnceLock<Vec<Option<Regex>>> = OnceLock::new();
    PATTERNS.get_or_init(|| WAYS.iter().map(|way| Regex::new(way.pattern).ok()).collect())
}

/// The bound that a file of a build gives, if it is one that is known and gives one. Of several the first counts.
pub fn coverage_gate(file: &str, text: &str) -> Option<CoverageGate> {
    let name = file.rsplit(['/', ':']).next().unwrap_or_default();
    let is_of = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    WAYS.iter().zip(patterns()).find_map(|(way, pattern)| {
        if !way.files.iter().any(|file| is_of(file)) || way.needs.is_some_and(|needs| !text.contains(needs)) {
            return None;
        }
        let found = pattern.as_ref()?.captures(text)?.get(1)?;
        let number: f64 = found.as_str().parse().ok()?;
        let percent = if way.is_share { number * 100.0 } else { number };
        let before = &text[..found.start()];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Some(CoverageGate { percent, place: Place::at(file, line, column) })
    })
}
