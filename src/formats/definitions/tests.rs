//! Tests of definitions: what CRDs and XRDs of both versions become, and what is refused where.

use serde_json::{Value, json};

use super::{Definition, Role, read};
use crate::error::Error;
use crate::formats::yaml;

fn defined(text: &str) -> Result<Vec<Definition>, Error> {
    read(&yaml::parse("definition.yaml", text).unwrap()[0])
}

const CRD: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gadgets.acme.example
spec:
  group: acme.example
  scope: Namespaced
  names: { kind: Gadget, plural: gadgets, shortNames: [gd] }
  versions:
    - name: v1beta1
      served: true
      storage: false
      deprecated: true
      schema: { openAPIV3Schema: { type: object } }
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties: { spec: { type: object, properties: { size: { type: integer } } } }
";

fn xrd(api: &str, more: &str) -> String {
    format!(
        "apiVersion: apiextensions.crossplane.io/{api}
kind: CompositeResourceDefinition
metadata:
  name: xbuckets.acme.example
  annotations: {{ team: storage }}
spec:
  group: acme.example
  names: {{ kind: XBucket, plural: xbuckets }}
{more}
  versions:
    - name: v1
      served: true
      referenceable: true
      schema:
        openAPIV3Schema:
          type: object
          required: [spec]
          properties:
            metadata: {{ type: object, properties: {{ name: {{ type: string, maxLength: 40 }} }} }}
            spec:
              type: object
              required: [region]
              additionalProperties: true
              properties:
                region: {{ type: string }}
                compositionRef: {{ type: integer }}
            status:
              type: object
              properties: {{ arn: {{ type: string }} }}
"
    )
}

const CLAIM: &str = "  claimNames: { kind: Bucket, plural: buckets }\n  connectionSecretKeys: [url]";

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_crd_is_read_as_the_api_server_fills_it_in() {
    let found = defined(CRD).unwrap();
    let [gadget] = found.as_slice() else { panic!("one kind") };
    assert_eq!((gadget.group.as_str(), gadget.kind.as_str(), gadget.namespaced), ("acme.example", "Gadget", true));
    assert_eq!((gadget.singular.as_str(), gadget.list_kind.as_str()), ("gadget", "GadgetList"));
    assert_eq!(gadget.short_names, ["gd"]);
    assert_eq!(gadget.role, Role::Custom);
    assert_eq!(gadget.versions[0].deprecated.as_deref(), Some("acme.example/v1beta1 Gadget is deprecated"));
    assert_eq!(gadget.versions[1].deprecated, None);
    assert_eq!(gadget.preferred().unwrap().name, "v1");
    assert_eq!(gadget.api_version("v1"), "acme.example/v1");
    assert!(!gadget.is_claimable());
    assert_eq!(gadget.place.as_ref().unwrap().to_string(), "definition.yaml:1:1");
    assert_eq!(gadget.versions[1].schema["properties"]["spec"]["properties"]["size"]["type"], "integer");
}

#[test]
fn a_definition_comes_back_from_its_manifest() {
    for text in [CRD.to_string(), xrd("v1", CLAIM), xrd("v2", "")] {
        for definition in defined(&text).unwrap() {
            let manifest = serde_json::to_string(&definition.manifest()).unwrap();
            let again = defined(&manifest).unwrap().remove(0);
            let expected = Definition {
                role: Role::Custom,
                connection_keys: Vec::new(),
                annotations: Default::default(),
                ..definition
            };
            assert_eq!(again, expected);
        }
    }
}

#[test]
fn an_xrd_with_a_claim_is_two_kinds() {
    let found = defined(&xrd("v1", CLAIM)).unwrap();
    let [composite, claim] = found.as_slice() else { panic!("two kinds") };
    assert_eq!(composite.role, Role::Composite { claim: Some("Bucket".into()) });
    assert_eq!(claim.role, Role::Claim { of: "XBucket".into() });
    assert!(claim.is_claimable() && !composite.is_claimable());
    assert!(claim.namespaced && !composite.namespaced);
    assert_eq!(claim.connection_keys, ["url"]);
    assert_eq!(claim.annotations["team"], "storage");
    assert_eq!((composite.categories[0].as_str(), claim.categories[0].as_str()), ("composite", "claim"));

    let spec = |definition: &Definition| definition.versions[0].schema["properties"]["spec"].clone();
    assert_eq!(
        keys(&spec(composite)["properties"]),
        [
            "region",
            "compositionRef",
            "compositionSelector",
            "compositionRevisionRef",
            "compositionRevisionSelector",
            "compositionUpdatePolicy",
            "resourceRefs",
            "claimRef",
            "writeConnectionSecretToRef"
        ]
    );
    assert_eq!(
        keys(&spec(claim)["properties"]),
        [
            "region",
            "compositionRef",
            "compositionSelector",
            "compositionRevisionRef",
            "compositionRevisionSelector",
            "compositionUpdatePolicy",
            "compositeDeletePolicy",
            "resourceRef",
            "writeConnectionSecretToRef"
        ]
    );
    // Crossplane's own fields win, and keywords that it doesn't take over are gone.
    assert_eq!(spec(claim)["properties"]["compositionRef"]["type"], "object");
    assert_eq!(spec(claim).get("additionalProperties"), None);
    assert_eq!(spec(claim)["required"], json!(["region"]));
    // The secret of a claim is in the claim's own namespace.
    assert_eq!(spec(claim)["properties"]["writeConnectionSecretToRef"]["required"], json!(["name"]));
    assert_eq!(spec(composite)["properties"]["writeConnectionSecretToRef"]["required"], json!(["name", "namespace"]));
    // What the API server fills into an XRD is the default of the kinds.
    assert_eq!(spec(composite)["properties"]["compositionUpdatePolicy"]["default"], "Automatic");
    assert_eq!(spec(claim)["properties"]["compositionUpdatePolicy"].get("default"), None);
    assert_eq!(spec(claim)["properties"]["compositeDeletePolicy"]["default"], "Background");
    let status = &claim.versions[0].schema["properties"]["status"]["properties"];
    assert_eq!(keys(status), ["arn", "conditions", "connectionDetails", "claimConditionTypes"]);
    assert_eq!(claim.versions[0].schema["properties"]["metadata"]["properties"]["name"]["maxLength"], 40);
    assert_eq!(claim.versions[0].schema["required"], json!(["spec"]));
}

