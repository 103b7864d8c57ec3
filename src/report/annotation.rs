//! A remark at a line of a file, as forges and CI servers show it beside the code.

/// How bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It stops something.
    Error,
    /// It stops nothing.
    Warning,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad.
    pub level: Level,
    /// A stable code such as `idp::repo::twice`; empty if there is none.
    pub title: String,
    /// What is wrong and what to do, of one line or more.
    pub message: String,
    /// The file from the root of the repository that CI checked out, if it is one of its files.
    pub file: Option<String>,
    /// 1-based; 0 means the file as a whole.
    pub line: usize,
    /// 1-based; 0 means the line as a whole.
    pub column: usize,
}
