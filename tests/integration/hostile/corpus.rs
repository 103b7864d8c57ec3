//! The functions of the fuzz targets over their corpus, and over random mutations of it: what a fuzzer once found stays
//! found, without a fuzzer.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::checks::TARGETS;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(texts.len() > 3, "{} has a corpus", folder.display());
    texts
}

#[test]
fn the_corpus_holds() {
    for (target, check) in TARGETS {
        for text in corpus(target) {
            check(&text);
        }
    }
}

#[test]
fn mutations_of_the_corpus_hold() {
    for (target, check) in TARGETS {
        let texts = corpus(target);
        // Always the same ones: a failure must be there again. The fuzzer is for new ones.
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let config = Config { cases: 300, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        let one = prop::sample::select(texts);
        let mutated =
            (one.clone(), one, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4u8);
        TestRunner::new_with_rng(config, rng)
            .run(&mutated, |(mut text, other, from, to, byte, how)| {
                let at = if text.is_empty() { 0 } else { from.index(text.len()) };
                let end = if other.is_empty() { 0 } else { to.index(other.len()) };
                match how {
                    0 => text.truncate(at),
                    1 => text.insert(at, byte),
                    2 => drop(text.splice(at..at, other[..end].iter().copied())),
                    _ => drop(text.splice(at.., other[end..].iter().copied())),
                }
                check(&text);
                Ok(())
            })
            .unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}
