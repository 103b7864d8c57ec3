//! API versions of Kubernetes that are gone or going, with the releases. Sources: Kubernetes' deprecation guide,
//! <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>, and the life cycles that k8s.io/api 0.36 declares
//! (`zz_generated.prerelease-lifecycle.go`). What went later is seen in the schemas themselves.

/// Versions that no release has any more whose schemas are built in.
const REMOVED: &[(&str, &[&str], &str, &str)] = &[
    ("flowcontrol.apiserver.k8s.io/v1beta3", &["FlowSchema", "PriorityLevelConfiguration"], "1.32", FLOW_CONTROL),
    (
        "admissionregistration.k8s.io/v1alpha1",
        &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        "1.32",
        "admissionregistration.k8s.io/v1",
    ),
    ("authentication.k8s.io/v1alpha1", &["SelfSubjectReview"], "1.32", "authentication.k8s.io/v1"),
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
    ("storage.k8s.io/v1alpha1", &["CSIStorageCapacity", "VolumeAttachment"], "1.24", "storage.k8s.io/v1"),
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
    ("batch/v2alpha1", &["CronJob"], "1.21", "batch/v1"),
    ("settings.k8s.io/v1alpha1", &["PodPreset"], "1.20", ""),
    ("auditregistration.k8s.io/v1alpha1", &["AuditSink"], "1.19", ""),
    ("extensions/v1beta1", &["NetworkPolicy"], "1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", &["DaemonSet", "Deployment", "ReplicaSet"], "1.16", "apps/v1"),
    ("extensions/v1beta1", &["PodSecurityPolicy"], "1.16", ""),
    (
        "apps/v1beta2",
        &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
        "1.16",
        "apps/v1",
    ),
    ("apps/v1beta1", &["ControllerRevision", "Deployment", "ReplicaSet", "StatefulSet"], "1.16", "apps/v1"),
];

const FLOW_CONTROL: &str = "flowcontrol.apiserver.k8s.io/v1";

/// What shouldn't be written any more while it is served: since when, and when it goes, or zero.
const DEPRECATED: &[(&str, &[&str], u32, u32)] = &[
    ("v1", &["ComponentStatus"], 19, 0),
    ("v1", &["Endpoints"], 33, 0),
    ("admissionregistration.k8s.io/v1alpha1", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"], 35, 38),
    ("admissionregistration.k8s.io/v1beta1", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"], 37, 40),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        31,
        34,
    ),
    ("authentication.k8s.io/v1beta1", &["SelfSubjectReview"], 30, 33),
    ("certificates.k8s.io/v1alpha1", &["ClusterTrustBundle"], 34, 37),
    ("certificates.k8s.io/v1beta1", &["ClusterTrustBundle"], 37, 40),
    ("coordination.k8s.io/v1alpha2", &["LeaseCandidate"], 35, 38),
    ("coordination.k8s.io/v1beta1", &["LeaseCandidate"], 36, 39),
    ("networking.k8s.io/v1beta1", &["IPAddress", "ServiceCIDR"], 34, 37),
    ("resource.k8s.io/v1alpha3", &["DeviceTaintRule"], 36, 39),
    ("resource.k8s.io/v1beta1", DEVICES, 35, 38),
    ("resource.k8s.io/v1beta2", DEVICES, 36, 39),
    ("storage.k8s.io/v1alpha1", &["VolumeAttributesClass"], 32, 35),
    ("storage.k8s.io/v1beta1", &["VolumeAttributesClass"], 34, 37),
];

const DEVICES: &[&str] = &["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"];

/// What to write instead, where it isn't another version of the same kind.
const ANOTHER_KIND: &[(&str, &str, &str)] = &[("v1", "Endpoints", "discovery.k8s.io/v1 EndpointSlice")];

/// When a version of a kind was removed, and which has taken its place, if one has.
pub fn removed(api_version: &str, kind: &str) -> Option<(&'static str, Option<&'static str>)> {
    let found = REMOVED.iter().find(|(version, kinds, ..)| *version == api_version && kinds.contains(&kind))?;
    Some((found.2, Some(found.3).filter(|instead| !instead.is_empty())))
}

/// What an API server of that minor version warns of, in its words. `instead` is a stabler version of the kind, if the
/// release has one.
pub fn deprecated(api_version: &str, kind: &str, minor: u32, instead: Option<&str>) -> Option<String> {
    let found = DEPRECATED.iter().find(|(version, kinds, ..)| *version == api_version && kinds.contains(&kind));
    let (.., since, gone) = found.filter(|(_, _, since, _)| *since <= minor)?;
    let mut warning = format!("{api_version} {kind} is deprecated in v1.{since}+");
    if *gone > 0 {
        warning.push_str(&format!(", unavailable in v1.{gone}+"));
    }
    let another = ANOTHER_KIND.iter().find(|(version, known, _)| *version == api_version && *known == kind);
    match (another, instead) {
        (Some((.., another)), _) => warning.push_str(&format!("; use {another}")),
        (None, Some(version)) => warning.push_str(&format!("; use {version} {kind}")),
        (None, None) => {}
    }
    Some(warning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemas::kubernetes;

    #[test]
    fn what_is_going_is_told_from_its_release_on() {
        let said = |minor| deprecated("networking.k8s.io/v1beta1", "IPAddress", minor, Some("networking.k8s.io/v1"));
        assert_eq!(said(33), None);
        assert_eq!(
            said(34).unwrap(),
            "networking.k8s.io/v1beta1 IPAddress is deprecated in v1.34+, unavailable in v1.37+; use networking.k8s.io/v1 \
             IPAddress"
        );
        assert_eq!(
            deprecated("v1", "ComponentStatus", 37, None).unwrap(),
            "v1 ComponentStatus is deprecated in v1.19+"
        );
        assert_eq!(deprecated("v1", "Endpoint", 37, None), None);
    }

    #[test]
    fn what_is_going_was_there() {
        for (api_version, kinds, ..) in DEPRECATED {
            for kind in *kinds {
                let known =
                    kubernetes::kinds().iter().any(|known| known.api_version() == *api_version && known.kind == *kind);
                assert!(known || removed(api_version, kind).is_some(), "{api_version} {kind}");
            }
        }
    }
}
