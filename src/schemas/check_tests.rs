//! Tests of whole documents: what is said of each mistake, how bad it is and where.

use serde_json::Value;

use super::*;
use crate::formats::{definitions, yaml};
use crate::report::Severity;

/// What is wrong with a document, as lines: severity, path, message, help.
fn said(schemas: &Schemas, text: &str, how: Checks<'_>) -> String {
    let document = &yaml::parse("it.yaml", text).unwrap()[0];
    let mut lines = String::new();
    for problem in schemas.check(&document.value, how) {
        let place = if problem.at_key { document.key_place(&problem.path) } else { document.place(&problem.path) };
        let Problem { severity, message, help, .. } = problem;
        lines.push_str(&format!("{severity:?} {place}: {message}\n"));
        lines.extend(help.map(|help| format!("  {help}\n")));
    }
    lines
}

fn newest() -> Schemas {
    Schemas::embedded(Schemas::newest()).unwrap()
}

fn all(text: &str) -> String {
    said(&newest(), text, Checks::default())
}

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
  namespace: payments
spec:
  replicas: 2
  selector:
    matchLabels: { app: api }
  template:
    metadata:
      labels: { app: api }
      creationTimestamp: null
    spec:
      containers:
        - name: api
          image: registry.acme.example/api:1
          ports:
            - { name: http, containerPort: 8080 }
          env:
            - { name: MODE, value: fast }
          resources:
            requests: { cpu: 0.5, memory: 512Mi }
            limits: { memory: 1Gi }
          readinessProbe:
            httpGet: { path: /health, port: http }
";

#[test]
fn right_objects_have_no_problems() {
    assert_eq!(all(DEPLOYMENT), "");
    for text in [
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, targetPort: http}]}}",
        "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: YQ==}, stringData: {b: c}}",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: b}}",
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 1}}",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: 'a:b'}, rules: []}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {a.example/b: c}}}",
        "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}}}",
        "{apiVersion: backstage.io/v1alpha1, kind: Component}",
        "{a: b}",
    ] {
        assert_eq!(all(text), "", "{text}");
    }
}

