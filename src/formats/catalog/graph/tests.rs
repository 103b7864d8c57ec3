//! Catalogs of several files: relations as Backstage draws them, and what is told of the rest.

use proptest::prelude::*;

use super::*;

fn catalog(files: &[(&str, &str)]) -> Catalog {
    let mut gathered = Files::default();
    for (file, text) in files {
        gathered.add(file, text);
    }
    gathered.finish()
}

fn entity(kind: &str, name: &str, spec: &str) -> String {
    let required = match kind {
        "Component" => "type: service, lifecycle: production, owner: team",
        "API" => "type: openapi, lifecycle: production, owner: team, definition: x",
        "Resource" => "type: s3, owner: team",
        "System" | "Domain" => "owner: team",
        "Group" => "type: team, children: []",
        _ => "memberOf: []",
    };
    // The second of two keys would be an error: what a test gives takes the place of what is required.
    let given: Vec<&str> = spec.split(", ").filter_map(|field| field.split(':').next()).collect();
    let required = required.split(", ").filter(|field| !given.contains(&field.split(':').next().unwrap()));
    let fields: Vec<&str> = required.chain(Some(spec).filter(|spec| !spec.is_empty())).collect();
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec: {{ {} }}\n",
        fields.join(", ")
    )
}

fn told(catalog: &Catalog) -> Vec<String> {
    let line = |problem: &Problem| {
        let help = problem.help.as_deref().unwrap_or("-");
        format!("{} {:?} {}; {help}", problem.place, problem.rule, problem.message)
    };
    catalog.problems().iter().map(line).collect()
}

fn related(catalog: &Catalog, from: &str, relation: Relation) -> Vec<String> {
    let from = catalog.find(from).unwrap();
    catalog.related(from, relation).map(|entity| entity.key().to_owned()).collect()
}

#[test]
fn relations_are_drawn_both_ways() {
    let files = [
        entity("Domain", "trade", "subdomainOf: business"),
        entity("Domain", "business", ""),
        entity("System", "orders", "domain: trade"),
        entity(
            "Component",
            "checkout",
            "system: orders, providesApis: [cart], consumesApis: [API:default/Stock], dependsOn: [resource:db], owner: user:ann",
        ),
        entity("Component", "part", "subcomponentOf: checkout"),
        entity("API", "cart", "system: orders"),
        entity("API", "stock", ""),
        entity("Resource", "db", "dependencyOf: component:checkout"),
        entity("Group", "company", "children: [team]"),
        entity("Group", "team", "parent: company, members: [ann]"),
        entity("User", "ann", "memberOf: [team]"),
    ]
    .concat();
    let catalog = catalog(&[("catalog-info.yaml", &files)]);
    assert_eq!(told(&catalog), Vec::<String>::new());
    let expected: [(&str, Relation, &[&str]); 14] = [
        ("component:default/checkout", Relation::OwnedBy, &["user:default/ann"]),
        ("user:default/ann", Relation::OwnerOf, &["component:default/checkout"]),
        ("component:default/checkout", Relation::PartOf, &["system:default/orders"]),
        ("component:default/checkout", Relation::HasPart, &["component:default/part"]),
        ("system:default/orders", Relation::HasPart, &["component:default/checkout", "api:default/cart"]),
        ("system:default/orders", Relation::PartOf, &["domain:default/trade"]),
        ("component:default/checkout", Relation::ProvidesApi, &["api:default/cart"]),
        ("api:default/cart", Relation::ApiProvidedBy, &["component:default/checkout"]),
        ("component:default/checkout", Relation::ConsumesApi, &["api:default/stock"]),
        ("api:default/stock", Relation::ApiConsumedBy, &["component:default/checkout"]),
        // Said from both ends, and one relation.
        ("component:default/checkout", Relation::DependsOn, &["resource:default/db"]),
        ("resource:default/db", Relation::DependencyOf, &["component:default/checkout"]),
        ("group:default/team", Relation::HasMember, &["user:default/ann"]),
        ("group:default/team", Relation::ChildOf, &["group:default/company"]),
    ];
    for (from, relation, to) in expected {
        assert_eq!(related(&catalog, from, relation), to, "{from} {}", relation.name());
    }
    let checkout = catalog.find("Component:default/Checkout").unwrap();
    let above: Vec<&str> = catalog.all_related(checkout, Relation::PartOf).iter().map(|entity| entity.key()).collect();
    assert_eq!(above, ["system:default/orders", "domain:default/trade", "domain:default/business"]);
    assert_eq!(catalog.of_kind("api").count(), 2);
    assert_eq!(checkout.text("/spec/lifecycle"), Some("production"));
}

