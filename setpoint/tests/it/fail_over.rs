//! Two control planes, each in a process of its own, on three members of etcd: in the midst of rollouts the leader is
//! killed, then a member of etcd, then the leader sleeps until another leads, and wakes (INV-C-09, INV-IN-11, INV-DP-01,
//! INV-DP-02). Without a program `etcd` it says so and passes.

mod cluster;
mod plane;
mod verdict;

use std::time::Duration;

use nix::sys::signal::Signal;

use self::cluster::Cluster;

/// A lease counts for so long in these tests.
const LEASE: Duration = Duration::from_secs(3);
const RENEW: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(300);
/// How long after the end of the lease somebody else has begun, at the most: an attempt with jitter, an epoch, and what a
/// busy machine takes.
const SLACK: Duration = Duration::from_secs(4);

#[test]
#[expect(clippy::print_stderr, reason = "it is to be seen that a test was left out, and what was measured")]
fn no_rollout_is_broken_by_who_leads_it() {
    if !setpoint::store::engine::etcd::LocalEtcd::is_installed() {
        eprintln!("left out: there is no program etcd (Debian's package etcd-server)");
        return;
    }
    plane::runtime().block_on(async {
        let mut cluster = Cluster::start().await;
        cluster.start_plane("a");
        cluster.start_plane("b");
        cluster.create_deployment().await;
        cluster.rolled_out(1).await;
        let settled = cluster.revision();

        // The leader dies.
        cluster.change_image(2).await;
        cluster.half_rolled_out(2).await;
        let leader = cluster.leader().await;
        let killed = cluster.kill_plane(&leader);
        let follower = cluster.another_leads(&leader).await;
        let took = killed.elapsed();
        eprintln!("{leader} was killed, {follower} led after {took:?}");
        assert!(took < LEASE + SLACK, "work goes on within the lease's time");
        cluster.rolled_out(2).await;
        cluster.start_plane("c");

        // A member of etcd dies.
        cluster.change_image(3).await;
        cluster.half_rolled_out(3).await;
        cluster.kill_member(0);
        cluster.rolled_out(3).await;
        cluster.restart_member(0);

        // The leader sleeps, and wakes when another leads.
        cluster.change_image(4).await;
        cluster.half_rolled_out(4).await;
        let sleeper = cluster.leader().await;
        cluster.signal(&sleeper, Signal::SIGSTOP);
        let follower = cluster.another_leads(&sleeper).await;
        eprintln!("{sleeper} sleeps, {follower} leads");
        cluster.signal(&sleeper, Signal::SIGCONT);
        cluster.rolled_out(4).await;
        cluster.pass(RETRY * 5).await;

        let history = cluster.end().await;
        eprintln!("{history}");
        history.check_epochs();
        history.check_rollouts(settled);
    });
}
