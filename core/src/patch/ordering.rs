use rustc_hash::FxHashMap;
use serde_json::Value;

use super::PatchError;
use super::strategic::directive_of;
use super::strategic_list::ListRule;

/// The order that a patch gives to items of a list, by their keys.
#[derive(Debug)]
pub(super) struct Order<'a> {
    keys: Vec<Value>,
    places: FxHashMap<Value, usize>,
    rule: &'a ListRule<'a>,
}

impl<'a> Order<'a> {
    pub(super) fn new(items: &[Value], rule: &'a ListRule<'a>) -> Result<Self, PatchError> {
        let keys: Vec<Value> = items.iter().map(|item| rule.key(item).cloned()).collect::<Result<_, _>>()?;
        let mut places = FxHashMap::default();
        for (place, key) in keys.iter().enumerate() {
            places.entry(key.clone()).or_insert(place);
        }
        Ok(Self { keys, places, rule })
    }

    /// Fails unless the items that `patch` sets are part of this order, and in it. Deletions do not count.
    pub(super) fn check(&self, patch: &[Value]) -> Result<(), PatchError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let mut rest = self.keys.iter();
        for item in patch {
            if item.as_object().is_some_and(|map| directive_of(map).is_some()) {
                continue;
            }
            let key = self.rule.key(item)?;
            if !rest.any(|next| next == key) {
                return Err(PatchError::Order { field: self.rule.field.to_owned() });
            }
        }
        Ok(())
    }
}

/// Sorts a merged list: items in the patch's order follow it, others keep their relative order in the live list,
/// and both are interleaved by the live list as far as it knows them. An item of the patch that the live list does
/// not know comes as early as it can.
pub(super) fn in_order(
    merged: Vec<Value>,
    order: &Order<'_>,
    live: &[Value],
    rule: &ListRule<'_>,
) -> Result<Vec<Value>, PatchError> {
    let mut live_places: FxHashMap<&Value, usize> = FxHashMap::default();
    for (place, item) in live.iter().enumerate() {
        live_places.entry(rule.key(item)?).or_insert(place);
    }
    let mut ours = Vec::new();
    let mut others = Vec::new();
    for item in merged {
        let key = rule.key(&item)?;
        let live_place = live_places.get(key).copied();
        match order.places.get(key).copied() {
            Some(place) => ours.push((place, live_place, item)),
            None => others.push((live_place.unwrap_or(usize::MAX), live_place, item)),
        }
    }
    ours.sort_by_key(|item| item.0);
    others.sort_by_key(|item| item.0);
    Ok(interleave(others, ours))
}

type Placed = (usize, Option<usize>, Value);

fn interleave(others: Vec<Placed>, ours: Vec<Placed>) -> Vec<Value> {
    let mut all = Vec::with_capacity(others.len() + ours.len());
    let mut others = others.into_iter().peekable();
    for (_, our_place, item) in ours {
        while let Some((_, _, other)) = others
            .next_if(|(_, place, _)| our_place.is_some_and(|ours| place.is_some_and(|other| other < ours)))
        {
            all.push(other);
        }
        all.push(item);
    }
    all.extend(others.map(|(_, _, item)| item));
    all
}
