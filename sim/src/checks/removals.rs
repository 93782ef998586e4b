use super::{Check, Told};

/// Who was told of an object is told once that it is gone, and sees that one of the same name is another one
/// (INV-IN-02).
#[derive(Debug, Default)]
pub struct Removals;

impl Check for Removals {
    fn id(&self) -> &'static str {
        "INV-IN-02"
    }

    fn told(&mut self, told: &Told<'_>) -> Result<(), String> {
        let (reader, key) = (told.reader, told.change.object().key());
        match (told.before, &told.change.new) {
            (None, None) => Err(format!("{reader} is told that {key} is gone, of which it knew nothing")),
            (Some(before), Some(now)) if before.meta().uid != now.meta().uid && !told.is_rereading => {
                Err(format!("{reader} is told that {key} has changed, and it is another one of that name"))
            }
            _ => Ok(()),
        }
    }
}
