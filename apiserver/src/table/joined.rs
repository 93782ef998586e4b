use setpoint_core::object::Meta;

/// How many of a list are shown before the rest is counted.
pub(super) const SHOWN_MAX: usize = 3;

/// The first of a list, and how many more there are.
pub(super) fn first_and_more(shown: &[String], count: usize) -> String {
    let list = shown[..shown.len().min(SHOWN_MAX)].join(",");
    if count > SHOWN_MAX { format!("{list} + {} more...", count - SHOWN_MAX) } else { list }
}

/// Key and value pairs; `<none>` if there are none.
pub(super) fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    let list: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    or_none(list.join(","))
}

/// The text; `<none>` if it is empty.
pub(super) fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// A field's text, or a word if it is not set.
pub(super) fn or_word(text: Option<&String>, word: &str) -> String {
    text.cloned().unwrap_or_else(|| word.to_owned())
}

/// A storage class: the annotation of old counts before the field.
pub(super) fn storage_class(meta: &Meta, field: Option<&String>) -> String {
    let annotated = meta.annotations.get("volume.beta.kubernetes.io/storage-class").map(str::to_owned);
    annotated.or_else(|| field.cloned()).unwrap_or_default()
}

/// Access modes by their short names, each once.
pub(super) fn access_modes(modes: Option<&Vec<String>>) -> String {
    let names = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| modes.is_some_and(|modes| modes.iter().any(|candidate| candidate == mode));
    let short: Vec<&str> = names.iter().filter(|(mode, _)| has(mode)).map(|(_, short)| *short).collect();
    short.join(",")
}
