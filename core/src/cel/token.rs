//! Text to tokens.

use super::source::Fault;

/// A piece of an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token<'s> {
    pub(super) at: usize,
    pub(super) kind: Kind<'s>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind<'s> {
    End,
    /// A name or a word.
    Name(&'s str),
    /// A number, as written; `true` for an unsigned one.
    Whole(&'s str, bool),
    Float(&'s str),
    Text(Quoted<'s>),
    Symbol(&'static str),
}

/// What is between quotes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quoted<'s> {
    pub(super) inner: &'s str,
    pub(super) is_raw: bool,
    pub(super) is_bytes: bool,
}

impl Kind<'_> {
    /// As it is told in a fault.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::End => "'<EOF>'".to_owned(),
            Self::Name(text) | Self::Whole(text, _) | Self::Float(text) => format!("'{text}'"),
            Self::Text(quoted) => format!("'\"{}\"'", quoted.inner),
            Self::Symbol(symbol) => format!("'{symbol}'"),
        }
    }
}

/// Longer ones first.
const SYMBOLS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "[", "]", "{", "}", "(", ")", ".", ",", "-", "+", "*", "/", "%", "?",
    ":", "!", "<", ">", "=",
];

/// Reads tokens from a place on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tokens<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Tokens<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, at: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Token<'s>, Fault> {
        self.skip();
        let (at, rest) = (self.at, self.rest());
        let Some(first) = rest.chars().next() else { return Ok(Token { at, kind: Kind::End }) };
        let second = rest[first.len_utf8()..].chars().next();
        let kind = match first {
            '"' | '\'' => self.text("", false, false)?,
            'a'..='z' | 'A'..='Z' | '_' => match prefix(rest) {
                Some((prefix, is_raw, is_bytes)) => self.text(prefix, is_raw, is_bytes)?,
                None => {
                    Kind::Name(self.take(|character| character.is_ascii_alphanumeric() || character == '_'))
                }
            },
            '0'..='9' => self.number(),
            '.' if second.is_some_and(|second| second.is_ascii_digit()) => self.number(),
            other => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol) && **symbol != "=");
                let Some(symbol) = symbol else {
                    return Err(Fault::new(
                        at,
                        format!("Syntax error: token recognition error at: '{other}'"),
                    ));
                };
                self.at += symbol.len();
                Kind::Symbol(symbol)
            }
        };
        Ok(Token { at, kind })
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    /// Passes over blanks and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return;
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let end = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn number(&mut self) -> Kind<'s> {
        let (source, start) = (self.source, self.at);
        let rest = self.rest();
        if rest.starts_with("0x") && rest[2..].starts_with(|character: char| character.is_ascii_hexdigit()) {
            self.at += 2;
            self.take(|character| character.is_ascii_hexdigit());
            return self.whole(start);
        }
        let digits = |character: char| character.is_ascii_digit();
        self.take(digits);
        let mut is_float = false;
        let rest = self.rest();
        if rest.starts_with('.') && rest[1..].starts_with(digits) {
            is_float = true;
            self.at += 1;
            self.take(digits);
        }
        let rest = self.rest();
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let signless = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if signless.starts_with(digits) {
                is_float = true;
                self.at += rest.len() - signless.len();
                self.take(digits);
            }
        }
        if is_float { Kind::Float(&source[start..self.at]) } else { self.whole(start) }
    }

    fn whole(&mut self, start: usize) -> Kind<'s> {
        let written = &self.source[start..self.at];
        let is_unsigned = self.rest().starts_with(['u', 'U']);
        self.at += usize::from(is_unsigned);
        Kind::Whole(written, is_unsigned)
    }

    fn text(&mut self, prefix: &str, is_raw: bool, is_bytes: bool) -> Result<Kind<'s>, Fault> {
        let start = self.at;
        self.at += prefix.len();
        let rest = self.rest();
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote));
        let quote = quote.unwrap_or("\"");
        let inner = &rest[quote.len()..];
        let mut escaped = false;
        for (at, character) in inner.char_indices() {
            if !escaped && inner[at..].starts_with(quote) {
                self.at += quote.len() * 2 + at;
                return Ok(Kind::Text(Quoted { inner: &inner[..at], is_raw, is_bytes }));
            }
            if quote.len() == 1 && matches!(character, '\n' | '\r') {
                break;
            }
            escaped = !is_raw && !escaped && character == '\\';
        }
        let shown: String = rest.lines().next().unwrap_or_default().chars().take(40).collect();
        Err(Fault::new(start, format!("Syntax error: token recognition error at: '{shown}'")))
    }
}

/// What stands before a quote: `r`, `b` or both.
fn prefix(rest: &str) -> Option<(&'static str, bool, bool)> {
    let end = rest.bytes().take(3).position(|byte| matches!(byte, b'"' | b'\''))?;
    match rest[..end].to_ascii_lowercase().as_str() {
        "r" => Some(("r", true, false)),
        "b" => Some(("b", false, true)),
        "br" | "rb" => Some(("br", true, true)),
        _ => None,
    }
}
