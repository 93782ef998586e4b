use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// The longest text of one line of a log file; longer lines are written in parts.
pub const LOG_TEXT_BYTES_MAX: usize = 16 * 1024;

/// Which of its two outputs a container wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl OutputStream {
    /// Its name in a log file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

impl fmt::Display for OutputStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of a container's log, or a part of one (RUNTIME-08).
///
/// In a file it is `<time> <stream> <tag> <text>\n`: the time as RFC 3339 with up to nine decimals, the tag `P`
/// if the line goes on and `F` if it ends here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the runtime read it.
    pub at: Timestamp,
    /// Where the container wrote it.
    pub stream: OutputStream,
    /// Whether the line goes on in the next one of the same stream.
    pub partial: bool,
    /// What it wrote, without the end of line. Any bytes but a line feed.
    pub text: Vec<u8>,
}

impl LogLine {
    /// Appends the line as it stands in a file, with its line feed.
    pub fn write_to(&self, file: &mut Vec<u8>) {
        let tag = if self.partial { 'P' } else { 'F' };
        file.extend_from_slice(format!("{} {} {tag} ", self.at, self.stream).as_bytes());
        file.extend_from_slice(&self.text);
        file.push(b'\n');
    }

    /// Reads one line of a file; the line feed may be there or not.
    ///
    /// # Errors
    ///
    /// Names the part that is wrong.
    pub fn parse(line: &[u8]) -> Result<Self, LogFormatError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let mut parts = line.splitn(4, |byte| *byte == b' ');
        let at = parts
            .next()
            .and_then(|time| std::str::from_utf8(time).ok())
            .and_then(|time| Timestamp::from_str(time).ok())
            .ok_or(LogFormatError::Time)?;
        let stream = match parts.next() {
            Some(b"stdout") => OutputStream::Stdout,
            Some(b"stderr") => OutputStream::Stderr,
            _ => return Err(LogFormatError::Stream),
        };
        // Further tags may follow the first after a colon.
        let partial = match parts.next().and_then(|tags| tags.split(|byte| *byte == b':').next()) {
            Some(b"F") => false,
            Some(b"P") => true,
            _ => return Err(LogFormatError::Tag),
        };
        let text = parts.next().ok_or(LogFormatError::Text)?.to_vec();
        Ok(Self { at, stream, partial, text })
    }
}

/// A line of a log file is not in the format of [`LogLine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogFormatError {
    /// It does not begin with a time.
    #[error("log line does not begin with a time")]
    Time,
    /// The second word is neither `stdout` nor `stderr`.
    #[error("log line names neither stdout nor stderr")]
    Stream,
    /// The third word does not begin with `P` or `F`.
    #[error("log line has neither tag P nor F")]
    Tag,
    /// Nothing follows the tag.
    #[error("log line ends after its tag")]
    Text,
}

/// Which part of a log to read. The default is all there is, once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Goes on with what is written later, until the container ended.
    pub follow: bool,
    /// Begins with the last so many lines.
    pub tail_lines: Option<u64>,
    /// Leaves out lines before this time.
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_stand_in_the_file_as_the_interface_says() {
        let at: Timestamp = "2016-10-06T00:17:09.669794202Z".parse().expect("a time");
        let mut file = Vec::new();
        for (stream, partial, text) in
            [(OutputStream::Stdout, true, "The content of"), (OutputStream::Stderr, false, "")]
        {
            LogLine { at, stream, partial, text: text.into() }.write_to(&mut file);
        }
        let expected = "2016-10-06T00:17:09.669794202Z stdout P The content of\n\
                        2016-10-06T00:17:09.669794202Z stderr F \n";
        assert_eq!(String::from_utf8_lossy(&file), expected);
    }

    #[test]
    fn wrong_lines_name_what_is_wrong() {
        let table: [(&str, LogFormatError); 6] = [
            ("", LogFormatError::Time),
            ("yesterday stdout F x", LogFormatError::Time),
            ("2016-10-06T00:17:09Z stdin F x", LogFormatError::Stream),
            ("2016-10-06T00:17:09Z stdout G x", LogFormatError::Tag),
            ("2016-10-06T00:17:09Z stdout", LogFormatError::Tag),
            ("2016-10-06T00:17:09Z stdout F", LogFormatError::Text),
        ];
        for (line, error) in table {
            assert_eq!(LogLine::parse(line.as_bytes()), Err(error), "{line:?}");
        }
    }

    #[test]
    fn further_tags_are_skipped() {
        let line = LogLine::parse(b"2016-10-06T00:17:09Z stdout P:new x y\n").expect("a line");
        assert!(line.partial);
        assert_eq!(line.text, b"x y");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            nanos in 0i64..4_000_000_000_000_000_000,
            partial: bool,
            stdout: bool,
            text in prop::collection::vec(any::<u8>().prop_filter("no line feed", |byte| *byte != b'\n'), 0..64),
        ) {
            let at = Timestamp::from_nanosecond(i128::from(nanos)).expect("within range");
            let stream = if stdout { OutputStream::Stdout } else { OutputStream::Stderr };
            let line = LogLine { at, stream, partial, text };
            let mut file = Vec::new();
            line.write_to(&mut file);
            prop_assert_eq!(LogLine::parse(&file), Ok(line));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            drop(LogLine::parse(&bytes));
        }
    }
}
