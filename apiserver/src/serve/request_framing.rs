use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};

/// Follows the requests of an HTTP/1 connection as far as to know which bytes are those of a request's target.
///
/// It knows less than the reader that answers the requests, on purpose: as soon as a request may be read in two ways, or
/// is no longer HTTP afterwards, it is lost and stays so, and names nothing. Two readers that part one stream in two
/// ways are how requests are smuggled.
#[derive(Debug)]
pub(super) struct RequestFraming {
    state: State,
    head: Head,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Within the method; so many letters came.
    Method(usize),
    /// Within the target; whether its first byte came.
    Target { has_begun: bool },
    /// Within the rest of the first line.
    Version,
    /// Within the line of a header, or the empty one after the last.
    Header,
    /// Within a body; so many bytes are to come.
    Body(u64),
    /// Within the size of a chunk; the size so far, of so many digits.
    ChunkSize { size: u64, digits: usize },
    /// Within a chunk; so many bytes are to come.
    Chunk(u64),
    /// These bytes come next, and nothing else.
    Exactly(&'static [u8], Then),
    /// No longer to be followed.
    Lost,
}

/// What comes after bytes that must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Request,
    ChunkSize,
    Chunk(u64),
}

/// What matters of the head of a request.
#[derive(Debug, Default)]
struct Head {
    /// How the line begins that is being read.
    line: Line,
    body: Framed,
}

/// How the body of a request is framed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Framed {
    #[default]
    Empty,
    Sized(u64),
    Chunked,
}

/// The beginning of a line, which is all that is kept of it.
#[derive(Debug)]
struct Line {
    bytes: [u8; LINE_BYTES_KEPT],
    length: usize,
}

/// Enough for the headers that frame a body, as clients write them.
const LINE_BYTES_KEPT: usize = 64;

/// How long a method may be.
const METHOD_BYTES_MAX: usize = 16;

/// How many digits the size of a chunk may have.
const CHUNK_SIZE_DIGITS_MAX: usize = 15;

impl RequestFraming {
    pub(super) fn new() -> Self {
        Self { state: State::Method(0), head: Head::default() }
    }

    /// Whether nothing will be named any more.
    pub(super) const fn is_lost(&self) -> bool {
        matches!(self.state, State::Lost)
    }

    /// Looks at the bytes that come next, and names the places of those that stand in the target of a request and have
    /// to be escaped there.
    pub(super) fn follow(&mut self, bytes: &[u8], mut name: impl FnMut(usize)) {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let has_come = (bytes.len() - at) as u64;
            self.state = match self.state {
                State::Lost => return,
                State::Body(left) | State::Chunk(left) if left > has_come => {
                    let left = left - has_come;
                    self.state =
                        if let State::Body(_) = self.state { State::Body(left) } else { State::Chunk(left) };
                    return;
                }
                State::Body(left) => {
                    at += left as usize;
                    State::Method(0)
                }
                State::Chunk(left) => {
                    at += left as usize;
                    State::Exactly(b"\r\n", Then::ChunkSize)
                }
                State::Target { has_begun: true } if must_be_escaped(*byte) => {
                    name(at);
                    at += 1;
                    self.state
                }
                state => {
                    at += 1;
                    self.after(state, *byte)
                }
            };
        }
    }

    /// The state after a byte.
    fn after(&mut self, state: State, byte: u8) -> State {
        match (state, byte) {
            // After CONNECT there may be no HTTP.
            (State::Method(0), b'C') => State::Lost,
            (State::Method(letters), b'A'..=b'Z') if letters < METHOD_BYTES_MAX => State::Method(letters + 1),
            (State::Method(1..), b' ') => State::Target { has_begun: false },
            (State::Target { has_begun: false }, b'/') => State::Target { has_begun: true },
            (State::Target { has_begun: true }, b' ') => {
                self.head = Head::default();
                State::Version
            }
            (State::Target { has_begun: true }, b'!'..=b'~') => state,
            (State::Version | State::Header, _) => self.in_line(state, byte),
            (State::ChunkSize { size, digits }, _) => after_digit(size, digits, byte),
            (State::Exactly([first, rest @ ..], then), _) if *first == byte => match (rest, then) {
                ([], Then::Request) => State::Method(0),
                ([], Then::ChunkSize) => State::ChunkSize { size: 0, digits: 0 },
                ([], Then::Chunk(size)) => State::Chunk(size),
                (rest, then) => State::Exactly(rest, then),
            },
            _ => State::Lost,
        }
    }

    /// The state after a byte of a line.
    fn in_line(&mut self, state: State, byte: u8) -> State {
        if self.head.line.ends_in_return() {
            // A return that is not followed by a line feed, or a feed without a return, ends a line for some only.
            let next = if byte == b'\n' { self.after_line(state) } else { None };
            self.head.line = Line::default();
            return next.unwrap_or(State::Lost);
        }
        match byte {
            b'\r' | b'\t' | b' '..=b'~' | 0x80.. => {
                self.head.line.push(byte);
                state
            }
            _ => State::Lost,
        }
    }

    /// The state after a line; `None` if it may mean more than one thing.
    fn after_line(&mut self, state: State) -> Option<State> {
        if state == State::Version {
            return matches!(self.head.line.text(), b"HTTP/1.1" | b"HTTP/1.0").then_some(State::Header);
        }
        if !self.head.line.text().is_empty() {
            self.head.body = self.head.with_header()?;
            return Some(State::Header);
        }
        Some(match self.head.body {
            Framed::Empty | Framed::Sized(0) => State::Method(0),
            Framed::Sized(length) => State::Body(length),
            Framed::Chunked => State::ChunkSize { size: 0, digits: 0 },
        })
    }
}

