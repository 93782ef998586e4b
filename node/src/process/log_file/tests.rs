use proptest::prelude::*;

use super::*;

fn lines(chunks: &[&[u8]]) -> Vec<LogLine> {
    let mut splitter = LineSplitter::new(OutputStream::Stdout);
    let mut file = Vec::new();
    for chunk in chunks {
        splitter.feed(chunk, Timestamp::UNIX_EPOCH, &mut file);
    }
    splitter.finish(Timestamp::UNIX_EPOCH, &mut file);
    file.split_inclusive(|byte| *byte == b'\n').map(|line| LogLine::parse(line).expect("a line")).collect()
}

fn shown(chunks: &[&[u8]]) -> Vec<(bool, String)> {
    let show = |line: LogLine| (line.partial, String::from_utf8_lossy(&line.text).into_owned());
    lines(chunks).into_iter().map(show).collect()
}

#[test]
fn lines_end_where_the_container_ends_them() {
    let full = |text: &str| (false, text.to_owned());
    type Lines = Vec<(bool, String)>;
    let table: [(&[&[u8]], Lines); 6] = [
        (&[], vec![]),
        (&[b"one\n"], vec![full("one")]),
        (&[b"o", b"ne", b"\n"], vec![full("one")]),
        (&[b"one\n\ntwo\n"], vec![full("one"), full(""), full("two")]),
        (&[b"no end"], vec![full("no end")]),
        (&[b"one\ntw", b"o"], vec![full("one"), full("two")]),
    ];
    for (chunks, expected) in table {
        assert_eq!(shown(chunks), expected, "{chunks:?}");
    }
}

// RUNTIME-08
#[test]
fn long_lines_are_written_in_parts() {
    let long = vec![b'x'; 2 * LOG_TEXT_BYTES_MAX + 5];
    let seen: Vec<_> = lines(&[&long, b"\n"]).iter().map(|line| (line.partial, line.text.len())).collect();
    assert_eq!(seen, [(true, LOG_TEXT_BYTES_MAX), (true, LOG_TEXT_BYTES_MAX), (false, 5)]);

    let exact = vec![b'x'; LOG_TEXT_BYTES_MAX];
    let seen: Vec<_> = lines(&[&exact, b"\n"]).iter().map(|line| (line.partial, line.text.len())).collect();
    assert_eq!(seen, [(false, LOG_TEXT_BYTES_MAX)], "a line of just the limit is whole");
}

proptest! {
    #[test]
    fn nothing_is_lost_or_made_up(chunks in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            (0usize..2 * LOG_TEXT_BYTES_MAX).prop_map(|length| vec![b'y'; length]),
        ],
        0..8,
    )) {
        let chunks: Vec<&[u8]> = chunks.iter().map(|chunk| &**chunk).collect();
        let written = chunks.concat();
        let mut read = Vec::new();
        for line in lines(&chunks) {
            prop_assert!(line.text.len() <= LOG_TEXT_BYTES_MAX);
            read.extend_from_slice(&line.text);
            if !line.partial {
                read.push(b'\n');
            }
        }
        if !written.is_empty() && !written.ends_with(b"\n") {
            prop_assert_eq!(read.pop(), Some(b'\n'));
        }
        prop_assert_eq!(read, written);
    }
}

#[test]
fn a_log_is_moved_away_at_its_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("main").join("0.log");
    let mut log = LogFile::open(&path, 10).expect("a log");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let moved = folder.path().join("main").join("0.log.1");
    log.append(b"12345\n");
    log.append(b"123\n");
    assert_eq!((read(&path), read(&moved)), ("12345\n123\n".to_owned(), String::new()));
    log.append(b"6\n");
    assert_eq!((read(&path), read(&moved)), ("6\n".to_owned(), "12345\n123\n".to_owned()));
    log.append(b"longer than the limit\n");
    log.append(b"7\n");
    assert_eq!((read(&path), read(&moved)), ("7\n".to_owned(), "longer than the limit\n".to_owned()));
}

// RUNTIME-08: the agent rotates.
#[test]
fn a_log_goes_on_at_its_path_when_it_is_reopened() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("0.log");
    let mut log = LogFile::open(&path, 100).expect("a log");
    log.append(b"1\n");
    fs::rename(&path, folder.path().join("rotated")).expect("moved");
    log.append(b"2\n");
    log.reopen().expect("reopened");
    log.append(b"3\n");
    assert_eq!(fs::read_to_string(folder.path().join("rotated")).expect("read"), "1\n2\n");
    assert_eq!(fs::read_to_string(&path).expect("read"), "3\n");
}

#[test]
fn only_this_user_reads_a_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("main").join("0.log");
    drop(LogFile::open(&path, 100).expect("a log"));
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().expect("a folder"))), (0o600, 0o700));
}
