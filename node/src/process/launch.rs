use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use setpoint_runtime_traits::{ContainerConfig, ContainerId, ErrorKind, Mount, Result, RuntimeError};

use super::ProcessImage;

/// The variable that every process of a container finds the container's id in, and is found again by.
pub const CONTAINER_ID_VARIABLE: &str = "SETPOINT_CONTAINER_ID";

/// The variable with the container's own folder, where its mounts are.
pub const CONTAINER_ROOT_VARIABLE: &str = "SETPOINT_CONTAINER_ROOT";

/// What is run for a container: everything decided, nothing looked up later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Launch {
    pub(super) program: String,
    pub(super) args: Vec<String>,
    /// All there is; nothing of the agent's own environment.
    pub(super) env: BTreeMap<String, String>,
    pub(super) working_dir: PathBuf,
    /// The number of the signal that asks it to stop.
    pub(super) stop_signal: i32,
    /// Whether its standard input stays open.
    pub(super) stdin: bool,
}

/// What of its surroundings a launch depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) id: &'a ContainerId,
    /// The container's own folder.
    pub(super) root: &'a Path,
    pub(super) search_path: &'a str,
    pub(super) hostname: &'a str,
    pub(super) pod_ip: Option<Ipv4Addr>,
}

/// A mount that a container sees as a link in its own folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MountLink {
    /// Below the container's own folder.
    pub(super) link: PathBuf,
    pub(super) host_path: PathBuf,
}

impl Launch {
    /// What to run for `config`, where `image` fills the gaps as an image's configuration does.
    pub(super) fn plan(
        config: &ContainerConfig,
        image: &ProcessImage,
        around: Surroundings<'_>,
    ) -> Result<Self> {
        let (program, args) = command_line(config, image)?;
        let working_dir = match config.working_dir.as_ref().or(image.working_dir.as_ref()) {
            Some(folder) if folder.is_absolute() => folder.clone(),
            Some(folder) => {
                return Err(invalid(config, &format!("working directory {folder:?} is relative")));
            }
            None => around.root.to_owned(),
        };
        let name = config.stop_signal.as_ref().or(image.stop_signal.as_ref());
        let stop_signal = name.map_or(Ok(Signal::SIGTERM), |name| {
            Signal::from_str(name)
                .map_err(|_| invalid(config, &format!("{name:?} is no signal of this node")))
        })?;
        Ok(Self {
            program,
            args,
            env: environment(config, image, around)?,
            working_dir,
            stop_signal: stop_signal as i32,
            stdin: config.stdin,
        })
    }
}

fn invalid(config: &ContainerConfig, problem: &str) -> RuntimeError {
    RuntimeError::new(ErrorKind::InvalidSpec, format!("container {}: {problem}", config.metadata.name))
}

fn command_line(config: &ContainerConfig, image: &ProcessImage) -> Result<(String, Vec<String>)> {
    let (command, args) = match (config.command.is_empty(), config.args.is_empty()) {
        (false, _) => (&config.command, &config.args),
        (true, false) => (&image.entrypoint, &config.args),
        (true, true) => (&image.entrypoint, &image.args),
    };
    let mut words = command.iter().chain(args);
    let Some(program) = words.next().filter(|program| !program.is_empty()) else {
        let problem = format!("neither it nor its image {} names a command", config.image);
        return Err(invalid(config, &problem));
    };
    let args: Vec<String> = words.cloned().collect();
    if program.contains('\0') || args.iter().any(|arg| arg.contains('\0')) {
        return Err(invalid(config, "its command has a NUL byte"));
    }
    Ok((program.clone(), args))
}

fn environment(
    config: &ContainerConfig,
    image: &ProcessImage,
    around: Surroundings<'_>,
) -> Result<BTreeMap<String, String>> {
    let mut env = BTreeMap::new();
    let mut set = |name: &str, value: &str| env.insert(name.to_owned(), value.to_owned());
    let root = around.root.to_string_lossy();
    set("PATH", around.search_path);
    set("HOME", &root);
    if !around.hostname.is_empty() {
        set("HOSTNAME", around.hostname);
    }
    if let Some(ip) = around.pod_ip {
        set("POD_IP", &ip.to_string());
    }
    for variable in image.env.iter().chain(&config.env) {
        let (name, value) = (&*variable.name, &*variable.value);
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(invalid(config, &format!("{name:?} cannot be an environment variable")));
        }
        set(name, value);
    }
    // Last, since processes are found again by them.
    set(CONTAINER_ID_VARIABLE, around.id.as_str());
    set(CONTAINER_ROOT_VARIABLE, &root);
    Ok(env)
}

/// The links by which a container sees its mounts. What is mounted at its own path needs none.
pub(super) fn mount_links(config: &ContainerConfig) -> Result<Vec<MountLink>> {
    let mut mounts: Vec<&Mount> = config.mounts.iter().collect();
    mounts.sort_by(|left, right| left.container_path.cmp(&right.container_path));
    let mut links: Vec<MountLink> = Vec::new();
    for mount in mounts.into_iter().filter(|mount| mount.host_path != mount.container_path) {
        let path = &mount.container_path;
        let link = below_root(path).ok_or_else(|| {
            invalid(config, &format!("mount path {path:?} is not absolute, or leads upwards"))
        })?;
        // It would be made inside the other's folder on the node.
        if let Some(outer) = links.iter().find(|outer| link.starts_with(&outer.link)) {
            let outer = Path::new("/").join(&outer.link);
            return Err(invalid(
                config,
                &format!("mount path {path:?} is inside that of another, {outer:?}"),
            ));
        }
        links.push(MountLink { link, host_path: mount.host_path.clone() });
    }
    Ok(links)
}

fn below_root(path: &Path) -> Option<PathBuf> {
    let below = path.strip_prefix("/").ok()?;
    is_plain(below).then(|| below.to_owned())
}

/// Whether a relative path leads nowhere but down, and somewhere.
pub(super) fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_))) && path.components().next().is_some()
}

#[cfg(test)]
mod tests;
