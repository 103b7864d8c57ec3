//! Webhooks of a repository. The secret is read where it is sent, and never told again: GitHub shows `********`.

use std::collections::BTreeSet;

use hyper::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::paths::of;
use super::{GitHubForge, read};
use crate::config::HeaderText;
use crate::error::{Error, Result};
use crate::world::forge::{MOVED, Outcome, RepoId, missing};
use crate::world::webhook::{Hook, Webhook};

/// A webhook as GitHub tells it, as far as it is used.
#[derive(Debug, Deserialize)]
struct Told {
    id: u64,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    events: BTreeSet<String>,
    #[serde(default)]
    config: Map<String, Value>,
}

impl Told {
    fn text(&self, key: &str) -> Option<&str> {
        self.config.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    fn hook(&self) -> Hook {
        Hook {
            events: self.events.clone(),
            content_type: self.text("content_type").unwrap_or("form").to_string(),
            active: self.active,
            signed: self.text("secret").is_some(),
        }
    }
}

impl GitHubForge {
    /// The webhook with that URL; of several the oldest.
    async fn told_hook(&self, repo: &RepoId, url: &str) -> Result<Option<Told>> {
        let all: Vec<Told> =
            self.client.all(&of(repo, "hooks"), None).await?.iter().map(read).collect::<Result<_>>()?;
        Ok(all.into_iter().filter(|told| told.text("url") == Some(url)).min_by_key(|told| told.id))
    }

    /// The webhook with that URL, if there is one.
    pub(super) async fn hook_of(&self, repo: &RepoId, url: &str) -> Result<Option<Hook>> {
        match self.told_hook(repo, url).await? {
            Some(told) => Ok(Some(told.hook())),
            None if self.told(repo).await?.is_none() => Err(missing(repo)),
            None => Ok(None),
        }
    }

    /// Makes a webhook, or changes it.
    pub(super) async fn set_webhook(&self, change: &Webhook) -> Result<Outcome> {
        let Webhook { repo, url, before, after, secret } = change;
        let told = self.told_hook(repo, url).await?;
        let now = told.as_ref().map(Told::hook);
        if change.is_done(now.as_ref()) {
            return Ok(Outcome { already: true, ..Outcome::default() });
        }
        if now != *before {
            return Err(self.hook_moved(change));
        }
        let mut body = json!({ "active": after.active, "events": after.events });
        let Some(told) = told else {
            body["name"] = json!("web");
            body["config"] = self.config(change, "0".into(), secret.as_ref())?;
            return match self.client.send(Method::POST, &of(repo, "hooks"), Some(body)).await {
                Ok(_) => Ok(Outcome::default()),
                // Another run was faster, or GitHub made it before it failed.
                Err(trouble) if trouble.says(422, "already exists") => {
                    self.client.reads.refresh();
                    match change.is_done(self.hook_of(repo, url).await?.as_ref()) {
                        true => Ok(Outcome { already: true, ..Outcome::default() }),
                        false => Err(self.hook_moved(change)),
                    }
                }
                Err(trouble) => Err(trouble.into()),
            };
        };
        // GitHub takes the whole of `config`, and forgets the secret where it isn't given again: so only if it changes.
        if secret.is_some() || before.as_ref().is_none_or(|before| before.content_type != after.content_type) {
            let insecure = told.config.get("insecure_ssl").cloned().unwrap_or_else(|| "0".into());
            body["config"] = self.config(change, insecure, secret.as_ref())?;
        }
        self.client.send(Method::PATCH, &of(repo, &format!("hooks/{}", told.id)), Some(body)).await?;
        Ok(Outcome::default())
    }

    fn config(&self, change: &Webhook, insecure: Value, secret: Option<&HeaderText>) -> Result<Value> {
        let mut config =
            json!({ "url": change.url, "content_type": change.after.content_type, "insecure_ssl": insecure });
        if let Some(HeaderText::Secret { secret, prefix }) = secret {
            config["secret"] = format!("{prefix}{}", self.client.secrets().value(secret)?).into();
        }
        Ok(config)
    }

    fn hook_moved(&self, change: &Webhook) -> Error {
        self.client.reads.refresh();
        let message = format!("the webhook {} of {} moved while it was edited", change.url, change.repo);
        Error::failed(MOVED, message).help("run the same command again")
    }
}
