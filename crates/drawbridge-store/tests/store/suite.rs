//! The cases, run on each engine.

use super::cases;
use super::sample::SqliteStore;

/// One test for each case and engine; a case takes a store with nothing in it.
macro_rules! on_sqlite {
    ($($module:ident { $($case:ident)+ })+) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $case() {
                let sqlite = super::SqliteStore::new().await;
                super::cases::$module::$case(sqlite.store.clone()).await;
            })+
        })+
    };
}

on_sqlite! {
    rows {
        what_is_inserted_reads_back_exactly_everywhere
        what_is_absent_is_none
        an_update_keeps_what_never_changes
        an_update_replaces_the_tokens_of_a_key
        endpoints_keep_their_order_of_creation
        rows_get_the_revision_of_their_last_change
        the_last_use_of_a_key_is_kept_beside_its_revisions
        a_store_with_nothing_in_it_is_at_revision_zero_and_ready
    }
    rules {
        what_is_taken_is_a_conflict_that_says_what
        a_token_stays_taken_when_its_key_is_revoked
        what_belongs_to_nothing_is_refused
        what_is_missing_cannot_be_changed
        a_project_goes_with_its_revoked_keys_only
        a_write_that_failed_once_cannot_be_committed
    }
    writes {
        a_write_sees_its_own_changes_and_nobody_else_does
        a_dropped_write_leaves_no_trace
        a_cancelled_call_ends_its_write
        a_cancelled_commit_is_whole_or_nothing
        writes_take_turns_until_the_last_is_published
        loading_never_sees_half_a_write
    }
    lists {
        every_page_size_gives_every_row_once_in_order
        keys_can_be_listed_for_one_project
        a_cursor_outlives_its_row
        a_cursor_that_was_never_given_out_is_refused
    }
    audit {
        many_writes_at_once_make_one_unbroken_chain
        what_was_said_about_a_write_reads_back
        the_log_is_read_newest_first_in_pages_of_any_size
        the_log_is_narrowed_by_everything_that_is_given
        what_is_written_meanwhile_does_not_disturb_the_pages
    }
    idempotency {
        a_record_reads_back_until_it_expires
        a_record_takes_the_place_of_the_one_before
        records_are_neither_revisions_nor_audit_rows
        expired_records_are_deleted_and_no_others
    }
    origins {
        admitted_and_refused_origins_are_added_up_without_a_revision
        an_endpoint_and_day_has_a_thousand_admitted_origins
    }
    refusals {
        refusals_read_back_added_up_and_make_no_revision
        refusals_are_listed_latest_first_in_pages_of_any_size
        whatever_is_sent_an_endpoint_and_day_has_two_hundred_kinds_and_the_rest
    }
    sessions {
        a_session_reads_back_and_its_use_makes_no_revision
        sessions_end_one_by_one_or_all_of_a_key
        a_new_session_ends_idle_ones_and_the_oldest_of_its_key
    }
    traffic {
        traffic_adds_up_by_five_minutes_and_by_hour_and_makes_no_revision
        traffic_is_narrowed_by_time_project_and_endpoint
        traffic_that_is_too_old_goes_fine_first
        whatever_happens_a_bucket_tells_a_hundred_endpoints_apart
        traffic_of_a_project_goes_with_it
    }
}
