use std::io::{self, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use setpoint_runtime_traits::{
    ContainerId, ContainerState, ErrorKind, LogLine, LogOptions, Result, RuntimeError,
};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, BufReader};
use tokio::sync::futures::OwnedNotified;

use super::shared::Shared;

/// How much of a file is read at a time when its last lines are looked for.
const BLOCK_BYTES: u64 = 64 * 1024;

/// Where a reader of a log file has got to.
pub(super) struct LogReader {
    shared: Arc<Shared>,
    id: ContainerId,
    path: PathBuf,
    options: LogOptions,
    file: Option<BufReader<File>>,
    /// The beginning of a line that is not whole yet.
    begun: Vec<u8>,
    /// Something failed, and was told.
    is_over: bool,
}

impl LogReader {
    pub(super) async fn open(shared: Arc<Shared>, id: ContainerId, options: LogOptions) -> Result<Self> {
        let path = shared.with(|world| Ok(world.container(&id)?.record.log_path.clone()))?;
        let mut reader = Self { shared, id, path, options, file: None, begun: Vec::new(), is_over: false };
        reader.begin().await.map_err(|error| reader.unreadable(error))?;
        Ok(reader)
    }

    async fn begin(&mut self) -> io::Result<()> {
        let Some(mut file) = open(&self.path).await? else { return Ok(()) };
        if let Some(count) = self.options.tail_lines {
            let start = tail(&mut file, count).await?;
            file.seek(SeekFrom::Start(start)).await?;
        }
        self.file = Some(BufReader::new(file));
        Ok(())
    }

    /// The next line, or `None` at the end.
    pub(super) async fn next_line(&mut self) -> Option<Result<LogLine>> {
        while !self.is_over {
            // Before the look at the file, so that nothing falls in between.
            let more = self.more();
            match self.read_line().await {
                Ok(Some(line)) if self.options.since.is_none_or(|since| line.at >= since) => {
                    return Some(Ok(line));
                }
                Ok(Some(_)) => {}
                Ok(None) => match more {
                    Some(more) => more.await,
                    None => self.is_over = true,
                },
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(self.unreadable(error)));
                }
            }
        }
        None
    }

    /// Resolves when there may be more; `None` if what is in the file is all.
    fn more(&self) -> Option<OwnedNotified> {
        if !self.options.follow {
            return None;
        }
        self.shared.with(|world| {
            world.check_open().ok()?;
            let instance = world.container(&self.id).ok()?;
            let is_over = instance.container.state == ContainerState::Exited;
            (!is_over).then(|| instance.next_output())
        })
    }

    async fn read_line(&mut self) -> io::Result<Option<LogLine>> {
        loop {
            if let Some(file) = &mut self.file {
                file.read_until(b'\n', &mut self.begun).await?;
                if self.begun.ends_with(b"\n") {
                    let line = LogLine::parse(&self.begun).map_err(io::Error::other);
                    self.begun.clear();
                    return line.map(Some);
                }
            }
            // The file was moved away, or is only now there: go on at its path.
            let Some(next) = self.successor().await? else { return Ok(None) };
            self.begun.clear();
            self.file = Some(BufReader::new(next));
        }
    }

    async fn successor(&self) -> io::Result<Option<File>> {
        if !self.options.follow {
            return Ok(None);
        }
        let Some(there) = open(&self.path).await? else { return Ok(None) };
        let Some(here) = &self.file else { return Ok(Some(there)) };
        let (there_id, here_id) = (there.metadata().await?, here.get_ref().metadata().await?);
        let is_same = (there_id.dev(), there_id.ino()) == (here_id.dev(), here_id.ino());
        Ok((!is_same).then_some(there))
    }

    fn unreadable(&self, error: io::Error) -> RuntimeError {
        let message = format!("the log of container {} cannot be read: {error}", self.id);
        RuntimeError::new(ErrorKind::Other, message).with_source(error)
    }
}

async fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

/// Where the last `count` lines begin. Reads backwards, so that a long log costs no more than its tail.
async fn tail(file: &mut File, count: u64) -> io::Result<u64> {
    let end = file.seek(SeekFrom::End(0)).await?;
    if count == 0 {
        return Ok(end);
    }
    let mut position = end;
    let mut found = 0;
    let mut block = Vec::new();
    while position > 0 {
        let start = position.saturating_sub(BLOCK_BYTES);
        file.seek(SeekFrom::Start(start)).await?;
        block.clear();
        (&mut *file).take(position - start).read_to_end(&mut block).await?;
        for byte in block.iter().rev() {
            // The line feed at the very end ends the last line, it begins none.
            if *byte == b'\n' && position < end {
                found += 1;
                if found == count {
                    return Ok(position);
                }
            }
            position -= 1;
        }
        position = start;
    }
    Ok(0)
}
