use k8s_openapi::api::core::v1::ConfigMap;
use kube_core::Resource;
use setpoint_core::object::Obj;
use setpoint_core::{Error, Result};
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::reconciler::{Context, Next, Reconciler};
use setpoint_sim::Scenario;

const COPY: &str = "example.com/copy";

/// Gives each ConfigMap a copy, and notes the copy's name on it.
struct Copier;

impl Reconciler for Copier {
    type Root = ConfigMap;
    type Error = Error;

    fn name(&self) -> &'static str {
        "copier"
    }

    async fn reconcile(&self, map: Obj<ConfigMap>, context: &Context) -> Result<Next> {
        let meta = map.object().meta();
        if meta.controller().is_some() || meta.annotations.contains_key(COPY) {
            return Ok(Next::AwaitChange);
        }
        let maps = context.objects::<ConfigMap>(meta.namespace.as_deref())?;
        let mut copy = ConfigMap { data: map.data.clone(), ..ConfigMap::default() };
        copy.metadata.generate_name = Some(format!("{}-copy-", meta.name));
        copy.metadata.owner_references = Some(map.controller_owner_ref(&()).into_iter().collect());
        let copy = maps.create(copy).await?;
        let mut noted = ConfigMap::clone(map.whole());
        let name = copy.object().meta().name.to_string();
        noted.metadata.annotations.get_or_insert_default().insert(COPY.to_owned(), name);
        maps.replace(noted).await?;
        Ok(Next::AwaitChange)
    }
}

pub(super) fn each_map_gets_one_copy() {
    Scenario::new("copier")
        .controller(|context| Controller::of(Copier, context))
        .user(|user| async move {
            let mut map = ConfigMap::default();
            map.metadata.name = Some("a".to_owned());
            user.objects(Some("default"))?.create(map).await.map(drop)
        })
        .check();
}
