use super::{Check, Told};

/// No process is shown an older version of an object than before (INV-IN-01).
#[derive(Debug, Default)]
pub struct CacheOrder;

impl Check for CacheOrder {
    fn id(&self) -> &'static str {
        "INV-IN-01"
    }

    fn told(&mut self, told: &Told<'_>) -> Result<(), String> {
        let (Some(before), Some(now)) = (told.before, &told.change.new) else { return Ok(()) };
        if now.revision() < before.revision() {
            return Err(format!(
                "{} is shown {} at {} after it was shown at {}",
                told.reader,
                now.key(),
                now.revision(),
                before.revision()
            ));
        }
        Ok(())
    }
}