#[test]
fn composite_resources_of_crossplane_2_keep_its_fields_apart() {
    let namespaced = defined(&xrd("v2", "")).unwrap().remove(0);
    assert!(namespaced.namespaced && namespaced.is_claimable());
    let spec = &namespaced.versions[0].schema["properties"]["spec"]["properties"];
    assert_eq!(keys(spec), ["region", "compositionRef", "crossplane"]);
    assert_eq!(spec["compositionRef"]["type"], "integer");
    let references = &spec["crossplane"]["properties"]["resourceRefs"]["items"]["properties"];
    assert_eq!(keys(references), ["apiVersion", "name", "kind"]);
    assert_eq!(keys(&namespaced.versions[0].schema["properties"]["status"]["properties"]), ["arn", "conditions"]);

    let cluster = defined(&xrd("v2", "  scope: Cluster")).unwrap().remove(0);
    assert!(!cluster.namespaced);
    let spec = &cluster.versions[0].schema["properties"]["spec"]["properties"];
    let references = &spec["crossplane"]["properties"]["resourceRefs"]["items"]["properties"];
    assert_eq!(keys(references), ["apiVersion", "name", "namespace", "kind"]);
    let composition = cluster.versions[0].columns.iter().find(|column| column["name"] == "COMPOSITION").unwrap();
    assert_eq!(composition["jsonPath"], ".spec.crossplane.compositionRef.name");

    let of_v1 = defined(&xrd("v1", "  scope: Namespaced")).unwrap().remove(0);
    assert_eq!(of_v1.versions[0].schema, namespaced.versions[0].schema);
}

#[test]
fn other_documents_define_nothing() {
    assert_eq!(defined("apiVersion: v1\nkind: ConfigMap").unwrap(), []);
    assert_eq!(defined("kind: CustomResourceDefinition").unwrap(), []);
    assert_eq!(defined("[1, 2]").unwrap(), []);
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let legacy = format!("{CLAIM}\n  scope: LegacyCluster");
    let same = "  claimNames: { kind: XBucket, plural: buckets }";
    let cases = [
        (
            CRD.replace("gadgets.acme.example", "gadgets"),
            "metadata.name: must be spec.names.plural+\".\"+spec.group",
            4,
        ),
        (CRD.replace("group: acme.example", "group: acme"), "spec.group: must be a domain", 6),
        (CRD.replace("kind: Gadget,", ""), "spec.names.kind: Required value", 8),
        (CRD.replace("scope: Namespaced", "scope: Galaxy"), "spec.scope: Unsupported value: \"Galaxy\"", 7),
        (CRD.replace("storage: true", "storage: false"), "spec.versions: must have exactly one version", 10),
        (CRD.replace("served: true", "served: yep"), "spec.versions[0].served: must be true or false", 11),
        (CRD.replace("name: v1\n", "name: v1beta1\n"), "spec.versions[1].name: Duplicate value: \"v1beta1\"", 15),
        (CRD.replace("apiextensions.k8s.io/v1\n", "apiextensions.k8s.io/v1beta1\n"), "removed in Kubernetes 1.22", 1),
        (CRD.replace("{ openAPIV3Schema: { type: object } }", "{}"), "schema.openAPIV3Schema: Required value", 14),
        (xrd("v2", CLAIM), "spec.claimNames: Claims aren't supported in apiextensions.crossplane.io/v2", 9),
        (xrd("v2", "  scope: LegacyCluster"), "spec.scope: Unsupported value: \"LegacyCluster\"", 9),
        (
            xrd("v1", &legacy.replace("LegacyCluster", "Cluster")),
            "Only LegacyCluster composite resources can offer claims",
            9,
        ),
        (xrd("v1", same), "spec.claimNames.kind: \"XBucket\" conflicts with composite resource name", 9),
        (xrd("v3", ""), "there is no apiextensions.crossplane.io/v3", 1),
        (xrd("v1", CLAIM).replace("referenceable: true", "referenceable: false"), "must have exactly one version", 12),
    ];
    for (text, message, line) in cases {
        let error = defined(&text).unwrap_err();
        assert_eq!(error.code(), "idp::schema::definition");
        assert!(error.message().contains(message), "{} has no {message}", error.message());
        assert_eq!(error.place().unwrap().line, line, "{}", error.message());
    }
}

