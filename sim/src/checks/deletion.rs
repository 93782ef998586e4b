use super::Check;
use crate::world::Step;

/// A deletion that has begun is not taken back or put off, and gets no new finalizers (INV-ST-12).
#[derive(Debug, Default)]
pub struct Deletion;

impl Check for Deletion {
    fn id(&self) -> &'static str {
        "INV-ST-12"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let (Some(old), Some(new)) = (step.old, step.new) else { return Ok(()) };
        let Some(before) = old.meta().deletion_timestamp else { return Ok(()) };
        let key = new.key();
        match new.meta().deletion_timestamp {
            None => return Err(format!("the deletion of {key} was taken back")),
            Some(after) if after > before => return Err(format!("the deletion of {key} was put off")),
            Some(_) => {}
        }
        match new.meta().finalizers.iter().find(|it| !old.meta().finalizers.contains(it)) {
            Some(added) => Err(format!("{key} got the finalizer {added} while it is being deleted")),
            None => Ok(()),
        }
    }
}
