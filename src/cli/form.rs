//! `idp-run form`: a CompositeResourceDefinition as a form: its fields as a table, parameters of a golden path, JSON Schema,
//! or a Template of Backstage.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{Global, current_folder};
use crate::config::Config;
use crate::error::{Error, Exit, Result, nearest};
use crate::formats::form::{self, Field, Form, Portal, Shape};
use crate::formats::yaml;
use crate::output::{self, Format, table::Table};
use crate::schemas::Workspace;
use crate::schemas::layout;
use crate::schemas::offers::{self, Offer};
use crate::schemas::workspace::Offers;
use crate::world::open;

#[derive(Args)]
pub struct FormArgs {
    /// A kind that the platform offers, such as postgresql; or the file of a definition, with compositions beside it
    #[arg(value_name = "XRD")]
    definition: String,
    /// What to make of it
    #[arg(long = "as", value_name = "WHAT", value_enum, default_value = "table")]
    made: As,
    /// The served version [default: the referenceable one]
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
}

/// What a form is made into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// The fields for people to read
    Table,
    /// params() of a golden path, and spec(p), which makes the claim's spec of them
    Params,
    /// JSON Schema, draft 7
    JsonSchema,
    /// A Template of Backstage
    Backstage,
}

pub fn form(global: &Global, args: &FormArgs) -> Result<Exit> {
    let config = global.config()?;
    let forms = match is_file(&args.definition) {
        true => from_file(&args.definition)?,
        false => offered(&config, &args.definition)?.forms().to_vec(),
    };
    let form = chosen(&forms, args)?;
    let options = global.options(false);
    let value = match args.made {
        As::Table if options.format == Format::Human => {
            output::table(&options, &table(form)?);
            return Ok(Exit::Ok);
        }
        As::Table => Value::Array(form.fields.iter().map(|each| field(form, each)).collect::<Result<_>>()?),
        As::Params => form::params(form)?.into(),
        As::JsonSchema => form::json_schema(form),
        As::Backstage => form::template(form, &portal(&config)?)?,
    };
    if options.format == Format::Json {
        let made = args.made.to_possible_value().map(|value| value.get_name().to_string());
        let record = json!({ "type": "form", "kind": form.kind, "version": form.version, "as": made, "value": value });
        output::records(&options, [record]);
        return Ok(Exit::Ok);
    }
    output::text(&match (args.made, value) {
        (_, Value::String(text)) => text,
        (As::Backstage, value) => yaml::render(&value),
        (_, value) => format!("{value:#}"),
    });
    Ok(Exit::Ok)
}

fn is_file(name: &str) -> bool {
    name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml")
}

/// The kind of a word among those that the workspace's platform offers.
fn offered(config: &Config, word: &str) -> Result<Arc<Offer>> {
    offers::named(&on_offer(config)?, word)
}

/// What can be claimed in a workspace.
pub fn on_offer(config: &Config) -> Result<Offers> {
    super::block_on(async {
        let world = open::for_reading(config).await?;
        Workspace::new(config).offers(world.forge.as_ref()).await
    })
}

/// The forms of the definition in a file; compositions are the other YAML files of its folder.
fn from_file(name: &str) -> Result<Vec<Form>> {
    let path = current_folder()?.join(name);
    let unreadable = |error: std::io::Error| {
        let help = "give the file of a CompositeResourceDefinition, such as crossplane/postgresql/definition.yaml";
        Error::invalid("idp::form::file", format!("can't read {name}: {error}")).help(help)
    };
    let text = std::fs::read_to_string(&path).map_err(unreadable)?;
    let documents = yaml::parse(name, &text)?;
    let found = documents.iter().find(|document| form::is_definition(&document.value)).or(documents.first());
    let Some(document) = found else {
        return Err(Error::invalid(form::DEFINITION, format!("{name} holds no document")));
    };
    if let Some(refused) = offers::refused(document) {
        return Err(refused);
    }
    let compositions = path.parent().map(compositions).unwrap_or_default();
    form::read(&document.value, &compositions).map_err(|error| error.at(document.place(&[])))
}

