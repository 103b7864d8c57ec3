//! `idp-run schemas`: the kinds that objects are checked against, one of them with its fields, and bringing in more.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Global, block_on, current_folder, input};
use crate::config::{Config, file};
use crate::error::{Error, Exit, Place, Result, io, nearest};
use crate::formats::definitions::{self, Definition, Role};
use crate::formats::lists;
use crate::formats::objects;
use crate::formats::schema::{Schema, Type};
use crate::formats::yaml::{self, Document, Path as FieldPath, Step};
use crate::output::{self, Format, table::Table};
use crate::schemas::workspace::{self, Whole};
use crate::schemas::{Found, Kind, Schemas, Workspace, kubernetes};
use crate::world::open;

#[derive(Subcommand)]
pub enum Verb {
    /// The kinds that are known: of the workspace, its repositories and the tools around Kubernetes
    List(ListArgs),
    /// The fields of a kind
    Show(ShowArgs),
    /// Copy CustomResourceDefinitions and CompositeResourceDefinitions into schemas/ of the workspace
    Import(ImportArgs),
}

#[derive(Args)]
pub struct ListArgs {
    /// One API group, such as apps; `core` for the one without a name
    #[arg(value_name = "GROUP")]
    group: Option<String>,
    /// Kubernetes' own kinds, too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    release: ReleaseArgs,
}

#[derive(Args)]
pub struct ShowArgs {
    /// A kind, a plural or short name, or one with its version: Deployment, postgresqlinstances, apps/v1/Deployment
    #[arg(value_name = "KIND")]
    kind: String,
    /// Only the fields below this one: spec.template.spec
    #[arg(value_name = "FIELD")]
    field: Option<String>,
    /// All fields below it, however deep
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    release: ReleaseArgs,
}

#[derive(Args)]
pub struct ImportArgs {
    /// Files, folders with files, such as a cluster's snapshot, or - for standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Write over files that say something else
    #[arg(long)]
    replace: bool,
}

#[derive(Args)]
pub struct ReleaseArgs {
    /// The minor version of Kubernetes [default: that of idp.yaml, or the newest that is built in]
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,
}

pub fn schemas(global: &Global, verb: Verb) -> Result<Exit> {
    match verb {
        Verb::List(args) => list(global, &args),
        Verb::Show(args) => show(global, &args),
        Verb::Import(args) => import(global, &args),
    }
}

/// All that the workspace knows, its repositories included.
fn whole(config: &Config, release: &ReleaseArgs) -> Result<std::sync::Arc<Whole>> {
    let mut workspace = Workspace::new(config);
    if let Some(release) = &release.kubernetes {
        workspace = workspace.of_release(release);
    }
    // Files on this disk can be wrong without a forge being asked.
    workspace.own()?;
    block_on(async {
        let world = open::for_reading(config).await?;
        workspace.whole(world.forge.as_ref()).await
    })
}

/// A kind as a line of the list.
struct Line {
    group: String,
    kind: String,
    versions: Vec<String>,
    namespaced: bool,
    role: &'static str,
    from: String,
}

fn list(global: &Global, args: &ListArgs) -> Result<Exit> {
    let config = global.config()?;
    let whole = whole(&config, &args.release)?;
    let schemas = &whole.schemas;
    let mut lines: Vec<Line> = schemas.definitions().into_iter().map(|definition| line(definition)).collect();
    if args.all || args.group.is_some() {
        lines.extend(built_in(schemas));
    }
    if let Some(group) = &args.group {
        let wanted = if group == "core" { "" } else { group };
        let mut groups: Vec<&str> = lines.iter().map(|line| line.group.as_str()).filter(|g| !g.is_empty()).collect();
        if !lines.iter().any(|line| line.group == wanted) {
            groups.extend(["core"]);
            let error = Error::invalid("idp::schema::unknown", format!("no kind of the API group `{group}` is known"));
            return Err(match nearest(group, groups) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help("`idp-run schemas list --all` shows all kinds; `idp-run schemas import` adds some"),
            });
        }
        lines.retain(|line| line.group == wanted);
    }
    lines.sort_by(|a, b| (&a.group, &a.kind).cmp(&(&b.group, &b.kind)));
    say(global, &lines, &whole);
    Ok(Exit::Ok)
}

