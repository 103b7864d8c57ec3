//! References to images in scripts.

use rhai::plugin::*;

/// References to container images, read as container runtimes read them.
#[export_module]
pub mod api {
    use rhai::{Dynamic, ImmutableString, NativeCallContext};

    use crate::bridge::{RhaiResultOf, throw};
    use crate::error::Error;

    /// A reference to an image. What it leaves out is filled in where that says from where it is pulled, and is `()`
    /// where it says what: `nginx` is in the registry `docker.io`, the repository `library/nginx`, and has no tag.
    pub type Image = crate::formats::image::Image;

    fn text(of: Option<&str>) -> Dynamic {
        of.map_or(Dynamic::UNIT, Into::into)
    }

    /// The parts of a reference to an image.
    ///
    /// Errors: `idp::image::reference`.
    ///
    /// ```rhai
    /// let image = image("ghcr.io/acme/api:1.4.2");
    /// print(`${image.registry} has ${image.repository}`);
    /// ```
    #[rhai_fn(return_raw)]
    pub fn image(ctx: NativeCallContext, reference: &str) -> RhaiResultOf<Image> {
        Image::parse(reference).map_err(|wrong| {
            let shown: String = reference.chars().take(200).collect();
            let error =
                Error::invalid("idp::image::reference", format!("`{shown}` is no reference to an image: {wrong}"));
            throw(&ctx, error.help("write [REGISTRY/]REPOSITORY[:TAG][@DIGEST], such as `ghcr.io/acme/api:1.4.2`"))
        })
    }

    /// The registry that it is pulled from; `docker.io` if none is written.
    ///
    /// ```rhai
    /// print(image("nginx").registry);
    /// ```
    #[rhai_fn(global, get = "registry", pure)]
    pub fn registry(image: &mut Image) -> ImmutableString {
        image.registry.as_str().into()
    }

    /// The repository in its registry; with `library/` where Docker Hub adds that.
    ///
    /// ```rhai
    /// print(image("ghcr.io/acme/api:1.4.2").repository);
    /// ```
    #[rhai_fn(global, get = "repository", pure)]
    pub fn repository(image: &mut Image) -> ImmutableString {
        image.repository.as_str().into()
    }

    /// The tag that is written; `()` if there is none, although `latest` is pulled then.
    ///
    /// ```rhai
    /// print(image("nginx").tag ?? "none");
    /// ```
    #[rhai_fn(global, get = "tag", pure)]
    pub fn tag(image: &mut Image) -> Dynamic {
        text(image.tag.as_deref())
    }

    /// The digest that is written, such as `sha256:9f2c…`; `()` if there is none.
    ///
    /// ```rhai
    /// print(image("nginx:1.29").digest ?? "none");
    /// ```
    #[rhai_fn(global, get = "digest", pure)]
    pub fn digest(image: &mut Image) -> Dynamic {
        text(image.digest.as_deref())
    }

    /// The tag that is pulled: `latest` if neither tag nor digest is written; `()` if a digest says what is pulled.
    ///
    /// ```rhai
    /// print(image("nginx").pulled_tag);
    /// ```
    #[rhai_fn(global, get = "pulled_tag", pure)]
    pub fn pulled_tag(image: &mut Image) -> Dynamic {
        text(image.pulled_tag())
    }

    /// Whether the reference names its registry.
    ///
    /// ```rhai
    /// print(image("nginx").names_registry);
    /// ```
    #[rhai_fn(global, get = "names_registry", pure)]
    pub fn names_registry(image: &mut Image) -> bool {
        image.names_registry
    }

    /// The reference with registry and repository in full.
    ///
    /// ```rhai
    /// print(image("nginx:1.29").to_string());
    /// ```
    #[rhai_fn(global, name = "to_string", name = "to_debug", pure)]
    pub fn to_string(image: &mut Image) -> ImmutableString {
        image.to_string().into()
    }
}
