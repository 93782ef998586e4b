use std::fs;

use super::world::World;
use crate::serve::{Authority, ServeError};

#[cfg(unix)]
fn mode(path: &std::path::Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).expect("it is there").permissions()) & 0o777
}

#[cfg(unix)]
#[tokio::test]
async fn keys_and_configuration_are_their_owner_s_alone() {
    let world = World::start().await;
    let folder = world.folder.path();
    let config = folder.join("config");
    // What others could read before is not what they read now.
    fs::write(&config, "old").expect("it is written");
    world.server.kubeconfig().write(&config).expect("it is written");
    for name in ["config", "ca.crt", "ca.key"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    let names: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|it| it.expect("a file").file_name()).collect();
    assert_eq!(names.len(), 3, "nothing is left beside: {names:?}");
    world.server.shut_down().await;
}

#[tokio::test]
async fn an_authority_is_the_same_after_a_restart() {
    let world = World::start().await;
    assert_eq!(world.open_authority().certificate(), world.authority);
    let names = ["localhost".to_owned()];
    let pair = world.open_authority().certify_server(&world.env, &names).expect("a certificate");
    assert!(crate::serve::tls::server_config(&world.env, &pair, &world.authority).is_ok());
    world.server.shut_down().await;
}

#[tokio::test]
async fn an_authority_that_is_none_is_told_without_its_key() {
    let world = World::start().await;
    let env = &world.env;
    let read = |name: &str| fs::read_to_string(world.folder.path().join(name)).expect("it is there");
    let (certificate, key) = (read("ca.crt"), read("ca.key"));
    let other = tempfile::tempdir().expect("a folder");
    Authority::open(env, other.path()).expect("another authority");
    let foreign = fs::read_to_string(other.path().join("ca.key")).expect("it is there");
    let pair = world.open_authority().certify_client(env, &super::world::jane()).expect("a certificate");
    for (certificate, key) in [
        ("", key.as_str()),
        (certificate.as_str(), ""),
        (certificate.as_str(), foreign.as_str()),
        (pair.certificate(), pair.key()),
        (key.as_str(), certificate.as_str()),
    ] {
        let error = Authority::from_pem(env, certificate, key).expect_err("it is none");
        assert!(matches!(error, ServeError::Certificate { .. }), "{error}");
        assert!(!format!("{error} {error:?}").contains("BEGIN"), "{error:?}");
    }
    assert!(Authority::from_pem(env, &certificate, &key).is_ok());
    // Half of an authority is not made whole by a new one.
    fs::remove_file(other.path().join("ca.crt")).expect("it was there");
    assert!(matches!(Authority::open(env, other.path()), Err(ServeError::File { .. })));
    world.server.shut_down().await;
}