#[test]
fn references_mean_the_kind_of_their_field_and_the_namespace_around_them() {
    let text = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: { name: a, namespace: shop }\nspec:\n  type: \
                service\n  lifecycle: production\n  owner: team\n  system: default/orders\n";
    let team = "apiVersion: backstage.io/v1alpha1\nkind: Group\nmetadata: { name: Team, namespace: shop }\nspec: { type: team, \
                children: [] }\n";
    let catalog =
        catalog(&[("a.yaml", text), ("b.yaml", team), ("c.yaml", &entity("System", "orders", "owner: shop/team"))]);
    assert_eq!(told(&catalog), Vec::<String>::new());
    assert_eq!(related(&catalog, "component:shop/a", Relation::OwnedBy), ["group:shop/team"]);
    assert_eq!(related(&catalog, "component:shop/a", Relation::PartOf), ["system:default/orders"]);
}

#[test]
fn wrong_entities_hide_no_right_ones() {
    let text = [
        entity("Group", "team", ""),
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: [unclosed\n".into(),
        entity("System", "orders", ""),
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: bad\nspec:\n  onwer: team\n  type: a\n  \
         lifecycle: b\n"
            .into(),
        entity("Component", "api", "system: orders, dependsOn: [component:bad]"),
        "---\njust: a map\n".into(),
    ]
    .concat();
    let catalog = catalog(&[("shop/catalog-info.yaml", &text)]);
    assert_eq!(catalog.entities().len(), 3);
    assert_eq!(related(&catalog, "component:default/api", Relation::PartOf), ["system:default/orders"]);
    assert_eq!(
        told(&catalog),
        [
            "shop/catalog-info.yaml:11:9 Unreadable not valid YAML: `[` that is never closed; close the bracket",
            "shop/catalog-info.yaml:23:1 Invalid the Component `bad`: spec.owner is missing; did you mean `owner` where it \
             says `onwer`?",
            "shop/catalog-info.yaml:32:88 Dangling the Component `api`: spec.dependsOn names component:default/bad, which \
             isn't in the catalog; it is declared at shop/catalog-info.yaml:19:1, and wrongly: mend it there",
            "shop/catalog-info.yaml:34:1 NoEntity a document that is no entity; an entity has apiVersion: \
             backstage.io/v1alpha1, kind, metadata and spec",
        ]
    );
    // Places of entities behind the broken one are those of the file.
    assert_eq!(catalog.find("component:default/api").unwrap().place(&["metadata".into(), "name".into()]).line, 31);
}

#[test]
fn what_isnt_there_gets_a_name_that_may_be_meant() {
    let text = [
        entity("Group", "team-orders", ""),
        entity("Component", "a", "owner: team-order"),
        entity("Component", "b", "owner: component:default/a"),
        entity("Component", "c", "owner: shop/team-orders"),
        entity("Component", "d", "owner: strangers"),
    ]
    .concat();
    assert_eq!(
        told(&catalog(&[("x.yaml", &text)])),
        [
            "x.yaml:12:54 Dangling the Component `a`: spec.owner names group:default/team-order, which isn't in the catalog; \
             did you mean `group:default/team-orders`?",
            "x.yaml:18:54 WrongKind the Component `b`: spec.owner names component:default/a, and it may name a group or a \
             user; name a group or a user; Backstage leaves this reference out",
            "x.yaml:24:54 Dangling the Component `c`: spec.owner names group:shop/team-orders, which isn't in the catalog; \
             did you mean `group:default/team-orders`?",
            "x.yaml:30:54 Dangling the Component `d`: spec.owner names group:default/strangers, which isn't in the catalog; \
             declare the group `strangers`, or name one that there is",
        ]
    );
}

#[test]
fn the_first_of_two_counts() {
    let (first, second) = (entity("Group", "team", ""), entity("Group", "Team", ""));
    let catalog = catalog(&[("a.yaml", &first), ("b.yaml", &second)]);
    assert_eq!(catalog.entities().len(), 1);
    assert_eq!(
        told(&catalog),
        [
            "b.yaml:5:9 Double the Group `Team` is declared twice: first at a.yaml:2:1; the first one counts: remove one of \
          them, or give it another name or namespace"
        ]
    );
    assert_eq!(catalog.problems()[0].finding().severity, crate::report::Severity::High);
}

#[test]
fn circles_are_told_where_they_begin() {
    let text = [
        entity("Group", "team", "parent: team"),
        entity("Component", "a", "dependsOn: [component:b]"),
        entity("Component", "b", "dependsOn: [component:c]"),
        entity("Component", "c", "dependencyOf: [component:b, resource:r]"),
        entity("Resource", "r", ""),
        entity("Component", "d", "dependsOn: [component:a], dependencyOf: component:c"),
        entity("Domain", "dx", "subdomainOf: dy"),
        entity("Domain", "dy", "subdomainOf: dx"),
    ]
    .concat();
    assert_eq!(
        told(&catalog(&[("x.yaml", &text)])),
        [
            "x.yaml:6:43 Cycle the Group `team` stands above itself: group:default/team -> group:default/team; groups form a \
             tree: take one parent out",
            "x.yaml:12:72 Cycle the Component `a` depends on itself: component:default/a -> component:default/b -> \
             component:default/c -> component:default/d -> component:default/a; none of them can be brought up first: take \
             one dependency out",
            "x.yaml:42:35 Cycle the Domain `dx` is part of itself: domain:default/dx -> domain:default/dy -> domain:default/dx; \
             parts form a tree: take one of the references out",
        ]
    );
}

#[test]
fn entities_of_others_are_there_without_relations() {
    let text = "apiVersion: acme.example/v1\nkind: Product\nmetadata: { name: shop }\nspec: { owner: nobody }\n";
    let component = entity("Component", "a", "dependsOn: [product:shop], owner: team");
    let catalog =
        catalog(&[("catalog/x.yaml", text), ("y.yaml", &component), ("z.yaml", &entity("Group", "team", ""))]);
    assert_eq!(told(&catalog), Vec::<String>::new());
    assert_eq!(related(&catalog, "product:default/shop", Relation::DependencyOf), ["component:default/a"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a file holds, nothing panics, and every relation has its reverse.
    #[test]
    fn relations_have_their_reverse(edges in prop::collection::vec((0usize..6, 0usize..7, any::<bool>()), 0..20), junk in ".{0,40}") {
        let mut lists: Vec<[Vec<String>; 2]> = vec![Default::default(); 6];
        for (from, to, reversed) in edges {
            lists[from][usize::from(reversed)].push(format!("component:c{to}"));
        }
        let text: String = lists.iter().enumerate().map(|(at, [on, of])| {
            entity("Component", &format!("c{at}"), &format!("dependsOn: [{}], dependencyOf: [{}]", on.join(", "), of.join(", ")))
        }).collect();
        let catalog = catalog(&[("a.yaml", &junk), ("b.yaml", &text), ("c.yaml", &format!("{text}\n{junk}"))]);
        prop_assert!(catalog.entities().len() >= 6);
        for entity in catalog.entities() {
            for relation in [Relation::DependsOn, Relation::DependencyOf, Relation::OwnedBy] {
                for to in catalog.related(entity, relation) {
                    prop_assert!(catalog.related(to, relation.reverse()).any(|back| back.key() == entity.key()));
                }
            }
        }
    }
}