#[test]
fn faults_of_an_xrd_are_those_of_the_crds_that_it_becomes() {
    let lines = |text: &str| -> Vec<String> {
        let document = &yaml::parse("definition.yaml", text).unwrap()[0];
        let faults = super::faults(&document.value);
        faults.iter().map(|fault| format!("{}: {fault}", document.place(&fault.path))).collect()
    };
    assert_eq!(lines(&xrd("v1", CLAIM)), Vec::<String>::new());
    assert_eq!(lines(&xrd("v2", "")), Vec::<String>::new());
    let wrong = xrd("v1", CLAIM).replace("region: { type: string }", "region: { type: text }");
    let words = "Unsupported value: \"text\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"";
    // Composite resource and claim have it in common: it is told once.
    assert_eq!(
        lines(&wrong),
        [format!(
            "definition.yaml:26:33: spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[region].type: {words}"
        )]
    );
    let wrong = xrd("v1", "  claimNames: { kind: Bucket, plural: buckets, shortNames: [B] }");
    let [line] = lines(&wrong).try_into().unwrap();
    assert!(line.starts_with("definition.yaml:9:61: spec.claimNames.shortNames[0]: Invalid value: \"B\""), "{line}");
}

/// Where something is wrong, and the beginning of what.
fn places_of(text: &str) -> Vec<String> {
    let document = &yaml::parse("definition.yaml", text).unwrap()[0];
    let faults = super::faults(&document.value);
    let mut found: Vec<_> = faults.iter().map(|fault| (document.place(&fault.path).line, fault.to_string())).collect();
    found.sort();
    found.iter().map(|(line, fault)| format!("{line}: {}", fault.chars().take(75).collect::<String>())).collect()
}

#[test]
fn all_that_is_wrong_with_an_xrd_is_told_at_once() {
    let wrong =
        xrd("v1", "  scope: Galaxy\n  claimNames: { kind: XBucket, plural: Buckets }\n  connectionSecretKeys: [1]")
            .replace("name: xbuckets.acme.example", "name: buckets.acme.example")
            .replace(
                "plural: xbuckets }",
                "plural: xbuckets, shortNames: [XB] }\n  defaultCompositeDeletePolicy: Never",
            )
            .replace("name: v1\n", "name: V1\n")
            .replace("      served: true\n", "")
            .replace("referenceable: true", "referenceable: false")
            .replace("required: [region]", "required: [n]")
            .replace("region: { type: string }", "region: { type: text }");
    insta::assert_snapshot!(places_of(&wrong).join("\n"), @r#"
    4: metadata.name: must be spec.names.plural+"."+spec.group, which is xbuckets.
    8: spec.names.shortNames[0]: Invalid value: "XB": a DNS-1035 label must consis
    9: spec.defaultCompositeDeletePolicy: Unsupported value: "Never": supported va
    10: spec.scope: Unsupported value: "Galaxy": supported values: "LegacyCluster",
    11: spec.claimNames.kind: "XBucket" conflicts with composite resource name
    11: spec.claimNames.plural: Invalid value: "Buckets": a DNS-1035 label must con
    12: spec.connectionSecretKeys[0]: must be a text
    14: spec.versions: must have exactly one version with referenceable: true, it h
    14: spec.versions[0].name: must be lower case letters, digits and `-`, beginnin
    14: spec.versions[0].served: Required value
    24: spec.versions[0].schema.openAPIV3Schema.properties[spec].required[0]: Inval
    27: spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[region]
    "#);
}

#[test]
fn what_can_be_read_of_a_schema_is_judged_beside_what_can_not() {
    let wrong = CRD.replace(
        "spec: { type: object, properties: { size: { type: integer } } }",
        "spec: { type: object, required: [n], properties: { size: { type: integr }, list: { type: array }, 8: 9 } }",
    );
    insta::assert_snapshot!(places_of(&wrong).join("\n"), @r#"
    22: spec.versions[1].schema.openAPIV3Schema.properties[spec].properties[8]: Inv
    22: spec.versions[1].schema.openAPIV3Schema.properties[spec].properties[list].i
    22: spec.versions[1].schema.openAPIV3Schema.properties[spec].properties[size].t
    22: spec.versions[1].schema.openAPIV3Schema.properties[spec].required[0]: Inval
    "#);
    let told = super::faults(&yaml::parse("definition.yaml", &wrong).unwrap()[0].value);
    let quotes = told.iter().find(|fault| fault.field.ends_with("required[0]")).unwrap();
    assert_eq!(quotes.message, "Invalid value: false: must be of type string, not boolean");
    assert_eq!(quotes.help.as_deref(), Some("write it in quotes: \"false\""));
}
