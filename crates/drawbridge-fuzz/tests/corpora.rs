//! Every committed input once more, without libFuzzer: what was found stays found.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn fuzz_folder(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz")
        .join(below)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(name: &str, target: fn(&[u8])) {
    let corpus = files(&fuzz_folder("corpus").join(name));
    assert!(!corpus.is_empty(), "fuzz/corpus/{name} is missing or empty");
    let regressions = fuzz_folder("regressions").join(name);
    // Not every target has found something.
    let regressions = if regressions.exists() {
        files(&regressions)
    } else {
        Vec::new()
    };
    for path in corpus.iter().chain(&regressions) {
        let input = fs::read(path).unwrap();
        // The panic has been reported; what is missing is whose it was.
        let outcome = catch_unwind(|| target(&input));
        assert!(outcome.is_ok(), "the input is {}", path.display());
    }
}

macro_rules! replayed {
    ($($target:ident)*) => {
        const REPLAYED: &[&str] = &[$(stringify!($target)),*];

        mod every_committed_input_is_read_alike_by {
            $(#[test]
            fn $target() {
                super::replay(stringify!($target), drawbridge_fuzz::$target);
            })*
        }
    };
}

replayed! { connection header_lists model_scan origin pattern policy_document target_path }

fn names(folder: &str) -> BTreeSet<String> {
    let names = files(&fuzz_folder(folder)).into_iter();
    names
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_target_of_libfuzzer_is_replayed() {
    let replayed: BTreeSet<String> = REPLAYED.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), replayed);
    assert_eq!(names("corpus"), replayed);
    assert!(names("regressions").is_subset(&replayed));
}
