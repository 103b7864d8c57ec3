//! The list of elements in an ApplicationSet file: read, ensured and deleted by a key field, as lossless YAML edits.
//! List generators are found where Argo CD has them: in `spec.generators`, also inside matrix and merge generators.

mod render;

use rhai::plugin::*;
use serde_json::Value;

use crate::error::{Error, Place, Result};
use crate::formats::yaml::{self, Edit, Step};
use crate::primitives::tree::Tree;

/// An ApplicationSet in a file of a tree.
#[derive(Debug, Clone)]
pub struct AppSet {
    tree: Tree,
    path: String,
    text: String,
    document: usize,
    value: Value,
}

impl AppSet {
    /// The ApplicationSet in a file's text; the first, if the file holds several objects.
    pub fn parse(tree: Tree, path: &str, text: String) -> Result<AppSet> {
        let documents = yaml::parse(path, &text)?;
        let found = documents
            .into_iter()
            .enumerate()
            .find(|(_, document)| document.value.get("kind").and_then(Value::as_str) == Some("ApplicationSet"));
        match found {
            Some((at, document)) => {
                Ok(AppSet { tree, path: path.to_string(), text, document: at, value: document.value })
            }
            None => {
                Err(Error::failed("idp::appset::missing", format!("{path} holds no ApplicationSet"))
                    .at(Place::file(path)))
            }
        }
    }

    /// The paths of all lists of elements, with their elements.
    fn lists(&self) -> Vec<(Vec<Step>, &Vec<Value>)> {
        let mut found = Vec::new();
        let mut todo = vec![(vec![Step::Key("spec".into())], self.value.get("spec"))];
        while let Some((path, at)) = todo.pop() {
            let generators = at.and_then(|at| at.get("generators")).and_then(Value::as_array);
            for (index, generator) in generators.into_iter().flatten().enumerate() {
                let below = |names: &[&str]| {
                    let mut path = path.clone();
                    path.extend([Step::Key("generators".into()), Step::Index(index)]);
                    path.extend(names.iter().map(|name| Step::Key((*name).to_string())));
                    path
                };
                if let Some(elements) = generator.pointer("/list/elements").and_then(Value::as_array) {
                    found.push((below(&["list", "elements"]), elements));
                }
                for kind in ["matrix", "merge"] {
                    if generator.get(kind).is_some() {
                        todo.push((below(&[kind]), generator.get(kind)));
                    }
                }
            }
        }
        found
    }

    /// The list whose elements carry the key field; the only empty one, if none does.
    fn list(&self, by: &str) -> Result<(Vec<Step>, &Vec<Value>)> {
        let lists = self.lists();
        let fits = |list: &Vec<Value>| !list.is_empty() && list.iter().all(|element| element.get(by).is_some());
        let mut candidates: Vec<_> = lists.iter().filter(|(_, list)| fits(list)).collect();
        if candidates.is_empty() {
            candidates = lists.iter().filter(|(_, list)| list.is_empty()).collect();
        }
        match candidates.as_slice() {
            [(path, list)] => Ok((path.clone(), list)),
            [] => Err(Error::failed(
                "idp::appset::list",
                format!("{} has no list whose elements carry `{by}`", self.path),
            )
            .help("add a list generator with `elements: []` to it")
            .at(Place::file(&self.path))),
            _ => Err(Error::failed(
                "idp::appset::list",
                format!("{} has several lists whose elements carry `{by}`", self.path),
            )
            .help("name the field that only the right list's elements carry")
            .at(Place::file(&self.path))),
        }
    }

    /// The elements of the list whose elements carry the key field.
    pub fn elements(&self, by: &str) -> Result<&Vec<Value>> {
        Ok(self.list(by)?.1)
    }

    /// The tree with an element added, or with those fields of the one with the same key that differ set.
    pub fn ensure(&self, by: &str, element: &Value) -> Result<Tree> {
        let wanted = element
            .get(by)
            .ok_or_else(|| Error::invalid("idp::appset::key", format!("the element has no field `{by}`")))?;
        let (path, list) = self.list(by)?;
        let edits: Vec<Edit> = match list.iter().position(|there| there.get(by) == Some(wanted)) {
            None => vec![Edit::Append { path, value: ordered(element, by, list.first()) }],
            Some(at) => {
                let fields = element.as_object().into_iter().flatten();
                fields
                    .filter(|(name, value)| list[at].get(name.as_str()) != Some(value))
                    .map(|(name, value)| {
                        let mut path = path.clone();
                        path.extend([Step::Index(at), Step::Key(name.clone())]);
                        Edit::Set { path, value: value.clone() }
                    })
                    .collect()
            }
        };
        self.edited(&edits)
    }

