//! Trees in scripts.

use rhai::plugin::*;
use rhai::{Array, Dynamic, Map, NativeCallContext};

use super::Tree;
use crate::bridge::{RhaiResultOf, Run, run_of, throw};
use crate::error::Result;
use crate::formats::lists;
use crate::formats::objects::{may_hold, may_say, object_of};
use crate::formats::yaml::{self, Edit};
use crate::primitives::manifest::Manifest;
use crate::world::change::File;

fn edited(ctx: &NativeCallContext, tree: &Tree, path: &str, edit: impl Fn() -> Result<Edit>) -> RhaiResultOf<Tree> {
    let run = run_of(ctx)?;
    let act = || {
        let text = run.wait(tree.text(&*run.world()?.forge, path))?;
        tree.write(path, File::text(yaml::edit(path, &text, 0, &edit()?)?))
    };
    act().map_err(|error| throw(ctx, error))
}

/// The objects of these files, as scripts see them.
fn objects_of(run: &Run, tree: &Tree, mut paths: Vec<String>) -> Result<Array> {
    paths.retain(|path| may_hold(path));
    let texts = run.wait(tree.texts(&*run.world()?.forge, &paths))?;
    let mut found = Array::new();
    for (path, text) in paths.iter().zip(&texts).filter(|(path, text)| may_say(path, text)) {
        for document in yaml::parse(path, text)? {
            for part in lists::of(&document.value).objects {
                if object_of(&part.value).is_some() {
                    let manifest = Dynamic::from(Manifest::of(part.value.into_owned()));
                    let each = Map::from([("file".into(), path.into()), ("manifest".into(), manifest)]);
                    found.push(Dynamic::from_map(each));
                }
            }
        }
    }
    Ok(found)
}

/// Trees: the files of a commit with edits on top, not written anywhere yet.
#[export_module]
pub mod api {
    use rhai::{Array, Dynamic, ImmutableString, Map, NativeCallContext};

    use super::objects_of;
    use crate::bridge::{RhaiResultOf, run_of, throw};
    use crate::error::{Error, Result};
    use crate::formats::yaml::{self, Edit};
    use crate::primitives::manifest::Manifest;
    use crate::primitives::value;
    use crate::world::change::File;

    /// The files of a commit with edits on top, or just files. Nothing is written before `commit` or `propose`; every
    /// edit returns a new tree.
    pub type Tree = super::super::Tree;

    /// An empty tree.
    ///
    /// ```rhai
    /// let files = tree().write("README.md", "# Hello\n");
    /// print(files.files().len);
    /// ```
    pub fn tree() -> Tree {
        Tree::default()
    }

