//! Environments of the workspace, in promotion order.

use rhai::plugin::*;

/// The environments of the workspace, in promotion order.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of};
    use crate::config::Promotion;

    /// The environments that `idp.yaml` declares, in promotion order: maps with `name`, `cluster`, `production`, and what is asked
    /// of a version that is promoted there: `checks` (list), `soak` (seconds), `direct` (whether it is committed without a pull request).
    ///
    /// ```rhai
    /// for env in environments() { print(`${env.name} runs in ${env.cluster}`); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn environments(ctx: NativeCallContext) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let each = run.config.environments.iter().map(|environment| {
            let mut map = Map::new();
            map.insert("name".into(), environment.name.as_str().into());
            map.insert("cluster".into(), environment.cluster.as_str().into());
            map.insert("production".into(), environment.production.into());
            let Promotion { checks, soak, direct } = &environment.promotion;
            let checks: Array = checks.iter().map(|check| check.as_str().into()).collect();
            map.insert("checks".into(), checks.into());
            map.insert("soak".into(), i64::try_from(soak.as_secs()).unwrap_or(i64::MAX).into());
            map.insert("direct".into(), (*direct).into());
            Dynamic::from_map(map)
        });
        Ok(each.collect())
    }

    /// Where versions are said, as `idp.yaml` declares it: texts such as `{project}-gitops/k8s/{env}/{service}/kustomization.yaml`.
    ///
    /// ```rhai
    /// for pattern in deployments() { print(pattern); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn deployments(ctx: NativeCallContext) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        Ok(run.config.deployments.iter().map(|pattern| pattern.as_str().into()).collect())
    }

    /// The cluster to which claims are synced; `()` if `idp.yaml` names none.
    ///
    /// ```rhai
    /// print(claims_cluster() ?? "none");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn claims_cluster(ctx: NativeCallContext) -> RhaiResultOf<Dynamic> {
        let run = run_of(&ctx)?;
        Ok(run.config.claims_cluster.as_ref().map_or(Dynamic::UNIT, |name| name.as_str().into()))
    }
}
