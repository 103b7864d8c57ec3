//! The fields that name other objects, a table. `references` reads it.

/// What a field names.
#[derive(Clone, Copy)]
pub(super) enum Names {
    /// Always an object of that group and kind.
    Always(&'static str, &'static str),
    /// What `kind` and `apiVersion`, `group` or `apiGroup` beside it say, or this.
    Said { group: &'static str, kind: &'static str },
    /// An object of that group and kind if `kind` beside it says so, else nothing.
    If(&'static str, &'static str),
}

/// A field that names an object.
pub(super) struct Field {
    /// The map that holds it.
    pub at: &'static str,
    /// The field in it.
    pub name: &'static str,
    /// What it names.
    pub names: Names,
}

/// Kinds and their fields.
pub(super) struct Object {
    pub groups: &'static [&'static str],
    pub kinds: &'static [&'static str],
    pub fields: &'static [Field],
    /// Where the pod stands in them.
    pub pod: Option<&'static str>,
}

/// The kinds named here that belong to no namespace.
pub(super) const CLUSTER_WIDE: &[&str] = &[
    "ClusterIssuer",
    "ClusterRole",
    "ClusterSecretStore",
    "GatewayClass",
    "IngressClass",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "VolumeAttributesClass",
];

const CONFIG_MAP: Names = Names::Always("", "ConfigMap");
const SECRET: Names = Names::Always("", "Secret");
const SERVICE: Names = Names::Always("", "Service");
const CLAIM: Names = Names::Always("", "PersistentVolumeClaim");
const STORAGE_CLASS: Names = Names::Always("storage.k8s.io", "StorageClass");
const ATTRIBUTES_CLASS: Names = Names::Always("storage.k8s.io", "VolumeAttributesClass");
const GATEWAY_API: &str = "gateway.networking.k8s.io";

const fn field(at: &'static str, name: &'static str, names: Names) -> Field {
    Field { at, name, names }
}

/// Of pods and pod templates.
pub(super) const POD: &[Field] = &[
    field("spec", "serviceAccountName", Names::Always("", "ServiceAccount")),
    field("spec", "serviceAccount", Names::Always("", "ServiceAccount")),
    field("spec", "priorityClassName", Names::Always("scheduling.k8s.io", "PriorityClass")),
    field("spec", "runtimeClassName", Names::Always("node.k8s.io", "RuntimeClass")),
    field("spec.imagePullSecrets[]", "name", SECRET),
    field("spec.resourceClaims[]", "resourceClaimName", Names::Always("resource.k8s.io", "ResourceClaim")),
    field(
        "spec.resourceClaims[]",
        "resourceClaimTemplateName",
        Names::Always("resource.k8s.io", "ResourceClaimTemplate"),
    ),
    field("spec.volumes[].configMap", "name", CONFIG_MAP),
    field("spec.volumes[].secret", "secretName", SECRET),
    field("spec.volumes[].projected.sources[].configMap", "name", CONFIG_MAP),
    field("spec.volumes[].projected.sources[].secret", "name", SECRET),
    field("spec.volumes[].persistentVolumeClaim", "claimName", CLAIM),
    field("spec.volumes[].ephemeral.volumeClaimTemplate.spec", "storageClassName", STORAGE_CLASS),
    field("spec.volumes[].ephemeral.volumeClaimTemplate.spec", "volumeAttributesClassName", ATTRIBUTES_CLASS),
    field("spec.volumes[].csi.nodePublishSecretRef", "name", SECRET),
    field("spec.volumes[].azureFile", "secretName", SECRET),
    field("spec.volumes[].cephfs.secretRef", "name", SECRET),
    field("spec.volumes[].cinder.secretRef", "name", SECRET),
    field("spec.volumes[].flexVolume.secretRef", "name", SECRET),
    field("spec.volumes[].iscsi.secretRef", "name", SECRET),
    field("spec.volumes[].rbd.secretRef", "name", SECRET),
    field("spec.volumes[].scaleIO.secretRef", "name", SECRET),
    field("spec.volumes[].storageos.secretRef", "name", SECRET),
    field("spec.containers[].env[].valueFrom.configMapKeyRef", "name", CONFIG_MAP),
    field("spec.containers[].env[].valueFrom.secretKeyRef", "name", SECRET),
    field("spec.containers[].envFrom[].configMapRef", "name", CONFIG_MAP),
    field("spec.containers[].envFrom[].secretRef", "name", SECRET),
    field("spec.initContainers[].env[].valueFrom.configMapKeyRef", "name", CONFIG_MAP),
    field("spec.initContainers[].env[].valueFrom.secretKeyRef", "name", SECRET),
    field("spec.initContainers[].envFrom[].configMapRef", "name", CONFIG_MAP),
    field("spec.initContainers[].envFrom[].secretRef", "name", SECRET),
    field("spec.ephemeralContainers[].env[].valueFrom.configMapKeyRef", "name", CONFIG_MAP),
    field("spec.ephemeralContainers[].env[].valueFrom.secretKeyRef", "name", SECRET),
    field("spec.ephemeralContainers[].envFrom[].configMapRef", "name", CONFIG_MAP),
    field("spec.ephemeralContainers[].envFrom[].secretRef", "name", SECRET),
];

const fn object(
    groups: &'static [&'static str],
    kinds: &'static [&'static str],
    fields: &'static [Field],
    pod: Option<&'static str>,
) -> Object {
    Object { groups, kinds, fields, pod }
}

