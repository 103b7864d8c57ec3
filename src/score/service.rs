//! A service as scorecards see it: who it is, whose, part of what; and which services a scorecard or a check is about.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::waivers::Glob;
use crate::error::{Error, Place, Result, nearest};
use crate::formats::catalog::graph::{Catalog, Entity, Relation};

/// A service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Its reference in lowercase: `component:default/orders-checkout`.
    pub key: String,
    /// Its name for people.
    pub title: String,
    /// `service`, `website`, `library`; empty if the entity says none.
    #[serde(default)]
    pub type_of: String,
    /// `production`, `experimental`, `deprecated`; empty if the entity says none.
    #[serde(default)]
    pub lifecycle: String,
    /// The reference of who answers for it, whether that is in the catalog or not.
    #[serde(default)]
    pub owner: Option<String>,
    /// Whether the catalog has that owner.
    #[serde(default)]
    pub owner_is_known: bool,
    /// The groups above its owner, nearest first.
    #[serde(default)]
    pub above: Vec<String>,
    /// The system that it is part of.
    #[serde(default)]
    pub system: Option<String>,
    /// The domains that its system is part of, nearest first.
    #[serde(default)]
    pub domains: Vec<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What tells it from others whatever it is called, strongest first: `uid:...`, `id:...`, `slug:...`.
    #[serde(default)]
    pub identities: Vec<String>,
    /// Where it is declared.
    pub place: Place,
}

/// The annotation that keeps a service's history when it is renamed.
pub const IDENTITY: &str = "idp-run/service-id";

/// The annotation of GitHub's plugin: the repository.
const SLUG: &str = "github.com/project-slug";

impl Service {
    /// An entity of a catalog as a service.
    pub fn of(catalog: &Catalog, entity: &Entity) -> Service {
        let text = |pointer: &str| entity.text(pointer).unwrap_or_default().to_owned();
        let named = entity.references().into_iter().find(|reference| reference.relation() == Relation::OwnedBy);
        let owner = named.map(|reference| reference.key);
        let group = owner.as_deref().and_then(|owner| catalog.find(owner));
        let above = group.map(|group| catalog.all_related(group, Relation::ChildOf)).unwrap_or_default();
        let wholes = catalog.all_related(entity, Relation::PartOf);
        let of_kind = |kind: &'static str| {
            let wholes = wholes.iter().map(|whole| whole.key());
            wholes.filter(move |key| key.split(':').next() == Some(kind)).map(str::to_owned)
        };
        let tags = entity.value().pointer("/metadata/tags").and_then(Value::as_array).into_iter().flatten();
        let title = entity.text("/metadata/title").unwrap_or(&entity.reference().name).to_owned();
        Service {
            key: entity.key().to_owned(),
            title,
            type_of: text("/spec/type"),
            lifecycle: text("/spec/lifecycle"),
            owner_is_known: group.is_some(),
            owner,
            above: above.iter().map(|group| group.key().to_owned()).collect(),
            system: of_kind("system").next(),
            domains: of_kind("domain").collect(),
            tags: tags.filter_map(Value::as_str).map(str::to_owned).collect(),
            identities: identities(entity),
            place: entity.place(&["metadata".into(), "name".into()]),
        }
    }

    /// Its name within its kind and namespace.
    pub fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }

    fn kind(&self) -> &str {
        self.key.split(':').next().unwrap_or_default()
    }

    fn namespace(&self) -> &str {
        self.key.split_once(':').and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default()
    }

    /// Whether a glob means it: with a colon or a slash it is held against the whole reference, or against `namespace/name`;
    /// without, against the name.
    pub fn is_named_by(&self, glob: &Glob) -> bool {
        let text = glob.text.as_str();
        match (text.contains(':'), text.contains('/')) {
            (true, _) => glob.matches(&self.key),
            (false, true) => glob.matches(self.key.split_once(':').map_or(&self.key, |(_, rest)| rest)),
            _ => glob.matches(self.name()),
        }
    }
}

fn identities(entity: &Entity) -> Vec<String> {
    let annotation = |name: &str| entity.annotation(name).map(|(value, _)| value.to_owned());
    let found = [
        ("uid", entity.text("/metadata/uid").map(str::to_owned)),
        ("id", annotation(IDENTITY)),
        ("slug", annotation(SLUG)),
    ];
    found.into_iter().filter_map(|(sort, value)| Some(format!("{sort}:{}", value?))).collect()
}

/// The fields of `applies_to`.
pub const APPLIES_TO: [&str; 10] =
    ["kinds", "types", "lifecycles", "names", "not_names", "namespaces", "owners", "systems", "domains", "tags"];

/// Which services are meant; what isn't said lets all through, but for the kind: a Component, unless `kinds` is given.
#[derive(Debug, Clone, Default)]
pub struct Applies {
    given: Vec<(&'static str, Vec<Glob>)>,
}

impl Applies {
    /// Adds globs for one of [`APPLIES_TO`]. Owners, systems and domains are compared by name, or by reference if a glob has a
    /// colon or a slash; owners also by the groups above them.
    ///
    /// # Errors
    /// `idp::scorecard::declared` for another field, an empty list, and what is no glob.
    pub fn with(mut self, field: &str, globs: &[String]) -> Result<Applies> {
        let wrong = |what: String| Error::invalid(super::DECLARED, what);
        let Some(known) = APPLIES_TO.iter().find(|known| **known == field) else {
            let error = wrong(format!("applies_to has no `{field}`"));
            return Err(match nearest(field, APPLIES_TO) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("it has {}", APPLIES_TO.join(", "))),
            });
        };
        if globs.is_empty() {
            return Err(wrong(format!("{field} is empty, so that it applies to nothing")).help("leave it out for all"));
        }
        let lower = |text: &String| match *known {
            "kinds" => text.to_lowercase(),
            _ => text.clone(),
        };
        let glob = |text: &String| {
            Glob::new(&lower(text)).map_err(|error| wrong(format!("{field}: `{text}` is not a glob: {}", error.kind())))
        };
        let globs = globs.iter().map(glob).collect::<Result<Vec<Glob>>>()?;
        self.given.push((known, globs));
        Ok(self)
    }

    /// Why a service isn't meant; none if it is.
    pub fn why_not(&self, service: &Service) -> Option<String> {
        if !self.given.iter().any(|(field, _)| *field == "kinds") && service.kind() != "component" {
            return Some(format!("it is a {}, and Components are asked", service.kind()));
        }
        self.given.iter().find_map(|(field, globs)| misses(service, field, globs))
    }
}

