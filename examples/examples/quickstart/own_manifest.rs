use std::path::Path;
use std::time::Duration;

use setpoint::manifest::{Manifest, ParseError};
use setpoint::model::kind::Registry;
use setpoint::store::ObjectStoreExt;
use setpoint::store::request::{DeleteOptions, Outcome, Propagation, RequestContext};
use setpoint_examples::local_cluster::{LIMIT, LocalCluster};
use setpoint_examples::pods::{PodWatch, Pods};
use setpoint_examples::screen::Screen;
use setpoint_examples::{Failure, interrupted};

/// Reads a manifest, or says all that is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Manifest, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let manifest = Manifest::parse(&name, &text, &Registry::builtin());
    manifest.map_err(|error: ParseError| error.to_string().into())
}

/// Applies it, shows what becomes of it until Ctrl-C, and deletes it.
pub(crate) async fn run(
    cluster: &LocalCluster,
    screen: &Screen,
    pods: &PodWatch,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let store = cluster.plane().store();
    let context = RequestContext::system("quickstart");
    for applied in manifest.apply(&**store, &context).await? {
        let outcome = match applied.outcome {
            Outcome::Created => "created",
            Outcome::Unchanged => "unchanged",
            _ => "configured",
        };
        screen.say(&format!("{} {outcome}", applied.subject));
        applied.warnings.iter().for_each(|warning| screen.say(&format!("warning: {warning}")));
    }
    screen.say(&format!("logs are in {}; Ctrl-C ends", cluster.folder().display()));
    let forever = Duration::from_secs(u64::from(u32::MAX));
    tokio::select! {
        end = interrupted() => end?,
        ended = pods.until("available", forever, 0, Pods::available, |_| false) => drop(ended?),
    }
    screen.say("ending");
    for document in manifest.documents() {
        let options =
            DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
        match store.delete(&context, document.key(), options).await {
            Err(error) if !error.is_not_found() => screen.say(&format!("{}: {error}", document.subject())),
            _ => {}
        }
    }
    // What does not end in time is killed when the nodes are shut down.
    if pods.until("left", LIMIT, 0, Pods::len, Pods::is_empty).await.is_err() {
        screen.say("some pods do not end; they are killed");
    }
    Ok(())
}
