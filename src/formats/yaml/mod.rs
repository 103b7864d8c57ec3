//! YAML as kubectl reads it, and lossless edits of YAML texts.
use crate::error::{Place, Result};
pub struct Document { pub value: serde_json::Value }
pub enum Step { Key(String), Index(usize) }
impl Document { pub fn place(&self, _: &[Step]) -> Place { Place::default() } }
pub fn parse(_: &str, _: &str) -> Result<Vec<Document>> { Ok(vec![]) }
pub fn render(v: &serde_json::Value) -> String { serde_json::to_string_pretty(v).unwrap_or_default() }
