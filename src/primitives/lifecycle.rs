//! When versions of Kubernetes' API went, in scripts.

use rhai::plugin::*;

/// When versions of Kubernetes' API went.
#[export_module]
pub mod api {
    use rhai::{Dynamic, Map};

    use crate::schemas::lifecycle;

    /// When a version of a kind was removed: `#{ release, instead }`, the release of Kubernetes and the version that took
    /// its place, or `()`; `()` for what is still there, or isn't known.
    ///
    /// ```rhai
    /// let gone = api_removal("batch/v1beta1", "CronJob");
    /// print(`gone in ${gone.release}, write ${gone.instead}`);
    /// ```
    pub fn api_removal(api_version: &str, kind: &str) -> Dynamic {
        let Some((release, instead)) = lifecycle::removed(api_version, kind) else { return Dynamic::UNIT };
        let mut removal = Map::new();
        removal.insert("release".into(), release.into());
        removal.insert("instead".into(), instead.map_or(Dynamic::UNIT, Into::into));
        removal.into()
    }
}
