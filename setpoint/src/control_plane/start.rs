use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use setpoint_core::env::{Env, Task};
use setpoint_core::{Reason, Result};
use setpoint_reconcile::leader::{Election, ElectionSettings};
use setpoint_reconcile::manager::Manager;
use setpoint_store::{Definitions, ObjectStore, Objects, Store};
use setpoint_watch::{DirectView, InformerView, View};

use super::chosen::{Chosen, Expire};
use super::led::{Led, LedPart, MakeController};
use super::part::MakePart;
use super::{ControlPlane, ControlPlaneBuilder};

/// Namespaces that are there from the start (NS-06, OTHER-15).
const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// How coarse the expiry of events is.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

impl ControlPlaneBuilder {
    /// Starts everything: first the namespaces the system lives in, then the controllers, then the rest.
    ///
    /// # Errors
    ///
    /// What the store answers, settings of an election that make none, and what a part needs and does not find; what was
    /// started is ended then.
    pub async fn start(self) -> Result<ControlPlane> {
        #[cfg(feature = "node")]
        let streams = self.streams;
        #[cfg(feature = "apiserver")]
        let honours_roles = self.honours_roles;
        let Self { env, store, history, controllers, parts, led_parts, election, .. } = self;
        let Chosen { store, expire, close } = match store {
            Some(open) => open(env.clone()).await?,
            None => Chosen::engine(Store::memory(&env)),
        };
        let store = history.over(&env, store);
        ensure_namespaces(&store).await?;
        #[cfg(feature = "apiserver")]
        if honours_roles {
            setpoint_apiserver::authorization::ensure_default_roles(&store).await?;
        }
        let mut informers = None;
        let view: Arc<dyn View> = match DirectView::new(Arc::clone(&store)) {
            Some(view) => Arc::new(view),
            None => Arc::new(informers.insert(InformerView::new(&env, Arc::clone(&store))).clone()),
        };
        let manager = Manager::new(&env, Arc::clone(&store), view).with_history(history);
        let expiry = expire.map(|expire| start_expiry(&env, expire));
        let definitions = Definitions::start(&env, Arc::clone(&store));
        let mut plane = ControlPlane {
            env,
            store,
            manager,
            parts: Vec::new(),
            led: None,
            expiry,
            definitions,
            informers,
            close,
            #[cfg(feature = "node")]
            streams,
            #[cfg(feature = "apiserver")]
            honours_roles,
        };
        let started = match election {
            Some(settings) => plane.compete(settings, controllers, led_parts),
            None => plane.run(controllers, led_parts),
        };
        let started = match started {
            Ok(()) => plane.add(parts).await,
            Err(error) => Err(error),
        };
        match started {
            Ok(()) => Ok(plane),
            Err(error) => {
                plane.shut_down().await;
                Err(error)
            }
        }
    }
}

impl ControlPlane {
    /// Runs what would be led, since there is no election.
    fn run(&mut self, controllers: Vec<MakeController>, parts: Vec<LedPart>) -> Result<()> {
        for make in controllers {
            self.start(make(self.context())?);
        }
        for make in parts {
            let part = make(self.context())?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn compete(
        &mut self,
        settings: ElectionSettings,
        controllers: Vec<MakeController>,
        parts: Vec<LedPart>,
    ) -> Result<()> {
        // What cannot be made is told now, not when it would lead.
        for make in &controllers {
            make(self.context())?;
        }
        let election = Election::new(&self.env, Arc::clone(&self.store), settings)
            .map_err(|error| setpoint_core::Error::bad_request(error.to_string()))?
            .with_events(self.events());
        self.led = Some(Led::start(&self.env, election, &self.manager.context(), controllers, parts));
        Ok(())
    }

    async fn add(&mut self, parts: Vec<MakePart>) -> Result<()> {
        for make in parts {
            let part = make(self.context()).await?;
            self.parts.push(part);
        }
        Ok(())
    }
}

async fn ensure_namespaces(store: &Arc<dyn ObjectStore>) -> Result<()> {
    // A store without namespaces needs none.
    let Ok(namespaces) = Objects::<Namespace>::over(Arc::clone(store), None) else { return Ok(()) };
    for name in NAMESPACES {
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(name.to_owned());
        match namespaces.create(namespace).await {
            // A cluster has them, though this one may not be allowed to ask.
            Err(error) if error.reason() == Reason::Forbidden && store.snapshot().is_none() => {}
            Err(error) if !error.is_already_exists() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn start_expiry(env: &Env, expire: Expire) -> Task<()> {
    let clock = env.clone();
    env.spawn("event-expiry", async move {
        loop {
            clock.sleep(EXPIRY_INTERVAL).await;
            if let Err(error) = expire().await {
                tracing::warn!(%error, "events could not be expired");
            }
        }
    })
}