    /// The tree without the element that has this key; the same tree if there is none.
    pub fn delete(&self, by: &str, key: &Value) -> Result<Tree> {
        let (mut path, list) = self.list(by)?;
        match list.iter().position(|there| there.get(by) == Some(key)) {
            None => Ok(self.tree.clone()),
            Some(at) => {
                path.push(Step::Index(at));
                self.edited(&[Edit::Remove { path }])
            }
        }
    }

    fn edited(&self, edits: &[Edit]) -> Result<Tree> {
        if edits.is_empty() {
            return Ok(self.tree.clone());
        }
        let text = yaml::edit_all(&self.path, &self.text, self.document, edits)?;
        self.tree.write(&self.path, crate::world::change::File::text(text))
    }
}

/// The fields in the order of an element that is there; without one, the key field first. Maps of scripts have none.
fn ordered(element: &Value, by: &str, example: Option<&Value>) -> Value {
    let Some(fields) = element.as_object() else { return element.clone() };
    let known: Vec<&String> = example.and_then(Value::as_object).into_iter().flat_map(|map| map.keys()).collect();
    let mut names: Vec<&String> = fields.keys().collect();
    names
        .sort_by_key(|name| (known.iter().position(|known| known == name).unwrap_or(known.len()), name.as_str() != by));
    Value::Object(names.into_iter().map(|name| (name.clone(), fields[name].clone())).collect())
}

/// ApplicationSets: the list of elements of a list generator, edited without touching the rest of the file, and the
/// Applications that come of it.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, Map, NativeCallContext};

    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::primitives::manifest::Manifest;
    use crate::primitives::tree::Tree;
    use crate::primitives::value;

    /// The ApplicationSet of a file, for its lists of elements.
    pub type AppSet = super::AppSet;

    /// The ApplicationSet in a file of the tree.
    ///
    /// Errors: `idp::appset::missing`, `idp::tree::missing`, `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// let set = repo("platform-gitops").tree("main").appset("argocd/orders.yaml");
    /// print(set.list("service").len);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn appset(ctx: NativeCallContext, tree: &mut Tree, path: &str) -> RhaiResultOf<AppSet> {
        let run = run_of(&ctx)?;
        let act = || AppSet::parse(tree.clone(), path, run.wait(tree.text(&*run.world()?.forge, path))?);
        act().map_err(|error| throw(&ctx, error))
    }

    /// The elements of the list whose elements carry this field.
    ///
    /// Errors: `idp::appset::list`.
    ///
    /// ```rhai
    /// let set = repo("platform-gitops").tree("main").appset("argocd/orders.yaml");
    /// for element in set.list("service") { print(element.service); }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn list(ctx: NativeCallContext, set: &mut AppSet, by: &str) -> RhaiResultOf<Array> {
        let elements = set.elements(by).map_err(|error| throw(&ctx, error))?;
        Ok(elements.iter().map(value::from_json).collect())
    }

    /// The tree with an element in the list, found by the field `by`: added at the end, or its fields set where they
    /// differ. Everything else in the file stays as it is.
    ///
    /// Errors: `idp::appset::key`, `idp::appset::list`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let tree = repo("platform-gitops").tree("main");
    /// let tree = tree.appset("argocd/orders.yaml").ensure("service", #{ service: "returns", component: "orders-returns" });
    /// print(tree.appset("argocd/orders.yaml").list("service").len);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn ensure(ctx: NativeCallContext, set: &mut AppSet, by: &str, element: Map) -> RhaiResultOf<Tree> {
        let act = || set.ensure(by, &value::to_json(&Dynamic::from_map(element))?);
        act().map_err(|error| throw(&ctx, error))
    }

    /// The tree without the element whose field `by` has this value.
    ///
    /// Errors: `idp::appset::list`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let tree = repo("platform-gitops").tree("main");
    /// let tree = tree.appset("argocd/orders.yaml").delete("service", "stock");
    /// print(tree.appset("argocd/orders.yaml").list("service").len);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn delete(ctx: NativeCallContext, set: &mut AppSet, by: &str, key: Dynamic) -> RhaiResultOf<Tree> {
        let act = || set.delete(by, &value::to_json(&key)?);
        act().map_err(|error| throw(&ctx, error))
    }

    /// The Applications that the ApplicationSet generates, as manifests, with the edits of the tree in place. Generators are
    /// answered by the forge's repositories and by the Secrets of clusters.
    ///
    /// Errors: `idp::appset::render`.
    ///
    /// ```rhai
    /// let set = repo("platform-gitops").tree("main").appset("argocd/orders.yaml");
    /// for application in set.render() { print(`${application.name}: ${application.spec.source.path}`); }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn render(ctx: NativeCallContext, set: &mut AppSet) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || run.wait(set.render(run.world()?));
        let applications = act().map_err(|error| throw(&ctx, error))?;
        Ok(applications.into_iter().map(|value| Dynamic::from(Manifest::of(value))).collect())
    }
}
