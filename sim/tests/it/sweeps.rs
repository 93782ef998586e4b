use setpoint_sim::{Sweep, View, suite};

fn sweep(name: &str, view: View) {
    if let Err(failure) = suite::scenario(name).sweep(Sweep::full(view)) {
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
