//! The reconciler runtime: what decides when a key runs, runs it, and tells what came of it.
//!
//! - [`reconciler::Reconciler`] is a controller for anybody: async, one root object at a time.
//! - [`plan::Planner`] is a controller that decides purely; one executor carries its plans out.
//! - [`controller::Controller`] is the engine of both: relations, a [`queue`], workers.
//! - [`leader::Election`] lets one of several processes lead, and fences the writes of those that did.
//! - [`manager::Manager`] starts controllers and joins them.
//! - [`events`] is how they tell people what they do; [`history`] tells why an object is as it is.

pub mod backoff;
pub mod controller;
pub mod events;
pub mod history;
pub mod leader;
pub mod manager;
mod own_writes;
pub mod plan;
pub mod queue;
pub mod reconciler;