fn say(global: &Global, lines: &[Line], whole: &Whole) {
    let options = global.options(false);
    if options.format == Format::Json {
        let record = |line: &Line| {
            json!({
                "type": "schema", "group": line.group, "kind": line.kind, "versions": line.versions,
                "namespaced": line.namespaced, "role": line.role, "from": line.from,
            })
        };
        output::records(&options, lines.iter().map(record));
    } else {
        let mut table = Table::new(["KIND", "GROUP", "VERSIONS", "SCOPE", "IS", "FROM"]);
        for line in lines {
            let scope = if line.namespaced { "namespace" } else { "cluster" };
            let group = if line.group.is_empty() { "-" } else { &line.group };
            table.row([&line.kind, group, &line.versions.join(", "), scope, line.role, &line.from]);
        }
        output::table(&options, &table);
    }
    for error in &whole.broken {
        let place = error.place().map_or_else(String::new, |place| format!("{place}: "));
        output::warning_to_stderr(&options, &format!("{place}{}", error.message()), error.help_text());
    }
    let mut told = Vec::new();
    for definition in whole.schemas.definitions() {
        let Some(place) = definition.place.as_ref().filter(|place| !told.contains(place)) else { continue };
        if let Some(fault) = definition.faults().first() {
            told.push(place);
            let message = format!("{place}: an API server refuses the definition of {}: {fault}", definition.kind);
            output::warning_to_stderr(
                &options,
                &message,
                Some("`idp-run audit FILE` shows all mistakes in their lines"),
            );
        }
    }
    for (unused, used) in whole.schemas.defined_twice() {
        let at = |definition: &Definition| definition.place.as_ref().map_or_else(String::new, ToString::to_string);
        let message = format!("{} of {} is defined twice, and not the same", used.kind, used.group);
        let help = format!("{} counts, and {} doesn't", at(used), at(unused));
        output::warning_to_stderr(&options, &message, Some(&help));
    }
}

fn line(definition: &Definition) -> Line {
    let served = definition.versions.iter().filter(|version| version.served);
    Line {
        group: definition.group.clone(),
        kind: definition.kind.clone(),
        versions: served.map(|version| version.name.clone()).collect(),
        namespaced: definition.namespaced,
        role: role(&definition.role),
        from: definition.place.as_ref().map_or_else(|| "embedded".into(), |place| place.file.clone()),
    }
}

fn role(role: &Role) -> &'static str {
    match role {
        Role::Custom => "custom",
        Role::Composite { .. } => "composite",
        Role::Claim { .. } => "claim",
        Role::BuiltIn => "Kubernetes",
        Role::Partial => "known in part",
    }
}

/// Kubernetes' own kinds of a release, without the lists of each.
fn built_in(schemas: &Schemas) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for kind in kubernetes::kinds().iter().filter(|kind| !kind.kind.ends_with("List")) {
        let Found::Known(known) = schemas.find(&kind.api_version(), kind.kind) else { continue };
        if known.role != Role::BuiltIn {
            continue;
        }
        match lines.iter_mut().find(|line| line.group == kind.group && line.kind == kind.kind) {
            Some(line) => line.versions.push(kind.version.to_string()),
            None => lines.push(Line {
                group: kind.group.to_string(),
                kind: kind.kind.to_string(),
                versions: vec![kind.version.to_string()],
                namespaced: known.namespaced,
                role: role(&known.role),
                from: format!("Kubernetes {}", schemas.release()),
            }),
        }
    }
    lines
}

fn show(global: &Global, args: &ShowArgs) -> Result<Exit> {
    let config = global.config()?;
    let whole = whole(&config, &args.release)?;
    let kind = named(&whole.schemas, &args.kind)?;
    let schema = kind.schema()?;
    let path = yaml::parse_path(args.field.as_deref().unwrap_or_default())?;
    let below = below(schema, &path, &kind)?;
    let mut rows = Vec::new();
    rows_of(&below, &mut path.clone(), args.deep, 0, &mut rows);
    let options = global.options(false);
    if options.format == Format::Json {
        let field = |row: &Row| {
            json!({
                "type": "field", "path": row.path, "is": row.kind, "required": row.required, "default": row.default,
                "allowed": row.allowed, "about": row.about,
            })
        };
        let head = json!({
            "type": "schema", "api_version": kind.api_version, "kind": kind.kind, "namespaced": kind.namespaced,
            "role": role(&kind.role), "deprecated": kind.deprecated,
        });
        output::records(&options, std::iter::once(head).chain(rows.iter().map(field)));
        return Ok(Exit::Ok);
    }
    let scope = if kind.namespaced { "in a namespace" } else { "of the whole cluster" };
    let mut text = format!("{} of {}, {}, {scope}\n", kind.kind, kind.api_version, role(&kind.role));
    kind.deprecated.iter().for_each(|warning| text.push_str(&format!("{warning}\n")));
    if kind.is_partial() {
        text.push_str("Only a part of it is built in; `idp-run schemas import FILE` brings the whole CRD.\n");
    }
    output::text(&format!("{text}\n"));
    let mut table = Table::new(["FIELD", "TYPE", "DEFAULT", "ALLOWED", "ABOUT"]);
    for row in rows {
        let default = match (&row.default, row.required) {
            (Some(default), _) => plain(default),
            (None, true) => "(required)".into(),
            (None, false) => "-".into(),
        };
        table.row([row.path, row.kind, default, row.allowed, row.about]);
    }
    output::table(&options, &table);
    Ok(Exit::Ok)
}

