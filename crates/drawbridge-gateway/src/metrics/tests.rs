use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use drawbridge_policy::endpoint::Project;
use drawbridge_policy::snapshot::Snapshot;
use drawbridge_policy::token::TokenDigest;
use serde_json::json;

use super::*;
use crate::log::{Format, Level};
use crate::trail::{CorsNote, Phase, Verdict};

fn metrics(log: &Log) -> Arc<Metrics> {
    let live = Live::new(Snapshot::new(TokenDigest::of(b"root")));
    Arc::new(Metrics::new(Arc::new(live), log.clone()))
}

fn log() -> Log {
    Log::start(Format::Json, Level::Info, io::sink()).unwrap().0
}

fn endpoint(name: &str) -> Endpoint {
    let project = Arc::new(Project {
        id: "proj_tests1".into(),
        slug: "tests".into(),
        ..Project::default()
    });
    let document = json!({"upstream": {"base_url": "http://127.0.0.1:9/v1"}});
    Endpoint::compile(&project, name, &document, None)
        .unwrap()
        .0
}

fn ended(status: u16) -> Ended<'static> {
    Ended {
        status,
        cors: Some(CorsNote {
            phase: Phase::Actual,
            verdict: Verdict::Allowed,
            reason: None,
        }),
        error: Some("complete"),
        forwarded: Some(Latency {
            first_byte: Some(std::time::Duration::from_millis(3)),
            total: std::time::Duration::from_secs(4000),
        }),
    }
}

#[test]
fn counting_allocates_nothing_once_an_endpoint_is_known() {
    let metrics = metrics(&log());
    let core = metrics.core();
    let (known, changed) = (endpoint("e"), endpoint("e"));
    let count = |endpoint: &Endpoint, status| {
        allocation_counter::measure(|| core.endpoint(Some(endpoint)).record(&ended(status)))
            .count_total
    };
    assert_ne!(count(&known, 200), 0, "the counter counts");
    for status in [200, 403, 404, 0, 599] {
        assert_eq!(count(&known, status), 0, "{status}");
    }
    // A changed policy is a new endpoint: found once by name, at the same counters.
    count(&changed, 200);
    assert_eq!(count(&changed, 200), 0);
    let text = metrics.exposition();
    assert!(
        text.contains("requests_total{status=\"200\",endpoint=\"tests/e\"} 4\n"),
        "{text}"
    );
}

#[test]
fn the_1001st_endpoint_and_all_after_it_are_other() {
    let metrics = metrics(&log());
    let core = metrics.core();
    for index in 0..MOST_ENDPOINTS + 2 {
        core.endpoint(Some(&endpoint(&format!("e{index}"))))
            .record(&ended(200));
    }
    core.endpoint(None).record(&ended(404));
    let text = metrics.exposition();
    let value = |label: &str| {
        let series = format!("requests_total{{status=\"200\",endpoint=\"{label}\"}} ");
        let found = text.split(&*series).nth(1)?;
        found.lines().next()
    };
    assert_eq!(value("tests/e999"), Some("1"));
    assert_eq!(value("tests/e1000"), None);
    assert_eq!(value("other"), Some("2"));
    // The first of them still has its own.
    core.endpoint(Some(&endpoint("e0"))).record(&ended(200));
    assert!(metrics.exposition().contains("endpoint=\"tests/e0\"} 2\n"));
}

#[test]
fn what_cores_count_is_added_up() {
    let metrics = metrics(&log());
    let (one, two) = (metrics.core(), metrics.core());
    let endpoint = endpoint("e");
    one.endpoint(Some(&endpoint)).record(&ended(200));
    two.endpoint(Some(&endpoint)).record(&ended(200));
    two.endpoint(Some(&endpoint)).record(&ended(500));
    one.open_requests.add(1);
    two.open_requests.add(2);
    assert_eq!(metrics.open_requests(), 3);
    let text = metrics.exposition();
    for line in [
        "requests_total{status=\"200\",endpoint=\"tests/e\"} 2",
        "requests_total{status=\"500\",endpoint=\"tests/e\"} 1",
        "request_first_byte_seconds_bucket{le=\"0.005\",endpoint=\"tests/e\"} 3",
        "request_duration_seconds_bucket{le=\"1800.0\",endpoint=\"tests/e\"} 0",
        "request_duration_seconds_bucket{le=\"+Inf\",endpoint=\"tests/e\"} 3",
        "request_duration_seconds_sum{endpoint=\"tests/e\"} 12000.0",
        "open_requests 3",
    ] {
        assert!(
            text.contains(&format!("drawbridge_{line}\n")),
            "{line}: {text}"
        );
    }
}

