//! Rows of several days about the same, as one entry.

use std::collections::HashMap;

use serde_json::{Value, json};

/// What pages of one origin are refused at one endpoint, over all days.
#[derive(Debug)]
pub(super) struct Entry<'r> {
    /// The row of the latest day: what it says of now is what counts.
    pub(super) latest: &'r Value,
    /// How often, over all days.
    pub(super) count: u64,
    /// The numbers of its rows, the latest day's first.
    pub(super) ids: Vec<u64>,
}

/// The members by which rows are about the same.
const SAME: [&str; 6] = [
    "project_id",
    "endpoint",
    "origin",
    "reason",
    "name",
    "result",
];

/// What is still to be done, most often refused first. Rows come with the latest day first.
pub(super) fn collect(rows: &[Value]) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut places = HashMap::new();
    let is_left = |row: &&Value| row["reason"] != "other" && row["verdict"] != "allowed";
    for row in rows.iter().filter(is_left) {
        let same = SAME.map(|name| row[name].to_string());
        let count = row["count"].as_u64().unwrap_or_default();
        let id = row["id"].as_u64().unwrap_or_default();
        let place = *places.entry(same).or_insert_with(|| {
            entries.push(Entry {
                latest: row,
                count: 0,
                ids: Vec::new(),
            });
            entries.len() - 1
        });
        entries[place].count += count;
        entries[place].ids.push(id);
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    entries
}

impl Entry<'_> {
    /// What it goes by: of its rows the one that was there first.
    pub(super) fn number(&self) -> u64 {
        self.ids.last().copied().unwrap_or_default()
    }

    pub(super) fn text(&self, member: &str) -> &str {
        self.latest[member].as_str().unwrap_or("-")
    }

    pub(super) fn fixes(&self) -> &[Value] {
        self.latest["fixes"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The latest row, with the number and the count of all.
    pub(super) fn to_value(&self) -> Value {
        let mut value = self.latest.clone();
        value["count"] = json!(self.count);
        value["number"] = json!(self.number());
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_added_up_and_what_is_cured_is_left_out() {
        let row = |id: u64, origin: &str, count: u64, verdict: &str| json!({"id": id, "origin": origin, "reason": "origin_not_allowed", "count": count, "verdict": verdict});
        let mut rest = row(9, "", 99, "blocked");
        rest["reason"] = "other".into();
        let rows = [
            row(5, "https://a.example", 1, "blocked"),
            row(4, "https://b.example", 3, "blocked"),
            rest,
            row(2, "https://c.example", 50, "allowed"),
            row(1, "https://a.example", 7, "blocked"),
        ];
        let entries = collect(&rows);
        let shown: Vec<_> = entries
            .iter()
            .map(|entry| (entry.number(), entry.text("origin"), entry.count))
            .collect();
        assert_eq!(
            shown,
            [(1, "https://a.example", 8), (4, "https://b.example", 3)]
        );
        assert_eq!(entries[0].latest["id"], 5);
        assert_eq!(entries[0].ids, [5, 1]);
    }
}
