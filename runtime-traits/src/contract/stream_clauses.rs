use std::time::Duration;

use futures::StreamExt;

use super::{Bench, Program};
use crate::{ContainerId, ErrorKind, Exit, LogLine, LogOptions, OutputStream};

/// RUNTIME-02.
pub async fn commands_are_run_in_running_containers(bench: &Bench) {
    if !bench.can().exec {
        return;
    }
    let (_, id) = bench.started("web", &Program::Forever).await;
    for (command, code) in [(&bench.command_that_succeeds, 0), (&bench.command_that_fails, 1)] {
        let output = bench.streaming().exec_sync(&id, command, Some(bench.patience)).await;
        assert_eq!(output.expect("it ran").exit, Exit::Code(code), "{command:?}");
    }
}

/// RUNTIME-02.
pub async fn commands_need_a_running_container(bench: &Bench) {
    if !bench.can().exec {
        return;
    }
    let (_, id) = bench.made("web", &Program::Forever).await;
    let command = &bench.command_that_succeeds;
    let early = bench.streaming().exec_sync(&id, command, None).await.expect_err("it does not run yet");
    assert_eq!(early.kind, ErrorKind::Conflict, "{early}");
    bench.start(&id).await;
    bench.runtime().stop_container(&id, Duration::ZERO).await.expect("stopped");
    let late = bench.streaming().exec_sync(&id, command, None).await.expect_err("it ended");
    assert_eq!(late.kind, ErrorKind::Conflict, "{late}");
    let never = ContainerId::from("never-was");
    let never = bench.streaming().exec_sync(&never, command, None).await.expect_err("it never was");
    assert!(never.is_not_found(), "{never}");
}

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Prints three lines, two and one, and waits for the end.
async fn printed(bench: &Bench) -> ContainerId {
    let program = Program::Print(lines(&["one", "two with words"]), lines(&["three"]));
    let (_, id) = bench.started("web", &program).await;
    bench.ended(&id).await;
    id
}

async fn read(bench: &Bench, id: &ContainerId, options: &LogOptions) -> Vec<LogLine> {
    let log = bench.streaming().logs(id, options).await.expect("there is a log");
    let log = bench.env.timeout(bench.patience, log.collect::<Vec<_>>()).await;
    log.expect("the log ends").into_iter().map(|line| line.expect("no error")).collect()
}

fn of(stream: OutputStream, log: &[LogLine]) -> Vec<String> {
    log.iter()
        .filter(|line| line.stream == stream)
        .map(|line| String::from_utf8_lossy(&line.text).into_owned())
        .collect()
}

/// RUNTIME-08: complete once the container ended; the order between the two streams is not promised.
pub async fn logs_are_what_was_printed(bench: &Bench) {
    if !bench.can().logs {
        return;
    }
    let id = printed(bench).await;
    let log = read(bench, &id, &LogOptions::default()).await;
    assert_eq!(of(OutputStream::Stdout, &log), ["one", "two with words"]);
    assert_eq!(of(OutputStream::Stderr, &log), ["three"]);
    assert!(log.iter().all(|line| !line.partial && line.at <= bench.env.wall()), "{log:?}");
    let started = bench.status(&id).await.started_at.expect("it was started");
    assert!(log.iter().all(|line| line.at >= started), "{log:?} {started}");

    let future =
        LogOptions { since: Some(bench.env.wall() + Duration::from_secs(1)), ..LogOptions::default() };
    assert_eq!(read(bench, &id, &future).await, []);
    let never = bench.streaming().logs(&ContainerId::from("never-was"), &LogOptions::default()).await;
    assert!(never.map(drop).expect_err("it never was").is_not_found());
}

/// RUNTIME-08: at the conventional place, for runtimes that write files.
pub async fn log_files_are_in_the_common_format(bench: &Bench) {
    if !bench.can().logs {
        return;
    }
    let id = printed(bench).await;
    let Some(path) = bench.status(&id).await.log_path else { return };
    assert_eq!(path, bench.log_directory.join("default_web_uid-of-web").join("main").join("0.log"));
    let file = std::fs::read(&path).expect("the log file exists");
    let parsed: Vec<_> = file
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| LogLine::parse(line).expect("the common format"))
        .collect();
    assert_eq!(parsed, read(bench, &id, &LogOptions::default()).await);
    bench.runtime().remove_container(&id).await.expect("removed");
    assert!(path.exists(), "the log stays until the agent removes it");
}

/// OBSERVE-07.
pub async fn the_tail_of_a_log_is_its_last_lines(bench: &Bench) {
    if !bench.can().logs {
        return;
    }
    let id = printed(bench).await;
    let all = read(bench, &id, &LogOptions::default()).await;
    for count in 0..=4u64 {
        let options = LogOptions { tail_lines: Some(count), ..LogOptions::default() };
        let skipped = all.len().saturating_sub(count as usize);
        assert_eq!(read(bench, &id, &options).await, all[skipped..], "the last {count}");
    }
}

/// OBSERVE-07.
pub async fn following_a_log_ends_with_the_container(bench: &Bench) {
    if !bench.can().logs {
        return;
    }
    let (_, id) = bench.started("web", &Program::Forever).await;
    let follow = LogOptions { follow: true, ..LogOptions::default() };
    let log = bench.streaming().logs(&id, &follow).await.expect("there is a log");
    let stop = bench.runtime().stop_container(&id, bench.patience);
    let both = futures::future::join(log.collect::<Vec<_>>(), stop);
    let (log, stopped) = bench.env.timeout(bench.patience * 2, both).await.expect("the log ends");
    stopped.expect("stopped");
    assert!(log.iter().all(Result::is_ok), "{log:?}");
}