fn misses(service: &Service, field: &str, globs: &[Glob]) -> Option<String> {
    let written = || globs.iter().map(|glob| glob.text.as_str()).collect::<Vec<_>>().join(", ");
    let any = |text: &str| globs.iter().any(|glob| glob.matches(text));
    let refers = |key: &str| {
        let other = Service { key: key.to_owned(), ..Service::default() };
        globs.iter().any(|glob| other.is_named_by(glob))
    };
    let none = |what: &str, is: &str| match is {
        "" => Some(format!("it has no {what}, and {} is asked for", written())),
        is => Some(format!("its {what} is {is}, which is none of {}", written())),
    };
    let one = |what: &str, is: &str| if any(is) { None } else { none(what, is) };
    let reference = |what: &str, is: Option<&String>| match is {
        Some(key) if refers(key) => None,
        is => none(what, is.map_or("", String::as_str)),
    };
    match field {
        "kinds" => one("kind", service.kind()),
        "types" => one("type", &service.type_of),
        "lifecycles" => one("lifecycle", &service.lifecycle),
        "namespaces" => one("namespace", service.namespace()),
        "names" if refers(&service.key) => None,
        "names" => none("name", service.name()),
        "not_names" if refers(&service.key) => Some(format!("it is left out: {}", written())),
        "owners" if service.above.iter().any(|group| refers(group)) => None,
        "owners" => reference("owner", service.owner.as_ref()),
        "systems" => reference("system", service.system.as_ref()),
        "domains" if service.domains.iter().any(|domain| refers(domain)) => None,
        "domains" => none("domain", service.domains.first().map_or("", String::as_str)),
        "tags" if !service.tags.iter().any(|tag| any(tag)) => Some(format!("it has none of the tags {}", written())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::catalog::graph::Files;

    const CATALOG: &str = "\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Orders-API
  title: Orders
  tags: [java, pci]
  annotations: { github.com/project-slug: acme/orders, idp-run/service-id: '17' }
spec: { type: service, lifecycle: production, owner: team-orders, system: orders }
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: { name: orders }
spec: { owner: team-orders, domain: trade }
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: { name: trade }
spec: { owner: strangers }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: team-orders }
spec: { type: team, parent: engineering, children: [] }
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: { name: engineering }
spec: { type: department, children: [] }
";

    fn service() -> Service {
        let mut files = Files::default();
        files.add("catalog-info.yaml", CATALOG);
        let catalog = files.finish();
        Service::of(&catalog, catalog.find("component:default/orders-api").unwrap())
    }

    #[test]
    fn a_service_knows_whose_it_is_and_part_of_what() {
        let service = service();
        assert_eq!((service.title.as_str(), service.name(), service.place.line), ("Orders", "orders-api", 4));
        assert_eq!((service.owner.as_deref(), service.owner_is_known), (Some("group:default/team-orders"), true));
        assert_eq!(service.above, ["group:default/engineering"]);
        assert_eq!(service.system.as_deref(), Some("system:default/orders"));
        assert_eq!(service.domains, ["domain:default/trade"]);
        assert_eq!(service.identities, ["id:17", "slug:acme/orders"]);
    }

    #[test]
    fn what_it_applies_to_is_said_by_globs() {
        let service = service();
        let why =
            |field: &str, glob: &str| Applies::default().with(field, &[glob.to_owned()]).unwrap().why_not(&service);
        for (field, glob) in [
            ("kinds", "Component"),
            ("types", "serv*"),
            ("lifecycles", "production"),
            ("names", "orders-*"),
            ("names", "component:default/*"),
            ("names", "default/orders-api"),
            ("owners", "team-orders"),
            ("owners", "engineering"),
            ("systems", "orders"),
            ("domains", "domain:default/trade"),
            ("tags", "pci"),
            ("not_names", "legacy-*"),
        ] {
            assert_eq!(why(field, glob), None, "{field} {glob}");
        }
        assert_eq!(why("types", "website").unwrap(), "its type is service, which is none of website");
        assert_eq!(
            why("owners", "team-stock").unwrap(),
            "its owner is group:default/team-orders, which is none of team-stock"
        );
        assert_eq!(why("tags", "go").unwrap(), "it has none of the tags go");
        assert_eq!(why("not_names", "orders-*").unwrap(), "it is left out: orders-*");
        let system = Service { key: "system:default/orders".into(), ..Service::default() };
        assert_eq!(Applies::default().why_not(&system).unwrap(), "it is a system, and Components are asked");
        let error = Applies::default().with("type", &[]).unwrap_err();
        assert_eq!(error.help_text(), Some("did you mean `types`?"));
        assert!(Applies::default().with("tags", &["[".into()]).is_err());
    }
}
