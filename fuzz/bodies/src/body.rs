//! Bodies: what is accepted is stored as it was meant, and stays so.

use serde_json::Value;

use crate::INPUT_BYTES_MAX;
use crate::server::{Answer, with_server};

/// Where bodies are sent, none of which stays.
const CONFIG_MAPS: &str = "/api/v1/namespaces/empty/configmaps?dryRun=All";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/empty/deployments?dryRun=All";
const PODS: &str = "/api/v1/namespaces/empty/pods?dryRun=All";

/// A JSON body, sent as a config map and as a pod.
pub fn json_body(input: &[u8]) {
    let input = input.get(..INPUT_BYTES_MAX).unwrap_or(input);
    for path in [CONFIG_MAPS, PODS] {
        let answer = with_server(|server| server.ask("POST", path, "application/json", input.to_vec()));
        assert_is_expected(&answer);
        if answer.code == 201 {
            assert_stays(path, &answer);
            let sent: Value = serde_json::from_slice(input).expect("what is accepted is JSON");
            let of = |value: &Value| value["data"].as_object().cloned().unwrap_or_default();
            if path == CONFIG_MAPS {
                assert_eq!(of(&sent), of(&answer.body), "{sent}");
            }
            // JSON is YAML.
            let again = with_server(|server| server.ask("POST", path, "application/yaml", input.to_vec()));
            assert_eq!(without_identity(&again), without_identity(&answer), "{sent} as YAML");
        }
    }
}

/// A YAML body.
pub fn yaml_body(input: &[u8]) {
    let input = input.get(..INPUT_BYTES_MAX).unwrap_or(input);
    for path in [CONFIG_MAPS, PODS] {
        let answer = with_server(|server| server.ask("POST", path, "application/yaml", input.to_vec()));
        assert_is_expected(&answer);
        if answer.code == 201 {
            assert_stays(path, &answer);
        }
    }
}

/// A protobuf body, sent to one of the kinds by its first byte.
pub fn protobuf_body(input: &[u8]) {
    let input = input.get(..INPUT_BYTES_MAX).unwrap_or(input);
    let Some((first, body)) = input.split_first() else { return };
    let path = match first {
        b'c' => CONFIG_MAPS,
        b'd' => DEPLOYMENTS,
        _ => PODS,
    };
    let media_type = "application/vnd.kubernetes.protobuf";
    let answer = with_server(|server| server.ask("POST", path, media_type, body.to_vec()));
    assert_is_expected(&answer);
    if answer.code == 201 {
        assert_stays(path, &answer);
    }
}

/// No input that says something wrong is answered in another way.
fn assert_is_expected(answer: &Answer) {
    let is_expected = matches!(answer.code, 201 | 400 | 403 | 404 | 413 | 415 | 422);
    assert!(is_expected, "{answer:?}");
}

/// What is made of a body is made of itself: defaults and canonical forms change nothing more.
fn assert_stays(path: &str, answer: &Answer) {
    let sent = without_identity(answer);
    let again = with_server(|server| server.ask("POST", path, "application/json", sent.to_string()));
    assert_eq!(again.code, 201, "{sent}: {again:?}");
    assert_eq!(without_identity(&again), sent);
}

/// The object without what the server gives each object anew.
fn without_identity(answer: &Answer) -> Value {
    let mut object = answer.body.clone();
    if let Some(meta) = object["metadata"].as_object_mut() {
        for field in ["uid", "creationTimestamp", "resourceVersion", "managedFields", "generation"] {
            meta.remove(field);
        }
        if meta.contains_key("generateName") {
            meta.remove("name");
        }
    }
    object
}
