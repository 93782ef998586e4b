use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::signature::Overload;
use super::{
    addresses, amounts, conversions, formats, lists, operators, optionals, patterns, sets, strings, times,
    urls, versions,
};

/// A function in all of its forms.
#[derive(Debug)]
pub(in super::super) struct Function {
    pub(in super::super) overloads: Vec<Overload>,
}

/// The function of a name.
pub(in super::super) fn named(name: &str) -> Option<&'static Function> {
    static ALL: LazyLock<FxHashMap<&'static str, Function>> = LazyLock::new(all);
    ALL.get(name)
}

fn all() -> FxHashMap<&'static str, Function> {
    let tables = [
        addresses::TABLE,
        amounts::TABLE,
        conversions::TABLE,
        formats::TABLE,
        lists::TABLE,
        operators::TABLE,
        optionals::TABLE,
        patterns::TABLE,
        sets::TABLE,
        strings::TABLE,
        times::TABLE,
        urls::TABLE,
        versions::TABLE,
    ];
    let mut functions: FxHashMap<&'static str, Function> = FxHashMap::default();
    let mut add = |name: &'static str, overload: Overload| {
        functions.entry(name).or_insert_with(|| Function { overloads: Vec::new() }).overloads.push(overload);
    };
    for (name, overload) in tables.into_iter().flatten() {
        add(name, *overload);
    }
    for (name, overload) in operators::orders().chain(lists::of_comparables()) {
        add(name, overload);
    }
    functions
}
