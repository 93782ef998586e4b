use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use setpoint_runtime_traits::{LOG_TEXT_BYTES_MAX, LogLine, OutputStream};

/// The size a log file may reach before the runtime moves it away itself, unless set otherwise. It is far above
/// that at which an agent rotates, so that it matters only where no agent does.
pub const LOG_FILE_BYTES_MAX_DEFAULT: u64 = 64 << 20;

/// Cuts what a container writes to one of its outputs into lines of a log.
///
/// Text is held back until its line ends or is [`LOG_TEXT_BYTES_MAX`] long.
#[derive(Debug)]
pub(super) struct LineSplitter {
    stream: OutputStream,
    pending: Vec<u8>,
}

impl LineSplitter {
    pub(super) fn new(stream: OutputStream) -> Self {
        Self { stream, pending: Vec::new() }
    }

    /// Appends all lines and parts of lines that `bytes` complete to `file`.
    pub(super) fn feed(&mut self, mut bytes: &[u8], at: Timestamp, file: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let room = LOG_TEXT_BYTES_MAX - self.pending.len();
            let window = bytes.get(..room + 1).unwrap_or(bytes);
            match window.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    let (text, rest) = bytes.split_at(end);
                    self.pending.extend_from_slice(text);
                    self.write(false, at, file);
                    bytes = rest.strip_prefix(b"\n").unwrap_or(rest);
                }
                None if window.len() > room => {
                    let (text, rest) = bytes.split_at(room);
                    self.pending.extend_from_slice(text);
                    self.write(true, at, file);
                    bytes = rest;
                }
                None => {
                    self.pending.extend_from_slice(bytes);
                    bytes = &[];
                }
            }
        }
    }

    /// Appends what is left when the output ended without a line feed.
    pub(super) fn finish(&mut self, at: Timestamp, file: &mut Vec<u8>) {
        if !self.pending.is_empty() {
            self.write(false, at, file);
        }
    }

    fn write(&mut self, partial: bool, at: Timestamp, file: &mut Vec<u8>) {
        let text = std::mem::take(&mut self.pending);
        let line = LogLine { at, stream: self.stream, partial, text };
        line.write_to(file);
        // Its buffer serves the next line too.
        self.pending = line.text;
        self.pending.clear();
    }
}

/// The log file of one container: readable by this user only, and bounded.
///
/// Past the limit it is moved to `<path>.1`, over what was there, so that a log takes twice the limit at most.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    bytes_max: u64,
    bytes: u64,
    file: Option<File>,
}

impl LogFile {
    /// Goes on at the end of the file at `path`, which is made if it is not there.
    pub(super) fn open(path: &Path, bytes_max: u64) -> io::Result<Self> {
        let mut log = Self::later(path, bytes_max);
        log.reopen()?;
        Ok(log)
    }

    /// The same, opened at the first line that is written.
    pub(super) fn later(path: &Path, bytes_max: u64) -> Self {
        Self { path: path.to_owned(), bytes_max, bytes: 0, file: None }
    }

    /// Goes on at the path again, after somebody moved the file away.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        self.bytes = file.metadata()?.len();
        self.file = Some(file);
        Ok(())
    }

    /// Appends whole lines. What cannot be written is lost: a full disk must not stop a container.
    pub(super) fn append(&mut self, lines: &[u8]) {
        if let Err(error) = self.try_append(lines) {
            tracing::warn!(path = %self.path.display(), %error, "lines of a container's log are lost");
        }
    }

    fn try_append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            self.reopen()?;
        }
        if self.bytes > 0 && self.bytes + lines.len() as u64 > self.bytes_max {
            let mut moved = self.path.clone().into_os_string();
            moved.push(".1");
            self.file = None;
            match fs::rename(&self.path, &moved) {
                // Somebody else moved it already.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                done => done?,
            }
            self.reopen()?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(lines)?;
        self.bytes += lines.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
