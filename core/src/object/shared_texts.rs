use super::Part;

/// Keeps the JSON text of parts that many objects share, so that it is made once.
///
/// What keeps a text keeps its part as well: otherwise another part could get its address.
pub trait SharedTexts {
    /// Appends the text of a part, which `write` writes if it is not known. It is the same at each call for the part.
    fn append(&self, part: Part, into: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>));
}

/// Keeps nothing: each text is made anew.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTexts;

impl SharedTexts for NoTexts {
    fn append(&self, _part: Part, into: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)) {
        write(into);
    }
}
