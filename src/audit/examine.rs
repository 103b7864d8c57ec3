//! One text: its documents, the Kubernetes objects among them, and what the policies say of each.

use serde_json::Value;

use super::Text;
use super::policy::{Breach, Object, Policy};
use crate::error::{Error, Place};
use crate::formats::yaml::{self, Document, Path, Step};
use crate::report::{Detection, Finding, ObjectName, Seen, Severity};

/// The name under which it is said that something can't be read.
pub const READING: &str = "manifest";

/// API groups whose documents look like objects and are no objects of a cluster: files of kustomize, skaffold, kind,
/// kubeadm, Backstage and others, which tools read.
const OF_TOOLS: [&str; 10] = [
    "backstage.io",
    "kustomize.config.k8s.io",
    "skaffold",
    "kind.x-k8s.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "audit.k8s.io",
    "k3d.io",
    "ctlptl.dev",
];

/// What came of a text.
#[derive(Debug, Default)]
pub struct Examined {
    pub detections: Vec<Detection>,
    pub objects: Vec<Seen>,
}

pub fn examine(text: &Text, policies: &[Box<dyn Policy>]) -> Examined {
    let mut found = Examined::default();
    let Some(content) = &text.content else {
        // JSON of other encodings is something else; YAML that nobody can read may be a manifest.
        if text.named || !text.shown.ends_with(".json") {
            found.detections.push(unreadable(Place::file(&*text.shown), "the file is not UTF-8".into(), None));
        }
        return found;
    };
    // Most JSON of a repository is something else, and needn't be read to tell.
    if !text.named && text.shown.ends_with(".json") && !content.contains("\"apiVersion\"") {
        return found;
    }
    match yaml::parse(&text.shown, content) {
        Ok(documents) => {
            for document in &documents {
                of_document(document, text, policies, &mut found);
            }
        }
        Err(error) => found.detections.push(not_yaml(&text.shown, &error)),
    }
    found
}

fn not_yaml(shown: &str, error: &Error) -> Detection {
    let place = error.place().cloned().unwrap_or_else(|| Place::file(shown));
    unreadable(place, error.message().to_owned(), error.help_text().map(str::to_owned))
}

fn unreadable(place: Place, message: String, help: Option<String>) -> Detection {
    let finding = Finding { policy: READING.into(), severity: Severity::High, place, message, help };
    Detection { finding, object: None, path: String::new(), waived: None }
}

fn of_document(document: &Document, text: &Text, policies: &[Box<dyn Policy>], found: &mut Examined) {
    let value = &document.value;
    let field = |name: &str| value[name].as_str().unwrap_or_default();
    // A list of kubectl's holds objects, and is none.
    if field("apiVersion") == "v1" && field("kind") == "List" {
        for (at, item) in value["items"].as_array().into_iter().flatten().enumerate() {
            let root = [Step::Key("items".into()), Step::Index(at)];
            of_object(item, &root, document, text, policies, found);
        }
        return;
    }
    of_object(value, &[], document, text, policies, found);
}

fn of_object(
    value: &Value,
    root: &[Step],
    document: &Document,
    text: &Text,
    policies: &[Box<dyn Policy>],
    found: &mut Examined,
) {
    let field = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
    let (api_version, kind) = (field("apiVersion"), field("kind"));
    let place = document.place(root);
    let (Some(api_version), Some(kind)) = (api_version, kind) else {
        // One of the two and metadata make it an object that lacks the other; otherwise it is something else.
        if api_version.is_some() != kind.is_some() && value["metadata"].is_object() {
            let what = kind.map_or("the object has no kind".to_owned(), |kind| format!("the {kind} has no apiVersion"));
            let help = "a manifest needs apiVersion, kind and metadata.name".to_owned();
            found.detections.push(unreadable(place, what, Some(help)));
        }
        return;
    };
    if is_of_a_tool(api_version, kind) {
        return;
    }
    let metadata = |name: &str| value["metadata"][name].as_str().map(str::to_owned);
    let name = ObjectName {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: metadata("namespace"),
        name: metadata("name").or_else(|| metadata("generateName")),
    };
    let document_of_it = root.is_empty().then_some(document);
    let object = Object { value, name: &name, document: document_of_it, partial: text.partial };
    let number = found.objects.len();
    for policy in policies {
        let breaches = policy.check(&object);
        if !breaches.is_empty() {
            let policy = policy.about().id;
            let told = |breach| detection(&policy, breach, number, root, document);
            found.detections.extend(breaches.into_iter().map(told));
        }
    }
    found.objects.push(Seen { object: name, file: text.shown.clone(), line: place.line });
}

fn detection(policy: &str, breach: Breach, object: usize, root: &[Step], document: &Document) -> Detection {
    let Breach { severity, path, at_key, place, message, help } = breach;
    let whole: Vec<Step> = root.iter().chain(&path).cloned().collect();
    let of_path = || if at_key { document.key_place(&whole) } else { document.place(&whole) };
    let place = place.unwrap_or_else(of_path);
    let finding = Finding { policy: policy.into(), severity, place, message, help };
    Detection { finding, object: Some(object), path: Path(&path).to_string(), waived: None }
}

fn is_of_a_tool(api_version: &str, kind: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    // kubectl's own configuration has the version of the core group.
    let of_a_tool =
        OF_TOOLS.iter().any(|tool| group.strip_suffix(tool).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    of_a_tool || (api_version, kind) == ("v1", "Config")
}
