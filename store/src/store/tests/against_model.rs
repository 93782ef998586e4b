//! The whole store against a slow model of it.

use proptest::prelude::*;
use serde_json::{Value, json};
use setpoint_core::object::Revision;

use super::bench::{Bench, Watching, map, names};
use super::model::{APPS, Answer, Chosen, Model, NAMES, NAMESPACES, Named, Place, SELECTORS, Told};
use crate::request::{
    DeleteOptions, ListQuery, ObjectList, Outcome, Selection, WatchEvent, WatchFrom, Written,
};

const FINALIZER: &str = "example.com/x";

/// What is asked of the store.
#[derive(Debug, Clone)]
enum Ask {
    Create {
        place: Place,
        app: usize,
        held: bool,
    },
    /// With the newest resource version, a stale one, or none.
    Update {
        place: Place,
        app: usize,
        given: Given,
    },
    /// Takes finalizers off, or sets a label.
    Relabel {
        place: Place,
        app: usize,
    },
    Release {
        place: Place,
    },
    Delete {
        place: Place,
    },
    /// Something of another kind.
    Elsewhere,
    /// Begins a watch.
    Watch {
        namespace: Option<usize>,
        selector: usize,
        from: usize,
    },
    /// Begins to page through a list.
    Page {
        namespace: Option<usize>,
        selector: usize,
        limit: usize,
    },
}

#[derive(Debug, Clone, Copy)]
enum Given {
    None,
    Newest,
    Stale,
}

fn ask() -> impl Strategy<Value = Ask> {
    let place = || (0..NAMESPACES.len(), 0..NAMES.len());
    let namespace = || proptest::option::of(0..NAMESPACES.len());
    let app = || 0..APPS.len();
    let given = prop_oneof![Just(Given::None), Just(Given::Newest), Just(Given::Stale)];
    prop_oneof![
        4 => (place(), app(), any::<bool>()).prop_map(|(place, app, held)| Ask::Create { place, app, held }),
        3 => (place(), app(), given).prop_map(|(place, app, given)| Ask::Update { place, app, given }),
        3 => (place(), app()).prop_map(|(place, app)| Ask::Relabel { place, app }),
        1 => place().prop_map(|place| Ask::Release { place }),
        3 => place().prop_map(|place| Ask::Delete { place }),
        1 => Just(Ask::Elsewhere),
        1 => (namespace(), 0..SELECTORS.len(), any::<usize>())
            .prop_map(|(namespace, selector, from)| Ask::Watch { namespace, selector, from }),
        1 => (namespace(), 0..SELECTORS.len(), 1..4usize)
            .prop_map(|(namespace, selector, limit)| Ask::Page { namespace, selector, limit }),
    ]
}

/// A list that was begun: what is asked, all that must be seen, and the first page.
type Paging = (ListQuery, Vec<Named>, ObjectList);

/// The store beside its model.
struct Pair {
    bench: Bench,
    model: Model,
    watches: Vec<(Chosen, u64, Watching)>,
    pages: Vec<Paging>,
}

impl Pair {
    fn new() -> Self {
        let bench = Bench::new();
        bench.run(bench.store.ensure_namespace(NAMESPACES[1])).expect("it is new");
        let model = Model { revision: bench.revision().0, ..Model::default() };
        Self { bench, model, watches: Vec::new(), pages: Vec::new() }
    }

    fn body(&self, place: Place, app: usize, held: bool) -> Value {
        let mut body = map(NAMES[place.1]);
        body["metadata"]["namespace"] = json!(NAMESPACES[place.0]);
        if let Some(app) = APPS[app] {
            body["metadata"]["labels"] = json!({"app": app});
        }
        if held {
            body["metadata"]["finalizers"] = json!([FINALIZER]);
        }
        body
    }

    fn ask(&mut self, ask: &Ask) -> (Answer, Answer) {
        match *ask {
            Ask::Create { place, app, held } => {
                let draft = self.bench.draft(self.body(place, app, held));
                let seen = self.bench.write(crate::request::Write::Create(draft));
                (answer(seen), self.model.create(place, app, held))
            }
            Ask::Update { place, app, given } => {
                let newest = self.model.objects.get(&place).map(|known| known.revision);
                let revision = match given {
                    Given::None => None,
                    Given::Newest => newest,
                    Given::Stale => newest.map(|newest| newest - 1),
                };
                let held = self.model.objects.get(&place).is_some_and(|known| known.held);
                let mut body = self.body(place, app, held);
                if let Some(revision) = revision {
                    body["metadata"]["resourceVersion"] = json!(revision.to_string());
                }
                (answer(self.bench.update(body)), self.model.change(place, revision, Some(app), None))
            }
            Ask::Relabel { place, app } => {
                let body = json!({"metadata": {"labels": {"app": APPS[app]}}});
                (self.patch(place, body), self.model.change(place, None, Some(app), None))
            }
            Ask::Release { place } => {
                let body = json!({"metadata": {"finalizers": null}});
                (self.patch(place, body), self.model.change(place, None, None, Some(false)))
            }
            Ask::Delete { place } => {
                let write = crate::request::Write::Delete(self.key(place), DeleteOptions::default());
                (answer(self.bench.write(write)), self.model.delete(place))
            }
            Ask::Elsewhere => {
                let body = json!({"kind": "Secret", "metadata": {"generateName": "s-"}});
                let created = self.bench.create(body).revision().0;
                self.model.revision += 1;
                let (seen, expected) = (created, self.model.revision);
                (Answer::Done(Outcome::Created, seen), Answer::Done(Outcome::Created, expected))
            }
            Ask::Watch { namespace, selector, from } => {
                let chosen = Chosen { namespace, selector };
                // From any revision there has been since the beginning.
                let changes = self.model.history.len();
                let from = match from % (changes + 1) {
                    0 => self.model.revision,
                    at => self.model.history[at - 1].revision,
                };
                let after = WatchFrom::After(Revision(from));
                let watch = self.bench.watch(self.select(chosen), after);
                self.watches.push((chosen, from, watch));
                (Answer::Done(Outcome::Unchanged, 0), Answer::Done(Outcome::Unchanged, 0))
            }
            Ask::Page { namespace, selector, limit } => {
                let chosen = Chosen { namespace, selector };
                let selection = self.select(chosen);
                let query = ListQuery { limit: Some(limit), ..ListQuery::new(selection) };
                let first = self.bench.list(&query).expect("it is a kind");
                let revision = first.revision.0;
                self.pages.push((query, self.model.list(chosen), first));
                (
                    Answer::Done(Outcome::Unchanged, revision),
                    Answer::Done(Outcome::Unchanged, self.model.revision),
                )
            }
        }
    }

