//! Bytes as the data writes them: strings with placeholders, and repetitions for floods.

use serde::Deserialize;

/// Values of the placeholders that only a runner knows, such as `{port}`.
pub type Names<'n> = &'n [(&'n str, &'n str)];

/// A string, or a list of strings and repetitions. Each character is one byte (Latin-1), so that any byte can be said.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// The bytes themselves.
    Plain(String),
    /// Pieces, put together in order.
    Pieces(Vec<Piece>),
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Piece {
    /// The bytes themselves.
    Plain(String),
    /// The same bytes many times.
    Repeated(Repeated),
}

/// The same bytes many times; `{n}` in them counts from 1.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeated {
    repeat: String,
    times: usize,
}

impl Text {
    /// The text with repetitions written out and placeholders replaced.
    pub fn written_out(&self, names: Names<'_>) -> String {
        let mut text = match self {
            Self::Plain(text) => text.clone(),
            Self::Pieces(pieces) => pieces.iter().map(Piece::written_out).collect(),
        };
        for (name, value) in names {
            text = text.replace(name, value);
        }
        text
    }

    /// The bytes to send: one for each character.
    ///
    /// # Errors
    /// The first character beyond U+00FF, which is no byte.
    pub fn bytes(&self, names: Names<'_>) -> Result<Vec<u8>, char> {
        self.written_out(names)
            .chars()
            .map(|character| u8::try_from(character).map_err(|_| character))
            .collect()
    }
}

impl Piece {
    fn written_out(&self) -> String {
        match self {
            Self::Plain(text) => text.clone(),
            Self::Repeated(Repeated { repeat, times }) => (1..=*times)
                .map(|n| repeat.replace("{n}", &n.to_string()))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_count_and_characters_are_bytes() {
        let text: Text =
            serde_json::from_str(r#"["\u00e9:", {"repeat": " x-{n}", "times": 2}, "{port}"]"#)
                .unwrap();
        assert_eq!(text.bytes(&[("{port}", "80")]).unwrap(), b"\xe9: x-1 x-280");
        assert_eq!(Text::Plain("\u{20ac}".into()).bytes(&[]), Err('\u{20ac}'));
    }
}
