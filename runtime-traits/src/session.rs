use std::fmt;
use std::pin::Pin;

use futures::channel::mpsc;
use futures::future::BoxFuture;
use futures::io::{AsyncRead, AsyncWrite};
use futures::stream::BoxStream;

use crate::{Exit, OutputStream, Result};

/// What a command run in a container left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// What it wrote to standard output, cut at the runtime's limit.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, cut at the runtime's limit.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub exit: Exit,
}

/// How to connect to a process in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// Opens its standard input.
    pub stdin: bool,
    /// Gives it a terminal; then all output is on standard output.
    pub tty: bool,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalSize {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputChunk {
    /// Where it was written.
    pub stream: OutputStream,
    /// What was written.
    pub bytes: Vec<u8>,
}

/// A connection to a process in a container. Dropping it disconnects; the process of an exec is then killed,
/// that of an attach runs on.
#[non_exhaustive]
pub struct Session {
    /// Its standard input, if it was asked for; closing it is the end of input.
    pub stdin: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    /// What it writes, until it ends.
    pub output: BoxStream<'static, Result<OutputChunk>>,
    /// Takes new sizes of its terminal, if it has one.
    pub resize: Option<mpsc::Sender<TerminalSize>>,
    /// How it ended.
    pub exit: BoxFuture<'static, Result<Exit>>,
}

impl Session {
    /// A session without input and terminal.
    pub fn new(
        output: BoxStream<'static, Result<OutputChunk>>,
        exit: BoxFuture<'static, Result<Exit>>,
    ) -> Self {
        Self { stdin: None, output, resize: None, exit }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("stdin", &self.stdin.is_some())
            .field("tty", &self.resize.is_some())
            .finish_non_exhaustive()
    }
}

/// A two-way stream of bytes, as to a port.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}