#[test]
fn mistakes_are_told_where_they_are_with_what_was_meant() {
    let wrong = DEPLOYMENT
        .replace("replicas: 2", "replcas: 2")
        .replace("containerPort: 8080", "containerPort: \"8080\"")
        .replace("memory: 512Mi", "memory: 512MB")
        .replace("image:", "imagee:")
        .replace("value: fast", "value: 3");
    insta::assert_snapshot!(all(&wrong), @r#"
    High it.yaml:7:3: unknown field "spec.replcas"
      did you mean `replicas`?
    High it.yaml:17:11: unknown field "spec.template.spec.containers[0].imagee"
      did you mean `image`?
    High it.yaml:19:44: spec.template.spec.containers[0].ports[0].containerPort: Invalid value: "string": spec.template.spec.containers[0].ports[0].containerPort in body must be of type integer: "string"
      write it without quotes: 8080
    High it.yaml:21:36: spec.template.spec.containers[0].env[0].value: Invalid value: "integer": spec.template.spec.containers[0].env[0].value in body must be of type string: "integer"
      write it in quotes: "3"
    High it.yaml:23:43: spec.template.spec.containers[0].resources.requests.memory: Invalid value: "512MB": spec.template.spec.containers[0].resources.requests.memory in body should match '^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$'
      quantities are written like 500m, 2, 512Mi or 1Gi
    "#);
}

#[test]
fn what_is_missing_is_told_unless_it_is_a_patch() {
    let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {replicas: 3, template: {spec: {containers: [{image: a}]}}}}";
    insta::assert_snapshot!(all(text), @r#"
    High it.yaml:1:115: spec.template.spec.containers[0].name: Required value
      a Deployment needs it
    High it.yaml:1:70: spec.selector: Required value
      a Deployment needs it
    "#);
    assert_eq!(said(&newest(), text, Checks { partial: true, ..Checks::default() }), "");
}

#[test]
fn kinds_that_are_not_there_are_told() {
    let mut lines = String::new();
    for text in [
        "{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: a}}",
        "{apiVersion: apps/v2, kind: Deployment, metadata: {name: a}}",
        "{apiVersion: apps/v1, kind: Deploymnet, metadata: {name: a}}",
        "{apiVersion: v1, kind: Endpoints, metadata: {name: a}}",
        "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}",
        "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a}}",
        "{apiVersion: acme.example/v1, kind: Gadget, metadata: {name: a}}",
        "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{nme: b}]}}]}",
    ] {
        lines.push_str(&all(text));
    }
    insta::assert_snapshot!(lines, @r#"
    High it.yaml:1:14: extensions/v1beta1 Ingress was removed in Kubernetes 1.22
      use networking.k8s.io/v1
    High it.yaml:1:14: there is no Deployment in apps/v2
      known: apps/v1
    High it.yaml:1:29: apps/v1 has no kind `Deploymnet`
      did you mean `Deployment`?
    Medium it.yaml:1:14: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice
    Medium it.yaml:1:55: metadata.namespace: Forbidden: not allowed on this type
      a Namespace belongs to the whole cluster: leave the namespace out
    Low it.yaml:1:42: argoproj.io/v1alpha1 has no kind `Workflow`
      `idp-run schemas list argoproj.io` shows the kinds that are known
    Low it.yaml:1:37: nothing is known of acme.example/v1 Gadget: it was not checked
      put its CRD into schemas/ of the workspace: idp-run schemas import FILE
    High it.yaml:1:108: unknown field "spec.containers[0].nme"
      did you mean `name`?
    High it.yaml:1:107: spec.containers[0].name: Required value
      a Pod needs it
    "#);
}

#[test]
fn a_part_that_is_built_in_says_so() {
    let text = "{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: a}, spec: {sourceRepo: [b], destinations: [{cluster: c}]}}";
    insta::assert_snapshot!(all(text), @r#"
    High it.yaml:1:82: unknown field "spec.sourceRepo"
      did you mean `sourceRepos`? only a part of AppProject is built in: if the field is right, import its CRD, idp-run schemas import FILE
    High it.yaml:1:115: unknown field "spec.destinations[0].cluster"
      only a part of AppProject is built in: if the field is right, import its CRD, idp-run schemas import FILE
    "#);
}

fn claimable() -> Schemas {
    let text = "\
apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: { name: xdisks.acme.example }
spec:
  group: acme.example
  names: { kind: XDisk, plural: xdisks }
  claimNames: { kind: Disk, plural: disks }
  versions:
    - name: v1
      served: true
      referenceable: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              required: [size]
              properties:
                size: { type: integer, minimum: 10, maximum: 100 }
                class: { type: string, enum: [fast, slow], default: fast }
";
    newest().with(definitions::read(&yaml::parse("disk.yaml", text).unwrap()[0]).unwrap())
}

#[test]
fn claims_are_checked_by_their_xrd() {
    let schemas = claimable();
    let claim =
        |spec: &str| format!("{{apiVersion: acme.example/v1, kind: Disk, metadata: {{name: a}}, spec: {spec}}}");
    assert_eq!(said(&schemas, &claim("{size: 20}"), Checks::default()), "");
    assert_eq!(schemas.claimable().iter().map(|definition| &definition.kind).collect::<Vec<_>>(), ["Disk"]);
    let wrong = claim("{size: 5, clas: slow, class: medium, writeConnectionSecretToRef: {name: a, namespace: b}}");
    insta::assert_snapshot!(said(&schemas, &wrong, Checks::default()), @r#"
    High it.yaml:1:80: unknown field "spec.clas"
      did you mean `class`?
    High it.yaml:1:145: unknown field "spec.writeConnectionSecretToRef.namespace"
      v1 claims have no namespace there: the secret is beside the claim, in its own namespace; leave it out
    High it.yaml:1:77: spec.size: Invalid value: 5: spec.size in body should be greater than or equal to 10
    High it.yaml:1:99: spec.class: Unsupported value: "medium": supported values: "fast", "slow"
    "#);
}

#[test]
fn a_schema_that_is_no_schema_is_told_with_its_definition() {
    let text = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gadgets.acme.example }
spec:
  group: acme.example
  scope: Cluster
  names: { kind: Gadget, plural: gadgets }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: text } } } }
";
    let schemas = newest().with(definitions::read(&yaml::parse("gadget.yaml", text).unwrap()[0]).unwrap());
    let gadget = "{apiVersion: acme.example/v1, kind: Gadget, metadata: {name: a}}";
    insta::assert_snapshot!(said(&schemas, gadget, Checks::default()), @r#"
    High it.yaml:1:37: the Gadget can't be checked: the definition of Gadget is one that an API server refuses: spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"
      mend the definition at gadget.yaml:1:1
    "#);
    let Found::Known(kind) = schemas.find("acme.example/v1", "Gadget") else { panic!("not found") };
    assert_eq!(kind.schema().unwrap_err().place().unwrap().file, "gadget.yaml");
}

/// Each embedded schema compiles, of every version.
#[test]
fn all_that_is_built_in_compiles() {
    for release in kubernetes::versions() {
        let schemas = Schemas::embedded(release).unwrap();
        for kind in kubernetes::kinds() {
            if let Found::Known(known) = schemas.find(&kind.api_version(), kind.kind) {
                known.schema().unwrap_or_else(|error| panic!("{release} {kind:?}: {error}"));
            }
        }
    }
    let schemas = newest();
    for definition in schemas.definitions() {
        for version in &definition.versions {
            let api_version = definition.api_version(&version.name);
            let Found::Known(known) = schemas.find(&api_version, &definition.kind) else { panic!("{definition:?}") };
            assert!(known.is_partial());
            known.schema().unwrap_or_else(|error| panic!("{api_version} {}: {error}", definition.kind));
        }
    }
    assert!(schemas.definitions().len() > 35);
}

#[test]
fn what_must_be_refused_is_high() {
    let schemas = claimable();
    let check = |value: Value| schemas.check(&value, Checks::default());
    let gone = serde_json::json!({ "apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": { "name": "a" } });
    assert_eq!(check(gone)[0].severity, Severity::High);
    let unknown = serde_json::json!({ "apiVersion": "other.example/v1", "kind": "Thing", "metadata": { "name": "a" } });
    assert_eq!(check(unknown)[0].severity, Severity::Low);
}

