//! The text form of label selectors.
//!
//! ```text
//! selector    = [ requirement { "," requirement } ]
//! requirement = key | "!" key | key ( "=" | "==" | "!=" | ">" | "<" ) [ value ] | key ( "in" | "notin" ) set
//! set         = "(" [ value ] { "," [ value ] } ")"
//! ```

use std::str::FromStr;

use smallvec::{SmallVec, smallvec};

use super::label::{LabelSelector, LabelSelectorError, Operator, Requirement, check};
use crate::field::{FieldErrors, Path};
use crate::names;

impl FromStr for LabelSelector {
    type Err = LabelSelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = Parser::new(text);
        let mut requirements = Vec::new();
        loop {
            match parser.next {
                Token::End => return Ok(Self::new(requirements)),
                Token::Word(_) | Token::Symbol("!") => {}
                _ => return Err(parser.next.unexpected("!, identifier, or 'end of string'")),
            }
            let requirement = parser.requirement();
            requirements.push(requirement.map_err(|error| LabelSelectorError::Requirement(Box::new(error)))?);
            match parser.take() {
                Token::End => return Ok(Self::new(requirements)),
                Token::Symbol(",") => match parser.next {
                    Token::Word(_) | Token::Symbol("!") => {}
                    other => return Err(other.unexpected("identifier after ','")),
                },
                other => return Err(other.unexpected("',' or 'end of string'")),
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'a str),
    End,
}

impl Token<'_> {
    fn text(self) -> String {
        match self {
            Self::Word(text) | Self::Symbol(text) => text.to_owned(),
            Self::End => String::new(),
        }
    }

    fn unexpected(self, expected: &'static str) -> LabelSelectorError {
        LabelSelectorError::Unexpected { found: self.text(), expected }
    }
}

/// Looks one token ahead.
#[derive(Debug)]
struct Parser<'a> {
    next: Token<'a>,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut parser = Self { next: Token::End, rest: text };
        parser.take();
        parser
    }

    /// Takes the next token; after the last one, [`Token::End`] again and again.
    fn take(&mut self) -> Token<'a> {
        let (following, rest) = scan(self.rest);
        self.rest = rest;
        std::mem::replace(&mut self.next, following)
    }

    fn requirement(&mut self) -> Result<Requirement, LabelSelectorError> {
        let mut token = self.take();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.take();
        }
        let Token::Word(key) = token else { return Err(token.unexpected("identifier")) };
        let mut errors = FieldErrors::new();
        // Upstream has no path for this field and prints so.
        check(&Path::new("<nil>"), key, &names::qualified_name(key), &mut errors);
        if !errors.is_empty() {
            return Err(LabelSelectorError::Invalid(errors));
        }
        if negated {
            return Requirement::new(key, Operator::DoesNotExist, SmallVec::new());
        }
        if matches!(self.next, Token::End | Token::Symbol(",")) {
            return Requirement::new(key, Operator::Exists, SmallVec::new());
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.set()?,
            _ => smallvec![self.value()?],
        };
        Requirement::new(key, operator, values)
    }

    fn operator(&mut self) -> Result<Operator, LabelSelectorError> {
        match self.take() {
            Token::Word("in") => Ok(Operator::In),
            Token::Word("notin") => Ok(Operator::NotIn),
            Token::Symbol("=") => Ok(Operator::Equals),
            Token::Symbol("==") => Ok(Operator::DoubleEquals),
            Token::Symbol("!=") => Ok(Operator::NotEquals),
            Token::Symbol(">") => Ok(Operator::GreaterThan),
            Token::Symbol("<") => Ok(Operator::LessThan),
            other => Err(other.unexpected("in, notin, =, ==, !=, gt, lt")),
        }
    }

    /// The value after an operator; none is the empty one.
    fn value(&mut self) -> Result<String, LabelSelectorError> {
        if matches!(self.next, Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.take() {
            Token::Word(value) => Ok(value.to_owned()),
            other => Err(other.unexpected("identifier")),
        }
    }

    /// Values in parentheses, each once; a place without a value is the empty one.
    fn set(&mut self) -> Result<SmallVec<[String; 1]>, LabelSelectorError> {
        match self.take() {
            Token::Symbol("(") => {}
            other => return Err(LabelSelectorError::NoValues { found: other.text() }),
        }
        if !matches!(self.next, Token::Word(_) | Token::Symbol("," | ")")) {
            return Err(self.next.unexpected("',', ')' or identifier"));
        }
        let mut values: SmallVec<[String; 1]> = SmallVec::new();
        loop {
            let value = match self.next {
                Token::Word(value) => {
                    self.take();
                    value
                }
                Token::Symbol("," | ")") => "",
                other => return Err(other.unexpected("',', or identifier")),
            };
            values.push(value.to_owned());
            match self.next {
                Token::Symbol(",") => self.take(),
                Token::Symbol(")") => break,
                other => return Err(other.unexpected("',' or ')'")),
            };
        }
        self.take();
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }
}

/// The first token of the text, and what follows it.
fn scan(text: &str) -> (Token<'_>, &str) {
    let text = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let end = match text.as_bytes() {
        [] => return (Token::End, text),
        [b'=' | b'!', b'=', ..] => 2,
        [first, ..] if is_symbol(*first) => 1,
        bytes => {
            let ends_word = |&byte: &u8| is_symbol(byte) || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let (word, rest) = text.split_at(bytes.iter().position(ends_word).unwrap_or(bytes.len()));
            return (Token::Word(word), rest);
        }
    };
    let (symbol, rest) = text.split_at(end);
    (Token::Symbol(symbol), rest)
}

const fn is_symbol(byte: u8) -> bool {
    matches!(byte, b'=' | b'!' | b'(' | b')' | b',' | b'>' | b'<')
}
