use setpoint_sim::{Sweep, View, suite};

/// Release builds try every fault, debug builds every sixth.
const STRIDE: u64 = if cfg!(debug_assertions) { 6 } else { 1 };

fn sweep(name: &str, view: View) {
    let sweep = Sweep { stride: STRIDE, ..Sweep::full(view) };
    if let Err(failure) = suite::scenario(name).sweep(sweep) {
        panic!("{failure}");
    }
}

#[test]
fn replica_sets_survive_every_fault() {
    sweep("replica-set", View::Informers);
    sweep("replica-set", View::Direct);
}

#[test]
fn rollouts_survive_every_fault() {
    sweep("rollout", View::Informers);
    sweep("rollout", View::Direct);
}

#[test]
fn owners_and_dependents_survive_every_fault() {
    sweep("ownership", View::Informers);
    sweep("ownership", View::Direct);
}

#[test]
fn refused_pods_survive_every_fault() {
    sweep("refused", View::Informers);
    sweep("refused", View::Direct);
}

#[test]
fn revisions_survive_every_fault() {
    sweep("revisions", View::Informers);
    sweep("revisions", View::Direct);
}

#[test]
fn namespaces_survive_every_fault() {
    sweep("namespaces", View::Informers);
    sweep("namespaces", View::Direct);
}

#[test]
fn leaders_survive_every_fault() {
    sweep("leaders", View::Informers);
}
