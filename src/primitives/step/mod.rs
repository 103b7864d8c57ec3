//! Steps, outputs and facts of the workspace: how a script shows what it does and what came of it.

use rhai::plugin::*;

/// Five letters and digits that derive from a run and a name.
pub fn unique(run: &str, name: &str) -> String {
    // Letters without vowels and without those that look like digits, as Kubernetes' own suffixes.
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let digest = crate::world::hash::digest(format!("{run} {name}").as_bytes());
    let number = u64::from_str_radix(&digest[..15], 16).unwrap_or_default();
    let letter = |at: u32| char::from(ALPHABET[(number / 27u64.pow(at) % 27) as usize]);
    (0..5).map(letter).collect()
}

/// Steps, outputs, and what a script can ask of its run and its workspace.
#[export_module]
pub mod api {
    use rhai::{Dynamic, FnPtr, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw, throw_waiting};
    use crate::error::Error;
    use crate::primitives::value;
    use crate::report::Event;
    use crate::world::Mode;

    /// A named part of the run, shown as progress. Returns what its function returns.
    ///
    /// Errors: `idp::script::step`.
    ///
    /// ```rhai
    /// let sum = step("Add things up", || 1 + 2);
    /// print(sum);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn step(ctx: NativeCallContext, name: &str, work: FnPtr) -> RhaiResultOf<Dynamic> {
        let run = run_of(&ctx)?;
        if name.trim().is_empty() {
            let error = Error::invalid("idp::script::step", "a step needs a name");
            return Err(throw(&ctx, error.help("say what it does: step(\"Open the pull request\", || ...)")));
        }
        run.step_started(name).map_err(|error| throw(&ctx, error))?;
        let result = work.call_within_context::<Dynamic>(&ctx, ());
        run.step_ended(result.is_ok()).map_err(|error| throw(&ctx, error))?;
        result
    }

    /// A named result of the run, such as a link. Shown at the end.
    ///
    /// Errors: `idp::secret::data`, `idp::script::data`.
    ///
    /// ```rhai
    /// output("Repository", "https://git.acme.example/acme/payments-api");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn output(ctx: NativeCallContext, name: &str, result: Dynamic) -> RhaiResultOf<()> {
        let run = run_of(&ctx)?;
        let value = value::to_json(&result).map_err(|error| throw(&ctx, error))?;
        run.sink.emit(Event::Output { name: name.to_string(), value });
        Ok(())
    }

    /// A fact about the platform from `values` in `idp.yaml`, by its dotted name; `otherwise` where it isn't set.
    ///
    /// ```rhai
    /// print(setting("registry", "registry.example"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn setting(ctx: NativeCallContext, name: &str, otherwise: Dynamic) -> RhaiResultOf<Dynamic> {
        let run = run_of(&ctx)?;
        let found = name.split('.').try_fold(&run.config.values, |at, part| at.get(part));
        Ok(found.filter(|value| !value.is_null()).map_or(otherwise, value::from_json))
    }

    /// Says something that deserves a look, with what the reader can do about it, and goes on.
    ///
    /// ```rhai
    /// warn("the catalog has no teams", "add them to platform-gitops");
    /// ```
    #[rhai_fn(return_raw)]
    pub fn warn(ctx: NativeCallContext, message: &str, help: &str) -> RhaiResultOf<()> {
        run_of(&ctx)?.sink.emit(Event::Warning { message: message.to_string(), help: Some(help.to_string()) });
        Ok(())
    }

    /// Ends the attempt because it has to wait for people; the same command goes on later. A plan lists it and goes on.
    ///
    /// ```rhai
    /// wait_for("the security team's answer", || true);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn wait_for(ctx: NativeCallContext, what: &str, done: FnPtr) -> RhaiResultOf<()> {
        let run = run_of(&ctx)?;
        if run.door().map_err(|error| throw(&ctx, error))?.mode() == Mode::Plan {
            run.sink.emit(Event::Waiting(what.to_string()));
            return Ok(());
        }
        if done.call_within_context::<bool>(&ctx, ())? { Ok(()) } else { Err(throw_waiting(&ctx, what.to_string())) }
    }

    /// Five letters and digits that stay the same in every rerun: for names that must be unique. They derive from the run
    /// and from the name given here, never from a clock.
    ///
    /// ```rhai
    /// print(`payments-db-${unique("db")}`);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn unique(ctx: NativeCallContext, name: &str) -> RhaiResultOf<String> {
        let run = run_of(&ctx)?;
        run.door().map(|door| super::unique(&door.run().hash, name)).map_err(|error| throw(&ctx, error))
    }

    /// Fails the run with a sentence of the script's own, and what the reader can do about it.
    ///
    /// Errors: `idp::script::failed`.
    ///
    /// ```rhai
    /// try { fail("The name is taken", "choose another one"); } catch (e) { print(e.message); }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn fail(ctx: NativeCallContext, message: &str, help: &str) -> RhaiResultOf<()> {
        Err(throw(&ctx, Error::failed("idp::script::failed", message).help(help)))
    }
}
