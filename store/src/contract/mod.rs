//! What every [`ObjectStore`] must do, as tests that any store can run.
//!
//! Call [`run`] from a test. It panics where a promise does not hold. It works in namespaces of its own, which it creates and
//! leaves behind, so that several may run on one store, one after the other.

mod deletions;
mod lists;
mod place;
mod pods;
mod watches;
mod writes;

use std::sync::Arc;

use setpoint_core::env::Env;
use setpoint_core::object::Revision;

use self::place::Place;
use crate::object_store::ObjectStore;

/// Runs all checks on a store with the built-in kinds and upstream's admission.
///
/// `run` is a word that no run on this store had before. `expired` is a revision that the store no longer knows, if there
/// is one.
pub async fn run(env: &Env, store: Arc<dyn ObjectStore>, run: &str, expired: Option<Revision>) {
    let mut number = 0;
    let mut place = async || {
        number += 1;
        Place::new(env, Arc::clone(&store), format!("{run}-{number}")).await
    };
    writes::creations_are_answered_as_stored(&place().await).await;
    writes::names_are_generated(&place().await).await;
    writes::what_is_wrong_is_named(&place().await).await;
    writes::updates_replace_the_version_they_name(&place().await).await;
    writes::spec_and_status_are_written_apart(&place().await).await;
    writes::patches_of_every_type_are_applied(&place().await).await;
    writes::fields_are_owned_by_who_applies_them(&place().await).await;
    writes::dry_runs_store_nothing(&place().await).await;
    writes::members_of_a_batch_fail_singly(&place().await).await;
    writes::guards_hold_or_the_write_is_refused(&place().await).await;
    deletions::deletions_heed_their_preconditions(&place().await).await;
    deletions::finalizers_keep_an_object(&place().await).await;
    deletions::collections_are_deleted_by_selection(&place().await).await;
    lists::pages_are_of_one_revision(&place().await).await;
    lists::lists_show_what_is_selected(&place().await).await;
    lists::reads_are_as_new_as_asked_for(&place().await).await;
    pods::bindings_are_final(&place().await).await;
    pods::evictions_heed_budgets(&place().await).await;
    watches::changes_are_told_once_and_in_order(&place().await).await;
    watches::selections_are_entered_and_left(&place().await).await;
    watches::watches_begin_where_they_are_asked_to(&place().await).await;
    if let Some(revision) = expired {
        watches::old_revisions_are_expired(&place().await, revision).await;
    }
}
