//! References between entities, `[kind:][namespace/]name`: `parseEntityRef` and `stringifyEntityRef` of
//! `@backstage/catalog-model`.

use std::fmt;

/// The namespace of entities that name none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// A whole reference. Prints in lowercase, as Backstage compares them: `component:default/orders-checkout`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityRef {
    /// The kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl EntityRef {
    /// Reads a reference; what it leaves out is the field's default kind and the namespace of the entity around it.
    ///
    /// # Errors
    /// What is wrong with it, after "the reference".
    pub fn parse(text: &str, kind: Option<&str>, namespace: &str) -> Result<EntityRef, String> {
        if text.is_empty() {
            return Err("is empty".into());
        }
        let slash = text.find('/');
        // A colon behind the slash is part of the name.
        let colon = text.find(':').filter(|colon| slash.is_none_or(|slash| slash > *colon));
        let given_kind = colon.map(|colon| &text[..colon]);
        let after = colon.map_or(0, |colon| colon + 1);
        let given_namespace = slash.map(|slash| &text[after..slash]);
        let name = &text[slash.map_or(after, |slash| slash + 1)..];
        let parts = [("kind", given_kind), ("namespace", given_namespace), ("name", Some(name))];
        if let Some((part, _)) = parts.iter().find(|(_, text)| *text == Some("")) {
            return Err(format!("`{text}` has an empty {part}"));
        }
        let Some(kind) = given_kind.or(kind) else {
            return Err(format!("`{text}` names no kind"));
        };
        let namespace = given_namespace.unwrap_or(namespace);
        Ok(EntityRef { kind: kind.into(), namespace: namespace.into(), name: name.into() })
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lower = |text: &str| text.to_lowercase();
        write!(f, "{}:{}/{}", lower(&self.kind), lower(&self.namespace), lower(&self.name))
    }
}
