//! The root key: from the environment, or made at first start and kept in the data directory.
//!
//! It is printed once, when it is made, and never again.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use drawbridge_policy::endpoint::Secret;

use crate::settings::{LEAST_SECRET_LENGTH, Settings};

const FILE: &str = "root.key";

/// The root key that this gateway obeys.
pub(super) fn of(settings: &Settings) -> anyhow::Result<Secret> {
    if let Some(key) = &settings.root_key {
        return Ok(key.clone());
    }
    let path = settings.data_dir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= LEAST_SECRET_LENGTH => Ok(Secret::new(text.trim())),
        Ok(_) => bail!(
            "the root key in {} has fewer than {LEAST_SECRET_LENGTH} characters: remove the file to have a new one made",
            path.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
        Err(error) => Err(error).with_context(|| format!("read the root key {}", path.display())),
    }
}

fn make(path: &Path) -> anyhow::Result<Secret> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("get randomness for the root key")?;
    let key = format!("dbroot_{}", BASE64_URL_SAFE_NO_PAD.encode(random));
    write_private(path, &key).with_context(|| format!("write the root key {}", path.display()))?;
    crate::cli::output::note(&format!(
        "root key, shown this once and kept in {}:\n  {key}",
        path.display()
    ));
    Ok(Secret::new(key))
}

/// Writes a new file that only its owner can read.
pub(super) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}