/// The documents of a folder's YAML files; what can't be read has nothing to say about a form.
fn compositions(folder: &Path) -> Vec<Value> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let yaml = files.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml" || end == "yml"));
    let texts = yaml.filter_map(|path| std::fs::read_to_string(path).ok());
    texts.filter_map(|text| yaml::parse("", &text).ok()).flatten().map(|document| document.value).collect()
}

fn chosen<'a>(forms: &'a [Form], args: &FormArgs) -> Result<&'a Form> {
    let versions: Vec<&str> = forms.iter().map(|form| form.version.as_str()).collect();
    let found = match &args.version {
        None => form::preferred(forms),
        Some(version) => forms.iter().find(|form| form.version == *version),
    };
    found.ok_or_else(|| {
        let wanted = args.version.as_deref().unwrap_or_default();
        let error = Error::invalid("idp::form::version", format!("{} serves no version {wanted}", args.definition));
        match nearest(wanted, versions.iter().copied()) {
            Some(near) => error.help(format!("did you mean {near}?")),
            None => error.help(format!("it serves {}", versions.join(", "))),
        }
    })
}

/// What the workspace says of the portal, the forge and the platform.
fn portal(config: &Config) -> Result<Portal> {
    let team = config.values.get("platform_team").and_then(Value::as_str).unwrap_or("platform-team");
    let url = config.forge.url();
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let folders = super::block_on(async {
        let world = open::for_reading(config).await?;
        layout::has_folders(world.forge.as_ref(), config.forge.owner()).await
    })?;
    Ok(Portal {
        owner: format!("group:{team}"),
        host: host.split('/').next().unwrap_or(host).to_string(),
        organisation: config.forge.owner().to_string(),
        url: format!("{}/{}", url.trim_end_matches('/'), config.forge.owner()),
        environments: config.environments.iter().map(|each| (each.name.clone(), each.production)).collect(),
        folders,
    })
}

/// The fields of a form for people to read. Errors: annotations that are no maps.
pub(super) fn table(form: &Form) -> Result<Table> {
    let mut table = Table::new(["FIELD", "TYPE", "DEFAULT", "ALLOWED", "ABOUT"]);
    for field in &form.fields {
        let default = match form.given(field)? {
            (None, None) if field.required => "(required)".into(),
            (None, None) => field.hint.as_ref().map_or("-".into(), |hint| format!("- (or {})", shown(hint))),
            (elsewhere, production) if elsewhere == production => elsewhere.as_ref().map(shown).unwrap_or_default(),
            (elsewhere, production) => {
                let said = |value: Option<Value>| value.as_ref().map_or("-".into(), shown);
                format!("{} (production: {})", said(elsewhere), said(production))
            }
        };
        let path = format!("spec.{}", field.path.join("."));
        table.row([path, kind(field.shape).to_string(), default, allowed(field), field.about.clone()]);
    }
    Ok(table)
}

fn kind(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "text",
        Shape::Whole => "whole number",
        Shape::Number => "number",
        Shape::Flag => "true or false",
        Shape::Texts => "texts",
        Shape::NumberOrText => "whole number or text",
        Shape::Data => "JSON",
    }
}

fn allowed(field: &Field) -> String {
    if !field.choices.is_empty() {
        return field.choices.iter().map(shown).collect::<Vec<_>>().join(", ");
    }
    let range = match field.range {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    [range, field.pattern.clone()].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A field as data. Errors: as for the table.
pub(super) fn field(form: &Form, field: &Field) -> Result<Value> {
    let (elsewhere, production) = form.given(field)?;
    Ok(json!({
        "name": field.name,
        "path": format!("spec.{}", field.path.join(".")),
        "type": kind(field.shape),
        "about": field.about,
        "required": field.required,
        "default": elsewhere,
        "production": production,
        "hint": field.hint,
        "choices": field.choices,
        "least": field.range.0,
        "greatest": field.range.1,
        "pattern": field.pattern,
        "advanced": field.advanced,
    }))
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