impl Head {
    /// How the body is framed as far as the line tells that was just read; `None` if that is not clear.
    fn with_header(&self) -> Option<Framed> {
        let text = self.line.text();
        let colon = text.iter().position(|byte| *byte == b':').unwrap_or(text.len());
        let (name, value) = text.split_at(colon);
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return None;
        }
        let is = |header: &http::HeaderName| name.eq_ignore_ascii_case(header.as_str().as_bytes());
        let (is_length, is_encoding) = (is(&CONTENT_LENGTH), is(&TRANSFER_ENCODING));
        if is(&UPGRADE) {
            return None;
        }
        if !is_length && !is_encoding {
            return Some(self.body);
        }
        // Told twice, or in more words than are kept: it is for the reader to judge.
        if self.body != Framed::Empty || self.line.is_cut() {
            return None;
        }
        let value = value.strip_prefix(b":")?.trim_ascii();
        if is_encoding {
            return value.eq_ignore_ascii_case(b"chunked").then_some(Framed::Chunked);
        }
        let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(value).ok().filter(|_| is_number)?;
        number.parse().ok().map(Framed::Sized)
    }
}

impl Line {
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
        } else if let Some(last) = self.bytes.last_mut() {
            *last = byte;
        }
        self.length = self.length.saturating_add(1);
    }

    fn kept(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }

    fn ends_in_return(&self) -> bool {
        self.kept().last() == Some(&b'\r')
    }

    /// What is kept, without the return at its end.
    fn text(&self) -> &[u8] {
        let kept = self.kept();
        kept.strip_suffix(b"\r").unwrap_or(kept)
    }

    /// Whether the line was longer than what is kept of it.
    const fn is_cut(&self) -> bool {
        self.length > LINE_BYTES_KEPT
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; LINE_BYTES_KEPT], length: 0 }
    }
}

fn after_digit(size: u64, digits: usize, byte: u8) -> State {
    match (char::from(byte).to_digit(16), byte) {
        (Some(digit), _) if digits < CHUNK_SIZE_DIGITS_MAX => {
            State::ChunkSize { size: size * 16 + u64::from(digit), digits: digits + 1 }
        }
        // Trailers are for the reader.
        (None, b'\r') if digits > 0 && size == 0 => State::Exactly(b"\n\r\n", Then::Request),
        (None, b'\r') if digits > 0 => State::Exactly(b"\n", Then::Chunk(size)),
        _ => State::Lost,
    }
}

/// Whether a byte of a target is none of those that a path or query is made of by RFC 3986, and yet no end of it.
const fn must_be_escaped(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'#' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80..
    )
}

const fn is_token(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}
