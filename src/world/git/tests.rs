//! The embedded forge, cross-checked with git itself.
