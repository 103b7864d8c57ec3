//! Environments of the workspace, in promotion order.

use rhai::plugin::*;

/// The environments of the workspace, in promotion order.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of};

    /// The environments that `idp.yaml` declares, in promotion order: maps with `name`, `cluster` and `production`.
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
            Dynamic::from_map(map)
        });
        Ok(each.collect())
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
