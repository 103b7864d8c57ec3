//! URLs of repositories, in the form in which projects compare them: argo-cd's `NormalizeGitURL`.

/// A URL in lower case, without `ssh://` and `.git`, and with a slash where SSH has a colon. Empty for what is no URL.
pub fn normalized(url: &str) -> String {
    let mut url = url.trim().to_lowercase();
    if is_ssh(&url) && !url.starts_with("ssh://") {
        url = url.replacen(':', "/", 1);
        url.insert_str(0, "ssh://");
    }
    let url = url.strip_suffix(".git").unwrap_or(&url);
    let parsed = parsed(url).unwrap_or_default();
    parsed.strip_prefix("ssh://").map(str::to_owned).unwrap_or(parsed)
}

/// `git@host:path`, or the same with `ssh://` before it.
fn is_ssh(url: &str) -> bool {
    let rest = url.strip_prefix("ssh://").unwrap_or(url);
    rest.split_once('@')
        .is_some_and(|(user, host)| !user.contains(['/', ':']) && !host.is_empty() && !host.contains('@'))
}

/// The URL as Go writes it after reading it; nothing if Go doesn't read it.
fn parsed(url: &str) -> Option<String> {
    if url.chars().any(char::is_control) {
        return None;
    }
    let Some((scheme, rest)) = url.split_once("://") else { return Some(path(url)) };
    let (authority, rest) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let has_port = |(_, port): (&str, &str)| port.chars().all(|c| c.is_ascii_digit());
    let is_host = !host.contains(' ') && (host.starts_with('[') || host.rsplit_once(':').is_none_or(has_port));
    is_host.then(|| format!("{scheme}://{authority}{}", path(rest)))
}

/// A path as Go escapes it: not at all, unless it has a sign that no path may have.
fn path(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~$&+,/:;=@".contains(c);
    let may_stay = |c: char| is_plain(c) || "!'()*[]%?#".contains(c);
    if path.chars().all(may_stay) {
        return path.to_owned();
    }
    let mut out = String::new();
    for byte in path.bytes() {
        if is_plain(byte as char) { out.push(byte as char) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn forms_of_one_url_are_the_same() {
        assert_eq!(normalized(" HTTPS://GitHub.com/Acme/App.git "), "https://github.com/acme/app");
        assert_eq!(normalized("git@github.com:acme/app.git"), "git@github.com/acme/app");
        assert_eq!(normalized("ssh://git@github.com/acme/app"), "git@github.com/acme/app");
        assert_eq!(normalized("https://h/g/*"), "https://h/g/*");
        assert_eq!(normalized("ssh://git@github.com:acme/app"), "");
    }
}
