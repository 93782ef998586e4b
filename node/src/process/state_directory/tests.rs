use std::os::unix::fs::PermissionsExt;

use jiff::Timestamp;
use setpoint_runtime_traits::{
    ContainerConfig, ContainerMetadata, EnvVar, Exit, PodSandboxConfig, SandboxMetadata, SandboxState,
};

use super::*;
use crate::process::launch::Launch;
use crate::process::record::{Moment, Phase};

const NOW: Moment = Moment(Timestamp::UNIX_EPOCH);

fn sandbox(id: &str) -> SandboxRecord {
    let config = PodSandboxConfig::new(SandboxMetadata::new("web", "default", "uid"));
    let address = Some([127, 1, 0, 1].into());
    SandboxRecord { id: id.into(), config, created_at: NOW, state: SandboxState::Ready, address }
}

fn container(sandbox: &str, id: &str) -> ContainerRecord {
    let mut config = ContainerConfig::new(ContainerMetadata::new("main", 2), "web");
    config.env = vec![EnvVar::new("PASSWORD", "secret")];
    ContainerRecord {
        id: id.into(),
        sandbox_id: sandbox.into(),
        image_id: "web:latest".into(),
        launch: Launch {
            program: "sh".to_owned(),
            args: vec![],
            env: [("PASSWORD".to_owned(), "secret".to_owned())].into(),
            working_dir: "/".into(),
            stop_signal: 15,
            stdin: false,
        },
        config,
        log_path: "/var/log/pods/web/main/2.log".into(),
        created_at: NOW,
        phase: Phase::Exited {
            started_at: Some(NOW),
            finished_at: NOW,
            exit: Exit::Signal(9),
            message: String::new(),
        },
    }
}

fn fresh() -> (tempfile::TempDir, StateDirectory) {
    let folder = tempfile::tempdir().expect("a folder");
    let directory = StateDirectory::open(&folder.path().join("state")).expect("opened");
    (folder, directory)
}

#[test]
fn what_was_written_is_read() {
    let (_folder, directory) = fresh();
    assert_eq!(directory.read_all().expect("read"), []);
    directory.make_sandbox(&sandbox("s1")).expect("made");
    directory.make_sandbox(&sandbox("s2")).expect("made");
    directory.make_container(&container("s2", "c1"), &[]).expect("made");
    let mut stopped = sandbox("s1");
    (stopped.state, stopped.address) = (SandboxState::NotReady, None);
    directory.write_sandbox(&stopped).expect("written");
    let expected = vec![(stopped, vec![]), (sandbox("s2"), vec![container("s2", "c1")])];
    assert_eq!(directory.read_all().expect("read"), expected);
}

#[test]
fn what_cannot_be_read_is_passed_over() {
    let (_folder, directory) = fresh();
    for id in ["s1", "s2", "s3"] {
        directory.make_sandbox(&sandbox(id)).expect("made");
    }
    directory.make_container(&container("s3", "c1"), &[]).expect("made");
    fs::write(directory.sandbox(&"s1".into()).join(SANDBOX_RECORD), "{").expect("spoilt");
    // Moved by hand: its name is not its own.
    fs::rename(directory.sandbox(&"s2".into()), directory.sandbox(&"s9".into())).expect("moved");
    fs::write(directory.container(&"s3".into(), &"c1".into()).file(CONTAINER_RECORD), "").expect("spoilt");
    assert_eq!(directory.read_all().expect("read"), [(sandbox("s3"), vec![])]);
}

#[test]
fn only_this_user_reads_it() {
    let (folder, directory) = fresh();
    directory.make_sandbox(&sandbox("s1")).expect("made");
    directory.make_container(&container("s1", "c1"), &[]).expect("made");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let of_container = directory.container(&"s1".into(), &"c1".into());
    assert_eq!(mode(&folder.path().join("state")), 0o700);
    assert_eq!(mode(&of_container.root()), 0o700);
    assert_eq!(mode(&of_container.file(CONTAINER_RECORD)), 0o600);
}

#[test]
fn what_is_discarded_is_gone_at_once_and_deleted_at_the_latest_by_the_next() {
    let (folder, directory) = fresh();
    directory.make_sandbox(&sandbox("s1")).expect("made");
    directory.make_container(&container("s1", "c1"), &[]).expect("made");
    let of_container = directory.discard_container(&"s1".into(), &"c1".into()).expect("discarded");
    assert_eq!(directory.read_all().expect("read"), [(sandbox("s1"), vec![])]);
    directory.discard_sandbox(&"s1".into()).expect("discarded");
    directory.discard_sandbox(&"s1".into()).expect("gone is discarded");
    assert_eq!(directory.read_all().expect("read"), []);
    assert!(of_container.exists());
    StateDirectory::open(&folder.path().join("state")).expect("opened again");
    assert!(!of_container.exists());
}

#[test]
fn a_directory_has_one_runtime_at_a_time() {
    let (_folder, directory) = fresh();
    let first = directory.lock().expect("a lock");
    assert!(first.is_some());
    assert!(directory.lock().expect("no error").is_none());
    drop(first);
    assert!(directory.lock().expect("a lock").is_some());
}

#[test]
fn mounts_are_links_in_the_own_folder_of_a_container() {
    let (folder, directory) = fresh();
    directory.make_sandbox(&sandbox("s1")).expect("made");
    fs::write(folder.path().join("config"), "content").expect("written");
    let link = MountLink { link: "etc/app/config".into(), host_path: folder.path().join("config") };
    directory.make_container(&container("s1", "c1"), &[link]).expect("made");
    let root = directory.container(&"s1".into(), &"c1".into()).root();
    assert_eq!(fs::read_to_string(root.join("etc/app/config")).expect("read"), "content");
    let removed = directory.discard_container(&"s1".into(), &"c1".into()).expect("discarded");
    fs::remove_dir_all(removed).expect("deleted");
    assert!(folder.path().join("config").exists(), "what was mounted stays");
}
