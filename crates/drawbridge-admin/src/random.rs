//! What is made at random: ids, tokens and other secrets, from the operating system's generator.

use drawbridge_policy::endpoint::Secret;
use drawbridge_policy::key::{KeyKind, KeyMode};
use drawbridge_policy::token::make_token;
use drawbridge_store::hexadecimal;
use zeroize::Zeroizing;

use crate::problem::Problem;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `proj_` and 12 random characters.
pub(crate) fn project_id() -> Result<String, Problem> {
    Ok(format!("proj_{}", characters(12)?))
}

/// `ak_live_` or `ak_test_` and 16 random characters.
pub(crate) fn key_id(mode: KeyMode) -> Result<String, Problem> {
    Ok(format!("ak_{mode}_{}", characters(16)?))
}

/// A new token.
pub(crate) fn token(kind: KeyKind, mode: KeyMode, slug: &str) -> Result<Secret, Problem> {
    loop {
        let mut random = Zeroizing::new([0; 64]);
        getrandom::fill(&mut *random).map_err(Problem::internal)?;
        if let Some(token) = make_token(kind, mode, slug, &*random) {
            return Ok(Secret::new(token));
        }
    }
}

/// 32 random bytes, as 64 hexadecimal digits.
pub(crate) fn secret() -> Result<Secret, Problem> {
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *random).map_err(Problem::internal)?;
    Ok(Secret::new(hexadecimal(&random)))
}

/// Random characters of A-Z a-z 0-9, all equally likely.
fn characters(count: usize) -> Result<String, Problem> {
    let mut text = String::with_capacity(count);
    while text.len() < count {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(Problem::internal)?;
        // 248 is the last multiple of 62 that fits a byte.
        let fair = random.iter().filter(|byte| **byte < 248);
        let missing = count - text.len();
        text.extend(
            fair.take(missing)
                .map(|byte| char::from(ALPHABET[usize::from(byte % 62)])),
        );
    }
    Ok(text)
}
