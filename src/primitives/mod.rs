//! What scripts may say: a folder each. This file is the registration list; reference and completions follow from it.

pub mod appset;
pub mod captured;
pub mod catalog;
pub mod claim;
pub mod cluster;
pub mod environment;
pub mod error;
pub mod history;
pub mod http;
pub mod image;
pub mod key;
pub mod kustomization;
pub mod later;
pub mod lifecycle;
pub mod manifest;
pub mod notify;
pub mod options;
pub mod parallel;
pub mod param;
pub mod policy;
pub mod pull_request;
pub mod quantity;
pub mod references;
pub mod repo;
pub mod secret;
pub mod selector;
pub mod step;
pub mod template;
pub mod tree;
pub mod value;

use std::sync::OnceLock;

use rhai::{Module, Shared, exported_module};

/// A primitive as scripts see it: its name and the functions that it brings.
pub struct Primitive {
    /// The folder's name.
    pub name: &'static str,
    /// Its functions and types.
    pub module: Shared<Module>,
}

/// The options of every call that has some: what the calls themselves, the static checks and the reference read.
pub fn options() -> impl Iterator<Item = &'static options::CallOptions> {
    let folders: [&[options::CallOptions]; 11] = [
        &[catalog::ENTITY],
        &[claim::MANIFEST],
        &[cluster::APPLY],
        &[history::HISTORY],
        http::ALL,
        &[kustomization::SET_IMAGE],
        &[notify::NOTIFY],
        &[parallel::PARALLEL],
        policy::ALL,
        pull_request::options::ALL,
        repo::options::ALL,
    ];
    folders.into_iter().flatten()
}

/// All primitives, in alphabetical order. Built once, shared by all engines.
pub fn all() -> &'static [Primitive] {
    static ALL: OnceLock<Vec<Primitive>> = OnceLock::new();
    ALL.get_or_init(|| {
        vec![
            Primitive { name: "appset", module: exported_module!(appset::api).into() },
            Primitive { name: "catalog", module: exported_module!(catalog::api).into() },
            Primitive { name: "claim", module: exported_module!(claim::api::api).into() },
            Primitive { name: "cluster", module: exported_module!(cluster::api).into() },
            Primitive { name: "environment", module: exported_module!(environment::api).into() },
            Primitive { name: "error", module: exported_module!(error::api).into() },
            Primitive { name: "history", module: exported_module!(history::api).into() },
            Primitive { name: "http", module: exported_module!(http::api::api).into() },
            Primitive { name: "image", module: exported_module!(image::api).into() },
            Primitive { name: "key", module: exported_module!(key::api::api).into() },
            Primitive { name: "kustomization", module: exported_module!(kustomization::api).into() },
            Primitive { name: "later", module: exported_module!(later::api).into() },
            Primitive { name: "lifecycle", module: exported_module!(lifecycle::api).into() },
            Primitive { name: "manifest", module: manifest::module() },
            Primitive { name: "notify", module: exported_module!(notify::api).into() },
            Primitive { name: "parallel", module: exported_module!(parallel::api).into() },
            Primitive { name: "param", module: exported_module!(param::api).into() },
            Primitive { name: "policy", module: exported_module!(policy::api::api).into() },
            Primitive { name: "pull_request", module: exported_module!(pull_request::api::api).into() },
            Primitive { name: "quantity", module: exported_module!(quantity::api).into() },
            Primitive { name: "references", module: exported_module!(references::api).into() },
            Primitive { name: "repo", module: exported_module!(repo::api::api).into() },
            Primitive { name: "secret", module: exported_module!(secret::api).into() },
            Primitive { name: "selector", module: exported_module!(selector::api).into() },
            Primitive { name: "step", module: exported_module!(step::api).into() },
            Primitive { name: "template", module: exported_module!(template::api).into() },
            Primitive { name: "tree", module: exported_module!(tree::api::api).into() },
        ]
    })
}