/// Of all other objects.
pub(super) const OBJECTS: &[Object] = &[
    object(&[""], &["Pod"], &[], Some("")),
    object(&[""], &["ReplicationController"], &[], Some("spec.template")),
    object(&["apps", "extensions"], &["Deployment", "DaemonSet", "ReplicaSet"], &[], Some("spec.template")),
    object(
        &["apps"],
        &["StatefulSet"],
        &[
            field("spec", "serviceName", SERVICE),
            field("spec.volumeClaimTemplates[].spec", "storageClassName", STORAGE_CLASS),
            field("spec.volumeClaimTemplates[].spec", "volumeAttributesClassName", ATTRIBUTES_CLASS),
        ],
        Some("spec.template"),
    ),
    object(&["batch"], &["Job"], &[], Some("spec.template")),
    object(&["batch"], &["CronJob"], &[], Some("spec.jobTemplate.spec.template")),
    object(
        &["argoproj.io"],
        &["Rollout"],
        &[
            field("spec.workloadRef", "name", Names::Said { group: "apps", kind: "Deployment" }),
            field("spec.strategy.canary", "stableService", SERVICE),
            field("spec.strategy.canary", "canaryService", SERVICE),
            field("spec.strategy.blueGreen", "activeService", SERVICE),
            field("spec.strategy.blueGreen", "previewService", SERVICE),
        ],
        Some("spec.template"),
    ),
    object(
        &["argoproj.io"],
        &["Application"],
        &[field("spec", "project", Names::Always("argoproj.io", "AppProject"))],
        None,
    ),
    object(
        &[""],
        &["ServiceAccount"],
        &[field("secrets[]", "name", SECRET), field("imagePullSecrets[]", "name", SECRET)],
        None,
    ),
    object(
        &[""],
        &["PersistentVolumeClaim"],
        &[
            field("spec", "storageClassName", STORAGE_CLASS),
            field("spec", "volumeAttributesClassName", ATTRIBUTES_CLASS),
            field("spec", "volumeName", Names::Always("", "PersistentVolume")),
            field("spec.dataSourceRef", "name", Names::Said { group: "", kind: "PersistentVolumeClaim" }),
        ],
        None,
    ),
    object(
        &[""],
        &["PersistentVolume"],
        &[field("spec", "storageClassName", STORAGE_CLASS), field("spec.claimRef", "name", CLAIM)],
        None,
    ),
    object(
        &["networking.k8s.io", "extensions"],
        &["Ingress"],
        &[
            field("spec", "ingressClassName", Names::Always("networking.k8s.io", "IngressClass")),
            field("spec.tls[]", "secretName", SECRET),
            field("spec.defaultBackend.service", "name", SERVICE),
            field("spec.defaultBackend.resource", "name", Names::Said { group: "", kind: "Service" }),
            field("spec.rules[].http.paths[].backend.service", "name", SERVICE),
            field("spec.rules[].http.paths[].backend.resource", "name", Names::Said { group: "", kind: "Service" }),
            // As of networking.k8s.io/v1beta1.
            field("spec.backend", "serviceName", SERVICE),
            field("spec.rules[].http.paths[].backend", "serviceName", SERVICE),
        ],
        None,
    ),
    object(
        &[GATEWAY_API],
        &["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"],
        &[
            field("spec.parentRefs[]", "name", Names::Said { group: GATEWAY_API, kind: "Gateway" }),
            field("spec.rules[].backendRefs[]", "name", Names::Said { group: "", kind: "Service" }),
            field(
                "spec.rules[].filters[].requestMirror.backendRef",
                "name",
                Names::Said { group: "", kind: "Service" },
            ),
            field(
                "spec.rules[].backendRefs[].filters[].requestMirror.backendRef",
                "name",
                Names::Said { group: "", kind: "Service" },
            ),
        ],
        None,
    ),
    object(
        &[GATEWAY_API],
        &["Gateway"],
        &[
            field("spec", "gatewayClassName", Names::Always(GATEWAY_API, "GatewayClass")),
            field("spec.listeners[].tls.certificateRefs[]", "name", Names::Said { group: "", kind: "Secret" }),
        ],
        None,
    ),
    object(
        &["autoscaling"],
        &["HorizontalPodAutoscaler"],
        &[field("spec.scaleTargetRef", "name", Names::Said { group: "", kind: "" })],
        None,
    ),
    object(
        &["autoscaling.k8s.io"],
        &["VerticalPodAutoscaler"],
        &[field("spec.targetRef", "name", Names::Said { group: "", kind: "" })],
        None,
    ),
    object(
        &["keda.sh"],
        &["ScaledObject"],
        &[field("spec.scaleTargetRef", "name", Names::Said { group: "apps", kind: "Deployment" })],
        None,
    ),
    object(
        &["rbac.authorization.k8s.io"],
        &["RoleBinding", "ClusterRoleBinding"],
        &[
            field("roleRef", "name", Names::Said { group: "rbac.authorization.k8s.io", kind: "" }),
            field("subjects[]", "name", Names::If("", "ServiceAccount")),
        ],
        None,
    ),
    object(
        &["admissionregistration.k8s.io"],
        &["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"],
        &[field("webhooks[].clientConfig.service", "name", SERVICE)],
        None,
    ),
    object(
        &["apiextensions.k8s.io"],
        &["CustomResourceDefinition"],
        &[field("spec.conversion.webhook.clientConfig.service", "name", SERVICE)],
        None,
    ),
    object(&["apiregistration.k8s.io"], &["APIService"], &[field("spec.service", "name", SERVICE)], None),
    object(
        &["external-secrets.io"],
        &["ExternalSecret"],
        &[field("spec.secretStoreRef", "name", Names::Said { group: "external-secrets.io", kind: "SecretStore" })],
        None,
    ),
    object(
        &["cert-manager.io"],
        &["Certificate"],
        &[field("spec.issuerRef", "name", Names::Said { group: "cert-manager.io", kind: "Issuer" })],
        None,
    ),
];
