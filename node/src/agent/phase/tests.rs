use serde_json::json;

use super::super::fixtures::spec;
use super::*;

/// Statuses in few words: `web+` runs, `web=3` ended, `web-` waits, `web-3` waits after ending with 3.
fn statuses(words: &[&str]) -> Vec<ContainerStatus> {
    words
        .iter()
        .map(|word| {
            let at = word.find(['+', '=', '-']).expect("a mark");
            let (name, rest) = word.split_at(at);
            let ended =
                |code: &str| json!({"terminated": {"exitCode": code.parse::<i32>().expect("a code")}});
            let (state, last) = match (&rest[..1], &rest[1..]) {
                ("+", _) => (json!({"running": {}}), json!({})),
                ("=", code) => (ended(code), json!({})),
                (_, "") => (json!({"waiting": {}}), json!({})),
                (_, code) => (json!({"waiting": {}}), ended(code)),
            };
            let started = rest == "+";
            serde_json::from_value(json!({
                "name": name, "state": state, "lastState": last, "started": started, "ready": started,
                "image": "", "imageID": "", "restartCount": 0,
            }))
            .expect("a status")
        })
        .collect()
}

/// Restart policy, init containers, containers, whether all was stopped; the phase.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], bool, Phase);

#[test]
#[rustfmt::skip]
fn phases_follow_from_policies_and_states() {
    // AGENT-10
    use Phase::{Failed, Pending, Running, Succeeded};
    let rows: [Row; 24] = [
        ("Always", &[], &["a-"], false, Pending),
        ("Always", &[], &["a+"], false, Running),
        ("Always", &[], &["a+", "b-"], false, Pending),
        ("Always", &[], &["a+", "b-1"], false, Running),
        ("Always", &[], &["a=0"], false, Running),
        ("Always", &[], &["a=1"], false, Running),
        ("Always", &[], &["a=0"], true, Succeeded),
        ("Always", &[], &["a=1"], true, Failed),
        ("OnFailure", &[], &["a=0", "b+"], false, Running),
        ("OnFailure", &[], &["a=0", "b=0"], false, Succeeded),
        ("OnFailure", &[], &["a=0", "b=1"], false, Running),
        ("OnFailure", &[], &["a=0", "b-1"], false, Running),
        ("Never", &[], &["a=0", "b=0"], false, Succeeded),
        ("Never", &[], &["a=0", "b=1"], false, Failed),
        ("Never", &[], &["a=1", "b+"], false, Running),
        ("Never", &[], &["a=1", "b-"], false, Pending),
        ("Always", &["i+"], &["a-"], false, Pending),
        ("Always", &["i-1"], &["a-"], false, Pending),
        ("Never", &["i=1"], &["a-"], false, Failed),
        ("Never", &["i=0"], &["a+"], false, Running),
        ("Always", &["s*-"], &["a-"], false, Pending),
        ("Always", &["s*-1"], &["a+"], false, Running),
        ("OnFailure", &["s*+"], &["a=0"], false, Succeeded),
        ("OnFailure", &["s*=137"], &["a=0"], true, Succeeded),
    ];
    for (policy, init, app, stopped, expected) in rows {
        fn names<'a>(words: &[&'a str]) -> Vec<&'a str> {
            words.iter().map(|word| &word[..word.find(['+', '=', '-']).expect("a mark")]).collect()
        }
        let spec = spec(&names(app), &names(init), json!({"restartPolicy": policy}));
        let init: Vec<String> = init.iter().map(|word| word.replace('*', "")).collect();
        let init: Vec<&str> = init.iter().map(String::as_str).collect();
        let seen = phase(&spec, &statuses(&init), &statuses(app), stopped);
        assert_eq!(seen, expected, "{policy} {init:?} {app:?} stopped: {stopped}");
    }
}