    fn select(&self, chosen: Chosen) -> Selection {
        let mut selection = self.bench.selected("configmap", SELECTORS[chosen.selector].0, "");
        selection.namespace = chosen.namespace.map(|at| NAMESPACES[at].into());
        selection
    }

    fn key(&self, place: Place) -> setpoint_core::object::Key {
        let kind = self.bench.kind("configmap").id;
        setpoint_core::object::Key::namespaced(kind, NAMESPACES[place.0], NAMES[place.1])
    }

    fn patch(&self, place: Place, body: Value) -> Answer {
        let patch = setpoint_core::patch::Patch::decode(setpoint_core::patch::PatchType::Merge, body);
        let patch = patch.expect("it is one");
        let side = setpoint_core::kind::Subresource::Main;
        answer(self.bench.write(crate::request::Write::Patch(self.key(place), patch, side)))
    }

    /// What is there is the same for both, however it is selected.
    fn check_lists(&self) {
        for namespace in [None, Some(0), Some(1)] {
            for selector in 0..SELECTORS.len() {
                let chosen = Chosen { namespace, selector };
                let list = self.bench.list(&ListQuery::new(self.select(chosen)));
                let list = list.expect("it is a kind");
                assert_eq!(places(&list), self.model.list(chosen));
                assert_eq!(list.revision.0, self.model.revision);
            }
        }
    }

    /// Every list that was begun shows to its end what was there when it began.
    fn check_pages(&mut self) {
        for (query, expected, first) in self.pages.drain(..) {
            let (revision, mut seen, mut token) = (first.revision, places(&first), first.continue_token);
            while let Some(next) = token {
                let query = ListQuery { continue_token: Some(next), ..query.clone() };
                let page = self.bench.list(&query).expect("it is kept");
                assert!(page.items.len() <= query.limit.unwrap_or(usize::MAX), "{:?}", names(&page));
                assert_eq!(page.revision, revision);
                seen.extend(places(&page));
                token = page.continue_token;
            }
            assert_eq!(seen, expected);
        }
    }

    /// Every watch has told all that has happened since its revision.
    fn check_watches(&mut self) {
        for (chosen, from, watch) in &mut self.watches {
            let told: Vec<_> = watch.events().iter().map(told).collect();
            assert_eq!(told, self.model.told(*chosen, *from), "{chosen:?} from {from}");
        }
        self.watches.clear();
    }
}

fn answer(result: setpoint_core::Result<Written>) -> Answer {
    match result {
        Ok(written) if written.outcome == Outcome::Deleted => {
            Answer::Done(Outcome::Deleted, written.object.revision().0)
        }
        Ok(written) => Answer::Done(written.outcome, written.object.revision().0),
        Err(error) => Answer::Refused(error.reason()),
    }
}

fn told(event: &WatchEvent) -> Told {
    let word = match event {
        WatchEvent::Added(_) => "ADDED",
        WatchEvent::Modified(_) => "MODIFIED",
        WatchEvent::Deleted(_) => "DELETED",
        WatchEvent::Bookmark { .. } => "BOOKMARK",
    };
    let name = event.object().map(|object| object.meta().name.to_string()).unwrap_or_default();
    (word, name, event.revision().0)
}

fn places(list: &ObjectList) -> Vec<Named> {
    list.items
        .iter()
        .map(|object| object.place())
        .map(|(one, two)| (one.to_owned(), two.to_owned()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_its_model(asks in proptest::collection::vec(ask(), 1..60)) {
        // STORE-01 to STORE-04, STORE-11, STORE-15, STORE-17 to STORE-20, STORE-31, LIST-06, LIST-10, WATCH-01,
        // WATCH-03, WATCH-04
        let mut pair = Pair::new();
        for ask in &asks {
            let (seen, expected) = pair.ask(ask);
            prop_assert_eq!(seen, expected, "{:?}", ask);
            prop_assert_eq!(pair.bench.revision().0, pair.model.revision);
        }
        pair.check_lists();
        pair.check_pages();
        pair.check_watches();
    }
}
