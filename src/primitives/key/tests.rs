//! The semantic key: its names, its refusals, and that no two keys share a name.

use std::collections::HashMap;

use proptest::prelude::*;

use super::Key;

fn key(project: &str, env: &str, service: &str) -> Key {
    Key::new(project, env, service, None).unwrap()
}

#[test]
fn names_of_the_platform() {
    let key = Key::new("payments", "prod", "api", Some("gateway")).unwrap();
    assert_eq!(key.namespace(), "payments-prod-api");
    assert_eq!(key.application(), "gateway-api-prod");
    assert_eq!(key.app_project(), "payments");
    assert_eq!(key.component(), "gateway-api");
    assert_eq!(key.domain(), "payments");
    assert_eq!(key.resource("gcp", "cloudsql", "main").unwrap(), "gcp-payments-prod-cloudsql");
    assert_eq!(key.claim("cloudsql", "main").unwrap(), "cloudsql-main");
    assert_eq!(key.infra_namespace(), "payments-prod-infra");
    assert_eq!(key.gitops_repository(), "payments-gitops");
    assert_eq!(key.repository(), "payments-api");
    assert_eq!(key.folder(), "k8s/prod/api");
}

#[test]
fn wrong_segments_are_named() {
    for (project, env, service, code) in [
        ("pay-ments", "dev", "api", "idp::key::segment"),
        ("payments", "d-ev", "api", "idp::key::segment"),
        ("Payments", "dev", "api", "idp::key::segment"),
        ("payments", "dev", "api-", "idp::key::segment"),
        ("payments", "dev", "-api", "idp::key::segment"),
        ("payments", "dev", "", "idp::key::segment"),
        ("payments", "dev", "true", "idp::key::word"),
        ("on", "dev", "api", "idp::key::word"),
        ("payments", "dev", "infra", "idp::key::reserved"),
        ("payments", "dev", "gitops", "idp::key::reserved"),
        ("payments", "dev", &"a".repeat(60), "idp::key::too_long"),
    ] {
        assert_eq!(Key::new(project, env, service, None).unwrap_err().code(), code, "{project} {env} {service}");
    }
}

fn segments() -> impl Strategy<Value = (String, String, String)> {
    // Few letters, so that collisions would be met.
    ("[ab][ab0]{0,3}", "[ab][ab0]{0,2}", "[ab]([-ab0]{0,4}[ab0])?")
}

proptest! {
    #[test]
    fn every_key_parses_one_way((project, env, service) in segments()) {
        let key = key(&project, &env, &service);
        prop_assert_eq!(Key::parse(&key.to_string()).unwrap(), key);
    }

    #[test]
    fn every_derived_name_is_a_dns_label((project, env, service) in segments(), system in "[ab]([-ab0]{0,70}[ab0])?") {
        let Ok(key) = Key::new(&project, &env, &service, Some(&system)) else { return Ok(()) };
        for name in [key.namespace(), key.application(), key.component(), key.repository(), key.infra_namespace()] {
            prop_assert!(name.len() <= 63);
            prop_assert!(!name.ends_with('-') && name.starts_with(|c: char| c.is_ascii_lowercase()));
        }
    }

    #[test]
    fn no_two_keys_share_a_name(keys in proptest::collection::vec(segments(), 2..60)) {
        let mut namespaces = HashMap::new();
        let mut repositories = HashMap::new();
        let mut folders = HashMap::new();
        for (project, env, service) in keys {
            let key = key(&project, &env, &service);
            let segments = (project.clone(), env.clone(), service.clone());
            let owner = namespaces.entry(key.namespace()).or_insert_with(|| segments.clone());
            prop_assert_eq!(&*owner, &segments);
            // The infra namespace is the project's in that environment, and no service's.
            let owner = namespaces.entry(key.infra_namespace()).or_insert_with(|| (project.clone(), env.clone(), String::new()));
            prop_assert_eq!(&*owner, &(project.clone(), env.clone(), String::new()));
            for (name, owner) in [(key.repository(), service.clone()), (key.gitops_repository(), String::new())] {
                let known = repositories.entry(name).or_insert_with(|| (project.clone(), owner.clone()));
                prop_assert_eq!(&*known, &(project.clone(), owner));
            }
            let place = format!("{}/{}", key.gitops_repository(), key.folder());
            let owner = folders.entry(place).or_insert_with(|| key.clone());
            prop_assert_eq!(&*owner, &key);
        }
    }

    #[test]
    fn no_two_claims_share_a_name(
        one in ("[ab][ab0]{0,2}", "[ab]([-ab0]{0,3}[ab0])?"),
        other in ("[ab][ab0]{0,2}", "[ab]([-ab0]{0,3}[ab0])?"),
    ) {
        let key = key("p", "e", "s");
        let (a, b) = (key.claim(&one.0, &one.1).unwrap(), key.claim(&other.0, &other.1).unwrap());
        prop_assert_eq!(a == b, one == other);
        let (a, b) = (key.resource("gcp", &one.0, &one.1).unwrap(), key.resource("gcp", &other.0, &other.1).unwrap());
        prop_assert_eq!(a == b, one == other);
    }
}
