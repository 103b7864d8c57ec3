//! Edits of kustomizations in a tree: everything else in the file stays as it is, to the byte.

use rhai::NativeCallContext;
use rhai::plugin::*;

use super::options::{CallOptions, OptionSpec, Takes};
use super::tree::Tree;
use crate::bridge::{RhaiResultOf, run_of, throw};
use crate::error::Result;
use crate::world::change::File;

/// Of `tree.set_image(file, image, options)`.
pub const SET_IMAGE: CallOptions = CallOptions {
    function: "set_image",
    on: "Tree",
    arguments: 3,
    known: &[
        OptionSpec::new("tag", Takes::Text, "the tag; it takes a digest away"),
        OptionSpec::new("digest", Takes::Text, "the digest, such as `sha256:...`; it takes a tag away"),
        OptionSpec::new("name", Takes::Text, "another name, such as that of a mirror"),
    ],
    open: false,
};

fn edited(
    ctx: &NativeCallContext,
    tree: &Tree,
    file: &str,
    edit: impl Fn(&str) -> Result<String>,
) -> RhaiResultOf<Tree> {
    let run = run_of(ctx)?;
    let act = || {
        let text = run.wait(tree.text(&*run.world()?.forge, file))?;
        tree.write(file, File::text(edit(&text)?))
    };
    act().map_err(|error| throw(ctx, error))
}

/// Edits of kustomizations in a tree: everything else in the file stays as it is, to the byte.
#[export_module]
pub mod api {
    use rhai::{Dynamic, Map, NativeCallContext};

    use super::edited;
    use crate::bridge::{RhaiResultOf, throw};
    use crate::error::Error;
    use crate::formats::kustomize::edit::{
        NewImage, add_patch as with_patch, add_resource as with_resource, set_image as with_image,
    };
    use crate::primitives::options::Options;
    use crate::primitives::tree::Tree;
    use crate::primitives::value;

    /// The tree with an image of a kustomization set: that which has this name in the manifests. Options are `tag`, `digest` and
    /// `name`; one of them is needed.
    ///
    /// Errors: `idp::tree::missing`, `idp::kustomize::field`, `idp::yaml::edit`, `idp::script::option`.
    ///
    /// ```rhai
    /// let files = tree().write("kustomization.yaml", "images:\n  - name: acme/api # ours\n    newTag: v1\n");
    /// print(files.set_image("kustomization.yaml", "acme/api", #{ tag: "v2" }).read("kustomization.yaml"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn set_image(
        ctx: NativeCallContext,
        tree: &mut Tree,
        file: &str,
        image: &str,
        options: Map,
    ) -> RhaiResultOf<Tree> {
        let wanted = || {
            let options = Options::of(&super::SET_IMAGE, &options)?;
            let new =
                NewImage { name: options.text("name")?, tag: options.text("tag")?, digest: options.text("digest")? };
            if new == NewImage::default() {
                let error =
                    Error::invalid("idp::script::option", "`set_image` needs one of `tag`, `digest` and `name`");
                return Err(error.help("such as `#{ tag: \"v2\" }`"));
            }
            Ok(new)
        };
        let new = wanted().map_err(|error| throw(&ctx, error))?;
        edited(&ctx, tree, file, |text| with_image(file, text, image, &new))
    }

    /// The tree with a file or folder among the resources of a kustomization, unless it is there.
    ///
    /// Errors: `idp::tree::missing`, `idp::kustomize::field`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let files = tree().write("kustomization.yaml", "resources:\n  - deployment.yaml\n");
    /// print(files.add_resource("kustomization.yaml", "service.yaml").read("kustomization.yaml"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn add_resource(ctx: NativeCallContext, tree: &mut Tree, file: &str, resource: &str) -> RhaiResultOf<Tree> {
        edited(&ctx, tree, file, |text| with_resource(file, text, resource))
    }

    /// The tree with a file among the patches of a kustomization, unless it is there.
    ///
    /// Errors: `idp::tree::missing`, `idp::kustomize::field`, `idp::yaml::edit`.
    ///
    /// ```rhai
    /// let files = tree().write("kustomization.yaml", "resources:\n  - deployment.yaml\n");
    /// print(files.add_patch("kustomization.yaml", "replicas.yaml").read("kustomization.yaml"));
    /// ```
    #[rhai_fn(global, return_raw, pure)]
    pub fn add_patch(ctx: NativeCallContext, tree: &mut Tree, file: &str, patch: &str) -> RhaiResultOf<Tree> {
        edited(&ctx, tree, file, |text| with_patch(file, text, patch, None))
    }

    /// The same for what a target selects, such as `#{ kind: "Deployment" }`.
    ///
    /// ```rhai
    /// let files = tree().write("kustomization.yaml", "resources:\n  - deployment.yaml\n");
    /// let target = #{ kind: "Deployment", name: "api" };
    /// print(files.add_patch("kustomization.yaml", "replicas.yaml", target).read("kustomization.yaml"));
    /// ```
    #[rhai_fn(global, name = "add_patch", return_raw, pure)]
    pub fn add_patch_to(
        ctx: NativeCallContext,
        tree: &mut Tree,
        file: &str,
        patch: &str,
        target: Map,
    ) -> RhaiResultOf<Tree> {
        let target = value::to_json(&Dynamic::from_map(target)).map_err(|error| throw(&ctx, error))?;
        edited(&ctx, tree, file, |text| with_patch(file, text, patch, Some(&target)))
    }
}