/// A field as a row.
struct Row {
    path: String,
    kind: String,
    required: bool,
    default: Option<Value>,
    allowed: String,
    about: String,
}

/// A kind by any of its names.
fn named(schemas: &Schemas, name: &str) -> Result<std::sync::Arc<Kind>> {
    if let Some((api_version, kind)) = name.rsplit_once('/') {
        if let Found::Known(kind) = schemas.find(api_version, kind) {
            return Ok(kind);
        }
        return Err(unknown(schemas, name, kind));
    }
    let lower = name.to_ascii_lowercase();
    let own = schemas.definitions().into_iter().find(|known| {
        let names = [&known.kind.to_ascii_lowercase(), &known.plural, &known.singular];
        names.contains(&&lower)
            || known.short_names.contains(&lower)
            || format!("{}.{}", known.plural, known.group) == lower
    });
    if let Some(definition) = own
        && let Some(version) = definition.preferred()
        && let Found::Known(kind) = schemas.find(&definition.api_version(&version.name), &definition.kind)
    {
        return Ok(kind);
    }
    let mut found: Vec<_> = kubernetes::kinds()
        .iter()
        .filter(|known| known.kind.eq_ignore_ascii_case(name) || known.plural() == lower)
        .filter_map(|known| match schemas.find(&known.api_version(), known.kind) {
            Found::Known(kind) => Some(kind),
            _ => None,
        })
        .collect();
    // The core group's first, and stable versions before others: Event is of two groups.
    found.sort_by_key(|kind| {
        (kind.api_version.contains("alpha"), kind.api_version.contains("beta"), kind.api_version.contains('/'))
    });
    found.into_iter().next().ok_or_else(|| unknown(schemas, name, name))
}

fn unknown(schemas: &Schemas, name: &str, kind: &str) -> Error {
    let own = schemas.definitions();
    let names = own.iter().map(|known| known.kind.as_str()).chain(kubernetes::kinds().iter().map(|known| known.kind));
    let error = Error::invalid("idp::schema::unknown", format!("no kind `{name}` is known"));
    match nearest(kind, names) {
        Some(near) if near != kind => error.help(format!("did you mean `{near}`?")),
        _ => error.help("`idp-run schemas list --all` shows all kinds; `idp-run schemas import FILE` adds some"),
    }
}

/// The schema of a field.
fn below(schema: &Schema, path: &[Step], kind: &Kind) -> Result<Schema> {
    let mut here = schema.clone();
    for (at, step) in path.iter().enumerate() {
        // Elements of a list need no number.
        if let (Step::Key(_), Some(items)) = (step, here.items()) {
            here = items;
        }
        here = here.node(std::slice::from_ref(step)).ok_or_else(|| {
            let names: Vec<String> = here.properties().into_iter().map(|(name, _)| name.to_string()).collect();
            let shown = FieldPath(&path[..=at]).to_string();
            let error = Error::invalid("idp::schema::unknown", format!("{} has no field {shown}", kind.kind));
            let Step::Key(wrong) = step else { return error };
            match nearest(wrong, names.iter().map(String::as_str)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if names.is_empty() => error.help("nothing is said of the fields here"),
                None => error.help(format!("known here: {}", names.join(", "))),
            }
        })?;
    }
    Ok(here)
}

/// Deeper than any schema that doesn't refer to itself.
const DEEPEST: usize = 24;

