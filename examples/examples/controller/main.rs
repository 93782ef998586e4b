//! A controller for a kind of one's own: each `Greeting` gets a ConfigMap with its text.
//!
//! ```text
//! cargo run --example controller
//! ```
#![allow(clippy::print_stdout, reason = "a program for people")]

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{CustomResource, Resource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use setpoint::env::Env;
use setpoint::model::object::Obj;
use setpoint::model::patch::{Patch, PatchType};
use setpoint::reconcile::controller::Controller;
use setpoint::reconcile::reconciler::{Context, Next, Reconciler};
use setpoint::{ControlPlane, Error, Result};

/// Whom to greet.
#[derive(CustomResource, Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[kube(group = "example.com", version = "v1", kind = "Greeting", namespaced, status = "GreetingStatus")]
struct GreetingSpec {
    name: String,
}

/// What was said.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
struct GreetingStatus {
    text: String,
}

struct Greeter;

impl Reconciler for Greeter {
    type Root = Greeting;
    type Error = Error;

    fn name(&self) -> &'static str {
        "greeter"
    }

    async fn reconcile(&self, greeting: Obj<Greeting>, context: &Context) -> Result<Next> {
        let (namespace, name) =
            (greeting.metadata.namespace.as_deref(), greeting.object().meta().name.to_string());
        let text = format!("Hello, {}!", greeting.spec.name);
        let mut map = ConfigMap::default();
        map.metadata.name = Some(name.clone());
        map.metadata.owner_references = Some(greeting.controller_owner_ref(&()).into_iter().collect());
        map.data = Some([("text".to_owned(), text.clone())].into());
        context.objects::<ConfigMap>(namespace)?.apply(map).await?;
        let status = Patch::decode(PatchType::Merge, json!({"status": {"text": text}}))?;
        context.objects::<Greeting>(namespace)?.patch_status(&name, status).await?;
        Ok(Next::AwaitChange)
    }
}

/// A control plane that knows greetings, with the controller at work.
async fn start(env: &Env) -> Result<ControlPlane> {
    let mut plane = ControlPlane::builder(env).workload_controllers().start().await?;
    let greetings = plane.store().registry().register::<Greeting>().map_err(Error::internal)?;
    plane.start(Controller::of(Greeter, plane.context())?.owns::<ConfigMap>(&greetings)?);
    Ok(plane)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let plane = start(&Env::tokio()).await?;
    let greeting = Greeting::new("world", GreetingSpec { name: "World".to_owned() });
    plane.objects("default")?.create(greeting).await?;
    let map = plane.objects::<ConfigMap>("default")?.wait_for("world", |map| map.is_some()).await?;
    println!("{:?}", map.and_then(|map| map.data.clone()));
    plane.shut_down().await;
    Ok(())
}

#[cfg(test)]
mod tests;