#[test]
fn what_is_wrong_with_a_definition_is_told_where_it_stands() {
    let text = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gadgets.acme.example }
spec:
  group: acme.example
  scope: Cluster
  names: { kind: Gadget, plural: gadgets, shortNames: [GD] }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                size: { type: integer, minimum: 1, default: 0 }
                zone: { type: string, pattern: 'a(' }
                tags: { type: array }
                mode: { type: string, enums: [a] }
";
    insta::assert_snapshot!(all(text), @r#"
    High it.yaml:22:39: unknown field "spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.mode.enums"
      did you mean `enum`?
    High it.yaml:20:48: spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[zone].pattern: Invalid value: "a(": must be a valid regular expression, but isn't: error parsing regexp: unclosed group
    High it.yaml:21:23: spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[tags].items: Required value: must be specified
    High it.yaml:7:56: spec.names.shortNames[0]: Invalid value: "GD": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')
    "#);
    let rules = text
        .replace("pattern: 'a('", "x-kubernetes-validations: [{ rule: 'self.size() >' }]")
        .replace("type: array", "type: boolean")
        .replace("enums", "enum")
        .replace("GD", "gd");
    let found = all(&rules);
    assert!(
        found.starts_with("High it.yaml:19:61: ") && found.contains("[size].default: Invalid value: 0: "),
        "{found}"
    );
    let found = all(&rules.replace("default: 0", "default: 1"));
    assert!(
        found.starts_with("High it.yaml:20:") && found.contains("[zone].x-kubernetes-validations[0].rule: "),
        "{found}"
    );
    assert!(found.contains("compilation failed: ERROR: <input>:1:"), "{found}");
}

#[test]
fn groups_that_are_nearly_known_are_told_with_the_one_that_was_meant() {
    let mut lines = String::new();
    for version in [
        "app/v1 Deployment",
        "core/v1 Service",
        "networking.k8.io/v1 Ingress",
        "network.k8s.io/v1 Ingress",
        "networking/v1 NetworkPolicy",
        "argoproj.oi/v1alpha1 Application",
        // Others that are near, and right.
        "gateway.networking.k8s.io/v1 Gateway",
        "argoproj.ai/v1 Thing",
        "acme/v1 Thing",
    ] {
        let (version, kind) = version.split_once(' ').unwrap();
        lines.push_str(&all(&format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: a}}}}")));
    }
    insta::assert_snapshot!(lines, @r#"
    High it.yaml:1:14: there is no API group `app`
      did you mean `apps/v1`?
    High it.yaml:1:14: there is no API group `core`
      did you mean `v1`?
    High it.yaml:1:14: there is no API group `networking.k8.io`
      did you mean `networking.k8s.io/v1`?
    High it.yaml:1:14: there is no API group `network.k8s.io`
      did you mean `networking.k8s.io/v1`?
    High it.yaml:1:14: there is no API group `networking`
      did you mean `networking.k8s.io/v1`?
    High it.yaml:1:14: there is no API group `argoproj.oi`
      did you mean `argoproj.io/v1alpha1`?
    Low it.yaml:1:50: nothing is known of gateway.networking.k8s.io/v1 Gateway: it was not checked
      put its CRD into schemas/ of the workspace: idp-run schemas import FILE
    Low it.yaml:1:36: nothing is known of argoproj.ai/v1 Thing: it was not checked
      put its CRD into schemas/ of the workspace: idp-run schemas import FILE
    Low it.yaml:1:29: nothing is known of acme/v1 Thing: it was not checked
      put its CRD into schemas/ of the workspace: idp-run schemas import FILE
    "#);
}

#[test]
fn lists_of_a_kind_hold_that_kind() {
    let text = "{apiVersion: v1, kind: ConfigMapList, items: [{metadata: {name: a}, dta: {}}, 3]}";
    insta::assert_snapshot!(all(text), @r#"
    High it.yaml:1:79: items[1] of the ConfigMapList is no object
      an API server takes nothing else of a list
    High it.yaml:1:69: unknown field "dta"
      did you mean `data`?
    "#);
}

#[test]
fn nobody_loosens_what_kubernetes_says_of_its_own_kinds() {
    let text = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: ingresses.networking.k8s.io
  annotations: { api-approved.kubernetes.io: unapproved }
spec:
  group: networking.k8s.io
  scope: Namespaced
  names: { kind: Ingress, plural: ingresses }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
";
    let definition = definitions::read(&yaml::parse("ingress.yaml", text).unwrap()[0]).unwrap();
    let place = definition[0].place.clone().unwrap();
    let schemas = newest().with(definition);
    let ingress = "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, sepc: {}}";
    assert!(said(&schemas, ingress, Checks::default()).contains("did you mean `spec`?"));
    let (message, _) = schemas.about_definition(&place).unwrap();
    assert_eq!(message, "Ingress of networking.k8s.io is Kubernetes' own: this definition doesn't count");
}
