//! What a client sees of its answer while the record is not durable yet, and where it never will be.
//!
//! The test keeps the records itself.

use std::io::Read as _;
use std::time::Duration;

use drawbridge_gateway::idempotency::{Find, IdempotencyCall, Keep};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{CLOSE, assert_refused, assert_replayed, keyed, repeat, sent, start_without_store};
use crate::support::{Client, Upstream, read_chunk};

fn asked_to_find(calls: &mut UnboundedReceiver<IdempotencyCall>) -> Find {
    match calls.blocking_recv() {
        Some(IdempotencyCall::Find(find)) => find,
        _ => panic!("no record is looked for"),
    }
}

fn asked_to_keep(calls: &mut UnboundedReceiver<IdempotencyCall>) -> Keep {
    match calls.blocking_recv() {
        Some(IdempotencyCall::Keep(keep)) => keep,
        _ => panic!("no record is to be kept"),
    }
}

/// Nothing comes, at least not soon.
#[track_caller]
fn assert_silent(client: &mut Client) {
    client
        .0
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let peeked = client.0.peek(&mut [0]);
    assert!(peeked.is_err(), "{peeked:?}");
    client
        .0
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
}

#[test]
fn the_client_sees_the_end_only_when_the_record_is_durable() {
    let upstream = Upstream::start();
    let (gateway, mut calls) = start_without_store(&upstream, &json!({}));
    let chunked = "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for (key, rest, before_the_end) in [
        ("chunked", chunked, &b"5\r\nhello\r\n"[..]),
        ("length", "content-length: 5\r\n\r\nhello", b""),
        ("empty", "content-length: 0\r\n\r\n", b""),
    ] {
        let mut client = sent(&gateway, &keyed(key, "{}"));
        let find = asked_to_find(&mut calls);
        find.reply.send(Ok(None)).unwrap();
        let mut connection = upstream.accept();
        connection.request();
        connection.send(format!("HTTP/1.1 200 OK\r\n{rest}"));
        let keep = asked_to_keep(&mut calls);
        let mut head = None;
        if key != "empty" {
            head = Some(client.head());
            let mut before = vec![0; before_the_end.len()];
            client.0.read_exact(&mut before).unwrap();
            assert_eq!(before, before_the_end);
        }
        assert_silent(&mut client);
        // Until then nobody else may run it.
        let other = sent(&gateway, &keyed(key, "{}")).answer();
        assert_refused(&other, 409, "idempotency_in_flight");
        keep.kept();
        match key {
            "chunked" => assert_eq!(read_chunk(&mut client.0), None),
            "length" => {
                let mut body = [0; 5];
                client.0.read_exact(&mut body).unwrap();
                assert_eq!(&body, b"hello");
                assert_eq!(head.unwrap().header("content-length"), Some("5"));
            }
            _ => assert_eq!(client.answer().status(), 200),
        }
    }
}

#[test]
fn an_answer_whose_client_leaves_at_its_end_is_kept_all_the_same() {
    let upstream = Upstream::start();
    let (gateway, mut calls) = start_without_store(&upstream, &json!({}));
    let client = sent(&gateway, &keyed("a", "{}"));
    let find = asked_to_find(&mut calls);
    find.reply.send(Ok(None)).unwrap();
    drop(upstream.answer_one(CLOSE, "{}"));
    let mut keep = asked_to_keep(&mut calls);
    drop(client);
    let other = sent(&gateway, &keyed("a", "{}")).answer();
    assert_refused(&other, 409, "idempotency_in_flight");
    let record = std::mem::take(&mut keep.record);
    keep.kept();
    let mut client = sent(&gateway, &keyed("a", "{}"));
    let find = asked_to_find(&mut calls);
    find.reply.send(Ok(Some(record))).unwrap();
    assert_replayed(&client.answer());
}

#[test]
fn a_record_that_had_to_make_room_is_not_run_again() {
    let upstream = Upstream::start();
    let (gateway, mut calls) = start_without_store(&upstream, &json!({}));
    let client = sent(&gateway, &keyed("a", "{}"));
    let find = asked_to_find(&mut calls);
    assert_eq!(&*find.key_id, "ak_live_s");
    find.reply.send(Ok(None)).unwrap();
    drop(upstream.answer_one(CLOSE, "{}"));
    let mut keep = asked_to_keep(&mut calls);
    let remnant = keep.remnant.take().unwrap();
    assert!(remnant.len() < 200, "{}", remnant.len());
    keep.kept();
    drop(client);
    for (body, status, code) in [
        ("{}", 409, "answer_not_stored"),
        ("{ }", 422, "idempotency_key_reused"),
    ] {
        let mut client = sent(&gateway, &keyed("a", body));
        let find = asked_to_find(&mut calls);
        find.reply.send(Ok(Some(remnant.clone()))).unwrap();
        assert_refused(&client.answer(), status, code);
    }
    assert!(upstream.is_untouched());
}

#[test]
fn where_the_store_fails_the_answer_goes_out_and_nothing_runs_twice() {
    let upstream = Upstream::start();
    let (gateway, mut calls) = start_without_store(&upstream, &json!({}));
    let mut client = sent(&gateway, &keyed("a", "{}"));
    let find = asked_to_find(&mut calls);
    find.reply.send(Ok(None)).unwrap();
    drop(upstream.answer_one(CLOSE, "{}"));
    let keep = asked_to_keep(&mut calls);
    keep.failed();
    assert_eq!(client.answer().status(), 200);
    let again = repeat(&gateway, &upstream, &keyed("a", "{}"));
    assert_refused(&again, 409, "answer_not_stored");

    let mut client = sent(&gateway, &keyed("b", "{}"));
    let find = asked_to_find(&mut calls);
    find.reply.send(Err("the disk is gone".to_owned())).unwrap();
    assert_refused(&client.answer(), 503, "idempotency_unavailable");
    assert!(upstream.is_untouched());
    drop(calls);
    let refused = repeat(&gateway, &upstream, &keyed("c", "{}"));
    assert_refused(&refused, 503, "idempotency_unavailable");
}
