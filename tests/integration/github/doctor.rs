//! `doctor` on GitHub.
