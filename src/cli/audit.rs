//! `idp-run audit`: what is wrong with manifests, by the schemas of their kinds.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::report_files::{self, ReportFile};
use super::{Global, block_on, current_folder, fix, input};
use crate::audit::explain::{Asked, Wanted, explain};
use crate::audit::panel::{self, BUILT_IN, Panel, Settings};
use crate::audit::schema::{self, BySchema, Repositories};
use crate::audit::waivers::{Scope, Waivers, today};
use crate::audit::{self, Text, fix as fixes, walk};
use crate::config::{Config, Forge};
use crate::error::{Error, Exit, Result, nearest};
use crate::library::{Library, Script};
use crate::output::{self, Format};
use crate::report::{Audit, RuleInfo, Severity};
use crate::schemas::{Schemas, Workspace};
use crate::world::{Clock, open};

#[derive(Args, Clone)]
pub struct AuditArgs {
    /// Files, folders, or - for standard input [default: the current folder]
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Policies to ask: a pack by name, a script, a folder of scripts, or the built-in `schema`; may be given more than
    /// once [default: those that `policies.enforce` of idp.yaml names, or else schema]
    #[arg(long, value_name = "POLICY")]
    with: Vec<String>,
    /// A parameter of a pack, which wins over idp.yaml; may be given more than once
    #[arg(long, value_name = "[PACK.]NAME=VALUE", value_parser = param)]
    param: Vec<(String, String)>,
    /// The environment that all of the manifests are for [default: what their path or namespace names]
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    /// From which severity on a finding fails the audit
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "high")]
    fail_on: FailOn,
    /// Mend what policies know how to mend, in the files; of standard input the mended text is written to stdout
    #[arg(long)]
    fix: bool,
    /// With --fix: show the differences, and write nothing
    #[arg(long, requires = "fix")]
    plan: bool,
    /// Say why a policy finds what it finds in an object, or doesn't: KIND/NAME, KIND/NAMESPACE/NAME or FILE:LINE
    #[arg(long, num_args = 2, value_names = ["POLICY", "OBJECT"], conflicts_with_all = ["fix", "report"])]
    explain: Vec<String>,
    /// Leave out files below folders that match this glob, not those that PATH names; may be given more than once
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Write a report to a file as well; may be given more than once, with any format of --output
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<String>,
    /// The minor version of Kubernetes whose schemas count, such as 1.36
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
}

