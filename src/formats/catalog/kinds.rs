//! The kinds of the catalog with the fields of their `spec`: the JSON schemas of `@backstage/catalog-model`
//! (`schema/kinds`) and of `@backstage/plugin-scaffolder-common` (Template), with the defaults of their references.

use serde_json::Value;

use super::shape::Shape::*;
use super::shape::{Field, Shape, may, must};

/// A kind of entity.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// The versions in which it exists; new entities are written in the first.
    pub api_versions: &'static [&'static str],
    spec: Field,
}

impl Kind {
    /// The fields of its `spec` that Backstage knows, in the order in which they are written.
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        let fields = match &self.spec.shape {
            Map(fields) => fields,
            _ => &[] as &'static [Field],
        };
        fields.iter().map(|field| field.name)
    }

    /// The kind that references of a field mean where they name none.
    pub(super) fn default_kind(&self, field: &str) -> Option<&'static str> {
        let Map(fields) = &self.spec.shape else { return None };
        let mut shape = &fields.iter().find(|known| known.name == field)?.shape;
        loop {
            match shape {
                Ref(kind) => return *kind,
                List(inner) | SomeOf(inner) | OneOrMany(inner) => shape = inner,
                _ => return None,
            }
        }
    }

    /// What `spec` must be for this entity: an API's depends on its type.
    pub(super) fn spec_of(&self, entity: &Value) -> &Field {
        let is_mcp = entity.pointer("/spec/type").and_then(Value::as_str) == Some("mcp-server");
        if self.name == "API" && is_mcp { &MCP_SERVER } else { &self.spec }
    }
}

const CORE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];
/// Kinds of Backstage's own group that are new and in motion: their `spec` isn't looked into.
pub const UNCHECKED: [&str; 1] = ["AiResource"];

const OWNER: Shape = Ref(Some("Group"));
const SYSTEM: Shape = Ref(Some("System"));
const APIS: Shape = List(&Ref(Some("API")));
const ANYTHING: Shape = List(&Ref(None));
const GROUPS: Shape = List(&Ref(Some("Group")));
const PROFILE: Shape = Map(&[may("displayName", Text), may("email", Text), may("picture", Text)]);

const fn spec(fields: &'static [Field]) -> Field {
    must("spec", Map(fields))
}

static KINDS: [Kind; 9] = [
    Kind {
        name: "Component",
        api_versions: CORE,
        spec: spec(&[
            must("type", Text),
            must("lifecycle", Text),
            must("owner", OWNER),
            may("system", SYSTEM),
            may("subcomponentOf", Ref(Some("Component"))),
            may("providesApis", APIS),
            may("consumesApis", APIS),
            may("dependsOn", ANYTHING),
            may("dependencyOf", OneOrMany(&Ref(None))),
        ]),
    },
    Kind {
        name: "API",
        api_versions: CORE,
        spec: spec(&[
            must("type", Text),
            must("lifecycle", Text),
            must("owner", OWNER),
            may("system", SYSTEM),
            must("definition", Text),
        ]),
    },
    Kind {
        name: "Resource",
        api_versions: CORE,
        spec: spec(&[
            must("type", Text),
            must("owner", OWNER),
            may("system", SYSTEM),
            may("dependsOn", ANYTHING),
            may("dependencyOf", OneOrMany(&Ref(None))),
        ]),
    },
    Kind {
        name: "System",
        api_versions: CORE,
        spec: spec(&[may("type", Text), must("owner", OWNER), may("domain", Ref(Some("Domain")))]),
    },
    Kind {
        name: "Domain",
        api_versions: CORE,
        spec: spec(&[may("type", Text), must("owner", OWNER), may("subdomainOf", Ref(Some("Domain")))]),
    },
    Kind {
        name: "Group",
        api_versions: CORE,
        spec: spec(&[
            must("type", Text),
            may("profile", PROFILE),
            may("parent", Ref(Some("Group"))),
            must("children", GROUPS),
            may("members", List(&Ref(Some("User")))),
        ]),
    },
    Kind { name: "User", api_versions: CORE, spec: spec(&[may("profile", PROFILE), must("memberOf", GROUPS)]) },
    Kind {
        name: "Location",
        api_versions: CORE,
        spec: spec(&[
            may("type", Text),
            may("target", Text),
            may("targets", List(&Text)),
            may("presence", Word(&["required", "optional"])),
        ]),
    },
    Kind {
        name: "Template",
        api_versions: &["scaffolder.backstage.io/v1beta3"],
        spec: spec(&[
            must("type", Text),
            may("owner", OWNER),
            may("lifecycle", Text),
            may("parameters", OneOrMany(&Map(&[may("backstage:permissions", PERMISSIONS)]))),
            may("secrets", Map(&[may("schema", Map(&[]))])),
            may("presentation", Map(&[may("buttonLabels", BUTTONS)])),
            may("formDecorators", DECORATORS),
            may("EXPERIMENTAL_formDecorators", DECORATORS),
            may("EXPERIMENTAL_recovery", Map(&[may("EXPERIMENTAL_strategy", AnyText)])),
            must("steps", List(&STEP)),
            may("output", MapOrTexts(&[may("links", List(&LINK)), may("text", List(&PARAGRAPH))])),
        ]),
    },
];

const MCP_SERVER: Field = spec(&[
    must("type", Text),
    must("lifecycle", Text),
    must("owner", OWNER),
    may("system", SYSTEM),
    must("remotes", SomeOf(&Map(&[must("type", Text), must("url", Text)]))),
]);

const PERMISSIONS: Shape = Map(&[may("tags", List(&AnyText))]);
const BUTTONS: Shape =
    Map(&[may("backButtonText", AnyText), may("createButtonText", AnyText), may("reviewButtonText", AnyText)]);
const DECORATORS: Shape = List(&Map(&[may("id", AnyText), may("input", Map(&[]))]));
const STEP: Shape = Map(&[
    may("id", AnyText),
    may("name", AnyText),
    must("action", AnyText),
    may("input", Map(&[])),
    may("if", TextOrFlag),
    may("backstage:permissions", PERMISSIONS),
]);
const LINK: Shape =
    Map(&[may("if", TextOrFlag), may("url", Text), may("entityRef", Text), may("title", Text), may("icon", Text)]);
const PARAGRAPH: Shape = Map(&[may("if", TextOrFlag), may("title", Text), may("icon", Text), may("content", AnyText)]);

/// All kinds.
pub fn all() -> &'static [Kind] {
    &KINDS
}

/// The kind of a name, as written: Backstage's schemas compare kinds with case.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}
