use setpoint_runtime_traits::{ContainerMetadata, EnvVar};

use super::*;

fn config() -> ContainerConfig {
    ContainerConfig::new(ContainerMetadata::new("main", 0), "web")
}

fn plan(config: &ContainerConfig, image: &ProcessImage) -> Result<Launch> {
    let id = ContainerId::from("c1");
    let around = Surroundings {
        id: &id,
        root: Path::new("/state/c1/root"),
        search_path: "/bin",
        hostname: "web-0",
        pod_ip: Some(Ipv4Addr::new(127, 1, 0, 1)),
    };
    Launch::plan(config, image, around)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn command_and_arguments_replace_those_of_the_image() {
    let table = [
        ("program", "default", "", "", Some("program default")),
        ("program", "default", "", "own", Some("program own")),
        ("program", "default", "other", "", Some("other")),
        ("program", "default", "other", "own", Some("other own")),
        ("program fixed", "default", "", "own", Some("program fixed own")),
        ("", "", "own", "", Some("own")),
        ("", "", "", "own", Some("own")),
        ("", "", "", "", None),
    ];
    for (entrypoint, image_args, command, args, expected) in table {
        let image = ProcessImage {
            entrypoint: words(entrypoint),
            args: words(image_args),
            ..ProcessImage::default()
        };
        let mut config = config();
        (config.command, config.args) = (words(command), words(args));
        let seen = plan(&config, &image)
            .map(|launch| [vec![launch.program], launch.args].concat().join(" "))
            .map_err(|error| error.kind);
        let expected = expected.map(str::to_owned).ok_or(ErrorKind::InvalidSpec);
        assert_eq!(seen, expected, "{entrypoint:?} {image_args:?} {command:?} {args:?}");
    }
}

#[test]
fn the_environment_is_what_was_asked_for_and_nothing_of_the_agent() {
    let image = ProcessImage::program("sh").with_env("LEVEL", "info").with_env("COLOUR", "red");
    let mut config = config();
    config.env = vec![
        EnvVar::new("LEVEL", "debug"),
        EnvVar::new("POD_IP", "mine"),
        EnvVar::new(CONTAINER_ID_VARIABLE, "forged"),
    ];
    let env = plan(&config, &image).expect("a launch").env;
    let expected = [
        ("COLOUR", "red"),
        ("HOME", "/state/c1/root"),
        ("HOSTNAME", "web-0"),
        ("LEVEL", "debug"),
        ("PATH", "/bin"),
        ("POD_IP", "mine"),
        (CONTAINER_ID_VARIABLE, "c1"),
        (CONTAINER_ROOT_VARIABLE, "/state/c1/root"),
    ];
    assert_eq!(env, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn what_cannot_work_is_refused() {
    type Spoil = fn(&mut ContainerConfig);
    let table: [(&str, Spoil); 6] = [
        ("variable without name", |config| config.env.push(EnvVar::new("", "x"))),
        ("variable with =", |config| config.env.push(EnvVar::new("a=b", "x"))),
        ("value with NUL", |config| config.env.push(EnvVar::new("a", "x\0"))),
        ("argument with NUL", |config| config.args.push("\0".to_owned())),
        ("relative folder", |config| config.working_dir = Some("here".into())),
        ("unknown signal", |config| config.stop_signal = Some("SIGWHAT".to_owned())),
    ];
    for (name, spoil) in table {
        let mut config = config();
        spoil(&mut config);
        let error = plan(&config, &ProcessImage::program("sh")).expect_err(name);
        assert_eq!(error.kind, ErrorKind::InvalidSpec, "{name}: {error}");
    }
}

#[test]
fn the_stop_signal_is_that_of_the_container_or_the_image_or_term() {
    let with = |own: Option<&str>, image: Option<&str>| {
        let mut config = config();
        config.stop_signal = own.map(str::to_owned);
        let mut program = ProcessImage::program("sh");
        program.stop_signal = image.map(str::to_owned);
        plan(&config, &program).expect("a launch").stop_signal
    };
    assert_eq!(with(None, None), 15);
    assert_eq!(with(None, Some("SIGINT")), 2);
    assert_eq!(with(Some("SIGQUIT"), Some("SIGINT")), 3);
}

#[test]
fn mounts_become_links_below_the_root_and_nowhere_else() {
    let links = |mounts: &[(&str, &str)]| {
        let mut config = config();
        config.mounts = mounts.iter().map(|(host, container)| Mount::new(*host, *container)).collect();
        mount_links(&config).map_err(|error| error.kind)
    };
    let link = |link: &str, host_path: &str| MountLink { link: link.into(), host_path: host_path.into() };
    assert_eq!(
        links(&[("/pods/1/tls", "/etc/tls"), ("/data", "/data"), ("/pods/1/conf", "/etc/conf")]),
        Ok(vec![link("etc/conf", "/pods/1/conf"), link("etc/tls", "/pods/1/tls")])
    );
    for crafted in ["relative", "/../etc", "/a/../../etc", "/", ""] {
        assert_eq!(links(&[("/data", crafted)]), Err(ErrorKind::InvalidSpec), "{crafted:?}");
    }
    let nested = links(&[("/data/sub", "/srv/sub"), ("/data", "/srv")]);
    assert_eq!(nested, Err(ErrorKind::InvalidSpec));
    assert_eq!(links(&[("/a", "/srv/a"), ("/b", "/srv/ab")]).map(|links| links.len()), Ok(2));
}
