//! What this process is among the nodes of its gateway.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, bail};

/// Holds the id, in the data directory.
const FILE: &str = "node.id";
const PREFIX: &str = "node_";
const LENGTH: usize = 12;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The id that the node of this data directory has, from its first start on.
pub(super) fn id(data_dir: &Path) -> anyhow::Result<String> {
    let path = data_dir.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) if is_id(text.trim_end()) => Ok(text.trim_end().to_owned()),
        Ok(_) => bail!(
            "there is no id of a node in {}: remove the file to have a new one made",
            path.display()
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let id = make()?;
            super::root_key::write_private(&path, &id)
                .with_context(|| format!("write the id of this node, {}", path.display()))?;
            Ok(id)
        }
        Err(error) => {
            Err(error).with_context(|| format!("read the id of this node, {}", path.display()))
        }
    }
}

/// What the machine is called.
pub(super) fn name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

fn is_id(text: &str) -> bool {
    let random = text.strip_prefix(PREFIX);
    random.is_some_and(|random| {
        random.len() == LENGTH && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn make() -> anyhow::Result<String> {
    let mut random = [0; LENGTH];
    getrandom::fill(&mut random).context("ask the system for randomness")?;
    // A little uneven, which an id that is no secret may be.
    let characters = random.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
    Ok(format!("{PREFIX}{}", characters.iter().collect::<String>()))
}
