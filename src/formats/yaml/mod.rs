//! YAML as kubectl reads it, and lossless edits of YAML texts.