    /// Whether the tree has a file.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").tree("main").has("README.md"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn has(ctx: NativeCallContext, tree: &mut Tree, path: &str) -> RhaiResultOf<bool> {
        let run = run_of(&ctx)?;
        let act = || run.wait(tree.has(&*run.world()?.forge, path));
        act().map_err(|error| throw(&ctx, error))
    }

    /// A file's text. A file that isn't there, or isn't text, is an error.
    ///
    /// Errors: `idp::tree::missing`, `idp::tree::binary`.
    ///
    /// ```rhai
    /// print(repo("platform-gitops").tree("main").read("README.md").len > 0);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn read(ctx: NativeCallContext, tree: &mut Tree, path: &str) -> RhaiResultOf<ImmutableString> {
        let run = run_of(&ctx)?;
        let act = || run.wait(tree.text(&*run.world()?.forge, path));
        act().map(Into::into).map_err(|error| throw(&ctx, error))
    }

    /// The paths of all files.
    ///
    /// ```rhai
    /// for path in repo("platform-gitops").tree("main").files() { print(path); }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn files(ctx: NativeCallContext, tree: &mut Tree) -> RhaiResultOf<Array> {
        files_under(ctx, tree, "")
    }

    /// The paths of the files under a folder.
    ///
    /// ```rhai
    /// for path in repo("platform-gitops").tree("main").files("argocd") { print(path); }
    /// ```
    #[rhai_fn(global, name = "files", return_raw, pure)]
    pub fn files_under(ctx: NativeCallContext, tree: &mut Tree, folder: &str) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let act = || run.wait(tree.files(&*run.world()?.forge, folder));
        let paths = act().map_err(|error| throw(&ctx, error))?;
        Ok(paths.into_iter().map(Dynamic::from).collect())
    }

    /// The tree with a text file written.
    ///
    /// Errors: `idp::tree::path`, `idp::tree::overlap`.
    ///
    /// ```rhai
    /// let files = tree().write("docs/index.md", "# Hello\n");
    /// print(files.read("docs/index.md"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn write(ctx: NativeCallContext, tree: &mut Tree, path: &str, text: &str) -> RhaiResultOf<Tree> {
        tree.write(path, File::text(text)).map_err(|error| throw(&ctx, error))
    }

    /// The tree with a manifest written as YAML.
    ///
    /// Errors: `idp::tree::path`, `idp::tree::overlap`.
    ///
    /// ```rhai
    /// let namespace = manifest(#{ apiVersion: "v1", kind: "Namespace", metadata: #{ name: "payments-dev-api" } });
    /// print(tree().write("namespace.yaml", namespace).read("namespace.yaml"));
    /// ```
    #[rhai_fn(global, name = "write", return_raw, pure)]
    pub fn write_manifest(
        ctx: NativeCallContext,
        tree: &mut Tree,
        path: &str,
        manifest: Manifest,
    ) -> RhaiResultOf<Tree> {
        tree.write(path, File::text(yaml::render(manifest.value()))).map_err(|error| throw(&ctx, error))
    }

    /// The tree without a file.
    ///
    /// Errors: `idp::tree::path`.
    ///
    /// ```rhai
    /// let files = tree().write("a.md", "a").remove("a.md");
    /// print(files.has("a.md"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn remove(ctx: NativeCallContext, tree: &mut Tree, path: &str) -> RhaiResultOf<Tree> {
        tree.remove(path).map_err(|error| throw(&ctx, error))
    }

    /// The tree with the files of another one on top, such as those of a template.
    ///
    /// Errors: `idp::tree::base`, `idp::tree::path`, `idp::tree::overlap`.
    ///
    /// ```rhai
    /// let files = tree().write("a.md", "a").add(tree().write("b.md", "b"));
    /// print(files.files().len);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn add(ctx: NativeCallContext, tree: &mut Tree, other: Tree) -> RhaiResultOf<Tree> {
        tree.add("", &other).map_err(|error| throw(&ctx, error))
    }

    /// The tree with the files of another one under a folder.
    ///
    /// Errors: `idp::tree::base`, `idp::tree::path`, `idp::tree::overlap`.
    ///
    /// ```rhai
    /// let files = tree().add("k8s/dev", tree().write("namespace.yaml", ""));
    /// print(files.files());
    /// ```
    #[rhai_fn(global, name = "add", return_raw, pure)]
    pub fn add_under(ctx: NativeCallContext, tree: &mut Tree, folder: &str, other: Tree) -> RhaiResultOf<Tree> {
        tree.add(folder.trim_matches('/'), &other).map_err(|error| throw(&ctx, error))
    }

    /// The first document of a YAML file as a manifest.
    ///
    /// Errors: `idp::tree::missing`, `idp::manifest::empty`, `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// let set = repo("platform-gitops").tree("main").manifest("argocd/orders.yaml");
    /// print(set.kind);
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn manifest(ctx: NativeCallContext, tree: &mut Tree, path: &str) -> RhaiResultOf<Manifest> {
        let run = run_of(&ctx)?;
        let act = || {
            let text = run.wait(tree.text(&*run.world()?.forge, path))?;
            Manifest::parse(path, &text)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// The first documents of all YAML files under a folder as manifests, by the paths of the files; a file without a
    /// document is left out. The files are read beside each other: of a forge elsewhere, that is one wait for all of
    /// them.
    ///
    /// Errors: `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// let objects = repo("platform-gitops").tree("main").manifests("argocd");
    /// for file in objects.keys() { print(objects[file].kind + " in " + file); }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn manifests(ctx: NativeCallContext, tree: &mut Tree, folder: &str) -> RhaiResultOf<Map> {
        let run = run_of(&ctx)?;
        let act = || {
            let forge = &run.world()?.forge;
            let mut paths = run.wait(tree.files(&**forge, folder))?;
            paths.retain(|path| path.ends_with(".yaml") || path.ends_with(".yml"));
            let texts = run.wait(tree.texts(&**forge, &paths))?;
            let mut found = Map::new();
            for (path, text) in paths.into_iter().zip(&texts) {
                if let Some(document) = yaml::parse(&path, text)?.into_iter().next() {
                    found.insert(path.into(), Dynamic::from(Manifest::of(document.value)));
                }
            }
            Ok(found)
        };
        act().map_err(|error| throw(&ctx, error))
    }

    /// All objects under a folder, each as `#{ file, manifest }`: of every document of its YAML and JSON files, and of every
    /// list in one. What is no object of Kubernetes is left out. The files are read beside each other.
    ///
    /// Errors: `idp::yaml::syntax`.
    ///
    /// ```rhai
    /// for each in repo("platform-gitops").tree("main").objects("argocd") {
    ///     print(`${each.manifest.kind} ${each.manifest.name} in ${each.file}`);
    /// }
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn objects(ctx: NativeCallContext, tree: &mut Tree, folder: &str) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let paths = run.world().and_then(|world| run.wait(tree.files(&*world.forge, folder)));
        let found = paths.and_then(|paths| objects_of(&run, tree, paths));
        found.map_err(|error| throw(&ctx, error))
    }

    /// The same of these files alone: those of a list of paths.
    ///
    /// Errors: `idp::tree::missing`, `idp::yaml::syntax`, `idp::script::data`.
    ///
    /// ```rhai
    /// let platform = repo("platform-gitops").tree("main");
    /// let files = platform.files("argocd").filter(|file| file.contains("orders"));
    /// print(platform.objects(files).len);
    /// ```
    #[rhai_fn(global, name = "objects", return_raw, pure)]
    pub fn objects_in(ctx: NativeCallContext, tree: &mut Tree, files: Array) -> RhaiResultOf<Array> {
        let run = run_of(&ctx)?;
        let path = |file: Dynamic| {
            let wrong =
                |is: &str| Error::invalid("idp::script::data", format!("files are named by texts, and one is {is}"));
            file.into_string().map_err(wrong)
        };
        let paths: Result<Vec<String>> = files.into_iter().map(path).collect();
        paths.and_then(|paths| objects_of(&run, tree, paths)).map_err(|error| throw(&ctx, error))
    }

    /// The tree with one value of a YAML file set, by its path; everything else in the file stays as it is, to the
    /// byte. An edit that can't be made exactly is refused.
    ///
    /// Errors: `idp::tree::missing`, `idp::yaml::path`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let files = tree().write("a.yaml", "spec:\n  replicas: 1 # few\n").set("a.yaml", "spec.replicas", 3);
    /// print(files.read("a.yaml"));
    /// ```
    #[rhai_fn(global, name = "set", return_raw, pure)]
    pub fn set_value(
        ctx: NativeCallContext,
        tree: &mut Tree,
        path: &str,
        at: &str,
        value: Dynamic,
    ) -> RhaiResultOf<Tree> {
        let edit = || -> Result<Edit> { Ok(Edit::Set { path: yaml::parse_path(at)?, value: value::to_json(&value)? }) };
        super::edited(&ctx, tree, path, edit)
    }

    /// The tree with an element appended to a list of a YAML file, by the list's path.
    ///
    /// Errors: `idp::tree::missing`, `idp::yaml::path`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let files = tree().write("k.yaml", "resources:\n- a.yaml\n").append("k.yaml", "resources", "b.yaml");
    /// print(files.read("k.yaml"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn append(ctx: NativeCallContext, tree: &mut Tree, path: &str, at: &str, value: Dynamic) -> RhaiResultOf<Tree> {
        let edit =
            || -> Result<Edit> { Ok(Edit::Append { path: yaml::parse_path(at)?, value: value::to_json(&value)? }) };
        super::edited(&ctx, tree, path, edit)
    }

    /// The tree with one value of a YAML file removed, by its path.
    ///
    /// Errors: `idp::tree::missing`, `idp::yaml::path`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let files = tree().write("a.yaml", "a: 1\nb: 2\n").unset("a.yaml", "b");
    /// print(files.read("a.yaml"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn unset(ctx: NativeCallContext, tree: &mut Tree, path: &str, at: &str) -> RhaiResultOf<Tree> {
        super::edited(&ctx, tree, path, || Ok(Edit::Remove { path: yaml::parse_path(at)? }))
    }
}
