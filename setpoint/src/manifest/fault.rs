use std::fmt;

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What the text is called.
    pub source: String,
    /// The number of the document, from 1.
    pub document: usize,
    /// The line it begins at, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, document {} (line {})", self.source, self.document, self.line)
    }
}

/// One thing that is wrong with a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{}{}: {reason}", Prefixed(", ", subject), Prefixed(": ", field))]
pub struct Fault {
    /// In which document.
    pub place: Place,
    /// Which object, as far as it is known: `Deployment "web"`.
    pub subject: String,
    /// Which field; empty if it is the document as a whole.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A text with something before it, unless it is empty.
struct Prefixed<'a>(&'static str, &'a str);

impl fmt::Display for Prefixed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() { Ok(()) } else { write!(f, "{}{}", self.0, self.1) }
    }
}

/// A manifest cannot be read, for all these reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(pub(super) Vec<Fault>);

impl ParseError {
    /// Everything that is wrong, in order of the documents. There is at least one fault.
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ParseError {}