#[test]
fn what_is_under_way_and_what_was_counted_is_read_off_all_cores() {
    let metrics = metrics(&log());
    let (one, two) = (metrics.core(), metrics.core());
    let endpoint = endpoint("e");
    for core in [&one, &two] {
        core.open_connections.add(2);
        core.endpoint(Some(&endpoint)).open_streams.add(1);
        core.endpoint(Some(&endpoint)).record(&ended(200));
        core.endpoint(None).record(&ended(404));
    }
    let failed = Ended {
        error: Some("upstream_timeout"),
        ..ended(504)
    };
    two.endpoint(Some(&endpoint)).record(&failed);
    let load = metrics.load();
    assert_eq!((load.open_connections, load.open_streams), (4, 2));
    assert!(!load.is_draining);
    metrics.note_draining();
    assert!(metrics.load().is_draining);
    let reading: std::collections::BTreeMap<_, _> = metrics.traffic().into_iter().collect();
    let counts = |text: serde_json::Value| drawbridge_policy::traffic::Counts::from_value(&text);
    let of_endpoint = json!({"2xx": 2, "5xx": 1, "aall:": 3, "<0.005": 3, "up": 1});
    assert_eq!(reading["tests/e"], counts(of_endpoint));
    // What is no endpoint's is mostly management.
    assert_eq!(reading[""], counts(json!({"aall:": 2})));
}

#[test]
fn known_statuses_have_series_of_their_own_and_all_others_share_one_on_every_core() {
    let metrics = metrics(&log());
    let (one, two) = (metrics.core(), metrics.core());
    for status in 0..1000 {
        one.endpoint(None).record(&ended(status));
        two.endpoint(None).record(&ended(999 - status));
    }
    let text = metrics.exposition();
    let is_known = |number: &u16| {
        let status = http::StatusCode::from_u16(*number).ok();
        let is_registered = status.is_some_and(|status| status.canonical_reason().is_some());
        is_registered || matches!(number, 499 | 520..=526 | 529)
    };
    let known: Vec<_> = (0..1000).filter(is_known).collect();
    let series = |status: &str| format!("requests_total{{status=\"{status}\",endpoint=\"\"}}");
    for status in &known {
        let line = format!("{} 2\n", series(&status.to_string()));
        assert!(text.contains(&line), "{line}: {text}");
    }
    assert!(text.contains(&format!("{} 2\n", series("none"))), "{text}");
    let others = 2 * (1000 - known.len() - 1);
    let line = format!("{} {others}\n", series("other"));
    assert!(text.contains(&line), "{line}: {text}");
    let all = text.matches("requests_total{status=").count();
    assert_eq!(all, known.len() + 2);
}

/// Says when it is written to, and is written to only when it may.
struct Slow(Sender<()>, Receiver<()>);

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A test that has ended waits for nothing.
        let _ = self.0.send(());
        let _ = self.1.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn dropped_log_lines_are_counted_for_good() {
    let (writing, is_written) = channel();
    let (go_on, may_go_on) = channel();
    let out = Slow(writing, may_go_on);
    let (log, writer) = Log::start(Format::Json, Level::Info, out).unwrap();
    let metrics = metrics(&log);
    log.info("first");
    is_written.recv().unwrap();
    for _ in 0..crate::log::CAPACITY + 7 {
        log.info("more than fit");
    }
    let line = "drawbridge_log_lines_dropped_total 7\n";
    assert!(metrics.exposition().contains(line));
    drop(go_on);
    log.close(writer);
    assert!(metrics.exposition().contains(line));
}
