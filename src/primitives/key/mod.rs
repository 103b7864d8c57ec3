//! The semantic key `{project}-{env}-{service}`: the one address from which every name of a service is derived.
//! The rules of names are those of RFC 1123 labels, at most 63 characters, as Kubernetes checks them.

pub mod api;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::error::{Error, Result, with_article};

/// The longest name that Kubernetes takes for namespaces and label values.
const LONGEST: usize = 63;

/// Services that would derive the names of the project's own things: its infra namespaces and its GitOps repository.
const RESERVED: [&str; 2] = ["infra", "gitops"];

/// A semantic key. Every one that exists obeys the rules, and so does every name derived from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    project: String,
    env: String,
    service: String,
    system: String,
}

impl Key {
    /// A key of these segments; the system's name is the project's unless another is given.
    ///
    /// Projects and environments are `[a-z][a-z0-9]*`, so that every key parses one way; services and systems may
    /// hold hyphens inside. Errors name the segment, or the derived name that is too long.
    pub fn new(project: &str, env: &str, service: &str, system: Option<&str>) -> Result<Key> {
        segment("project", project)?;
        segment("environment", env)?;
        label("service", service)?;
        if RESERVED.contains(&service) {
            return Err(Error::invalid("idp::key::reserved", format!("`{service}` can't be the name of a service"))
                .help(format!("{} are names of what a project has anyway", RESERVED.join(" and "))));
        }
        if let Some(system) = system {
            label("system", system)?;
        }
        let key = Key {
            project: project.into(),
            env: env.into(),
            service: service.into(),
            system: system.unwrap_or(project).into(),
        };
        for (what, name) in [
            ("namespace", key.namespace()),
            ("Application", key.application()),
            ("Component", key.component()),
            ("repository", key.repository()),
            ("GitOps repository", key.gitops_repository()),
            ("infra namespace", key.infra_namespace()),
        ] {
            if name.len() > LONGEST {
                return Err(Error::invalid(
                    "idp::key::too_long",
                    format!("the {what} `{name}` has {} characters, and {LONGEST} is the most", name.len()),
                )
                .help("choose a shorter project, service or system"));
            }
        }
        Ok(key)
    }

    /// The key that a text spells: `payments-prod-api`. The first two segments hold no hyphen, so there is one way.
    pub fn parse(text: &str) -> Result<Key> {
        let mut parts = text.splitn(3, '-');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(project), Some(env), Some(service)) => Key::new(project, env, service, None),
            _ => Err(Error::invalid("idp::key::shape", format!("`{text}` is not a semantic key"))
                .help("a key is {project}-{env}-{service}, such as payments-prod-api")),
        }
    }

    /// The same service in another environment.
    pub fn at(&self, env: &str) -> Result<Key> {
        Key::new(&self.project, env, &self.service, Some(&self.system))
    }

    /// `payments`
    pub fn project(&self) -> &str {
        &self.project
    }

    /// `prod`
    pub fn env(&self) -> &str {
        &self.env
    }

    /// `api`
    pub fn service(&self) -> &str {
        &self.service
    }

    /// `gateway`; the project's name unless given.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// The namespace: `payments-prod-api`.
    pub fn namespace(&self) -> String {
        format!("{}-{}-{}", self.project, self.env, self.service)
    }

    /// The Argo CD Application: `gateway-api-prod`.
    pub fn application(&self) -> String {
        format!("{}-{}", self.component(), self.env)
    }

    /// The Argo CD AppProject: `payments`.
    pub fn app_project(&self) -> &str {
        &self.project
    }

    /// The Backstage Component: `gateway-api`, in every environment the same.
    pub fn component(&self) -> String {
        format!("{}-{}", self.system, self.service)
    }

    /// The Backstage Domain: `payments`.
    pub fn domain(&self) -> &str {
        &self.project
    }

    /// The application repository: `payments-api`.
    pub fn repository(&self) -> String {
        format!("{}-{}", self.project, self.service)
    }

    /// The project's GitOps repository: `payments-gitops`.
    pub fn gitops_repository(&self) -> String {
        format!("{}-gitops", self.project)
    }

    /// The namespace of claims and connection secrets: `payments-prod-infra`.
    pub fn infra_namespace(&self) -> String {
        format!("{}-{}-infra", self.project, self.env)
    }

    /// The folder of the service's manifests in the GitOps repository: `k8s/prod/api`.
    pub fn folder(&self) -> String {
        format!("k8s/{}/{}", self.env, self.service)
    }

    /// What a claim's file is called: `cloudsql-main`. Types hold no hyphen, so no two pairs share one.
    pub fn claim(&self, kind: &str, name: &str) -> Result<String> {
        segment("claim type", kind)?;
        label("claim", name)?;
        short("claim", format!("{kind}-{name}"))
    }

    /// The Backstage Resource of a claim: `gcp-payments-prod-cloudsql`, with `-name` behind it unless it is `main`.
    pub fn resource(&self, provider: &str, kind: &str, name: &str) -> Result<String> {
        segment("provider", provider)?;
        segment("claim type", kind)?;
        label("claim", name)?;
        let base = format!("{provider}-{}-{}-{kind}", self.project, self.env);
        short("Resource", if name == "main" { base } else { format!("{base}-{name}") })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.namespace())
    }
}

/// Words that YAML 1.1 reads as a boolean or as nothing: as the name of an object they need quotes everywhere, and somebody
/// forgets them somewhere.
const YAML_WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

fn refuse_yaml_words(what: &str, text: &str) -> Result<()> {
    if YAML_WORDS.contains(&text) {
        return Err(Error::invalid(
            "idp::key::word",
            format!("`{text}` can't be {}: YAML reads it as another thing", with_article(what)),
        )
        .help("choose a name that is no word of YAML"));
    }
    Ok(())
}

/// A part that holds no hyphen: `[a-z][a-z0-9]*`.
fn segment(what: &str, text: &str) -> Result<()> {
    refuse_yaml_words(what, text)?;
    let fine = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if fine {
        return Ok(());
    }
    Err(Error::invalid("idp::key::segment", format!("`{text}` can't be {}", with_article(what)))
        .help("lower-case letters and digits, a letter first, no hyphen: hyphens separate the segments of the key"))
}

/// A part that may hold hyphens inside: `[a-z]([-a-z0-9]*[a-z0-9])?`.
fn label(what: &str, text: &str) -> Result<()> {
    refuse_yaml_words(what, text)?;
    let fine = text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fine {
        return Ok(());
    }
    Err(Error::invalid("idp::key::segment", format!("`{text}` can't be the name of a {what}"))
        .help("lower-case letters, digits and hyphens, a letter first and no hyphen last"))
}

fn short(what: &str, name: String) -> Result<String> {
    if name.len() <= LONGEST {
        return Ok(name);
    }
    Err(Error::invalid(
        "idp::key::too_long",
        format!("the {what} `{name}` has {} characters, and {LONGEST} is the most", name.len()),
    )
    .help("choose a shorter name"))
}
