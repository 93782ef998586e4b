//! Scenes with the controller at work on a store, and what they are made of.

mod decisions;
mod identity;
mod ownership;
mod pausing;
mod refusals;
mod rollout;
mod scaling;
pub(super) mod scene;
mod turmoil;
mod waking;
mod world;
