use serde_json::json;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Key};

use crate::remote::batch::runs;
use crate::request::{DeleteOptions, Write};

#[test]
fn writes_that_depend_on_each_other_keep_their_order() {
    let registry = Registry::builtin();
    let kind = |name: &str| registry.find(name, "v1").expect("a built-in kind");
    let create = |of: &str, name: &str| {
        let meta = match name {
            "" => json!({"generateName": "x-", "namespace": "a"}),
            name => json!({"name": name, "namespace": "a"}),
        };
        Write::Create(Draft::from_value(kind(of), json!({ "metadata": meta })).expect("it fits"))
    };
    let delete = |of: &str, name: &str| {
        Write::Delete(Key::namespaced(kind(of).id, "a", name), DeleteOptions::default())
    };
    let table: [(&str, Vec<Write>, &[usize]); 6] = [
        ("nothing", vec![], &[]),
        ("of one sort", vec![create("Pod", "a"), create("Pod", "b"), create("Pod", "c")], &[3]),
        (
            "names that the server chooses",
            vec![create("Pod", ""), create("Pod", ""), create("Pod", "")],
            &[3],
        ),
        ("of two kinds", vec![create("Namespace", "a"), create("Pod", "b"), create("Pod", "c")], &[1, 2]),
        ("of two sorts", vec![create("Pod", "a"), delete("Pod", "a"), delete("Pod", "b")], &[1, 2]),
        (
            "to one object",
            vec![delete("Pod", "a"), delete("Pod", "b"), delete("Pod", "a"), delete("Pod", "b")],
            &[2, 2],
        ),
    ];
    for (name, writes, expected) in table {
        assert_eq!(runs(&writes), expected, "{name}");
    }
}
