use etcd_client::{Client, GetOptions};
use setpoint_core::env::Env;
use setpoint_core::object::Revision;

use super::failure::EtcdError;
use super::settings::EtcdSettings;
use super::shared::{Found, number, revision};

/// How large one answer of etcd may be.
pub(super) const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Everything below the prefix at one revision, in pages.
pub(super) async fn load(
    env: &Env,
    client: &Client,
    settings: &EtcdSettings,
) -> Result<(Vec<Found>, Revision), EtcdError> {
    let reading = |error: etcd_client::Error| EtcdError::new("reading what is in etcd", error);
    let prefix = settings.prefix.as_bytes();
    let end = after(prefix);
    let mut client = client.kv_client().max_decoding_message_size(ANSWER_BYTES_MAX);
    let mut from = prefix.to_vec();
    let mut found = Vec::new();
    let mut at: Option<i64> = None;
    loop {
        let limit = i64::try_from(settings.page).unwrap_or(i64::MAX);
        let mut options = GetOptions::new().with_range(end.clone()).with_limit(limit);
        if let Some(at) = at {
            options = options.with_revision(at);
        }
        // A page is large, and takes its time.
        let asked = client.get(from.clone(), Some(options));
        let answer = env.timeout(settings.request_timeout * 3, asked).await;
        let answer =
            answer.map_err(|elapsed| EtcdError::new("reading what is in etcd", elapsed))?.map_err(reading)?;
        let header = answer.header().map(etcd_client::ResponseHeader::revision).unwrap_or_default();
        let at = *at.get_or_insert(header);
        let more = answer.more();
        for value in answer.kvs() {
            found.push(Found {
                path: value.key().to_vec(),
                value: value.value().to_vec(),
                revision: revision(value.mod_revision()),
            });
        }
        match found.last() {
            Some(last) if more => from = [&last.path[..], &[0]].concat(),
            _ => {
                found.sort_by_key(|found| number(found.revision));
                return Ok((found, revision(at)));
            }
        }
    }
}

/// The first key that does not begin so.
fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![0]
}
