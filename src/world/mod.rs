//! Everything outside the process that scripts act on: one forge, named clusters and contacts, the clock.
//! All of it is read through the traits here; all of it is changed through `door`.

pub mod access;
pub mod beside;
pub mod change;
pub mod ci;
pub mod cluster;
pub mod commit_status;
pub mod contact;
pub mod door;
#[cfg(test)]
mod door_tests;
pub mod fault;
pub mod forge;
pub mod git;
pub mod github;
pub mod http;
pub mod journal;
pub mod later;
pub mod lock;
pub mod marker;
pub mod names;
pub mod nothing;
pub mod object;
pub mod open;
pub mod overlay;
pub mod overlay_cluster;
pub mod permission;
pub mod plan;
pub mod review;
pub mod secrets;
pub mod snapshot;
pub mod sqlite;
pub mod store;
pub mod three_way;
pub mod undo;
pub mod webhook;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use crate::formats::digest as hash;
pub use change::{Change, FileChange, Marker};
pub use cluster::Cluster;
pub use contact::Contact;
pub use door::{Door, Mode};
pub use forge::Forge;
pub use later::Later;

use crate::error::{Error, Result, nearest};

/// All that scripts act on. Cheap to clone; the parts are shared.
#[derive(Clone)]
pub struct World {
    /// Git hosting: repositories, branches, pull requests.
    pub forge: Arc<dyn Forge>,
    /// Clusters by the name that `idp.yaml` gives them.
    pub clusters: BTreeMap<String, Arc<dyn Cluster>>,
    /// Contacts by the name that `idp.yaml` gives them.
    pub contacts: BTreeMap<String, Arc<dyn Contact>>,
    /// HTTP services by the name that `idp.yaml` gives them.
    pub http: BTreeMap<String, Arc<dyn http::Service>>,
    /// What scripts may name and never hold.
    pub secrets: secrets::Secrets,
    /// What time it is.
    pub clock: Clock,
    /// Whether all of it but the HTTP services lives in the workspace's own folder, where nobody's permission is needed.
    pub embedded: bool,
}

impl World {
    /// The same world with every write held back: what plans act on.
    pub fn overlaid(&self) -> World {
        self.over(overlay::Overlay::over(self.forge.clone()))
    }

    /// The same world with every write held back, and answered as by a world that makes it: what tests act on.
    pub fn rehearsed(&self) -> World {
        self.over(overlay::Overlay::rehearsal(self.forge.clone()))
    }

    fn over(&self, forge: overlay::Overlay) -> World {
        World {
            forge: Arc::new(forge),
            clusters: self
                .clusters
                .iter()
                .map(|(name, inner)| {
                    let held: Arc<dyn Cluster> = Arc::new(overlay_cluster::HeldCluster::over(inner.clone()));
                    (name.clone(), held)
                })
                .collect(),
            contacts: self
                .contacts
                .iter()
                .map(|(name, inner)| {
                    let held: Arc<dyn Contact> = Arc::new(overlay_cluster::HeldContact::over(inner.clone()));
                    (name.clone(), held)
                })
                .collect(),
            http: self
                .http
                .iter()
                .map(|(name, inner)| {
                    let held: Arc<dyn http::Service> = Arc::new(http::Held::over(inner.clone(), self.secrets.clone()));
                    (name.clone(), held)
                })
                .collect(),
            secrets: self.secrets.clone(),
            clock: self.clock.clone(),
            embedded: self.embedded,
        }
    }

    /// The cluster of that name.
    pub fn cluster(&self, name: &str) -> Result<&Arc<dyn Cluster>> {
        self.clusters.get(name).ok_or_else(|| unknown("cluster", name, self.clusters.keys()))
    }

    /// The HTTP service of that name.
    pub fn service(&self, name: &str) -> Result<&Arc<dyn http::Service>> {
        self.http.get(name).ok_or_else(|| unknown("service", name, self.http.keys()))
    }

    /// The contact of that name.
    pub fn contact(&self, name: &str) -> Result<&Arc<dyn Contact>> {
        self.contacts.get(name).ok_or_else(|| unknown("contact", name, self.contacts.keys()))
    }
}

fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a String> + Clone) -> Error {
    let help = match nearest(name, names.clone().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<_> = names.map(String::as_str).collect();
            if known.is_empty() {
                format!("idp.yaml declares no {what}s")
            } else {
                format!("idp.yaml declares: {}", known.join(", "))
            }
        }
    };
    Error::invalid("idp::world::unknown", format!("there is no {what} named `{name}`")).help(help)
}

/// What time it is, in seconds since 1970-01-01 UTC. Tests fix it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// Always this time.
    Fixed(i64),
}

impl Clock {
    /// Seconds since 1970-01-01 UTC.
    pub fn now(&self) -> i64 {
        match self {
            Clock::System => jiff::Timestamp::now().as_second(),
            Clock::Fixed(time) => *time,
        }
    }
}
