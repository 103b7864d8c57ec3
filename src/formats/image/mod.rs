//! References to container images, as container runtimes read them: the grammar of github.com/distribution/reference
//! v0.6 (`regexp.go`, `normalize.go`). The `image` primitive calls it.

#[cfg(test)]
mod tests;

/// The registry of what names none.
const DEFAULT_REGISTRY: &str = "docker.io";
/// What Docker Hub was called, and still answers to.
const OLD_REGISTRY: &str = "index.docker.io";
/// Where Docker Hub keeps what has no owner.
const OFFICIAL: &str = "library/";
/// The tag that a runtime takes if there is neither tag nor digest.
const DEFAULT_TAG: &str = "latest";
/// The longest repository.
const LONGEST: usize = 255;

/// A reference to an image, with what it leaves out told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The registry that it is pulled from: `docker.io` if none is written.
    pub registry: String,
    /// The repository in it, with `library/` where Docker Hub adds that.
    pub repository: String,
    /// The tag, if it is written.
    pub tag: Option<String>,
    /// The digest, if it is written.
    pub digest: Option<String>,
    /// Whether the registry is written.
    pub names_registry: bool,
}

impl Image {
    /// Reads a reference.
    ///
    /// # Errors
    /// Says in half a sentence what is wrong with it.
    pub fn parse(text: &str) -> Result<Image, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.len() == 64 && is_lower_hex(text) {
            return Err("64 hexadecimal digits are an image's id, not its name");
        }
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (registry, rest) = split(name);
        // A colon behind the last slash begins the tag; those of ports stand before it.
        let (path, tag) = match rest.rsplit_once(':') {
            Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
            _ => (rest, None),
        };
        if path.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("the repository must be in lower case");
        }
        let path = match registry {
            None | Some(DEFAULT_REGISTRY | OLD_REGISTRY) if !path.contains('/') => format!("{OFFICIAL}{path}"),
            _ => path.to_owned(),
        };
        if !path.split('/').all(is_component) {
            return Err("the repository is not made of words of a-z and 0-9, joined by ., _, __ or -, between slashes");
        }
        // The grammar takes a name such as `foo_bar.com/app` although its first part is no host's name.
        if registry.is_some_and(|registry| !is_host(registry) && !is_component(registry)) {
            return Err("the registry is not the name or address of a host");
        }
        if path.len() > LONGEST {
            return Err("the repository has more than 255 characters");
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err("the tag is not 1 to 128 of a-z, A-Z, 0-9, _, . and -, and doesn't begin with . or -");
        }
        if let Some(digest) = digest {
            check_digest(digest)?;
        }
        Ok(Image {
            registry: match registry {
                None | Some(OLD_REGISTRY) => DEFAULT_REGISTRY.to_owned(),
                Some(registry) => registry.to_owned(),
            },
            repository: path,
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
            names_registry: registry.is_some(),
        })
    }

    /// The tag that is pulled: none if a digest says what is pulled, `latest` if nothing does.
    pub fn pulled_tag(&self) -> Option<&str> {
        match (&self.digest, &self.tag) {
            (Some(_), _) => None,
            (None, Some(tag)) => Some(tag),
            (None, None) => Some(DEFAULT_TAG),
        }
    }
}

/// With registry and repository in full, tag and digest as they are written.
impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// What is before the first slash is the registry if it can't be the first part of a repository of Docker Hub.
fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.bytes().any(|byte| byte.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, name),
    }
}

/// Words of small letters and digits between one `.`, one or two `_`, or any number of `-`.
fn is_component(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|byte| is_word(*byte)) || !bytes.last().is_some_and(|byte| is_word(*byte)) {
        return false;
    }
    let mut separators = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    separators.all(|between| matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-'))
}

/// The name or IPv4 address of a host, or an IPv6 address in brackets; then a port, if there is one.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => {
            let Some((address, after)) = inside.split_once(']') else { return false };
            if address.is_empty() || !address.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':') {
                return false;
            }
            match (after, after.strip_prefix(':')) {
                ("", _) => return true,
                (_, Some(port)) => ("", Some(port)),
                _ => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (host.is_empty() && text.starts_with('[') || host.split('.').all(is_label)) && port.is_none_or(is_port)
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= 128
        && bytes.next().is_some_and(is_word)
        && bytes.all(|byte| is_word(byte) || byte == b'.' || byte == b'-')
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// As github.com/opencontainers/go-digest v1.0 with its three algorithms.
fn check_digest(text: &str) -> Result<(), &'static str> {
    let (algorithm, digits) = text.split_once(':').ok_or("the digest is not ALGORITHM:DIGITS")?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err("the digest is none of sha256, sha384 and sha512"),
    };
    if digits.len() != length || !is_lower_hex(digits) {
        return Err("the digest has not the hexadecimal digits of its algorithm: 64 for sha256, in lower case");
    }
    Ok(())
}