impl AuditArgs {
    /// Whether it is to be said why, instead of what is found.
    pub(super) fn explains(&self) -> bool {
        !self.explain.is_empty()
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FailOn {
    Low,
    Medium,
    High,
    Critical,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Severity {
        match fail_on {
            FailOn::Low => Severity::Low,
            FailOn::Medium => Severity::Medium,
            FailOn::High => Severity::High,
            FailOn::Critical => Severity::Critical,
        }
    }
}

pub fn audit(global: &Global, args: &AuditArgs) -> Result<Exit> {
    let here = current_folder()?;
    let reports = report_files::wanted(&args.report, &here)?;
    let config = global.config()?;
    let args = &explaining(args, &config);
    if args.fix {
        fix::check(&args.paths, global.options(args.plan).format == Format::Human)?;
    }
    // Policies are compiled while the files are looked for.
    let (texts, panel) = std::thread::scope(|scope| {
        let texts = scope.spawn(|| texts(args, &here, &reports));
        let panel = panel(args, &config, &here);
        (texts.join(), panel)
    });
    let texts = texts.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let panel = Arc::new(with_schemas(panel?, args, &config, &texts)?);
    let waivers = Waivers::of(&config, &here, today(&Clock::System))?;
    // Reading all packs takes a while: only for a name that none of those that are asked has.
    let known: Vec<String> = match waivers.are_of(&panel.about()) {
        true => Vec::new(),
        false => known_policies(&config).into_iter().map(|rule| rule.id).collect(),
    };
    let whole = is_whole(args, &here, &config.root);
    let scope = Scope { here: &here, root: &config.root, whole, known: &known };
    let look = |texts: Vec<Text>| -> Result<Audit> {
        let mut audit = audit::audit(texts, panel.clone(), args.fail_on.into())?;
        waivers.apply(&mut audit, &scope);
        audit.fold_failures();
        Ok(audit)
    };
    let options = global.options(args.plan);
    if let [policy, object] = &args.explain[..] {
        let mut audit = audit::audit(texts.clone(), panel.clone(), args.fail_on.into())?;
        waivers.apply(&mut audit, &scope);
        let object = Wanted::of(object)?.find(&audit, &texts)?;
        let library = Library::new(&config.root);
        let asked = Asked {
            panel: &panel,
            texts: &texts,
            audit: &audit,
            library: &library,
            params: &args.param,
            waivers: &waivers,
            scope: &scope,
        };
        let mut explanation = explain(&asked, policy, object)?;
        explanation.fix = fixes::prospect(&audit, &texts, &panel, policy, object)?;
        output::explanation(&options, &explanation);
        return Ok(if explanation.fails { Exit::Verdict } else { Exit::Ok });
    }
    let audit = if args.fix {
        let (audit, mended) = fix::fixed(&look(texts.clone())?, texts, &panel, (args.plan, &here), look)?;
        let input = mended.iter().find(|text| &*text.shown == input::NAME).filter(|_| !args.plan);
        match input.and_then(|text| text.content.as_ref()) {
            Some(text) => output::mended_input(&options, text, &audit),
            None => output::audit(&options, &audit),
        }
        audit
    } else {
        let audit = look(texts)?;
        output::audit(&options, &audit);
        audit
    };
    report_files::write(&reports, &audit)?;
    Ok(if audit.fails() { Exit::Verdict } else { Exit::Ok })
}

/// The arguments with the pack of the policy that is to be explained, if it has a name and nobody else is asked.
fn explaining(args: &AuditArgs, config: &Config) -> AuditArgs {
    let mut args = args.clone();
    let pack = args.explain.first().and_then(|policy| policy.split('/').next()).map(str::to_owned);
    let known = |pack: &String| BUILT_IN.contains(&pack.as_str()) || Library::new(&config.root).packs().contains(pack);
    if let Some(pack) = pack.filter(|pack| args.with.is_empty() && known(pack)) {
        args.with.push(pack);
    }
    args
}

/// Whether all files of the workspace are looked at.
fn is_whole(args: &AuditArgs, here: &Path, root: &Path) -> bool {
    let above = |path: &String| path != "-" && root.starts_with(walk::plain(&here.join(path)));
    args.exclude.is_empty() && (args.paths.is_empty() && here == root || args.paths.iter().any(above))
}

/// All policies that are known by name: those that are built in, and those of packs. A pack with a mistake is for those to
/// tell who ask it.
pub(super) fn known_policies(config: &Config) -> Vec<RuleInfo> {
    let library = Library::new(&config.root);
    let packs = library.packs().into_iter().filter_map(|name| library.pack(&name, &config.root).ok());
    let read = |script: Script| {
        let panel = Panel { limits: config.limits, ..Panel::default() };
        panel.with_packs(vec![script], &library, &Settings::default()).ok()
    };
    let built_in = [audit::unreadable(), schema::about()];
    built_in.into_iter().chain(packs.filter_map(read).flat_map(|panel| panel.about())).collect()
}

/// What the paths stand for.
fn texts(args: &AuditArgs, here: &Path, reports: &[ReportFile]) -> Result<Vec<Text>> {
    let (stdin, mut paths): (Vec<String>, Vec<String>) = args.paths.iter().cloned().partition(|path| path == "-");
    if paths.is_empty() && stdin.is_empty() {
        paths.push(".".into());
    }
    let mut files = walk::files(&paths, &args.exclude, here)?;
    if let Some(file) = files.iter().find(|file| file.named && report_files::name(reports, &file.path)) {
        let message = format!("the report would be written over {}, which is to be looked at", file.shown);
        return Err(Error::invalid("idp::audit::report", message).help("give the report a file of its own"));
    }
    // What an earlier audit wrote there is nothing to look at.
    files.retain(|file| !report_files::name(reports, &file.path));
    if args.fix {
        fix::check_files(&files)?;
    }
    // What is mended is what was looked at.
    let mut texts = if args.fix { audit::read(&files, here)? } else { audit::texts(&files, here)? };
    if !stdin.is_empty() {
        texts.push(Text::new(input::NAME, input::text("idp::audit::input")?));
    }
    Ok(texts)
}

/// Who is asked: those that `--with` names, those that the workspace enforces, or else the schemas.
fn words<'a>(args: &'a AuditArgs, config: &'a Config) -> Vec<&'a str> {
    match (args.with.is_empty(), config.policies.enforce.is_empty()) {
        (false, _) => args.with.iter().map(String::as_str).collect(),
        (true, false) => config.policies.enforce.iter().map(|(word, _)| word.as_str()).collect(),
        (true, true) => BUILT_IN.to_vec(),
    }
}

/// Those of them that are scripts.
fn panel(args: &AuditArgs, config: &Config, here: &Path) -> Result<Panel> {
    let library = Library::new(&config.root);
    let scripts = match args.with.is_empty() {
        false => panel::scripts_of(words(args, config).into_iter(), &library, here)?,
        true => panel::enforced(config, &library)?,
    };
    let mut panel = Panel::of(config);
    panel.environment = environment(args, config)?;
    let settings = Settings { params: args.param.clone(), policies: config.policies.clone(), ..Settings::default() };
    panel.with_packs(scripts, &library, &settings)
}

/// The panel with the schemas, if they are asked: those of the workspace, and what the texts themselves define.
fn with_schemas(mut panel: Panel, args: &AuditArgs, config: &Config, texts: &[Text]) -> Result<Panel> {
    if words(args, config).iter().any(|word| BUILT_IN.contains(word)) {
        let mut workspace = Workspace::new(config);
        if let Some(release) = &args.kubernetes {
            workspace = workspace.of_release(release);
        }
        let (definitions, broken) = schema::definitions(texts);
        let schemas = workspace.own()?.before(definitions).with_broken(broken);
        panel.built_in.push(Box::new(BySchema::new(schemas).asking(repositories(workspace, config))));
    }
    Ok(panel)
}

/// What the workspace's repositories define, if they are on this disk: an audit needs no network.
fn repositories(workspace: Workspace, config: &Config) -> Option<Repositories> {
    let Forge::Local { .. } = config.forge else { return None };
    let config = config.clone();
    let read = async move || -> Result<Arc<Schemas>> {
        let world = open::for_reading(&config).await?;
        Ok(workspace.whole(world.forge.as_ref()).await?.schemas.clone())
    };
    Some(Box::new(move || block_on(read())))
}

/// The environment of `--environment`, which must be one where the workspace says which there are.
fn environment(args: &AuditArgs, config: &Config) -> Result<Option<String>> {
    let Some(name) = &args.environment else { return Ok(None) };
    if !config.declares_environments || config.environments.iter().any(|known| known.name == *name) {
        return Ok(Some(name.clone()));
    }
    let known: Vec<&str> = config.environments.iter().map(|known| known.name.as_str()).collect();
    let error = Error::invalid("idp::audit::environment", format!("there is no environment `{name}`"));
    Err(match nearest(name, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("idp.yaml declares {}", known.join(", "))),
    })
}

/// `NAME=VALUE`, as clap reads it.
fn param(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
