//! The channels within a WebSocket: each message begins with the number of its channel.

use serde_json::{Value, json};
use setpoint_runtime_traits::{Exit, OutputChunk, OutputStream, TerminalSize};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// Ends another channel (version 5 alone).
const CLOSE: u8 = 255;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Bytes for the process.
    Input(Vec<u8>),
    /// There is no more input.
    EndOfInput,
    /// The terminal has another size.
    Resize(TerminalSize),
    /// Nothing that means anything.
    Nothing,
}

/// Reads a message.
pub(super) fn read(message: &[u8]) -> Said {
    match message {
        [STDIN, input @ ..] if !input.is_empty() => Said::Input(input.to_vec()),
        [CLOSE, STDIN] => Said::EndOfInput,
        [RESIZE, size @ ..] => {
            let size: Value = serde_json::from_slice(size).unwrap_or_default();
            let side = |name: &str| size[name].as_u64().and_then(|side| u16::try_from(side).ok());
            match (side("Width"), side("Height")) {
                (Some(width), Some(height)) => Said::Resize(TerminalSize { width, height }),
                _ => Said::Nothing,
            }
        }
        _ => Said::Nothing,
    }
}

/// Output as a message.
pub(super) fn output(chunk: &OutputChunk) -> Vec<u8> {
    let channel = match chunk.stream {
        OutputStream::Stderr => STDERR,
        _ => STDOUT,
    };
    on(channel, &chunk.bytes)
}

/// How the process ended, as the last message.
pub(super) fn end(result: &Result<Exit, String>) -> Vec<u8> {
    let status = match result {
        Ok(exit) if exit.is_success() => json!({"metadata": {}, "status": "Success"}),
        Ok(exit) => {
            let code = exit.code();
            json!({
                "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                "message": format!("command terminated with non-zero exit code: exit status {code}"),
                "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
            })
        }
        Err(why) => json!({
            "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
            "message": format!("Internal error occurred: {why}"),
            "details": {"causes": [{"message": why}]},
        }),
    };
    on(ERROR, status.to_string().as_bytes())
}

fn on(channel: u8, bytes: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(bytes.len() + 1);
    message.push(channel);
    message.extend_from_slice(bytes);
    message
}

/// The first message: it tells that the connection stands.
pub(super) fn greeting() -> Vec<u8> {
    on(STDOUT, b"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_first_byte() {
        assert_eq!(read(b"\x00hi"), Said::Input(b"hi".to_vec()));
        assert_eq!(read(b"\xff\x00"), Said::EndOfInput);
        let size = TerminalSize { width: 80, height: 25 };
        assert_eq!(read(b"\x04{\"Width\":80,\"Height\":25}"), Said::Resize(size));
        for nothing in [&b""[..], b"\x00", b"\x04{", b"\x04{\"Width\":99999999}", b"\xff\x01", b"\x07x"] {
            assert_eq!(read(nothing), Said::Nothing, "{nothing:?}");
        }
    }

    #[test]
    fn the_end_tells_the_exit_code() {
        let chunk = OutputChunk { stream: OutputStream::Stderr, bytes: b"oh".to_vec() };
        assert_eq!(output(&chunk), b"\x02oh");
        let status = |result| -> Value {
            let message = end(&result);
            assert_eq!(message[0], ERROR);
            serde_json::from_slice(&message[1..]).expect("a status")
        };
        assert_eq!(status(Ok(Exit::Code(0)))["status"], "Success");
        let failed = status(Ok(Exit::Code(3)));
        assert_eq!(failed["details"]["causes"][0], json!({"reason": "ExitCode", "message": "3"}));
        assert_eq!(status(Err("gone".to_owned()))["message"], "Internal error occurred: gone");
    }
}
