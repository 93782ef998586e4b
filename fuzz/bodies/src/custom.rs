//! Schemas of custom kinds: what is accepted can be used, and what it makes of objects stays.

use std::sync::Arc;

use serde_json::{Value, json};
use setpoint_core::custom::Definition;
use setpoint_core::kind::{Kind, Registry, Subresource};
use setpoint_core::object::{Draft, Object, Revision};

use crate::two_documents;

/// A schema, and an object that it is asked about.
pub fn schema(input: &[u8]) {
    let Some((schema, spec)) = two_documents(input) else { return };
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "sites.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "sites", "kind": "Site"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    });
    let registry = Registry::builtin();
    let definitions = registry.find("CustomResourceDefinition", "apiextensions.k8s.io/v1").expect("built in");
    let rules = Arc::clone(&definitions.rules);
    let Ok(mut draft) = Draft::from_value(definitions, definition) else { return };
    rules.default(&mut draft);
    rules.prepare_create(&mut draft);
    let _ = rules.warnings(&draft, None);
    if !rules.validate_create(&draft).is_empty() {
        return;
    }
    let accepted = draft.to_value();
    let read = Definition::read(&accepted).expect("what is accepted can be read");
    let kind = read.register(&registry).expect("its names are free");
    let object = json!({
        "apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": "x", "namespace": "a"}, "spec": spec,
    });
    let Some(once) = normal(&kind, object) else { return };
    let twice = normal(&kind, once.to_value()).expect("it was read before");
    assert_eq!(once.to_value(), twice.to_value(), "{accepted}");
    let at_first = kind.rules.validate_create(&once);
    let old = Object::from_draft(once.clone(), Revision(1));
    // What an update leaves as it was is looked at anew by rules and for the objects in it, and by nothing else.
    let text = accepted.to_string();
    let anew =
        ["x-kubernetes-validations", "x-kubernetes-embedded-resource"].iter().any(|it| text.contains(it));
    for fault in kind.rules.validate_update(&once, &old, Subresource::Main) {
        let is_known = !at_first.is_empty() && (anew || fault.field.starts_with("metadata"));
        assert!(is_known || text.contains("oldSelf"), "{accepted}: {fault}");
    }
}

/// An object in the form that is kept.
fn normal(kind: &Arc<Kind>, object: Value) -> Option<Draft> {
    let mut draft = Draft::from_value(Arc::clone(kind), object).ok()?;
    kind.rules.default(&mut draft);
    Some(draft)
}
