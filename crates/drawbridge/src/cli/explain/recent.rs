//! What pages were refused in the last days, as a list of what there is to do, and its fixes applied.
//!
//! An entry goes by the number of one of its rows, which stays what it is however the list changes: whoever applies number 7
//! applies what was shown as number 7.

mod entries;

use drawbridge_policy::refusals::day;
use http::Method;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use self::entries::{Entry, collect};
use super::ExplainArguments;
use super::call::apply;
use crate::cli::address::encoded;
use crate::cli::client::Call;
use crate::cli::failure::Failure;
use crate::cli::key::ago;
use crate::cli::output;
use crate::cli::session::Session;

/// How far back the list goes, today included.
const DAYS: i32 = 7;
/// Most pages of the list that are read, of 1,000 rows each: more than the gateway keeps.
const MOST_PAGES: usize = 50;

pub(super) async fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    let session = arguments.connection.open()?;
    let rows = fetch(&session, arguments).await?;
    let entries = collect(&rows);
    let Some(number) = arguments.apply else {
        show(&entries, &rows, arguments.json());
        return Ok(());
    };
    let Some(number) = number else {
        let detail = "say which fix to apply: --recent --apply NUMBER, as the list has it";
        return Err(Failure::Usage(detail.to_owned()));
    };
    let Some(entry) = entries.iter().find(|entry| entry.ids.contains(&number)) else {
        let detail = format!(
            "there is nothing with the number {number}: it may be cured, or older than {DAYS} days"
        );
        return Err(Failure::Usage(detail));
    };
    let fixes = entry.fixes();
    if fixes.is_empty() {
        let cause = entry.text("cause");
        return Err(Failure::Verdict(format!(
            "no change of lists cures number {number}: {cause}"
        )));
    }
    for fix in fixes {
        apply(&session, fix, arguments.yes).await?;
    }
    Ok(())
}

/// Every row of the last days.
async fn fetch(session: &Session, arguments: &ExplainArguments) -> Result<Vec<Value>, Failure> {
    let (place, page) = (&arguments.place, &arguments.page);
    let names_more = page.method.is_some() || !page.headers.is_empty() || page.credentials;
    if names_more || place.key_id.is_some() {
        let detail =
            "the list is narrowed by --project, --endpoint and --origin; leave the other flags out";
        return Err(Failure::Usage(detail.to_owned()));
    }
    let from = day(Timestamp::now()).saturating_sub((DAYS - 1).days());
    let mut path = format!("/v1/cors/refusals?limit=1000&from_day={from}");
    for (name, value) in [
        ("project", &place.project),
        ("endpoint", &place.endpoint),
        ("origin", &page.origin),
    ] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encoded(value)));
        }
    }
    let mut rows = Vec::new();
    let mut after = String::new();
    for _ in 0..MOST_PAGES {
        let call = Call::new("list refusals", Method::GET, format!("{path}{after}"));
        let mut answer = session.call(call).await?.value;
        if let Some(data) = answer["data"].as_array_mut() {
            rows.append(data);
        }
        match answer["next_cursor"].as_str() {
            Some(cursor) => after = format!("&after={}", encoded(cursor)),
            None => break,
        }
    }
    Ok(rows)
}

fn show(entries: &[Entry<'_>], rows: &[Value], is_json: bool) {
    if is_json {
        let data: Vec<_> = entries.iter().map(Entry::to_value).collect();
        let list = json!({"object": "list", "data": data, "has_more": false, "next_cursor": null});
        output::print(&list.to_string());
        return;
    }
    if entries.is_empty() {
        output::note(&format!(
            "nothing that pages were refused in the last {DAYS} days is still refused"
        ));
    } else {
        let now = Timestamp::now();
        let entries: Vec<_> = entries.iter().map(|entry| human(entry, now)).collect();
        output::print(&entries.join("\n\n"));
    }
    let others = rows.iter().filter(|row| row["reason"] == "other");
    let others: u64 = others.filter_map(|row| row["count"].as_u64()).sum();
    if others > 0 {
        output::note(&format!(
            "{others} more refusals were counted and not told apart"
        ));
    }
}

fn human(entry: &Entry<'_>, now: Timestamp) -> String {
    let place = match entry.latest["endpoint"].as_str() {
        Some(endpoint) => format!("{}/{endpoint}", entry.text("project")),
        None => "the shared URL".to_owned(),
    };
    let origin = entry.latest["origin"]
        .as_str()
        .unwrap_or("(what is no origin)");
    let name = entry.latest["name"].as_str();
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    let times = match entry.count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let result = match entry.latest["result"].as_str() {
        Some("reported") => ", let through (report mode)",
        _ => "",
    };
    let seen = entry.text("last_seen_at").parse();
    let seen = seen.map_or_else(|_| "-".to_owned(), |seen| ago(seen, now));
    let mut lines = vec![format!(
        "{}. {origin} at {place}: {}{name}, {times}, last {seen}{result}",
        entry.number(),
        entry.text("reason"),
    )];
    for fix in entry.fixes() {
        let part = |name: &str| fix[name].as_str().unwrap_or_default();
        lines.push(format!("   fix: {}", part("summary")));
        lines.push(format!("     {}", part("command")));
        lines.push(format!("     mind: {}", part("risk")));
    }
    if entry.fixes().is_empty()
        && let Some(cause) = entry.latest["cause"].as_str()
    {
        lines.push(format!("   {cause}"));
    }
    lines.join("\n")
}
