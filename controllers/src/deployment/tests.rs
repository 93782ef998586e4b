//! Scenes with the controller at work on a store, and what they are made of.

mod decisions;
mod ownership;
mod refusals;
mod rollout;
pub(super) mod scene;
mod turmoil;
mod world;
