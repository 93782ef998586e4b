use etcd_client::{Compare, CompareOp, GetOptions, Txn, TxnOp, TxnOpResponse, TxnResponse};
use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Revision};

use super::claims::{Claims, expected};
use super::commits::RETRY_PAUSE;
use super::failure::{Fate, fate, out_of_time, refusal};
use super::shared::{Shared, revision};
use crate::engine::{CommitError, Expect};

/// A transaction, and the keys of objects it compares, in the order in which a mismatch is told.
pub(super) struct Request {
    when: Vec<Compare>,
    then: Vec<TxnOp>,
    compared: Vec<(Key, Expect)>,
    reads: Vec<TxnOp>,
}

/// Why a transaction was not done.
pub(super) enum Refused {
    /// What was expected of an object does not hold.
    Mismatch(CommitError),
    /// A value that the object is to have is perhaps another's. These are the answers to what was asked about values.
    Claimed(Vec<TxnOpResponse>),
}

impl Request {
    /// One that only does something.
    pub(super) fn plain(then: TxnOp) -> Self {
        Self { when: Vec::new(), then: vec![then], compared: Vec::new(), reads: Vec::new() }
    }
}

impl Shared {
    /// The transaction of one change, which is the first thing in it: a watch that is cut off in its midst has that.
    pub(super) fn request(
        &self,
        then: TxnOp,
        compared: &[(Key, Expect)],
        claims: &Claims,
    ) -> Result<Request, CommitError> {
        let (mut when, mut reads) = (Vec::new(), Vec::new());
        for (key, expect) in compared {
            let path = self.path(key)?;
            when.push(Compare::mod_revision(path.clone(), CompareOp::Equal, expected(*expect)));
            reads.push(TxnOp::get(path, Some(GetOptions::new().with_keys_only())));
        }
        when.extend(claims.compares());
        reads.extend(claims.reads());
        let then = [then].into_iter().chain(claims.writes()).collect();
        Ok(Request { when, then, compared: compared.to_vec(), reads })
    }

    /// Sends a transaction, again and again if it certainly came to nothing, as long as there is time.
    pub(super) async fn send(&self, request: &Request, until: Instant) -> Result<TxnResponse, CommitError> {
        loop {
            let txn = Txn::new()
                .when(request.when.clone())
                .and_then(request.then.clone())
                .or_else(request.reads.clone());
            let mut client = self.client.kv_client();
            let error = match self.env.timeout(until - self.env.now(), client.txn(txn)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => error,
                Err(elapsed) => return Err(out_of_time(elapsed)),
            };
            let fate = fate(&error);
            if fate == Fate::NotDone {
                self.env.sleep(RETRY_PAUSE).await;
            }
            // What is cut off by the time may have been sent: another attempt needs enough to learn that it was not.
            if fate != Fate::NotDone || self.env.now() + RETRY_PAUSE >= until {
                return Err(refusal(fate, &error));
            }
        }
    }

    /// Waits until a revision is shown.
    pub(super) async fn shown(&self, at: Revision, until: Instant) -> Result<(), CommitError> {
        let Some(told) = self.inner.write().wait_for(at) else { return Ok(()) };
        match self.env.timeout(until - self.env.now(), told).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(CommitError::Unknown(format!("etcd took it at {at}, and it was not seen in time"))),
        }
    }

    /// What did not hold, once what is read shows that, too.
    pub(super) async fn refused(
        &self,
        request: &Request,
        answer: &TxnResponse,
        at: Revision,
        until: Instant,
    ) -> Refused {
        let mut answers = answer.op_responses();
        let of_values = answers.split_off(request.compared.len().min(answers.len()));
        let found = answers.into_iter().map(|answer| match answer {
            TxnOpResponse::Get(got) => got.kvs().first().map(|found| revision(found.mod_revision())),
            _ => None,
        });
        let broken =
            request.compared.iter().zip(found).find(|((_, expected), found)| !expected.holds(*found));
        let Some(((key, expected), found)) = broken else {
            return Refused::Claimed(of_values);
        };
        let mismatch = CommitError::Mismatch { key: key.clone(), expected: *expected, found };
        loop {
            let told = {
                let inner = &mut *self.inner.write();
                let shown = inner.state.get(key).map(|object| object.revision());
                let is_shown = match (found, shown) {
                    (Some(found), _) => inner.state.revision() >= found,
                    (None, Some(shown)) => shown > at,
                    (None, None) => true,
                };
                if is_shown {
                    return Refused::Mismatch(mismatch);
                }
                inner.wait()
            };
            if self.env.timeout(until - self.env.now(), told).await.is_err() {
                let why = "etcd's changes do not come".to_owned();
                return Refused::Mismatch(CommitError::Unavailable(why));
            }
        }
    }
}
