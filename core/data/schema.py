#!/usr/bin/env python3
"""Writes schema.txt: the types of the stable Kubernetes API, their fields and how those are merged.

    python3 schema.py K8S_OPENAPI/src/v1_37 lists.json > schema.txt

K8S_OPENAPI is an unpacked k8s-openapi crate (types of fields), lists.json the merge rules that a
kube-apiserver publishes (see README.md). Standard library only.
"""
import json
import os
import re
import sys

SCALARS = {
    "std::string::String": "string",
    "bool": "bool",
    "i32": "int",
    "i64": "int",
    "f64": "number",
    "crate::ByteString": "bytes",
}
# Definitions that are no plain structs.
SPECIAL = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "object",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microtime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "object",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intorstring",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrBool": "any",
    "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrStringArray": "any",
}
# Types whose times an API server writes, as null, even if they are not set.
NULL_TIMES = {
    "apps.v1.DaemonSetCondition",
    "apps.v1.DeploymentCondition",
    "apps.v1.ReplicaSetCondition",
    "apps.v1.StatefulSetCondition",
    "batch.v1.JobCondition",
    "core.v1.Event",
    "core.v1.EventSeries",
    "core.v1.NamespaceCondition",
    "core.v1.NodeCondition",
    "core.v1.PersistentVolumeClaimCondition",
    "core.v1.PodCondition",
    "core.v1.ReplicationControllerCondition",
}
# Optional structs that an API server writes even if they are empty, beside the envelope's.
WRITTEN = {
    ("apps.v1.DaemonSetSpec", "updateStrategy"),
    ("apps.v1.DeploymentSpec", "strategy"),
    ("apps.v1.ReplicaSetSpec", "template"),
    ("apps.v1.StatefulSetSpec", "updateStrategy"),
    ("core.v1.Container", "resources"),
    ("core.v1.ContainerStatus", "lastState"),
    ("core.v1.ContainerStatus", "state"),
    ("core.v1.EphemeralContainer", "resources"),
    ("core.v1.Event", "source"),
    ("core.v1.NodeDaemonEndpoints", "kubeletEndpoint"),
    ("core.v1.NodeStatus", "daemonEndpoints"),
    ("core.v1.NodeStatus", "nodeInfo"),
    ("core.v1.PersistentVolumeClaimSpec", "resources"),
    ("core.v1.PodTemplate", "template"),
    ("core.v1.ServiceStatus", "loadBalancer"),
    ("discovery.v1.Endpoint", "conditions"),
    ("events.v1.Event", "deprecatedSource"),
    ("events.v1.Event", "regarding"),
    ("networking.v1.IngressServiceBackend", "port"),
    ("networking.v1.IngressStatus", "loadBalancer"),
    ("networking.v1.NetworkPolicySpec", "podSelector"),
    ("resource.v1.AllocationResult", "devices"),
    ("resource.v1.ResourceClaimSpec", "devices"),
}
ENVELOPE = {"metadata", "spec", "status"}
# Key fields with a default of their own.
DEFAULTS = {("core.v1.ContainerPort", "protocol"): "TCP", ("core.v1.ServicePort", "protocol"): "TCP"}


def read(root):
    """Every definition: its Rust path, kind, and fields as (JSON name, Rust type)."""
    types, by_path = {}, {}
    for folder, _, files in os.walk(root):
        for file in files:
            with open(os.path.join(folder, file), encoding="utf-8") as source:
                text = source.read()
            name = re.match(r"// Generated from definition (\S+)", text)
            if not name:
                continue
            rust = re.search(r"^pub (?:struct|enum) (\w+)", text, re.M)
            module = os.path.relpath(folder, root).replace(os.sep, "::")
            by_path[f"crate::{module}::{rust[1]}"] = name[1]
            json_names = {ident: key for key, ident in re.findall(r'"([^"]+)" => Field::Key_(\w+),', text)}
            kind = re.search(
                r'impl crate::Resource for.*?GROUP: &\'static str = "(.*?)".*?KIND: &\'static str = "(.*?)"'
                r'.*?VERSION: &\'static str = "(.*?)"',
                text,
                re.S,
            )
            struct = re.search(r"^pub struct \w+ \{\n(.*?)^\}", text, re.M | re.S)
            fields = re.findall(r"^    pub (\w+): (.*),$", struct[1] if struct else "", re.M)
            types[name[1]] = {
                "kind": kind and (kind[1], kind[3], kind[2]),
                "fields": [(json_names.get(ident, ident), rust_type) for ident, rust_type in fields],
                "struct": struct is not None,
            }
            # A struct without declared fields takes any.
            if re.search(r"^pub struct \w+\(pub crate::serde_json::Value\);", text, re.M):
                SPECIAL.setdefault(name[1], "object")
    return types, by_path


def shape(rust, by_path):
    """The Rust type in this file's words, and whether it is optional."""
    for outer in ("Option", "std::boxed::Box"):
        if rust.startswith(outer + "<"):
            inner, _ = shape(rust[len(outer) + 1 : -1], by_path)
            return inner, True
    if rust.startswith("std::vec::Vec<"):
        return f"list({shape(rust[14:-1], by_path)[0]})", False
    if rust.startswith("std::collections::BTreeMap<std::string::String, "):
        return f"map({shape(rust[48:-1], by_path)[0]})", False
    if rust in SCALARS:
        return SCALARS[rust], False
    name = by_path[rust]
    return SPECIAL.get(name, name), False


def attributes(owner, field, text, optional, rules):
    """What is particular about a field."""
    short = owner.removeprefix("io.k8s.api.")
    is_struct = "." in text and "(" not in text
    if rules.get("listType") == "map":
        yield "keys=" + ",".join(rules["listMapKeys"])
    elif rules.get("listType") == "set":
        yield "set"
    if "mapType" in rules:
        yield rules["mapType"]
    if "patchStrategy" in rules:
        yield "strategy=" + rules["patchStrategy"]
    if "patchMergeKey" in rules:
        yield "key=" + rules["patchMergeKey"]
    if (short, field) in DEFAULTS:
        yield "default=" + DEFAULTS[(short, field)]
    is_null_time = short in NULL_TIMES and text in ("time", "microtime")
    if not optional or is_null_time or (is_struct and (field in ENVELOPE or (short, field) in WRITTEN)):
        yield "written"


def main(root, lists):
    types, by_path = read(root)
    with open(lists, encoding="utf-8") as source:
        rules = json.load(source)
    stable = lambda version: re.fullmatch(r"v\d+", version)
    todo = [name for name, t in types.items() if t["kind"] and stable(t["kind"][1]) and not name.endswith("List")]
    seen = set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        assert types[name]["struct"], f"{name} is no struct: add it to SPECIAL"
        for _, rust in types[name]["fields"]:
            text = shape(rust, by_path)[0]
            todo += [part for part in re.findall(r"[\w.-]+", text) if part in types and part not in SPECIAL]
    for name in sorted(seen):
        own = rules.get(name, {})
        kind = types[name]["kind"]
        head = [name] + (["kind=" + "/".join(kind)] if kind else [])
        print(" ".join(head + ([own["mapType"]] if "mapType" in own else [])))
        fields = types[name]["fields"]
        if kind:
            fields = fields + [("apiVersion", "Option<std::string::String>"), ("kind", "Option<std::string::String>")]
        for field, rust in sorted(fields):
            text, optional = shape(rust, by_path)
            extra = attributes(name, field, text, optional, own.get("fields", {}).get(field, {}))
            print(" " + " ".join([field, text, *extra]))


if __name__ == "__main__":
    main(*sys.argv[1:])
