//! The relations between entities, and the fields that say them: `relationFields` of the kinds in `packages/catalog-model`
//! and `BuiltinKindsEntityProcessor.ts` of `plugins/catalog-backend/src/processors` (backstage/backstage).

use crate::formats::catalog::kinds;

/// A relation from one entity to another: `packages/catalog-model/src/kinds/relations.ts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// To the group or user that answers for the entity.
    OwnedBy,
    /// From a group or user to what it answers for.
    OwnerOf,
    /// From a part to its whole: Component to System, System to Domain.
    PartOf,
    /// From a whole to its parts.
    HasPart,
    /// To an API that the entity offers.
    ProvidesApi,
    /// From an API to who offers it.
    ApiProvidedBy,
    /// To an API that the entity calls.
    ConsumesApi,
    /// From an API to who calls it.
    ApiConsumedBy,
    /// To what the entity needs.
    DependsOn,
    /// To what needs the entity.
    DependencyOf,
    /// From a group to one below it.
    ParentOf,
    /// From a group to the one above it.
    ChildOf,
    /// From a user to a group.
    MemberOf,
    /// From a group to a user.
    HasMember,
}

use Relation::*;

impl Relation {
    /// Its name in the API of the catalog.
    pub fn name(self) -> &'static str {
        match self {
            OwnedBy => "ownedBy",
            OwnerOf => "ownerOf",
            PartOf => "partOf",
            HasPart => "hasPart",
            ProvidesApi => "providesApi",
            ApiProvidedBy => "apiProvidedBy",
            ConsumesApi => "consumesApi",
            ApiConsumedBy => "apiConsumedBy",
            DependsOn => "dependsOn",
            DependencyOf => "dependencyOf",
            ParentOf => "parentOf",
            ChildOf => "childOf",
            MemberOf => "memberOf",
            HasMember => "hasMember",
        }
    }

    /// The same from the other end.
    pub fn reverse(self) -> Relation {
        match self {
            OwnedBy => OwnerOf,
            OwnerOf => OwnedBy,
            PartOf => HasPart,
            HasPart => PartOf,
            ProvidesApi => ApiProvidedBy,
            ApiProvidedBy => ProvidesApi,
            ConsumesApi => ApiConsumedBy,
            ApiConsumedBy => ConsumesApi,
            DependsOn => DependencyOf,
            DependencyOf => DependsOn,
            ParentOf => ChildOf,
            ChildOf => ParentOf,
            MemberOf => HasMember,
            HasMember => MemberOf,
        }
    }
}

/// A field of `spec` that says a relation.
#[derive(Debug, Clone, Copy)]
pub struct RelationField {
    /// Its key.
    pub name: &'static str,
    /// The relation to what it names.
    pub relation: Relation,
    /// The kinds that it may name, in lowercase; any if there are none.
    pub allowed: &'static [&'static str],
    of: &'static [&'static str],
}

impl RelationField {
    /// The kind that a reference means here if it names none. AiResource, whose `spec` isn't known, reads its fields as a
    /// Component does, as `AiResourceEntityV1alpha1.ts` says.
    pub fn default_kind(&self, kind: &str) -> Option<&'static str> {
        kinds::named(kind).or_else(|| kinds::named("Component"))?.default_kind(self.name)
    }
}

const fn field(
    of: &'static [&'static str],
    name: &'static str,
    relation: Relation,
    allowed: &'static [&'static str],
) -> RelationField {
    RelationField { name, relation, allowed, of }
}

// Upstream leaves out what names a kind that isn't allowed, silently (`ModelProcessor.ts`); here it is told.
// Locations register files and say no relation; kinds of others have rules of others.
static FIELDS: [RelationField; 13] = [
    field(&["Component", "API", "Resource", "System", "Domain", "Template", "AiResource"], "owner", OwnedBy, OWNERS),
    field(&["Component"], "subcomponentOf", PartOf, &[]),
    field(&["Component", "API", "Resource", "AiResource"], "system", PartOf, &[]),
    field(&["System"], "domain", PartOf, &[]),
    field(&["Domain"], "subdomainOf", PartOf, &[]),
    field(&["Component"], "providesApis", ProvidesApi, &[]),
    field(&["Component"], "consumesApis", ConsumesApi, &[]),
    field(&["Component", "Resource"], "dependsOn", DependsOn, &[]),
    field(&["Component", "Resource"], "dependencyOf", DependencyOf, &[]),
    field(&["User"], "memberOf", MemberOf, &["group"]),
    field(&["Group"], "parent", ChildOf, &["group"]),
    field(&["Group"], "children", ParentOf, &["group"]),
    field(&["Group"], "members", HasMember, &["user"]),
];

const OWNERS: &[&str] = &["group", "user"];

/// The fields of a kind that say relations.
pub fn of_kind(kind: &str) -> impl Iterator<Item = &'static RelationField> {
    FIELDS.iter().filter(move |field| field.of.contains(&kind))
}
