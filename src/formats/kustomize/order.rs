//! The order of the result: kustomize's, in which namespaces come first and webhooks last, or the one that was written.

use super::resource::{Id, Resource};
use super::spec::SortOptions;

const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Puts resources in order. Without options it is that of `kustomize build`.
///
/// # Errors
/// Options that don't fit.
pub(super) fn sort(resources: &mut [Resource], options: Option<&SortOptions>) -> Result<(), String> {
    let owned = |kinds: &[&str]| kinds.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (first, last) = match options {
        None => (owned(&FIRST), owned(&LAST)),
        Some(options) => match (options.order.as_str(), &options.legacy_sort_options) {
            ("fifo", None) => return Ok(()),
            ("fifo", Some(_)) => return Err("`legacySortOptions` belong to the order `legacy`".to_string()),
            ("legacy", None) => (owned(&FIRST), owned(&LAST)),
            ("legacy", Some(own)) => (own.order_first.clone(), own.order_last.clone()),
            (other, _) => return Err(format!("the order `{other}` is none of legacy, fifo")),
        },
    };
    let rank = |kind: &str| {
        let at = |list: &[String]| list.iter().rposition(|own| own == kind).map(|at| at as i64);
        at(&last).map(|at| at + 1).or_else(|| at(&first).map(|at| at - first.len() as i64)).unwrap_or_default()
    };
    let key = |resource: &Resource| {
        let id = resource.id();
        let or = |text: &str, other: &str| if text.is_empty() { other.to_string() } else { text.to_string() };
        let gvk = format!("{}_{}_{}", or(&id.group, "~G"), or(&id.version, "~V"), or(&id.kind, "~K"));
        (rank(&id.kind), gvk, words(&id))
    };
    resources.sort_by_cached_key(key);
    Ok(())
}

fn words(id: &Id) -> String {
    let or = |text: &str, other: &str| if text.is_empty() { other.to_string() } else { text.to_string() };
    let gvk = format!("{}.{}.{}", or(&id.kind, "[noKind]"), or(&id.version, "[noVer]"), or(&id.group, "[noGrp]"));
    format!("{gvk}|{}|{}", or(&id.namespace, "~X"), or(&id.name, "~N"))
}
