//! What upstream's own tests say of references (distribution/reference v0.6: `reference_test.go`, `normalize_test.go`).

use proptest::prelude::*;

use super::*;

fn f(count: usize) -> String {
    "f".repeat(count)
}

/// A reference with its registry, repository, tag and digest.
type Parts<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>);

#[test]
fn registries_repositories_tags_and_digests_are_told_apart() {
    let sha256 = format!("sha256:{}", f(64));
    let sha512 = format!("sha512:{}", f(128));
    let long = format!("{}a", "a/".repeat(126));
    let longest = "a".repeat(255);
    let cases: &[Parts] = &[
        ("test_com", "docker.io", "library/test_com", None, None),
        ("test.com:tag", "docker.io", "library/test.com", Some("tag"), None),
        ("test.com:5000", "docker.io", "library/test.com", Some("5000"), None),
        ("test.com/repo:tag", "test.com", "repo", Some("tag"), None),
        ("test:5000/repo", "test:5000", "repo", None, None),
        ("test:5000/repo:tag", "test:5000", "repo", Some("tag"), None),
        (&format!("test:5000/repo@{sha256}"), "test:5000", "repo", None, Some(&sha256)),
        (&format!("test:5000/repo:tag@{sha256}"), "test:5000", "repo", Some("tag"), Some(&sha256)),
        ("lowercase:Uppercase", "docker.io", "library/lowercase", Some("Uppercase"), None),
        (&format!("{long}:over"), "docker.io", &long, Some("over"), None),
        ("sub-dom1.foo.com/bar/baz/quux", "sub-dom1.foo.com", "bar/baz/quux", None, None),
        (
            "sub-dom1.foo.com/bar/baz/quux:some-long-tag",
            "sub-dom1.foo.com",
            "bar/baz/quux",
            Some("some-long-tag"),
            None,
        ),
        (
            "b.gcr.io/test.example.com/my-app:test.example.com",
            "b.gcr.io",
            "test.example.com/my-app",
            Some("test.example.com"),
            None,
        ),
        ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", Some("xn--n3h.com"), None),
        (&format!("xn--7o8h.com/myimage:t@{sha512}"), "xn--7o8h.com", "myimage", Some("t"), Some(&sha512)),
        ("foo_bar.com:8080", "docker.io", "library/foo_bar.com", Some("8080"), None),
        ("foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", Some("8080"), None),
        ("192.168.1.1", "docker.io", "library/192.168.1.1", None, None),
        ("192.168.1.1:5000", "docker.io", "library/192.168.1.1", Some("5000"), None),
        ("192.168.1.1:5000/repo:5050", "192.168.1.1:5000", "repo", Some("5050"), None),
        ("[2001:db8::1]/repo", "[2001:db8::1]", "repo", None, None),
        ("[2001:db8:1:2:3:4:5:6]/repo:tag", "[2001:db8:1:2:3:4:5:6]", "repo", Some("tag"), None),
        ("[2001:db8::1]:5000/repo:tag", "[2001:db8::1]:5000", "repo", Some("tag"), None),
        ("[::1]:5000/repo", "[::1]:5000", "repo", None, None),
        (&format!("example.com/{longest}:tag"), "example.com", &longest, Some("tag"), None),
    ];
    for (text, registry, repository, tag, digest) in cases {
        let image = Image::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(image.registry, *registry, "{text}");
        assert_eq!(image.repository, *repository, "{text}");
        assert_eq!(image.tag.as_deref(), *tag, "{text}");
        assert_eq!(image.digest.as_deref(), *digest, "{text}");
    }
}

#[test]
fn what_is_left_out_is_filled_in_as_runtimes_do() {
    let cases = [
        ("localhost/fooo", "localhost/fooo"),
        ("LOCALDOMAIN/fooo/bar", "LOCALDOMAIN/fooo/bar"),
        ("fooo/bar", "docker.io/fooo/bar"),
        ("index.docker.io/fooo/bar", "docker.io/fooo/bar"),
        ("ubuntu", "docker.io/library/ubuntu"),
        ("library/ubuntu", "docker.io/library/ubuntu"),
        ("nonlibrary/ubuntu", "docker.io/nonlibrary/ubuntu"),
        ("127.0.0.1:8000/privatebase", "127.0.0.1:8000/privatebase"),
        ("index.docker.io/library/ubuntu-12.04-base", "docker.io/library/ubuntu-12.04-base"),
        ("docker.io/foo", "docker.io/library/foo"),
        ("library/foo/bar", "docker.io/library/foo/bar"),
        ("store/foo/bar", "docker.io/store/foo/bar"),
        ("Foo/bar", "Foo/bar"),
        ("busybox:latest", "docker.io/library/busybox:latest"),
    ];
    for (text, full) in cases {
        assert_eq!(Image::parse(text).map(|image| image.to_string()).as_deref(), Ok(full), "{text}");
    }
    let pulled = |text: &str| Image::parse(text).unwrap().pulled_tag().map(str::to_owned);
    assert_eq!(pulled("busybox").as_deref(), Some("latest"));
    assert_eq!(pulled("busybox:1.37").as_deref(), Some("1.37"));
    assert_eq!(pulled(&format!("busybox:1.37@sha256:{}", f(64))), None);
    assert!(!Image::parse("busybox").unwrap().names_registry);
    assert!(Image::parse("docker.io/busybox").unwrap().names_registry);
}

#[test]
fn names_that_are_no_references_are_refused() {
    let id = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a";
    let bad = [
        "",
        ":justtag",
        &format!("@sha256:{}", f(64)),
        &format!("repo@sha256:{}", f(34)),
        &format!("validname@invaliddigest:{}", f(64)),
        "Uppercase:tag",
        "test:5000/Uppercase/lowercase:tag",
        &format!("domain/{}:tag", "a".repeat(256)),
        "aa/asdf$$^/aa",
        "[2001:db8::1]",
        "[2001:db8::1]:5000",
        "[2001:db8::1]:tag",
        "[fe80::1%eth0]:5000/repo",
        "[fe80::1%@invalidzone]:5000/repo",
        "https://github.com/docker/docker",
        "docker/Docker",
        "-docker",
        "-docker.io/docker/docker",
        "docker///docker",
        "docker.io/docker///docker",
        "fc00::1:5000/debian",
        "[2001:db8:3:4::192.0.2.33]:5000/debian",
        id,
        "docker-/docker",
        "____/____",
        "_docker/_docker",
        "dock..er/docker",
        "dock_.er/docker",
        "dock-.er/docker",
        "docker/",
        "app:-foo",
        "app:",
        "app@foo",
        "${{ values.image }}",
        "app:1 ",
    ];
    for text in bad {
        assert!(Image::parse(text).is_err(), "{text} was taken");
    }
    for text in ["doc__ker/docker", "docker---rules/docker", "d/docker", &format!("docker.io/{id}"), "DOCKER/docker"] {
        assert!(Image::parse(text).is_ok(), "{text} was refused");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "[a-zA-Z0-9.:/@_\\-\\[\\]é%]{0,80}") {
        let _ = Image::parse(&text);
    }

    #[test]
    fn what_is_printed_is_read_as_the_same(text in "([a-z0-9.-]{1,8}(:[0-9]{2})?/)?[a-z0-9._/-]{1,20}(:[a-z0-9.]{1,5})?") {
        if let Ok(image) = Image::parse(&text) {
            let printed = image.to_string();
            let again = Image::parse(&printed).unwrap();
            prop_assert_eq!(again.to_string(), printed);
        }
    }
}
