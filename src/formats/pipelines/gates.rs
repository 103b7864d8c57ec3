//! Gates, and the words by which a stage is known as one: the table of the policy `platform/pipeline-gates`, which asks for their
//! order, and the gates that scorecards ask for beside them.

/// What a stage of a pipeline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Fetching the source.
    Clone,
    /// Tests.
    Tests,
    /// Looking for known vulnerabilities among the dependencies.
    DependencyCheck,
    /// Static analysis for security.
    Sast,
    /// Compiling and packing.
    Build,
    /// Building the image.
    ImageBuild,
    /// Looking for known vulnerabilities in the image.
    ImageScan,
    /// Pushing the image.
    Push,
    /// Writing the new version into the GitOps repository.
    GitOpsUpdate,
    /// Telling people how it ended.
    Notification,
    /// Looking for secrets in files.
    SecretScan,
    /// Attacking the running service.
    Dast,
}

use Gate::*;

/// The gates with their words. Those of the first nine are those of `scripts/policies/platform.rhai`; a test holds them together.
pub(super) const GATES: [(Gate, &str, &[&str]); 12] = [
    (Clone, "clone", &["clone", "checkout", "fetch-source"]),
    (Tests, "tests", &["unit-test", "tests", "test", "coverage"]),
    (DependencyCheck, "dependency check", &["dependency-check", "owasp", "dependencies"]),
    (Sast, "SAST", &["sast", "sonar", "sonarqube", "semgrep"]),
    (Build, "build", &["build-jar", "maven-build", "gradle-build", "package", "compile", "build"]),
    (ImageBuild, "image build", &["image-build", "build-image", "docker-build", "kaniko", "buildah", "buildkit"]),
    (ImageScan, "image scan", &["image-scan", "scan-image", "trivy", "grype", "scan"]),
    (Push, "push", &["push-image", "image-push", "push"]),
    (GitOpsUpdate, "GitOps update", &["update-gitops", "gitops-update", "update-manifests", "gitops"]),
    (Notification, "notification", &["notify", "slack", "notification"]),
    (SecretScan, "secret scan", &["secret-scan", "gitleaks", "trufflehog", "detect-secrets"]),
    (Dast, "DAST", &["dast", "zap", "nuclei"]),
];

impl Gate {
    /// Its name.
    pub fn name(self) -> &'static str {
        GATES.iter().find(|(gate, ..)| *gate == self).map_or("", |(_, name, _)| name)
    }

    /// The gate that a name says, with hyphens between its words. Longer words are more telling than shorter ones.
    pub fn named(name: &str) -> Option<Gate> {
        let slug: String = name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        let padded = format!("-{}-", slug.trim_matches('-'));
        let words = GATES.iter().flat_map(|(gate, _, words)| words.iter().map(move |word| (*gate, *word)));
        let said = words.filter(|(_, word)| padded.contains(&format!("-{word}-")));
        // Of words of one length the first counts.
        said.reduce(|best, next| if next.1.len() > best.1.len() { next } else { best }).map(|(gate, _)| gate)
    }
}
