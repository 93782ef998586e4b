use std::collections::VecDeque;

use jiff::Timestamp;
use setpoint_runtime_traits::{LogLine, OutputStream};

/// How many lines of one container's log are kept; the oldest go first.
pub const LOG_LINES_MAX: usize = 1000;

/// The log of one container, in memory. Lines keep their number when older ones go.
#[derive(Debug, Default)]
pub(super) struct Output {
    lines: VecDeque<LogLine>,
    gone: u64,
}

impl Output {
    pub(super) fn print(&mut self, at: Timestamp, stream: OutputStream, text: &str) {
        for line in text.lines() {
            if self.lines.len() == LOG_LINES_MAX {
                self.lines.pop_front();
                self.gone += 1;
            }
            self.lines.push_back(LogLine { at, stream, partial: false, text: line.into() });
        }
    }

    /// The first line kept with this number or a later one, and the number of the one after it.
    pub(super) fn from(&self, number: u64) -> Option<(&LogLine, u64)> {
        let number = number.max(self.gone);
        let offset = usize::try_from(number - self.gone).ok()?;
        self.lines.get(offset).map(|line| (line, number + 1))
    }

    /// The number of the first of the last `count` lines.
    pub(super) fn tail(&self, count: u64) -> u64 {
        let end = self.gone + self.lines.len() as u64;
        end.saturating_sub(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_from(output: &Output, number: u64) -> Option<String> {
        output.from(number).map(|(line, _)| String::from_utf8_lossy(&line.text).into_owned())
    }

    #[test]
    fn the_oldest_lines_go_at_the_limit() {
        let mut output = Output::default();
        for number in 0..LOG_LINES_MAX {
            output.print(Timestamp::UNIX_EPOCH, OutputStream::Stdout, &number.to_string());
        }
        assert_eq!(text_from(&output, 0).as_deref(), Some("0"));
        output.print(Timestamp::UNIX_EPOCH, OutputStream::Stdout, "last");
        assert_eq!(text_from(&output, 0).as_deref(), Some("1"));
        assert_eq!(text_from(&output, output.tail(1)).as_deref(), Some("last"));
        assert_eq!(text_from(&output, output.tail(0)), None);
    }
}
