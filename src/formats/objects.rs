//! Which files and documents are objects of a Kubernetes cluster, and which only look like some: the one list of both, for
//! the door, audits and schemas.

use serde_json::Value;

/// The endings of files that may hold objects, in any case of letters.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// API groups, and groups below them, whose documents are read by tools and by no API server.
const OF_TOOLS: [&str; 29] = [
    // Kustomize, its built-in plugins, and functions of kpt.
    "builtin",
    "kustomize.config.k8s.io",
    "fn.kpt.dev",
    // Portals, and what developers describe their workloads with.
    "backstage.io",
    "score.dev",
    // Making clusters.
    "ctlptl.dev",
    "eksctl.io",
    "k0sctl.k0sproject.io",
    "k3d.io",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    // Files that Kubernetes' own programs are started with.
    "admission.config.k8s.io",
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "client.authentication.k8s.io",
    "controllermanager.config.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "kubescheduler.config.k8s.io",
    // Developing and delivering.
    "deploy.cloud.google.com",
    "garden.io",
    "krew.googlecontainertools.github.com",
    "pipecd.dev",
    "skaffold",
    // Packages of Crossplane, before they are built.
    "meta.pkg.crossplane.io",
    // Tests of policies and operators.
    "chainsaw.kyverno.io",
    "cli.kyverno.io",
    "kuttl.dev",
    "test.gatekeeper.sh",
];

/// Kinds of groups that also have real ones: kubectl's configuration, plugins of Argo CD's repository server, packages of
/// kpt.
const KINDS_OF_TOOLS: [(&str, &str); 3] =
    [("", "Config"), ("argoproj.io", "ConfigManagementPlugin"), ("kpt.dev", "Kptfile")];

/// Folders of texts that become manifests once they are rendered, each with the file beside it that tells: charts of Helm,
/// templates of Backstage.
pub const RENDERED_LATER: [(&str, &str); 2] = [("templates", "Chart.yaml"), ("skeleton", "template.yaml")];

/// What to do about half an object.
pub const NEEDS: &str = "a manifest needs apiVersion, kind and metadata.name";

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape<'d> {
    /// An object.
    Object {
        /// Its apiVersion.
        api_version: &'d str,
        /// Its kind.
        kind: &'d str,
    },
    /// What kubectl prints and applies: it holds objects and is none.
    List(&'d [Value]),
    /// Meant as an object, and without its apiVersion; it has this kind.
    NoApiVersion(&'d str),
    /// Meant as an object, and without its kind.
    NoKind,
    /// Anything else.
    Other,
}

/// What a document of that file is.
pub fn shape<'d>(document: &'d Value, file: &str) -> Shape<'d> {
    let text = |key: &str| document.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    match (text("apiVersion"), text("kind")) {
        (Some("v1"), Some("List")) => {
            Shape::List(document.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice))
        }
        (Some(api_version), Some(kind)) if !is_of_a_tool(api_version, kind) => Shape::Object { api_version, kind },
        // `kind: gp3` among the values of a chart makes no object of them.
        (None, Some(kind)) if is_meant(document) && !has_no_objects(file) => Shape::NoApiVersion(kind),
        (Some(api_version), None) if is_meant(document) && !has_no_objects(file) && !is_of_a_tool(api_version, "") => {
            Shape::NoKind
        }
        // Both are there, and no text: `kind: 7`.
        (None, None) if has_odd_head(document) && is_meant(document) && !has_no_objects(file) => Shape::NoKind,
        _ => Shape::Other,
    }
}

/// Whether there are an apiVersion and a kind, whatever they are.
fn has_odd_head(document: &Value) -> bool {
    ["apiVersion", "kind"].iter().all(|key| document.get(key).is_some_and(|value| !value.is_null()))
}

/// Whether half a head has the body of an object.
fn is_meant(document: &Value) -> bool {
    document.get("metadata").is_some_and(Value::is_object)
}

/// Whether a document has the head of one: those of tools have it, too.
pub fn is_headed(document: &Value) -> bool {
    ["apiVersion", "kind"]
        .iter()
        .any(|key| document.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty()))
}

/// The apiVersion and kind of a document that is an object, or a list of some.
pub fn object_of(document: &Value) -> Option<(&str, &str)> {
    match shape(document, "") {
        Shape::Object { api_version, kind } => Some((api_version, kind)),
        Shape::List(_) => Some(("v1", "List")),
        _ => None,
    }
}

