//! Languages and documents of others, pure and without I/O.

pub mod applicationset;
pub mod appproject;
pub mod catalog;
pub mod cel;
pub mod contract;
pub mod definitions;
pub mod digest;
pub mod form;
pub(crate) mod go_path;
pub mod gotemplate;
pub mod image;
pub mod kustomize;
pub mod lists;
pub mod mkdocs;
pub mod objects;
mod pattern;
pub mod pipelines;
pub mod quantity;
pub mod references;
pub mod reports;
pub mod repository_path;
pub mod schema;
pub mod selector;
pub mod skeleton;
pub mod url;
pub mod webhook;
pub mod yaml;
