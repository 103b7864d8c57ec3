//! What everyone asks of pods: their containers of all three lists, and what security contexts mean together. Rules as
//! k8s.io/kubernetes v1.36 has them (pkg/securitycontext/util.go, pod-security-admission/policy/visitor.go).

use serde_json::Value;

use super::path::Segment;
use super::{Manifest, Trail};
use crate::error::{Error, nearest};

/// The lists of containers in a pod's spec.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// What containers are: see [`Manifest::role`].
pub const ROLES: [&str; 4] = ["main", "init", "sidecar", "ephemeral"];

/// What to say of a role that there isn't: the nearest, and all of them.
pub fn unknown_role(role: &str) -> Error {
    let error = Error::invalid("idp::script::arguments", format!("there is no role of containers `{role}`"));
    let all = format!("roles are {}", ROLES.join(", "));
    error.help(match nearest(role, ROLES) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    })
}

/// What a container takes from its pod where it doesn't say itself.
const INHERITED: [&str; 7] = [
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "seLinuxOptions",
    "seccompProfile",
    "appArmorProfile",
    "windowsOptions",
];

/// Where a kind of object has its pod template, if it has one.
pub fn template_of(api_version: &str, kind: &str) -> Option<&'static [&'static str]> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    match (group, kind) {
        ("apps" | "extensions", "Deployment" | "DaemonSet" | "ReplicaSet")
        | ("apps", "StatefulSet")
        | ("", "ReplicationController")
        | ("batch", "Job")
        | ("argoproj.io", "Rollout") => Some(&["spec", "template"]),
        ("batch", "CronJob") => Some(&["spec", "jobTemplate", "spec", "template"]),
        ("", "PodTemplate") => Some(&["template"]),
        _ => None,
    }
}

/// The same for a kind of Kubernetes' own by its name alone; a pod is its own.
pub fn template_of_kind(kind: &str) -> Option<&'static [&'static str]> {
    let versions = ["apps/v1", "batch/v1", "v1", "argoproj.io/v1alpha1"];
    if kind == "Pod" { Some(&[]) } else { versions.iter().find_map(|version| template_of(version, kind)) }
}

impl Manifest {
    /// The object as a pod: itself, or its pod template.
    pub fn pod(&self) -> Option<Manifest> {
        if self.template || (self.trail.is_empty() && self.kind() == "Pod" && self.api_version() == "v1") {
            return Some(self.clone());
        }
        if !self.trail.is_empty() {
            return None;
        }
        let mut trail = Trail::default();
        for key in template_of(self.api_version(), self.kind())? {
            trail = trail.then(Segment::Key((*key).into()));
        }
        trail.find(&self.root.value)?.as_object()?;
        Some(Manifest { root: self.root.clone(), trail, template: true })
    }

    /// The containers of a pod, of what has a template of one, or of a pod's spec.
    pub fn containers(&self) -> Vec<Manifest> {
        let spec = match self.pod() {
            Some(pod) => pod.child(Segment::Key("spec".into())),
            None if LISTS.iter().any(|list| self.value()[list].is_array()) => self.clone(),
            None => self.child(Segment::Key("spec".into())),
        };
        let mut found = Vec::new();
        for list in LISTS {
            let count = spec.value()[list].as_array().map_or(0, Vec::len);
            let list = spec.child(Segment::Key(list.into()));
            // What is no map is for the schema to find.
            let each = (0..count).map(|at| list.child(Segment::Index(at)));
            found.extend(each.filter(|container| container.value().is_object()));
        }
        found
    }

    /// Of a container: `main`, `init`, `sidecar` or `ephemeral`.
    pub fn role(&self) -> Option<&'static str> {
        let (list, Segment::Index(_)) = self.trail.last()? else { return None };
        let (_, Segment::Key(list)) = list.last()? else { return None };
        match list.as_str() {
            "containers" => Some("main"),
            "initContainers" if self.value()["restartPolicy"] == "Always" => Some("sidecar"),
            "initContainers" => Some("init"),
            "ephemeralContainers" => Some("ephemeral"),
            _ => None,
        }
    }

    /// The pod's spec that a container is in.
    fn pod_of_container(&self) -> Option<Manifest> {
        self.role()?;
        let (list, _) = self.trail.last()?;
        let (spec, _) = list.last()?;
        Some(Manifest { root: self.root.clone(), trail: spec.clone(), template: false })
    }

    /// Where a field of the security context is said for a container, or for a pod: its own, or the pod's beneath it, or
    /// where it should be said.
    pub fn security_at(&self, field: &[Segment]) -> Manifest {
        let below = |of: &Manifest| {
            let context = of.child(Segment::Key("securityContext".into()));
            field.iter().fold(context, |at, segment| at.child(segment.clone()))
        };
        let Some(spec) = self.pod_of_container() else {
            let spec = if self.is_object() {
                self.pod().unwrap_or_else(|| self.clone()).child(Segment::Key("spec".into()))
            } else {
                self.clone()
            };
            return below(&spec);
        };
        let own = below(self);
        let said = |place: &Manifest| !place.value().is_null();
        let Some(Segment::Key(first)) = field.first() else { return own };
        if said(&own) || !INHERITED.contains(&first.as_str()) {
            return own;
        }
        // Options of Windows are merged one by one; of everything else the container's replaces the pod's as a whole.
        let whole = &self.value()["securityContext"][first.as_str()];
        if field.len() > 1 && first != "windowsOptions" && !whole.is_null() {
            return own;
        }
        let beneath = below(&spec);
        if said(&beneath) { beneath } else { own }
    }

    /// The value there, as the kubelet sees it.
    pub fn security(&self, field: &[Segment]) -> rhai::Dynamic {
        let place = self.security_at(field);
        match place.value() {
            Value::Object(_) | Value::Array(_) => rhai::Dynamic::from(place.clone()),
            plain => super::data(plain),
        }
    }
}
