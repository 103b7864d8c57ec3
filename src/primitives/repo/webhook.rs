//! Webhooks, ensured: found by their URLs, and never doubled.

use std::collections::BTreeSet;

use super::{REDONE, Repo};
use crate::config::HeaderText;
use crate::error::{Error, Result};
use crate::primitives::options::Options;
use crate::world::forge::MOVED;
use crate::world::webhook::{Hook, Webhook, check_url};
use crate::world::{Change, Door};

/// What a script asks of a webhook; only what it gives is compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HookWish {
    /// Events that it must tell of; others stay.
    pub events: Option<BTreeSet<String>>,
    /// `json` or `form`.
    pub content_type: Option<String>,
    /// Whether it tells of them, or rests.
    pub active: Option<bool>,
    /// The secret that signs what it sends.
    pub secret: Option<HeaderText>,
    /// Whether it gets the secret even if it has one.
    pub renew: bool,
}

impl HookWish {
    /// What the options of a call ask for.
    pub fn of(options: &Options<'_>) -> Result<HookWish> {
        let wrong = |message: String, help: &str| Err(Error::invalid("idp::script::option", message).help(help));
        let events = options.texts("events")?;
        let is_event =
            |name: &String| name == "*" || name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if let Some(event) = events.iter().flatten().find(|name| name.is_empty() || !is_event(name)) {
            return wrong(
                format!("`{}` is not an event of a webhook", event.escape_debug()),
                "such as push, pull_request",
            );
        }
        let content_type = options.text("content_type")?;
        if let Some(other) = content_type.as_deref().filter(|name| !["json", "form"].contains(name)) {
            return wrong(format!("`{}` is not a content type of webhooks", other.escape_debug()), "json or form");
        }
        let (secret, renew) = (options.secret("secret")?, options.flag("renew_secret")?.unwrap_or(false));
        if renew && secret.is_none() {
            return wrong("webhook has `renew_secret` without a `secret`".into(), "name the new one: secret(\"NAME\")");
        }
        Ok(HookWish { events, content_type, active: options.flag("active")?, secret, renew })
    }

    fn applied(&self, now: Option<&Hook>) -> Hook {
        let mut hook = now.cloned().unwrap_or_default();
        hook.events.extend(self.events.iter().flatten().cloned());
        if hook.events.is_empty() {
            hook.events.insert("push".into());
        }
        if let Some(content_type) = &self.content_type {
            hook.content_type.clone_from(content_type);
        }
        hook.active = self.active.unwrap_or(hook.active);
        hook.signed |= self.secret.is_some();
        hook
    }
}

impl Repo {
    /// Brings about that a URL is told of what happens.
    pub async fn webhook(&self, door: &Door, url: &str, wish: &HookWish) -> Result<()> {
        check_url(url)?;
        let mut tries = 0;
        loop {
            let before = door.world().forge.webhook(&self.id, url).await?;
            let after = wish.applied(before.as_ref());
            if before.as_ref() == Some(&after) && !wish.renew {
                door.unchanged("webhook", &format!("{} {url}", self.id));
                return Ok(());
            }
            // Hosts take the type together with the secret, which nobody can read back.
            let retyped = before.as_ref().is_some_and(|before| before.content_type != after.content_type);
            if retyped && after.signed && wish.secret.is_none() {
                let message = format!("the content type of the webhook {url} can't change without its secret");
                return Err(Error::failed("idp::repo::webhook", message)
                    .help("give the `secret`, too: hosts don't tell it, and forget it where it isn't given again"));
            }
            let given = wish.renew || retyped || before.as_ref().is_none_or(|before| !before.signed);
            let secret = wish.secret.clone().filter(|_| given);
            let change = Webhook { repo: self.id.clone(), url: url.to_string(), before, after, secret };
            tries += 1;
            match door.pass(Change::SetWebhook(change)).await {
                Err(error) if error.code() == MOVED && tries < REDONE => {}
                ended => return ended.map(drop),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_unless_it_is_given() {
        let wish = HookWish { events: Some(["pull_request".to_string()].into()), ..HookWish::default() };
        let now =
            Hook { events: ["push".to_string()].into(), content_type: "form".into(), active: false, signed: true };
        let after = wish.applied(Some(&now));
        assert_eq!(after, Hook { events: ["pull_request", "push"].map(String::from).into(), ..now });
        let new = HookWish::default().applied(None);
        assert_eq!(new, Hook { events: ["push".to_string()].into(), ..Hook::default() });
    }
}
