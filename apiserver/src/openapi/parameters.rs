/// A query parameter: name, type, description.
pub(super) type Parameter = (&'static str, &'static str, &'static str);

pub(super) const PRETTY: Parameter = ("pretty", "string", "If 'true', then the output is pretty printed.");

/// Of everything that writes.
pub(super) const WRITE: [Parameter; 3] = [
    (
        "dryRun",
        "string",
        "With 'All' nothing is persisted, but everything else is done as if it were; no other value is valid.",
    ),
    (
        "fieldManager",
        "string",
        "A name for the actor that is making these changes, at most 128 characters long.",
    ),
    (
        "fieldValidation",
        "string",
        "What to do with unknown and duplicate fields in the request: 'Ignore' drops them, 'Warn' says so in \
         warnings, 'Strict' fails the request.",
    ),
];

pub(super) const FORCE: Parameter =
    ("force", "boolean", "Of an apply patch: takes fields over from other field managers.");

/// Of what lists and watches.
pub(super) const LIST: [Parameter; 10] = [
    ("allowWatchBookmarks", "boolean", "Asks for events that tell how far a watch has come."),
    ("continue", "string", "Where a list that was cut off goes on, as the answer before said."),
    ("fieldSelector", "string", "Restricts the objects by their fields."),
    ("labelSelector", "string", "Restricts the objects by their labels."),
    ("limit", "integer", "How many objects an answer has at most."),
    ("resourceVersion", "string", "Constrains what resource versions the request may be served from."),
    ("resourceVersionMatch", "string", "How resourceVersion is applied to a list."),
    ("sendInitialEvents", "boolean", "Starts a watch with the objects that there are."),
    ("timeoutSeconds", "integer", "Limits the duration of the call."),
    ("watch", "boolean", "Watches for changes instead of listing."),
];

/// Of deletions.
pub(super) const DELETE: [Parameter; 4] = [
    WRITE[0],
    ("gracePeriodSeconds", "integer", "The duration in seconds before the object should be deleted."),
    ("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
    (
        "propagationPolicy",
        "string",
        "Whether and how dependents are deleted: 'Orphan', 'Background', 'Foreground'.",
    ),
];
