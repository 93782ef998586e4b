use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::settings::EtcdSettings;

/// An etcd of one's own, for tests and benchmarks: members as processes on free ports of this machine. They are killed when
/// it is dropped.
///
/// It needs Debian's package `etcd-server`, or another program `etcd` in the path.
#[derive(Debug)]
pub struct LocalEtcd {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    client: String,
    process: Option<Child>,
}

impl LocalEtcd {
    /// Whether there is a program `etcd`.
    pub fn is_installed() -> bool {
        find("etcd").is_some()
    }

    /// Starts so many members with their files in a folder. They may take a second until they answer.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no program `etcd`; and what the folder and the ports say.
    pub fn start(folder: &Path, members: usize) -> io::Result<Self> {
        Self::start_with(folder, members, "http", &[])
    }

    /// The same, with clients that come over `http` or `https`, and more options.
    pub(super) fn start_with(
        folder: &Path,
        members: usize,
        scheme: &str,
        more: &[(&str, &str)],
    ) -> io::Result<Self> {
        let program = find("etcd")
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no program etcd in the path"))?;
        // All ports are held at once, so that no two are the same.
        let held: Vec<TcpListener> =
            (0..members * 2).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<_>>()?;
        let ports: Vec<u16> = held
            .iter()
            .map(|listener| listener.local_addr().map(|address| address.port()))
            .collect::<io::Result<_>>()?;
        drop(held);
        let url = |scheme: &str, port: u16| format!("{scheme}://127.0.0.1:{port}");
        let places: Vec<(String, String)> =
            ports.chunks_exact(2).map(|pair| (url(scheme, pair[0]), url("http", pair[1]))).collect();
        let names = |number: usize| format!("m{number}");
        let cluster: Vec<String> = places
            .iter()
            .enumerate()
            .map(|(number, (_, peer))| format!("{}={peer}", names(number)))
            .collect();
        let mut started = Self { members: Vec::new() };
        for (number, (client, peer)) in places.iter().enumerate() {
            let name = names(number);
            let data = folder.join(&name);
            fs::create_dir_all(&data)?;
            let options: [(&str, &str); 11] = [
                ("--name", &name),
                ("--data-dir", &data.to_string_lossy()),
                ("--listen-client-urls", client),
                ("--advertise-client-urls", client),
                ("--listen-peer-urls", peer),
                ("--initial-advertise-peer-urls", peer),
                ("--initial-cluster", &cluster.join(",")),
                ("--initial-cluster-state", "new"),
                ("--heartbeat-interval", "100"),
                ("--election-timeout", "1000"),
                ("--logger", "zap"),
            ];
            let options = options.into_iter().chain(more.iter().copied());
            let arguments = options.map(|(name, value)| format!("{name}={value}"));
            let mut member = Member {
                program: program.clone(),
                arguments: arguments.collect(),
                log: folder.join(format!("{name}.log")),
                client: client.clone(),
                process: None,
            };
            member.start()?;
            started.members.push(member);
        }
        Ok(started)
    }

    /// Where its members are.
    pub fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(|member| member.client.clone()).collect()
    }

    /// Settings for an engine over it.
    pub fn settings(&self) -> EtcdSettings {
        EtcdSettings::new(self.endpoints())
    }

    /// The process of a member, if it was not killed.
    pub fn process_id(&self, member: usize) -> Option<u32> {
        Some(self.members.get(member)?.process.as_ref()?.id())
    }

    /// Kills a member, as a crash does. Its files stay.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is no such member.
    pub fn kill(&mut self, member: usize) -> io::Result<()> {
        self.member(member)?.kill()
    }

    /// Starts a member again that was killed.
    ///
    /// # Errors
    ///
    /// As [`LocalEtcd::start`].
    pub fn restart(&mut self, member: usize) -> io::Result<()> {
        let member = self.member(member)?;
        member.kill()?;
        member.start()
    }

    fn member(&mut self, member: usize) -> io::Result<&mut Member> {
        self.members.get_mut(member).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl Member {
    fn start(&mut self) -> io::Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let process = Command::new(&self.program)
            .args(&self.arguments)
            // Settings of another etcd are none of this one's.
            .env_clear()
            .env("ETCD_UNSUPPORTED_ARCH", std::env::consts::ARCH)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.process = Some(process);
        Ok(())
    }

    fn kill(&mut self) -> io::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        process.kill()?;
        process.wait().map(drop)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.kill();
    }
}

/// A program in the path.
fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}
