//! What every back end must keep to, as checks to run against it in tests.
//!
//! A back end's tests describe it in a [`Bench`] and hand it to [`runtime_contract!`](crate::runtime_contract),
//! which makes one test of every clause. Each clause gets a bench of its own with nothing on it, works only
//! through the traits, and panics with the fact that does not hold. What a back end declares not to have in its
//! [`Capabilities`](crate::Capabilities) is not asked for.
//!
//! It does not check isolation, limits, or speed.

mod bench;
mod container_clauses;
mod image_clauses;
mod sandbox_clauses;
mod stop_clauses;
mod stream_clauses;

pub use self::bench::{Bench, Clause, Program, Settle, WriteProgram};
pub use self::container_clauses::*;
pub use self::image_clauses::*;
pub use self::sandbox_clauses::*;
pub use self::stop_clauses::*;
pub use self::stream_clauses::*;

/// Makes one test of every clause of the contract.
///
/// It takes the path of a function `fn(Clause)` that makes a fresh [`Bench`], runs the clause on
/// it to its end, and cleans up.
#[macro_export]
macro_rules! runtime_contract {
    ($run:path) => {
        $crate::runtime_contract! { @each $run:
            a_sandbox_is_ready_when_it_was_run
            a_sandbox_is_what_it_was_configured_to_be
            the_metadata_of_a_sandbox_is_unique
            a_stopped_sandbox_is_not_ready_and_stays
            stopping_and_removing_a_sandbox_is_idempotent
            stopping_a_sandbox_kills_its_containers
            removing_a_sandbox_removes_its_containers
            sandboxes_are_listed_by_filter
            pods_have_addresses_of_their_own
            the_runtime_says_that_it_is_ready
            a_container_goes_through_its_states
            a_container_is_what_it_was_configured_to_be
            exit_codes_are_told
            a_container_starts_once
            the_metadata_of_a_container_is_unique_in_its_sandbox
            containers_need_a_ready_sandbox
            containers_are_listed_by_filter
            one_container_ends_alone
            what_does_not_exist_is_not_found
            events_follow_the_life_of_a_container
            a_container_is_asked_to_stop_first
            a_container_that_does_not_stop_is_killed_when_grace_is_over
            without_grace_a_container_is_killed_at_once
            a_shorter_stop_shortens_and_a_longer_one_does_not_lengthen
            stopping_and_removing_a_container_is_idempotent
            a_container_that_was_never_started_can_be_stopped
            a_running_container_is_removed_by_force
            an_absent_image_is_none
            a_pulled_image_is_there
            what_cannot_be_pulled_says_so
            removing_an_image_drops_all_its_names
            commands_are_run_in_running_containers
            commands_need_a_running_container
            logs_are_what_was_printed
            log_files_are_in_the_common_format
            the_tail_of_a_log_is_its_last_lines
            following_a_log_ends_with_the_container
        }
    };
    (@each $run:path: $($clause:ident)*) => {
        $(
            #[test]
            fn $clause() {
                $run(|bench| ::std::boxed::Box::pin($crate::contract::$clause(bench)));
            }
        )*
    };
}
