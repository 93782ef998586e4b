//! The Kubernetes HTTP API over any object store.
