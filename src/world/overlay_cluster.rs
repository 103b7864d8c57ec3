//! Clusters and contacts with their writes held back: what plans and tests act on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::change::{Change, ObjectId};
use super::cluster::{Cluster, address};
use super::contact::{Contact, Notification};
use crate::error::{Error, Result};

/// A cluster whose writes stay in memory.
pub struct HeldCluster {
    inner: Arc<dyn Cluster>,
    held: Mutex<Vec<(ObjectId, Value)>>,
}

impl HeldCluster {
    /// Holds back what is written to this one.
    pub fn over(inner: Arc<dyn Cluster>) -> HeldCluster {
        HeldCluster { inner, held: Mutex::default() }
    }
}

#[async_trait]
impl Cluster for HeldCluster {
    async fn get(&self, object: &ObjectId) -> Result<Option<Value>> {
        let held = {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.iter().find(|(id, _)| id.is_same(object)).map(|(_, value)| value.clone())
        };
        match held {
            Some(value) => Ok(Some(value)),
            None => self.inner.get(object).await,
        }
    }

    async fn list(&self, api_version: &str, kind: &str, namespace: Option<&str>) -> Result<Vec<Value>> {
        let mut found: Vec<(ObjectId, Value)> = Vec::new();
        for value in self.inner.list(api_version, kind, namespace).await? {
            found.push((address(&value)?, value));
        }
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, value) in held.iter() {
            let wanted = ObjectId { api_version: api_version.into(), kind: kind.into(), ..id.clone() };
            if id.is_same(&wanted) && namespace.is_none_or(|namespace| id.namespace.as_deref() == Some(namespace)) {
                found.retain(|(there, _)| !there.is_same(id));
                found.push((id.clone(), value.clone()));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found.into_iter().map(|(_, value)| value).collect())
    }

    async fn apply(&self, change: &Change) -> Result<()> {
        let Change::ApplyManifest { object, after, .. } = change else {
            return Err(Error::failed("idp::cluster", "not a change of a cluster"));
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(id, _)| !id.is_same(object));
        held.push((object.clone(), after.clone()));
        Ok(())
    }
}

/// A contact to which nothing is sent.
pub struct HeldContact {
    inner: Arc<dyn Contact>,
    held: Mutex<BTreeSet<String>>,
}

impl HeldContact {
    /// Holds back what is sent to this one.
    pub fn over(inner: Arc<dyn Contact>) -> HeldContact {
        HeldContact { inner, held: Mutex::default() }
    }
}

#[async_trait]
impl Contact for HeldContact {
    fn deduplicates(&self) -> bool {
        self.inner.deduplicates()
    }

    async fn has(&self, key: &str) -> Result<Option<bool>> {
        if self.held.lock().unwrap_or_else(PoisonError::into_inner).contains(key) {
            return Ok(Some(true));
        }
        self.inner.has(key).await
    }

    async fn send(&self, notification: &Notification) -> Result<()> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(notification.key.clone());
        Ok(())
    }
}
