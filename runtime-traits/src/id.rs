use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the text. Cloning shares it.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
    };
}

id! {
    /// What a runtime calls one pod sandbox. Chosen by the runtime, opaque to everyone else.
    SandboxId
}

id! {
    /// What a runtime calls one container instance. Chosen by the runtime, opaque to everyone else.
    ContainerId
}

id! {
    /// What a runtime calls the content of an image, usually a digest. Several [`ImageRef`]s may lead to it.
    ImageId
}

id! {
    /// An image as a pod names it: registry, repository, tag or digest.
    ImageRef
}

id! {
    /// What a volume driver calls one volume.
    VolumeId
}
