//! The file that holds the master key's text.
//!
//! It is made once, whole or not at all, for its owner alone. It must never be made anew beside a database: what that
//! holds would be lost.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::data_dir;
use crate::error::{Cause, StoreError};
use crate::key::MasterKey;

const LEAST_LENGTH: usize = 32;

impl MasterKey {
    /// The key in the file at `path`, made with 256 random bits and mode 0600 (its directory with 0700) if it is absent.
    ///
    /// # Errors
    /// When the file cannot be read or made, may be read by others than its owner or holds fewer than 32 characters; or
    /// when it is absent although a database stands in the same directory.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        match File::open(path) {
            Ok(file) => load(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                let file =
                    File::open(path).map_err(|error| unusable(path, "cannot be read", error))?;
                load(path, file)
            }
            Err(error) => Err(unusable(path, "cannot be read", error)),
        }
    }
}

fn load(path: &Path, file: File) -> Result<MasterKey, StoreError> {
    let metadata = file
        .metadata()
        .map_err(|error| unusable(path, "cannot be read", error))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(StoreError::KeyFileExposed(path.to_owned()));
    }
    let text = io::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| unusable(path, "cannot be read", error))?;
    let text = text.trim();
    if text.chars().count() < LEAST_LENGTH {
        let what = "holds fewer than 32 characters, too few for a key";
        return Err(StoreError::KeyFile {
            path: path.to_owned(),
            what,
            source: None,
        });
    }
    Ok(MasterKey::from_secret(text))
}

/// Writes the whole file under another name first; another process that is faster wins.
fn create(path: &Path) -> Result<(), StoreError> {
    let cannot_make = |error: Cause| unusable(path, "cannot be made", error);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if fs::metadata(directory.join(data_dir::DATABASE)).is_ok_and(|database| database.len() > 0) {
        return Err(StoreError::KeyFileMissing(path.to_owned()));
    }
    data_dir::create(directory)?;
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(random.as_mut()).map_err(|error| cannot_make(error.into()))?;
    let text: Zeroizing<String> =
        Zeroizing::new(random.iter().map(|byte| format!("{byte:02x}")).collect());

    let draft = getrandom::u64().map_err(|error| cannot_make(error.into()))?;
    let draft = path.with_extension(format!("{draft:016x}.new"));
    let made = write_draft(&draft, &text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&draft);
    made.and(removed)
        .and_then(|()| data_dir::sync(directory))
        .map_err(|error| cannot_make(error.into()))
}

fn write_draft(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

fn unusable(path: &Path, what: &'static str, source: impl Into<Cause>) -> StoreError {
    StoreError::KeyFile {
        path: path.to_owned(),
        what,
        source: Some(source.into()),
    }
}