fn rows_of(schema: &Schema, path: &mut Vec<Step>, deep: bool, depth: usize, rows: &mut Vec<Row>) {
    let object = schema.items().filter(|items| !items.properties().is_empty());
    let schema = object.as_ref().unwrap_or(schema);
    for (name, field) in schema.properties() {
        path.push(name.into());
        let inner = field.items().unwrap_or_else(|| field.clone());
        let has_more = !inner.properties().is_empty();
        rows.push(Row {
            path: FieldPath(path).to_string(),
            kind: shape(&field),
            required: schema.required().iter().any(|required| required == name),
            default: field.default_value().cloned(),
            allowed: allowed(&field),
            about: field.description().unwrap_or_default().to_string(),
        });
        // The spec is what most people look for, and of what they claim, what is in its maps.
        let machinery = ["claimRef", "composition", "crossplane", "resourceRef", "writeConnectionSecretToRef"];
        let goes_on = match deep {
            true => depth < DEEPEST,
            false if depth == 0 => name == "spec" && path.len() == 1,
            false => {
                depth == 1 && field.kind() == Some(Type::Object) && !machinery.iter().any(|own| name.starts_with(own))
            }
        };
        if has_more && goes_on {
            rows_of(&field, path, deep, depth + 1, rows);
        }
        path.pop();
    }
}

fn shape(field: &Schema) -> String {
    if field.is_int_or_string() {
        return "integer or string".into();
    }
    if let Some(items) = field.items() {
        return format!("list of {}", shape(&items));
    }
    match (field.kind(), field.additional()) {
        (Some(Type::Object), Some(values)) => format!("map of {}", shape(&values)),
        (Some(kind), _) => kind.name().to_string(),
        (None, _) => "anything".into(),
    }
}

