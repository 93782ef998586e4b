use crate::schema::{Field, ListType, Node as Place, Type};

/// What an object may have in a place, and how that is owned.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// It is owned whole.
    Whole,
    /// The fields of a type.
    Fields(&'static Type),
    /// Entries of the user's choice, all alike.
    Entries(&'static Place),
    /// Items that are owned one by one.
    Items(&'static Place, &'static ListType),
    /// JSON of which only maps are owned entry by entry.
    Open,
}

impl Shape {
    pub(super) fn of(place: &'static Place) -> Self {
        match place {
            Place::Scalar(_) | Place::Any => Self::Whole,
            Place::Open => Self::Open,
            Place::Struct(inner) if inner.is_atomic() => Self::Whole,
            Place::Struct(inner) => Self::Fields(inner.type_()),
            Place::List(list) if *list.list_type() == ListType::Atomic => Self::Whole,
            Place::List(list) => Self::Items(list.element(), list.list_type()),
            Place::Map(map) if map.is_atomic() => Self::Whole,
            Place::Map(map) => Self::Entries(map.element()),
        }
    }
}

/// Where the value of an undeclared field goes: nothing is known of it.
pub(super) const UNDECLARED: &Place = &Place::Open;

/// The fields of a type, passed in order of their names.
#[derive(Debug)]
pub(super) struct Declared {
    type_: &'static Type,
    next: usize,
}

impl Declared {
    pub(super) fn of(type_: &'static Type) -> Self {
        Self { type_, next: 0 }
    }

    /// Finds a field. Those passed on the way that a server always writes go to `passed`; what comes out of order
    /// passes none.
    pub(super) fn find(
        &mut self,
        name: &str,
        mut passed: impl FnMut(&'static Field),
    ) -> Option<&'static Field> {
        let fields = self.type_.fields();
        while let Some(field) = fields.get(self.next) {
            match field.name().cmp(name) {
                std::cmp::Ordering::Less => {
                    self.next += 1;
                    if field.written().is_some() {
                        passed(field);
                    }
                }
                std::cmp::Ordering::Equal => {
                    self.next += 1;
                    return Some(field);
                }
                std::cmp::Ordering::Greater => break,
            }
        }
        self.type_.field(name)
    }

    /// What a field is taken for in a list item's key if it is left out.
    pub(super) fn default_of(&self, name: &str) -> Option<&'static serde_json::Value> {
        self.type_.field(name)?.key_default()
    }

    /// Passes the rest.
    pub(super) fn finish(&mut self, passed: impl FnMut(&'static Field)) {
        let rest = self.type_.fields().get(self.next..).unwrap_or_default();
        self.next = self.type_.fields().len();
        rest.iter().filter(|field| field.written().is_some()).for_each(passed);
    }
}
