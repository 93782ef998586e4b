use std::fs;
use std::os::unix::fs::PermissionsExt;

use futures::StreamExt;
use setpoint_runtime_traits::{
    LOG_TEXT_BYTES_MAX, LogLine, LogOptions, OutputStream, RuntimeService, StreamingService,
};

use super::world::{PATIENCE, World};

fn parsed(path: &std::path::Path) -> Vec<LogLine> {
    let file = fs::read(path).expect("the log");
    file.split_inclusive(|byte| *byte == b'\n').map(|line| LogLine::parse(line).expect("a line")).collect()
}

// RUNTIME-08
#[test]
fn a_log_has_both_outputs_and_the_parts_of_long_lines() {
    World::run(|world| async move {
        let script = format!(
            "echo out; echo err >&2; head -c {} /dev/zero | tr '\\0' x; echo; printf 'no end'",
            LOG_TEXT_BYTES_MAX + 3
        );
        let id = world.shell("web", &script).await;
        let path = world.ended(&id).await.log_path.expect("a log file");
        assert_eq!(path, world.log_directory().join("default_web_uid-of-web/main/0.log"));
        assert_eq!(fs::metadata(&path).expect("the log").permissions().mode() & 0o777, 0o600);
        let log = parsed(&path);
        let seen: Vec<_> = log
            .iter()
            .filter(|line| line.stream == OutputStream::Stdout)
            .map(|line| (line.partial, line.text.len()))
            .collect();
        assert_eq!(seen, [(false, 3), (true, LOG_TEXT_BYTES_MAX), (false, 3), (false, 6)]);
        let errors = log.iter().filter(|line| line.stream == OutputStream::Stderr);
        assert_eq!(errors.map(|line| &*line.text).collect::<Vec<_>>(), [b"err"]);
        world
    });
}

#[test]
fn a_log_that_nobody_rotates_is_bounded() {
    World::run_with(
        |builder| builder.log_file_bytes_max(10_000),
        |world| async move {
            let id =
                world.shell("web", "i=0; while [ $i -lt 1000 ]; do echo line $i; i=$((i+1)); done").await;
            let path = world.ended(&id).await.log_path.expect("a log file");
            let older = path.with_extension("log.1");
            // A piece of what was read at once may lie above, never more.
            for file in [&path, &older] {
                assert!(fs::metadata(file).expect("a log").len() <= 10_000 + 64 * 1024, "{}", file.display());
            }
            assert_eq!(parsed(&path).last().map(|line| line.text.clone()), Some(b"line 999".to_vec()));
            assert_eq!(fs::read_dir(path.parent().expect("a folder")).expect("a folder").count(), 2);
            world
        },
    );
}

// RUNTIME-08
#[test]
fn an_agent_rotates_and_readers_follow() {
    World::run(|world| async move {
        let id = world.shell("web", "echo one; read line; echo two; exec sleep 1000").await;
        // Without input `read` ends at once, so both lines come; then the log is moved.
        assert_eq!(world.lines(&id, 2).await, ["one", "two"]);
        let path = world.status(&id).await.log_path.expect("a log file");
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let log = world.runtime.logs(&id, &follow).await.expect("a log");
        fs::rename(&path, path.with_extension("rotated")).expect("moved");
        world.runtime.reopen_log(&id).await.expect("reopened");
        world.runtime.stop_container(&id, PATIENCE).await.expect("stopped");
        let lines = world.env.timeout(PATIENCE, log.collect::<Vec<_>>()).await.expect("it ends");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(parsed(&path), []);
        assert_eq!(parsed(&path.with_extension("rotated")).len(), 2);
        let late = world.runtime.reopen_log(&id).await.expect_err("it ended");
        assert_eq!(late.kind, setpoint_runtime_traits::ErrorKind::Conflict);
        world
    });
}

// OBSERVE-07
#[test]
fn the_tail_of_a_long_log_is_found_from_its_end() {
    World::run(|world| async move {
        let id = world.shell("web", "i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done").await;
        world.ended(&id).await;
        for (count, first) in
            [(0, None), (1, Some(4999)), (3000, Some(2000)), (5000, Some(0)), (9999, Some(0))]
        {
            let options = LogOptions { tail_lines: Some(count), ..LogOptions::default() };
            let log: Vec<_> = world.runtime.logs(&id, &options).await.expect("a log").collect().await;
            let text = log.first().map(|line| line.as_ref().expect("a line").text.clone());
            assert_eq!(text, first.map(|number| format!("line {number}").into_bytes()), "{count}");
            assert_eq!(log.len() as u64, count.min(5000));
        }
        world
    });
}