fn allowed(field: &Schema) -> String {
    let mut said: Vec<String> = field.choices().iter().map(plain).collect();
    if !said.is_empty() {
        return said.join("|");
    }
    let bounds = field.bounds();
    let range = |least: Option<String>, most: Option<String>| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("{least} or more")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    said.extend(range(bounds.minimum.map(|n| n.to_string()), bounds.maximum.map(|n| n.to_string())));
    let counts = [
        (bounds.min_length, bounds.max_length, "signs"),
        (bounds.min_items, bounds.max_items, "elements"),
        (bounds.min_properties, bounds.max_properties, "keys"),
    ];
    for (least, most, what) in counts {
        let found = range(least.map(|n| n.to_string()), most.map(|n| n.to_string()));
        said.extend(found.map(|range| format!("{range} {what}")));
    }
    said.extend(bounds.pattern.map(str::to_string));
    said.extend(field.format().map(str::to_string));
    said.join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn import(global: &Global, args: &ImportArgs) -> Result<Exit> {
    let config = global.config()?;
    let here = current_folder()?;
    let mut documents = Vec::new();
    for path in &args.paths {
        if path.to_string_lossy().contains("://") {
            let error = Error::invalid("idp::schema::import", format!("{} is a URL", path.display()));
            return Err(error.help("download it first and look at it: what is imported decides what may be committed"));
        }
        let texts = match path.to_str() {
            Some("-") => vec![(input::NAME.to_string(), input::text("idp::schema::import")?)],
            _ => texts(&here.join(path), &path.display().to_string())?,
        };
        for (name, text) in texts {
            documents.extend(yaml::parse(&name, &text)?);
        }
    }
    let found = definitions_of(&documents)?;
    if found.is_empty() {
        let error = Error::invalid("idp::schema::import", "there is nothing to import: no file defines a kind");
        return Err(error.help("CustomResourceDefinitions and CompositeResourceDefinitions can be imported"));
    }
    let mut laid = Vec::new();
    for (file, text) in &found {
        laid.push((file, text, state(&config.root, file, text, args.replace)?));
    }
    for (file, text, state) in &laid {
        if *state != "unchanged" {
            write(&config.root, file, text)?;
        }
    }
    let options = global.options(false);
    if options.format == Format::Json {
        output::records(
            &options,
            laid.iter().map(|(file, _, state)| json!({ "type": "file", "path": file, "is": state })),
        );
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(["FILE", ""]);
    for (file, _, state) in laid {
        table.row([file.as_str(), state]);
    }
    output::table(&options, &table);
    Ok(Exit::Ok)
}

/// The definitions of documents and of the lists in them, each with the file that it goes to. Those that an API server
/// would refuse aren't taken.
fn definitions_of(documents: &[Document]) -> Result<Vec<(String, String)>> {
    let mut parts = Vec::new();
    for document in documents {
        let found = lists::of(&document.value);
        if let Some((path, why)) = found.odd.into_iter().next() {
            let error = Error::invalid("idp::schema::import", why).at(document.place(&path));
            return Err(error.help("`kubectl get crd,xrd -o json` writes a list as it should be"));
        }
        let defining = found.objects.into_iter().filter(|part| definitions::is_one(&part.value));
        parts.extend(defining.map(|part| (document, part)));
    }
    let name = |value: &Value| value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let composite = |kind: &Value| kind == "CompositeResourceDefinition";
    let xrds: Vec<String> =
        parts.iter().filter(|(_, part)| composite(&part.value["kind"])).map(|(_, part)| name(&part.value)).collect();
    let mut found = Vec::new();
    for (document, part) in &parts {
        // What Crossplane made of a definition that is here says the same.
        let owners = part.value["metadata"]["ownerReferences"].as_array().into_iter().flatten();
        let made = |owner: &Value| composite(&owner["kind"]) && xrds.iter().any(|xrd| owner["name"] == xrd.as_str());
        if !composite(&part.value["kind"]) && owners.into_iter().any(made) {
            continue;
        }
        let kinds = definitions::kinds(document, part)?;
        if let [fault, others @ ..] = definitions::faults(&part.value).as_slice() {
            let more = if others.is_empty() { String::new() } else { format!(" ({} more like that)", others.len()) };
            let whole: Vec<Step> = part.path.iter().chain(&fault.path).cloned().collect();
            let message = format!("an API server refuses the definition {}: {fault}{more}", name(&part.value));
            let error = Error::invalid("idp::schema::definition", message).at(document.place(&whole));
            return Err(error.help("mend it first; `idp-run audit FILE` tells all that is wrong; nothing was imported"));
        }
        found.extend(kinds.first().map(|kind| (file_name(kind), cleaned(&part.value))));
    }
    Ok(found)
}

fn file_name(definition: &Definition) -> String {
    format!("{}/{}.{}.yaml", workspace::FOLDER, definition.plural, definition.group)
}

/// A definition without what a cluster adds to it.
fn cleaned(definition: &Value) -> String {
    let mut value = definition.clone();
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("status");
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in ["creationTimestamp", "generation", "managedFields", "ownerReferences", "resourceVersion", "uid"] {
            metadata.shift_remove(key);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    yaml::render(&value)
}

/// The YAML and JSON files of a path, by the names that people gave.
fn texts(path: &Path, shown: &str) -> Result<Vec<(String, String)>> {
    let unreadable = |error: std::io::Error| {
        Error::invalid("idp::schema::import", format!("can't read {shown}: {error}")).at(Place::file(shown))
    };
    if !path.is_dir() {
        return Ok(vec![(shown.to_string(), file::read_text(path).map_err(unreadable)?)]);
    }
    let mut names: Vec<_> = std::fs::read_dir(path).map_err(unreadable)?.flatten().map(|e| e.file_name()).collect();
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let (inner, name) = (path.join(&name), name.to_string_lossy().into_owned());
        let shown = format!("{}/{name}", shown.trim_end_matches('/'));
        let is_link = inner.symlink_metadata().is_ok_and(|data| data.is_symlink());
        if inner.is_dir() && !is_link && !name.starts_with('.') {
            found.extend(texts(&inner, &shown)?);
        } else if inner.is_file() && objects::may_hold(&name) {
            let text = file::read_text(&inner).map_err(unreadable)?;
            // Other files of a folder are none of our business, whole or not.
            if text.contains("ResourceDefinition") {
                found.push((shown, text));
            }
        }
    }
    Ok(found)
}

/// What becomes of a file: `new`, `unchanged` or `replaced`.
fn state(root: &Path, file: &str, text: &str, replace: bool) -> Result<&'static str> {
    let path = root.join(file);
    if !file::stays_inside(root, &path) {
        return Err(Error::invalid("idp::schema::import", format!("{file} leads out of the workspace by a link")));
    }
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok("new"),
        Err(error) => Err(io("read", &path)(error)),
        Ok(there) if there == text => Ok("unchanged"),
        Ok(_) if replace => Ok("replaced"),
        Ok(_) => Err(Error::invalid("idp::schema::import", format!("{file} is there and says something else"))
            .at(Place::file(file))
            .help("--replace writes over it; nothing was imported")),
    }
}

fn write(root: &Path, file: &str, text: &str) -> Result<()> {
    let path = root.join(file);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    }
    std::fs::write(&path, text).map_err(io("write", &path))
}
