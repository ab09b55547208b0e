//! Other people's text within our own sentences.

/// Longest excerpt of a text in a message, in characters.
const MAX_QUOTE: usize = 80;

/// Text for a message: between backticks, control characters spelled out, cut where it is long.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("`");
    for (index, character) in text.chars().enumerate() {
        if index == MAX_QUOTE {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}
