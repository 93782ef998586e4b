//! A runtime of local processes: no image, no root, no daemon.
//!
//! A container is a process group on this machine, a sandbox an address and a folder with its containers. It
//! promises what every runtime does (it passes the contract), and:
//!
//! 1. What a container started ends with it: after its first process all of its group is killed and, on Linux,
//!    every process that carries its mark (the variable [`CONTAINER_ID_VARIABLE`]). There are no zombies. A
//!    container is asked to stop as a group too, not only its first process, since no other process forwards
//!    signals inside.
//! 2. Containers outlive the runtime. The next one on the same directory finds them by process id and time of
//!    start, goes on writing their logs, and ends them when told. The exit code of a container that it did not
//!    start itself is [`Exit::Unknown`](setpoint_runtime_traits::Exit::Unknown), since the kernel tells it to the
//!    parent only. While nobody reads, a container that wrote a pipe full (64 KiB on Linux) waits; what was
//!    written last by one that ended in that time is lost.
//! 3. Nothing of the environment of this process reaches a container, and everything on disk (the environment of
//!    containers is part of it, secrets included) is readable by this user only. No name of a pod becomes a path outside the folder it belongs to.
//! 4. What it holds is bounded, see the constants below.
//!
//! It is not isolation: containers see the machine as this user does. Limits of resources, security contexts,
//! read-only mounts, terminals, name resolution and `hostPort` are not enforced or provided. Elsewhere than on
//! Linux processes cannot be told from others of the same id, so nothing is adopted there (containers of a
//! runtime before this one are told as ended, exit unknown, while their processes may run on), and there are no
//! figures.
//!
//! # Images
//!
//! An image name stands for a program of this machine, as an [`ImageResolver`] says; [`ImageTable`] is one. A
//! pod's `command` and `args` replace those of the image as everywhere. The image [`HOST_IMAGE`] has no program:
//! its containers run their own `command`. A name that stands for nothing, or for a program that is not there,
//! cannot be pulled.
//!
//! # Network
//!
//! All pods share the machine's network. On Linux each pod has a loopback address of its own (see
//! [`LOOPBACK_ADDRESSES_DEFAULT`]), found in `POD_IP`: many pods can listen at the same port if each listens at
//! `$POD_IP` and not at all addresses. They are reachable from this machine only.
//!
//! # Folders and variables
//!
//! | variable | value |
//! |---|---|
//! | `PATH` | as set up, see [`SEARCH_PATH_DEFAULT`] |
//! | `HOME` | the container's own folder, also where it starts unless it says otherwise; deleted with it |
//! | `HOSTNAME` | the pod's host name |
//! | `POD_IP` | the pod's address; not with host network |
//! | [`CONTAINER_ROOT_VARIABLE`] | the container's own folder |
//! | [`CONTAINER_ID_VARIABLE`] | the container's id |
//!
//! The container and its image can set all but the last two. A mount whose paths inside and outside differ is a
//! link in the container's own folder: what is mounted at `/etc/app` is at `$SETPOINT_CONTAINER_ROOT/etc/app`.
//!
//! # Example
//!
//! ```
//! use setpoint_core::env::Env;
//! use setpoint_node::process::{ImageTable, ProcessImage, ProcessRuntime};
//! use setpoint_runtime_traits::{
//!     ContainerConfig, ContainerMetadata, PodSandboxConfig, RuntimeService, SandboxMetadata, StreamingService,
//! };
//! use futures::StreamExt;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let directory = folder.path();
//! let greeter = ProcessImage::program("echo").with_args(["hello"]);
//! let runtime = ProcessRuntime::builder(directory, Env::tokio())
//!     .images(ImageTable::with_host().with_image("greeter:v1", greeter))
//!     .open()?;
//! let pod = PodSandboxConfig::new(SandboxMetadata::new("greeter", "default", "uid-1"));
//! let config = ContainerConfig::new(ContainerMetadata::new("main", 0), "greeter:v1");
//!
//! let sandbox = runtime.run_pod_sandbox(&pod).await?;
//! let container = runtime.create_container(&sandbox, &config, &pod).await?;
//! runtime.start_container(&container).await?;
//! let follow = setpoint_runtime_traits::LogOptions { follow: true, ..Default::default() };
//! let log: Vec<_> = runtime.logs(&container, &follow).await?.collect().await;
//! assert_eq!(log.len(), 1);
//! assert_eq!(log[0].as_ref().map(|line| &*line.text).ok(), Some(&b"hello"[..]));
//! assert_eq!(runtime.container_status(&container).await?.exit_code(), Some(0));
//! runtime.remove_pod_sandbox(&sandbox).await?;
//! # Ok(())
//! # }
//! ```

mod builder;
mod exec;
mod identity;
mod image;
mod image_service;
mod image_shelf;
mod instance;
mod launch;
mod lifecycle;
mod log_file;
mod log_reader;
mod orders;
mod port;
mod proc_fs;
mod process_group;
mod record;
mod recovery;
mod runtime_service;
mod shared;
mod state;
mod state_directory;
mod stats_provider;
mod streaming_service;
mod supervisor;

pub use self::builder::{
    CONTAINERS_MAX_DEFAULT, LOOPBACK_ADDRESSES_DEFAULT, OpenError, ProcessRuntimeBuilder,
    SANDBOXES_MAX_DEFAULT, SEARCH_PATH_DEFAULT,
};
pub use self::exec::{EXEC_OUTPUT_BYTES_MAX, EXECS_MAX};
pub use self::image::{HOST_IMAGE, ImageResolver, ImageTable, ProcessImage};
pub use self::image_shelf::IMAGES_MAX;
pub use self::launch::{CONTAINER_ID_VARIABLE, CONTAINER_ROOT_VARIABLE};
pub use self::log_file::LOG_FILE_BYTES_MAX_DEFAULT;
pub use self::runtime_service::ProcessRuntime;
