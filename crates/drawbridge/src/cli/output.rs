//! What commands print: results on stdout, everything said about them on stderr.
//!
//! Colour goes away by itself where nobody sees it (not a terminal, `NO_COLOR`). A reader that closes the pipe early
//! is no error.

use std::io::Write;

use clap::builder::styling::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

/// Prints a result.
pub(crate) fn print(text: &str) {
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let mut stdout = anstream::stdout().lock();
    let _ = write!(stdout, "{text}{end}").and_then(|()| stdout.flush());
}

/// Says why something was not done.
pub(crate) fn error(text: &str) {
    say("error", AnsiColor::Red, text);
}

/// Says what to look at although it was done.
pub(super) fn warning(text: &str) {
    say("warning", AnsiColor::Yellow, text);
}

/// Says something beside the result.
pub(crate) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

fn say(word: &str, colour: AnsiColor, text: &str) {
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let _ = writeln!(anstream::stderr().lock(), "{style}{word}:{style:#} {text}");
}

/// A table for people: columns kept apart by two spaces, nothing drawn, so that it can be searched and cut.
pub(super) fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.set_header(headings.iter().map(|heading| heading.to_uppercase()));
    table.add_rows(rows);
    rendered(table)
}

/// One resource for people: a line for each of its fields.
pub(super) fn fields(pairs: &[(&str, String)]) -> String {
    let mut table = Table::new();
    table.add_rows(pairs.iter().map(|(name, value)| [*name, value]));
    rendered(table)
}

fn rendered(mut table: Table) -> String {
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// A field for people: texts as they are, nothing as `-`, lists separated by commas.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "(none)".to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_aligned_columns_and_no_trailing_spaces() {
        let rows = [
            vec!["a".to_owned(), "first".to_owned()],
            vec!["long-name".to_owned(), "-".to_owned()],
        ];
        assert_eq!(
            table(&["slug", "name"], rows.into_iter()),
            "SLUG       NAME\na          first\nlong-name  -"
        );
    }

    #[test]
    fn one_resource_has_a_line_for_each_field() {
        let pairs = [("name", "a".to_owned()), ("models", "x, y".to_owned())];
        assert_eq!(fields(&pairs), "name    a\nmodels  x, y");
    }

    #[test]
    fn values_read_as_people_write_them() {
        assert_eq!(text(&json!(null)), "-");
        assert_eq!(text(&json!(["a", "b"])), "a, b");
        assert_eq!(text(&json!([])), "(none)");
        assert_eq!(text(&json!(true)), "true");
    }
}
