//! A call that a gateway is asked about, and its fixes applied.

use http::Method;
use serde_json::{Map, Value};

use super::{ExplainArguments, console, is_cured, verdict, view};
use crate::cli::client::{Answer, Call};
use crate::cli::confirm::confirm;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::session::Session;

pub(super) async fn run(arguments: &ExplainArguments) -> Result<(), Failure> {
    if arguments.apply.flatten().is_some() {
        let detail = "a call is asked about with --apply alone; a number is one of --recent's";
        return Err(Failure::Usage(detail.to_owned()));
    }
    let question = question(arguments)?;
    let session = arguments.connection.open()?;
    let answer = ask(&session, &question).await?;
    let fixes = fixes(&answer);
    if arguments.apply.is_none() || fixes.is_empty() {
        session.show(&answer, view::human);
        let is_named_by_flag = arguments.connection.is_named_by_flag();
        if !fixes.is_empty() && is_named_by_flag && !arguments.json() {
            let url = arguments.connection.url();
            output::note(&format!("The command needs `--url {url}`, too."));
        }
        return verdict(&answer.value);
    }
    if !arguments.json() {
        output::print(&view::human(&answer.value));
    }
    for fix in fixes {
        apply(&session, fix, arguments.yes).await?;
    }
    let answer = ask(&session, &question).await?;
    if is_cured(&answer.value) {
        session.show(&answer, view::cured);
        return Ok(());
    }
    session.show(&answer, view::human);
    verdict(&answer.value)
}

fn question(arguments: &ExplainArguments) -> Result<Value, Failure> {
    let (place, page) = (&arguments.place, &arguments.page);
    let mut question = Map::new();
    let pasted = arguments
        .console
        .as_deref()
        .map(console::text)
        .transpose()?;
    for (name, value) in [
        ("project", &place.project),
        ("endpoint", &place.endpoint),
        ("key_id", &place.key_id),
        ("origin", &page.origin),
        ("method", &page.method),
        ("console", &pasted),
    ] {
        if let Some(value) = value {
            question.insert(name.to_owned(), value.as_str().into());
        }
    }
    if !page.headers.is_empty() {
        question.insert("headers".to_owned(), page.headers.clone().into());
    }
    if page.credentials {
        question.insert("credentials".to_owned(), true.into());
    }
    Ok(Value::Object(question))
}

async fn ask(session: &Session, question: &Value) -> Result<Answer, Failure> {
    let call = Call::new("explain the call", Method::POST, "/v1/cors/explain");
    session.call(call.body(question.clone())).await
}

fn fixes(answer: &Answer) -> &[Value] {
    answer.value["fixes"].as_array().map_or(&[], Vec::as_slice)
}

/// Applies one fix to the resource that it was made for, if nobody changed that since.
pub(super) async fn apply(session: &Session, fix: &Value, is_agreed: bool) -> Result<(), Failure> {
    let text = |name: &str| fix[name].as_str().unwrap_or_default();
    let summary = text("summary");
    confirm(
        &format!("{summary}?\n  {}\nApply it?", text("risk")),
        is_agreed,
    )?;
    let call = Call::new(
        format!("apply the fix ({summary})"),
        Method::PATCH,
        text("url"),
    )
    .body(fix["patch"].clone())
    .if_match(fix["etag"].as_str().map(str::to_owned));
    session.call(call).await?;
    output::note(&format!("applied: {summary}"));
    Ok(())
}
