//! Sentences with gaps: `Method {method} is not allowed by Access-Control-Allow-Methods¦.` Up to the bar a line has to be
//! there for the check to be told; what follows may be cut off.

/// Ends the part of a template that tells which check failed.
const TELLING: char = '¦';

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explain) enum Part<'t> {
    /// Text as it is.
    Text(&'t str),
    /// A gap, by the name of what fills it.
    Gap(&'t str),
    /// The bar.
    Told,
}

/// The parts of a template, in order.
pub(in crate::explain) fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', TELLING]) {
        let (text, tail) = rest.split_at(at);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        let gap = tail.strip_prefix('{').and_then(|tail| tail.split_once('}'));
        rest = match gap {
            Some((name, tail)) => {
                parts.push(Part::Gap(name));
                tail
            }
            None => {
                parts.push(Part::Told);
                tail.strip_prefix(TELLING).unwrap_or_default()
            }
        };
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// The sentence, and how many of its bytes stand before the bar.
pub(super) fn fill(template: &str, gaps: &[(&str, &str)]) -> (String, usize) {
    let mut text = String::new();
    let mut telling = None;
    for part in parts(template) {
        match part {
            Part::Text(part) => text.push_str(part),
            Part::Gap(name) => {
                let filling = gaps.iter().find(|(other, _)| *other == name);
                text.push_str(filling.map_or("", |(_, filling)| filling));
            }
            Part::Told => telling = Some(text.len()),
        }
    }
    let telling = telling.unwrap_or(text.len());
    (text, telling)
}