fn is_of_a_tool(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    // The plugins of kustomize have a group and no version.
    let named = if api_version == "builtin" { api_version } else { group };
    let below = |tool: &str| named.strip_suffix(tool).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    OF_TOOLS.iter().any(|tool| below(tool)) || KINDS_OF_TOOLS.contains(&(group, kind))
}

/// Whether a file is by its name one of a chart's own, or a kustomization: half an object there is something else.
fn has_no_objects(file: &str) -> bool {
    let name = file.rsplit(['/', ':']).next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let of_values = stem.split(['.', '-', '_']).any(|word| word == "values");
    of_values || matches!(stem, "Chart" | "kustomization" | "Kustomization")
}

/// Whether a file may hold objects, by its name.
pub fn may_hold(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

/// Whether a file is JSON, by its name.
pub fn is_json(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ending.eq_ignore_ascii_case("json"))
}

/// Whether a file of that name has to be read to tell: most JSON of a repository is something else, and some of it, with
/// its comments, isn't even JSON.
pub fn may_say(path: &str, text: &str) -> bool {
    !is_json(path) || text.contains("\"apiVersion\"")
}

/// The files whose presence makes one file a text that is rendered later.
pub fn would_render(path: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut from = 0;
    for part in path.split('/') {
        let beside = RENDERED_LATER.iter().find(|(folder, _)| *folder == part && from + part.len() < path.len());
        files.extend(beside.map(|(_, file)| format!("{}{file}", &path[..from])));
        from += part.len() + 1;
    }
    files
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_is_told_by_its_head() {
        let meta = json!({ "name": "a" });
        let shapes = [
            (json!({ "apiVersion": "apps/v1", "kind": "Deployment" }), "a.yaml", "Object"),
            (json!({ "apiVersion": "v1", "kind": "List", "items": [{}] }), "a.yaml", "List"),
            (json!({ "apiVersion": "v1", "kind": "Config" }), "a.yaml", "Other"),
            (json!({ "apiVersion": "builtin", "kind": "PatchTransformer", "metadata": meta }), "a.yaml", "Other"),
            (json!({ "apiVersion": "builtin/v1", "kind": "PatchTransformer", "metadata": meta }), "a.yaml", "Other"),
            (json!({ "apiVersion": "scaffolder.backstage.io/v1beta3", "kind": "Template" }), "a.yaml", "Other"),
            (json!({ "apiVersion": "notbackstage.io/v1", "kind": "Template" }), "a.yaml", "Object"),
            (json!({ "apiVersion": "score.dev/v1b1", "metadata": meta }), "score.yaml", "Other"),
            (json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "ConfigManagementPlugin" }), "a.yaml", "Other"),
            (json!({ "apiVersion": "argoproj.io/v1alpha1", "kind": "Application" }), "a.yaml", "Object"),
            (json!({ "apiVersion": "v2", "name": "chart", "version": "1.0.0" }), "Chart.yaml", "Other"),
            (json!({ "kind": "gp3", "size": 1 }), "storage.yaml", "Other"),
            (json!({ "kind": "StatefulSet", "metadata": meta }), "acme/gitops:chart/values-prod.yaml", "Other"),
            (json!({ "kind": "Kustomization", "metadata": meta }), "k8s/kustomization.yaml", "Other"),
            (json!({ "kind": "Deployment", "metadata": meta }), "a.yaml", "NoApiVersion"),
            (json!({ "apiVersion": "apps/v1", "metadata": meta }), "a.yaml", "NoKind"),
            (json!([1]), "a.yaml", "Other"),
            (json!({ "apiVersion": "v1", "kind": 7, "metadata": meta }), "a.yaml", "NoKind"),
        ];
        for (document, file, expected) in shapes {
            let shape = format!("{:?}", shape(&document, file));
            assert!(shape.starts_with(expected), "{document} in {file} is {shape}");
        }
    }

    #[test]
    fn files_are_told_by_their_names() {
        assert!(["a.yaml", "b.YML", "k8s/c.Json", "x:d.YAML"].iter().all(|path| may_hold(path)));
        assert!(["a.yaml.tpl", "yaml", "k8s.yaml/README", "a.jsonc"].iter().all(|path| !may_hold(path)));
        assert!(
            may_say("a.yaml", "") && !may_say("tsconfig.JSON", "{ // a comment") && may_say("a.json", "\"apiVersion\"")
        );
        assert_eq!(would_render("charts/api/templates/tests/a.yaml"), ["charts/api/Chart.yaml"]);
        assert_eq!(would_render("templates/skeleton/a.yaml"), ["Chart.yaml", "templates/template.yaml"]);
        assert!(would_render("a/templates").is_empty() && would_render("mytemplates/a.yaml").is_empty());
    }
}
