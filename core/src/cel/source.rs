use std::fmt;

use super::limits::FAULTS_MAX;

/// Something wrong at a place of an expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Where, in bytes.
    pub(super) at: usize,
    /// What.
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// Why an expression is none, in upstream's form: each fault with its line, and a mark below the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    text: String,
}

impl CompileError {
    pub(super) fn new(source: &str, faults: &[Fault]) -> Self {
        let shown: Vec<String> = faults.iter().take(FAULTS_MAX).map(|fault| shown(source, fault)).collect();
        Self { text: shown.join("\n") }
    }

    /// Of an expression that is too long to be shown.
    pub(super) fn without_place(message: &str) -> Self {
        Self { text: format!("ERROR: <input>:-1:0: {message}") }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for CompileError {}

fn shown(source: &str, fault: &Fault) -> String {
    let at = source.floor_char_boundary(fault.at);
    let before = &source[..at];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let line_number = before.matches('\n').count() + 1;
    let line = source[start..].lines().next().unwrap_or_default().replace('\t', " ");
    let column = before[start..].chars().count();
    let mark =
        |wide: char, narrow: char, character: char| if character.len_utf8() > 1 { wide } else { narrow };
    let dots: String = line.chars().take(column).map(|character| mark('．', '.', character)).collect();
    let point = mark('＾', '^', line.chars().nth(column).unwrap_or(' '));
    format!("ERROR: <input>:{line_number}:{}: {}\n | {line}\n | {dots}{point}", column + 1, fault.message)
}
