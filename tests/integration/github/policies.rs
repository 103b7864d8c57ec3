//! What a workspace enforces, at GitHub's door: a change that is denied is not written there.

use serde_json::json;

use super::stage::Stage;

const PACK: &str = r##"//! Rules of the shop
policy("shop/replicas", #{
    title: "Too few replicas", severity: "high", applies_to: #{ kinds: ["Deployment"] },
    check: |o| if (o.spec?.replicas ?? 1) < 2 { deny(o.at("spec.replicas"), "fewer than 2", "ask for 2") },
});
"##;

/// A script that commits a Deployment, and proposes it.
fn script(replicas: u32) -> String {
    let text = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web, namespace: shop }}\nspec:\n  replicas: {replicas}\n  selector: {{ matchLabels: {{ app: web }} }}\n  \
         template:\n    metadata: {{ labels: {{ app: web }} }}\n    spec: {{ containers: [{{ name: web, image: \"r.example/web:1\" }}] }}\n"
    );
    format!(
        "repo(\"web-config\").commit(\"main\", \"feat: web\", |t| t.write(\"k8s/web.yaml\", {text:?}));\n\
         repo(\"web-config\").propose(\"Web, too\", |t| t.write(\"k8s/other.yaml\", {:?}));\n",
        text.replace("name: web, namespace", "name: other, namespace")
    )
}

#[test]
fn what_a_policy_denies_is_not_written() {
    let Some(stage) = Stage::acme() else { return };
    stage.github.repository("web-config", json!({ "visibility": "internal" }));
    stage.github.push("web-config", "main", "files", &[("README.md", "# Web\n")]);
    let file = stage.workspace.path().join("idp.yaml");
    let config = std::fs::read_to_string(&file).unwrap();
    stage.workspace.write("idp.yaml", &format!("{config}\npolicies: {{ enforce: [shop] }}\n"));
    stage.workspace.write("scripts/policies/shop.rhai", PACK);
    stage.workspace.write("web.rhai", &script(1));
    let before = stage.state();
    for plan in [&["web.rhai", "--output", "json", "--plan"][..], &["web.rhai", "--output", "json"]] {
        stage.github.proxy.taken();
        let said = stage.idp(plan);
        assert_eq!(said.status.code(), Some(1), "{said}");
        assert!(said.stdout.contains("idp::policy::denied") && said.stdout.contains("shop/replicas"), "{said}");
        assert!(said.stdout.contains("k8s/web.yaml") && said.stdout.contains("fewer than 2"), "{said}");
        assert_eq!(stage.github.proxy.counts().writes, 0, "{plan:?}: {:#?}", stage.asked());
        stage.state().assert_same(&before, "nothing is written");
    }
    // The same, mended, is made.
    stage.workspace.write("web.rhai", &script(2));
    stage.idp(&["web.rhai", "--output", "json"]).succeeds("it has enough replicas");
    stage.is_done(&["web.rhai", "--output", "json"], "again");
    stage.github.proxy.assert_valid();
}
