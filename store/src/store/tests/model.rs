//! A slow model of a store: a map of what is there, and a vector of all that has happened.

use std::collections::BTreeMap;

use setpoint_core::Reason;

use crate::request::Outcome;

pub(super) const NAMESPACES: [&str; 2] = ["default", "other"];
pub(super) const NAMES: [&str; 3] = ["a", "a-b", "b"];
pub(super) const APPS: [Option<&str>; 3] = [None, Some("x"), Some("y")];
/// Label selectors, and what they mean to the model.
pub(super) const SELECTORS: [(&str, Meaning); 5] = [
    ("", |_| true),
    ("app=x", |app| app == Some("x")),
    ("app!=x", |app| app != Some("x")),
    ("app", |app| app.is_some()),
    ("!app", |app| app.is_none()),
];

/// Whether an object with this label is selected.
type Meaning = fn(Option<&str>) -> bool;

/// Namespace and name.
pub(super) type Named = (String, String);

/// What a watch tells: word, name and revision.
pub(super) type Told = (&'static str, String, u64);

/// Where an object is, by indices of namespace and name.
pub(super) type Place = (usize, usize);

/// An object, as far as the model knows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    pub(super) app: usize,
    pub(super) held: bool,
    terminating: bool,
    pub(super) revision: u64,
}

/// One change, under its revision.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    pub(super) revision: u64,
    place: Place,
    before: Option<Known>,
    after: Option<Known>,
}

#[derive(Default)]
pub(super) struct Model {
    pub(super) objects: BTreeMap<Place, Known>,
    pub(super) history: Vec<Happened>,
    pub(super) revision: u64,
}

/// What an answer is compared by.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Done(Outcome, u64),
    Refused(Reason),
}

impl Model {
    fn put(&mut self, place: Place, after: Option<Known>) -> u64 {
        self.revision += 1;
        let after = after.map(|known| Known { revision: self.revision, ..known });
        let before = match &after {
            Some(known) => self.objects.insert(place, known.clone()),
            None => self.objects.remove(&place),
        };
        self.history.push(Happened { revision: self.revision, place, before, after });
        self.revision
    }

    pub(super) fn create(&mut self, place: Place, app: usize, held: bool) -> Answer {
        if self.objects.contains_key(&place) {
            return Answer::Refused(Reason::AlreadyExists);
        }
        let known = Known { app, held, terminating: false, revision: 0 };
        Answer::Done(Outcome::Created, self.put(place, Some(known)))
    }

    /// A change that says what the object is to be like.
    pub(super) fn change(
        &mut self,
        place: Place,
        expected: Option<u64>,
        app: Option<usize>,
        held: Option<bool>,
    ) -> Answer {
        let Some(old) = self.objects.get(&place).cloned() else { return Answer::Refused(Reason::NotFound) };
        if expected.is_some_and(|expected| expected != old.revision) {
            return Answer::Refused(Reason::Conflict);
        }
        let new = Known { app: app.unwrap_or(old.app), held: held.unwrap_or(old.held), ..old.clone() };
        if new.terminating && new.held && !old.held {
            return Answer::Refused(Reason::Invalid);
        }
        if new.terminating && !new.held {
            return Answer::Done(Outcome::Deleted, self.put(place, None));
        }
        if new == old {
            return Answer::Done(Outcome::Unchanged, old.revision);
        }
        Answer::Done(Outcome::Updated, self.put(place, Some(new)))
    }

    pub(super) fn delete(&mut self, place: Place) -> Answer {
        let Some(old) = self.objects.get(&place).cloned() else { return Answer::Refused(Reason::NotFound) };
        match (old.held, old.terminating) {
            (false, _) => Answer::Done(Outcome::Deleted, self.put(place, None)),
            (true, true) => Answer::Done(Outcome::Unchanged, old.revision),
            (true, false) => {
                let marked = Known { terminating: true, ..old };
                Answer::Done(Outcome::Terminating, self.put(place, Some(marked)))
            }
        }
    }

    /// What a list shows, as namespace and name.
    pub(super) fn list(&self, chosen: Chosen) -> Vec<Named> {
        let found = self.objects.iter().filter(|(place, known)| chosen.has(**place, known));
        found.map(|(place, _)| (NAMESPACES[place.0].to_owned(), NAMES[place.1].to_owned())).collect()
    }

    /// What a watch tells from a revision on: word, name, revision.
    pub(super) fn told(&self, chosen: Chosen, from: u64) -> Vec<Told> {
        let later = self.history.iter().filter(|happened| happened.revision > from);
        later
            .filter_map(|happened| {
                let is_chosen = |known: &Option<Known>| {
                    known.as_ref().is_some_and(|known| chosen.has(happened.place, known))
                };
                let word = match (is_chosen(&happened.before), is_chosen(&happened.after)) {
                    (false, false) => return None,
                    (false, true) => "ADDED",
                    (true, true) => "MODIFIED",
                    (true, false) => "DELETED",
                };
                Some((word, NAMES[happened.place.1].to_owned(), happened.revision))
            })
            .collect()
    }
}

/// What a list or watch is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) namespace: Option<usize>,
    pub(super) selector: usize,
}

impl Chosen {
    fn has(self, place: Place, known: &Known) -> bool {
        self.namespace.is_none_or(|namespace| namespace == place.0)
            && SELECTORS[self.selector].1(APPS[known.app])
    }
}
