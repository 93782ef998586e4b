use std::collections::VecDeque;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::object::{Part, SharedTexts};

use crate::limits::{KEPT_TEXT_BYTES_MAX, KEPT_TEXTS_BYTES_MAX};

/// The JSON texts of what many objects share: the specs of pods of one template, who owns which of their fields. A list
/// of ten thousand pods writes each of them once.
#[derive(Default)]
pub(crate) struct KeptTexts(Mutex<Texts>);

#[derive(Default)]
struct Texts {
    /// By the address of the part, which is kept so that no other part gets it.
    by_address: FxHashMap<usize, (Part, Box<[u8]>)>,
    /// Oldest first.
    order: VecDeque<usize>,
    /// Of all texts together.
    bytes: usize,
}

/// What a text costs beside its own bytes, parts included, about.
const ENTRY_BYTES: usize = 256;

impl SharedTexts for KeptTexts {
    fn append(&self, part: Part, into: &mut Vec<u8>, write: &dyn Fn(&mut Vec<u8>)) {
        if let Some((_, text)) = self.0.lock().by_address.get(&part.address()) {
            return into.extend_from_slice(text);
        }
        let from = into.len();
        write(into);
        let text = into.get(from..).unwrap_or_default();
        if text.len() <= KEPT_TEXT_BYTES_MAX {
            self.0.lock().keep(part, text);
        }
    }
}

impl Texts {
    fn keep(&mut self, part: Part, text: &[u8]) {
        let address = part.address();
        if self.by_address.insert(address, (part, text.into())).is_some() {
            return;
        }
        self.order.push_back(address);
        self.bytes += text.len() + ENTRY_BYTES;
        while self.bytes > KEPT_TEXTS_BYTES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            let gone = self.by_address.remove(&oldest);
            self.bytes -= gone.map_or(0, |(_, text)| text.len() + ENTRY_BYTES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(texts: &KeptTexts, part: &Part, text: &str) -> String {
        let mut into = b"<".to_vec();
        texts.append(part.clone(), &mut into, &|into| into.extend_from_slice(text.as_bytes()));
        String::from_utf8(into).expect("text")
    }

    #[test]
    fn a_text_is_made_once_and_only_so_many_are_kept() {
        let texts = KeptTexts::default();
        let parts: Vec<Part> = (0..1000).map(Part::new).collect();
        assert_eq!(told(&texts, &parts[0], "one"), "<one");
        assert_eq!(told(&texts, &parts[0], "other"), "<one");
        let long = "x".repeat(KEPT_TEXT_BYTES_MAX);
        for part in &parts[1..] {
            told(&texts, part, &long);
        }
        {
            let kept = texts.0.lock();
            assert!(kept.bytes <= KEPT_TEXTS_BYTES_MAX);
            assert_eq!(kept.order.len(), kept.by_address.len());
        }
        assert_eq!(told(&texts, &parts[999], "other").len(), long.len() + 1);
        assert_eq!(told(&texts, &parts[0], "other"), "<other", "it was the oldest");
        // A text that is too long is not kept.
        told(&texts, &parts[1], &format!("{long}x"));
        assert_eq!(told(&texts, &parts[1], "short"), "<short");
    }
}
