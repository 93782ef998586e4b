//! Control-loop primitives with Kubernetes semantics.
//!
//! A typed object store, watches and informers, a reconciler runtime, the reference controllers, a
//! scheduler and a node agent, as a library: take the part you need, or put together a whole
//! [`ControlPlane`].
//!
//! | you want | you use |
//! |---|---|
//! | Kubernetes' object model, and one clock for everything | [`model`], [`mod@env`] |
//! | a typed store with watches | [`store`]: [`Store`], [`Objects`] |
//! | to know at once what has changed | [`watch`] |
//! | a controller of your own | [`reconcile`]: [`Reconciler`](reconcile::reconciler::Reconciler) |
//! | Deployments, ReplicaSets, garbage collection | `controllers` (feature) |
//! | pods placed on nodes | `scheduler` (feature) |
//! | to know what your controller does when everything goes wrong | `sim` (feature) |
//! | your controllers on a real cluster | `store::remote` (feature `remote`) |
//! | objects from YAML | `manifest` (feature) |
//! | kubectl and kube clients to work unmodified | `apiserver` (feature), over the network `apiserver::serve` (feature `serve`) |
//! | pods run | `node`, `runtime` (feature) |
//!
//! ```
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use setpoint::ControlPlane;
//! use setpoint::env::Simulation;
//!
//! let sim = Simulation::new(7); // or `Env::tokio()` in a running tokio runtime
//! let env = sim.env();
//! let text = sim.block_on(async {
//!     let plane = ControlPlane::builder(&env).start().await?;
//!     let maps = plane.objects::<ConfigMap>("default")?;
//!     let mut map = ConfigMap::default();
//!     map.metadata.name = Some("greeting".to_owned());
//!     map.data = Some([("text".to_owned(), "hello".to_owned())].into());
//!     let stored = maps.create(map).await?;
//!     plane.shut_down().await;
//!     Ok::<_, setpoint::Error>(stored.data.clone().unwrap_or_default()["text"].clone())
//! });
//! assert_eq!(text.expect("nothing waits for ever")?, "hello");
//! # Ok::<(), setpoint::Error>(())
//! ```

mod control_plane;
#[cfg(feature = "manifest")]
pub mod manifest;

#[cfg(feature = "apiserver")]
pub use setpoint_apiserver as apiserver;
#[cfg(feature = "controllers")]
pub use setpoint_controllers as controllers;
pub use setpoint_core as model;
pub use setpoint_core::{Error, Result, env};
#[cfg(feature = "node")]
pub use setpoint_node as node;
pub use setpoint_reconcile as reconcile;
#[cfg(feature = "node")]
pub use setpoint_runtime_traits as runtime;
#[cfg(feature = "scheduler")]
pub use setpoint_scheduler as scheduler;
#[cfg(feature = "sim")]
pub use setpoint_sim as sim;
pub use setpoint_store as store;
pub use setpoint_store::{ObjectStore, Objects, Store};
pub use setpoint_watch as watch;

pub use self::control_plane::{ControlPlane, ControlPlaneBuilder};

/// The programs in the README are compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
