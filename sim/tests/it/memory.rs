use std::convert::Infallible;
use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use setpoint_core::object::Obj;
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::reconciler::{Context, Next, Reconciler};
use setpoint_sim::checks::Check;
use setpoint_sim::{Scenario, Summary, View};

/// Part of a world, of which it is known whether it is still there.
struct Kept(#[expect(dead_code, reason = "it is counted")] Arc<()>);

impl Reconciler for Kept {
    type Root = ConfigMap;
    type Error = Infallible;

    fn name(&self) -> &'static str {
        "kept"
    }

    async fn reconcile(&self, _map: Obj<ConfigMap>, _context: &Context) -> Result<Next, Infallible> {
        Ok(Next::AwaitChange)
    }
}

impl Check for Kept {
    fn id(&self) -> &'static str {
        "kept"
    }
}

#[test]
fn nothing_of_a_world_stays_when_its_run_is_over() {
    let token = Arc::new(());
    let (controller, check) = (Arc::clone(&token), Arc::clone(&token));
    let scenario = Scenario::new("kept")
        .controller(move |context| Controller::of(Kept(Arc::clone(&controller)), context))
        .checks(move |_| vec![Box::new(Kept(Arc::clone(&check)))])
        .user(|user| async move {
            let mut map = ConfigMap::default();
            map.metadata.name = Some("a".to_owned());
            user.objects(Some("default"))?.create(map).await.map(drop)
        });
    for view in [View::Informers, View::Direct] {
        scenario.plain(view).expect("nothing goes wrong");
        assert_eq!(Arc::strong_count(&token), 3, "{view:?}");
    }
    for seed in 0..20 {
        scenario.try_seed(seed, &mut Summary::default()).expect("it stands everything");
        assert_eq!(Arc::strong_count(&token), 3, "seed {seed}");
    }
}
