//! API versions of Kubernetes that are gone or going, with the releases. The source is Kubernetes' deprecation guide,
//! <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>; what went later is seen in the schemas themselves.

/// Versions that no release has any more whose schemas are built in.
const REMOVED: &[(&str, &[&str], &str, &str)] = &[
    ("flowcontrol.apiserver.k8s.io/v1beta3", &["FlowSchema", "PriorityLevelConfiguration"], "1.32", FLOW_CONTROL),
    ("flowcontrol.apiserver.k8s.io/v1beta2", &["FlowSchema", "PriorityLevelConfiguration"], "1.29", FLOW_CONTROL),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &["FlowSchema", "PriorityLevelConfiguration"], "1.26", FLOW_CONTROL),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"], "1.27", "storage.k8s.io/v1"),
    ("autoscaling/v2beta2", &["HorizontalPodAutoscaler"], "1.26", "autoscaling/v2"),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"], "1.25", "autoscaling/v2"),
    ("batch/v1beta1", &["CronJob"], "1.25", "batch/v1"),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"], "1.25", "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", &["Event"], "1.25", "events.k8s.io/v1"),
    ("node.k8s.io/v1beta1", &["RuntimeClass"], "1.25", "node.k8s.io/v1"),
    ("policy/v1beta1", &["PodDisruptionBudget"], "1.25", "policy/v1"),
    ("policy/v1beta1", &["PodSecurityPolicy"], "1.25", ""),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        "1.22",
        "admissionregistration.k8s.io/v1",
    ),
    ("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"], "1.22", "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", &["APIService"], "1.22", "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", &["TokenReview"], "1.22", "authentication.k8s.io/v1"),
    (
        "authorization.k8s.io/v1beta1",
        &["LocalSubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
        "1.22",
        "authorization.k8s.io/v1",
    ),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"], "1.22", "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", &["Lease"], "1.22", "coordination.k8s.io/v1"),
    ("extensions/v1beta1", &["Ingress"], "1.22", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", &["Ingress", "IngressClass"], "1.22", "networking.k8s.io/v1"),
    (
        "rbac.authorization.k8s.io/v1beta1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"], "1.22", "scheduling.k8s.io/v1"),
    (
        "storage.k8s.io/v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        "1.22",
        "storage.k8s.io/v1",
    ),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], "1.16", "apps/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16", ""),
    ("apps/v1beta2", &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"], "1.16", "apps/v1"),
    ("apps/v1beta1", &["Deployment", "ReplicaSet", "StatefulSet"], "1.16", "apps/v1"),
];

const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io/v1";

/// What is still served and shouldn't be written any more: since when, and instead of what.
const DEPRECATED: &[(&str, &str, &str, &str)] =
    &[("v1", "ComponentStatus", "1.19", ""), ("v1", "Endpoints", "1.33", "discovery.k8s.io/v1 EndpointSlice")];

/// When a version of a kind was removed, and which has taken its place, if one has.
pub fn removed(api_version: &str, kind: &str) -> Option<(&'static str, Option<&'static str>)> {
    let found = REMOVED.iter().find(|(version, kinds, ..)| *version == api_version && kinds.contains(&kind))?;
    Some((found.2, Some(found.3).filter(|instead| !instead.is_empty())))
}

/// What an API server of that minor version warns of.
pub fn deprecated(api_version: &str, kind: &str, minor: u32) -> Option<String> {
    let found = DEPRECATED.iter().find(|(version, known, ..)| *version == api_version && *known == kind)?;
    let since = found.2.rsplit('.').next()?.parse::<u32>().ok()?;
    let warning = format!("{api_version} {kind} is deprecated in v{}+", found.2);
    (minor >= since).then(|| match found.3 {
        "" => warning,
        instead => format!("{warning}; use {instead}"),
    })
}
