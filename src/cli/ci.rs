//! What a run tells CI beside its streams: masks, the job's summary and outputs, a comment of the pull request, a check
//! run. A run's exit code never depends on it.

use std::sync::{Arc, OnceLock};

use clap::Args;
use tokio::runtime::Runtime;

use crate::config::Config;
use crate::error::{Exit, Result};
use crate::output::actions::{Actions, Outcome, masks};
use crate::output::markdown::{self, About};
use crate::output::record::{Record, Told};
use crate::output::{self, Options};
use crate::report::{Redactor, Sink};
use crate::world::ci::{CheckRun, Comment, Conclusion, Job, TOKENS};
use crate::world::github::ci::{self, Talk};
use crate::world::hash;
use crate::world::journal::RunKey;
use crate::world::secrets::{Secrets, guarded};

#[derive(Args, Clone, Copy, Default)]
pub struct CiArgs {
    /// In GitHub Actions: show plan or result as one comment of the pull request, kept up to date
    #[arg(long)]
    pub comment: bool,
    /// In GitHub Actions: show the verdict as a check run of the commit
    #[arg(long)]
    pub check_run: bool,
}

/// What is to be told at the end of a run.
pub(super) struct Telling {
    args: CiArgs,
    options: Options,
    actions: Actions,
    job: Option<Job>,
    secrets: Secrets,
    redactor: Redactor,
    record: Arc<Record>,
    /// What the run is known by, once its values are known; until then what people called it.
    key: Arc<OnceLock<RunKey>>,
    called: String,
}

impl Telling {
    /// The sink of a run, and what is to be told of it: nothing outside of a job.
    ///
    /// Errors: `idp::ci::job` where something is to be said that only a job can say.
    pub(super) fn of(
        config: &Config,
        options: &Options,
        args: CiArgs,
        called: &str,
        key: Arc<OnceLock<RunKey>>,
    ) -> Result<(Arc<dyn Sink>, Option<Telling>)> {
        let env = |name: &str| std::env::var(name).ok();
        let asked = args.comment || args.check_run;
        let job = match (asked, Job::of(env)) {
            (true, job) => Some(job?),
            (false, job) => job.ok(),
        };
        let Some(actions) = Actions::detect() else { return Ok((guarded(config, output::sink(options)), None)) };
        if let Some(masks) = masks() {
            config.redactor.tell(masks);
        }
        let record = Arc::new(Record::of(output::sink(options)));
        let telling = Telling {
            args,
            options: *options,
            actions,
            job,
            secrets: Secrets::of(config),
            redactor: config.redactor.clone(),
            record: record.clone(),
            key,
            called: called.to_string(),
        };
        if asked {
            TOKENS.into_iter().for_each(|name| telling.secrets.hide(name));
        }
        Ok((guarded(config, record), Some(telling)))
    }

    /// Tells it. What can't be told is a warning.
    pub(super) fn finish(self, runtime: &Runtime, exit: Exit) {
        let told = self.record.take(&self.actions, &self.redactor);
        let key = self.key.get();
        let about = About {
            marker: None,
            plan: self.options.plan,
            run: self.redactor.clean(key.map_or(&self.called, |key| &key.key)).into_owned(),
            job: self.job.as_ref().and_then(|job| job.url.clone()),
            commit: self.job.as_ref().and_then(|job| job.head.clone()),
        };
        let outcome = Outcome { about, exit };
        if let Err(error) = self.actions.write(&told, &outcome) {
            self.warn(&error.to_string(), error.help_text());
        }
        if exit == Exit::Interrupted {
            return;
        }
        let Some(job) = self.job.as_ref().filter(|_| self.args.comment || self.args.check_run) else { return };
        let posts = async {
            let talk = Talk::of(job, &self.secrets, &self.redactor)?;
            let comment =
                if self.args.comment { self.comment(&talk, job, &told, &outcome.about).await } else { Ok(()) };
            let check = if self.args.check_run { self.check(&talk, job, &told, &outcome).await } else { Ok(()) };
            comment.and(check)
        };
        if let Err(error) = runtime.block_on(posts) {
            let message = format!("the run can't be shown on GitHub: {error}");
            self.warn(&message, error.help_text());
        }
    }

    async fn comment(&self, talk: &Talk, job: &Job, told: &Told, about: &About) -> Result<()> {
        let Some(number) = job.pull_request else {
            self.warn("this job runs for no pull request: there is no comment", None);
            return Ok(());
        };
        // What isn't known yet has no comment to keep up to date: the job fails, and says why.
        if self.key.get().is_none() {
            return Ok(());
        }
        let marker = self.marker();
        let about = About { marker: Some(marker.clone()), ..about.clone() };
        let markdown = markdown::render(&about, told, markdown::COMMENT);
        let marker = markdown.lines().next().unwrap_or_default().to_string();
        ci::comment(talk, number, &Comment { marker, markdown }).await
    }

    async fn check(&self, talk: &Talk, job: &Job, told: &Told, outcome: &Outcome) -> Result<()> {
        let Some(head) = &job.head else {
            self.warn("this job's event names no commit: there is no check run", None);
            return Ok(());
        };
        let (start, rest) = markdown::verdict(self.options.plan, told);
        let check = CheckRun {
            name: name_of(&outcome.about.run),
            external_id: format!("{}:{}", self.marker(), job.id),
            conclusion: match outcome.exit {
                Exit::Pending => Conclusion::Neutral,
                Exit::Ok if told.waits_for.is_some() && !self.options.plan => Conclusion::Neutral,
                Exit::Ok => Conclusion::Success,
                Exit::Interrupted => Conclusion::Cancelled,
                _ => Conclusion::Failure,
            },
            title: format!("{start}{rest}").chars().take(200).collect(),
            summary: markdown::render(&outcome.about, told, markdown::COMMENT - 1),
            annotations: told.annotations.clone(),
        };
        ci::check_run(talk, head, &check).await
    }

    /// The same for each plan or run of the same key.
    fn marker(&self) -> String {
        let kind = if self.options.plan { "plan" } else { "run" };
        match self.key.get() {
            Some(key) => format!("idp-run {kind} {}", key.hash),
            None => format!("idp-run {kind} {}", hash::short(&self.called)),
        }
    }

    fn warn(&self, message: &str, help: Option<&str>) {
        output::warning_to_stderr(&self.options, &self.redactor.clean(message), help);
    }
}

/// The name of a check run.
fn name_of(run: &str) -> String {
    let name = format!("idp-run {run}");
    if name.chars().count() > 120 { format!("{}…", name.chars().take(119).collect::<String>()) } else { name }
}
