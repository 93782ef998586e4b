#!/usr/bin/env python3
"""Writes protobuf.txt: which field of the API has which number. See README.md."""

import re
import subprocess
import sys

# Folder of an API group's types: the group's name. Kinds of these are what clients send.
GROUPS = {
    "admissionregistration/v1": "admissionregistration.k8s.io",
    "apps/v1": "apps",
    "authentication/v1": "authentication.k8s.io",
    "authorization/v1": "authorization.k8s.io",
    "autoscaling/v1": "autoscaling",
    "autoscaling/v2": "autoscaling",
    "batch/v1": "batch",
    "certificates/v1": "certificates.k8s.io",
    "coordination/v1": "coordination.k8s.io",
    "core/v1": "",
    "discovery/v1": "discovery.k8s.io",
    "events/v1": "events.k8s.io",
    "networking/v1": "networking.k8s.io",
    "node/v1": "node.k8s.io",
    "policy/v1": "policy",
    "rbac/v1": "rbac.authorization.k8s.io",
    "scheduling/v1": "scheduling.k8s.io",
    "storage/v1": "storage.k8s.io",
}
META = ["pkg/api/resource", "pkg/apis/meta/v1", "pkg/runtime", "pkg/util/intstr"]
# Kinds of no group, which are sent as a kind of any.
COMMON = ["CreateOptions", "DeleteOptions", "PatchOptions", "Status", "UpdateOptions"]
SCALARS = {"string": "s", "int32": "i", "int64": "l", "bool": "b", "bytes": "y", "double": "d"}
# Messages that are no JSON objects; the reader knows how each is written.
WORDS = {
    "api.resource.Quantity": "quantity",
    "apis.meta.v1.Duration": "duration",
    "apis.meta.v1.FieldsV1": "raw",
    "apis.meta.v1.MicroTime": "microtime",
    "apis.meta.v1.Time": "time",
    "runtime.RawExtension": "raw",
    "util.intstr.IntOrString": "intorstring",
}


def show(repo, path):
    return subprocess.run(["git", "-C", repo, "show", f"HEAD:{path}"], capture_output=True, text=True, check=True).stdout


def files(repo, folder):
    listed = subprocess.run(["git", "-C", repo, "ls-tree", "--name-only", "HEAD", folder + "/"],
                            capture_output=True, text=True, check=True).stdout.split()
    return [path for path in listed if path.endswith(".go") and not path.endswith("_test.go")]


def short(name):
    return re.sub(r"^\.?k8s\.io\.(api|apimachinery\.pkg)\.", "", name)


def messages(text):
    package = short(re.search(r"^package (\S+);", text, re.M).group(1))
    found = {}
    for head, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", text, re.M | re.S):
        fields = []
        for line in body.split("\n"):
            line = line.strip()
            entry = re.match(r"map<string, ([\w.]+)> (\w+) = (\d+);", line)
            field = re.match(r"(optional|repeated) ([\w.]+) (\w+) = (\d+)", line)
            if entry:
                fields.append((int(entry[3]), entry[2], "map", entry[1]))
            elif field:
                fields.append((int(field[4]), field[3], field[1], field[2]))
            elif line and not line.startswith("//") and not line.startswith("reserved"):
                raise SystemExit(f"{package}.{head}: {line}")
        found[f"{package}.{head}"] = [(n, name, how, of if of in SCALARS or "." in of else f"{package}.{of}")
                                      for n, name, how, of in fields]
    return found


def names(text):
    """Of each struct: JSON names by protobuf names; an empty one is inlined."""
    found = {}
    for head, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text, re.M | re.S):
        fields = {}
        for line in body.split("\n"):
            tag = re.search(r"`([^`]*)`", line)
            if not tag:
                continue
            json = re.search(r'json:"([^",]*)', tag[1])
            proto = re.search(r'protobuf:"[^"]*\bname=(\w+)', tag[1])
            embedded = re.match(r"\s*(?:\w+\.)?(\w+)\s*`", line)
            if json and proto:
                fields[proto[1]] = json[1]
            elif json and embedded:
                fields[embedded[1][0].lower() + embedded[1][1:]] = json[1]
        found[head] = fields
    return found


def main(api, machinery):
    table, json_names, kinds = {}, {}, {}
    for repo, folder in [(machinery, folder) for folder in META] + [(api, folder) for folder in GROUPS]:
        found = messages(show(repo, folder + "/generated.proto"))
        table.update(found)
        go = {}
        for path in files(repo, folder):
            go.update(names(show(repo, path)))
        for message in found:
            json_names[message] = go.get(message.rsplit(".", 1)[1], {})
        if repo == api:
            version = folder.rsplit("/", 1)[1]
            api_version = f"{GROUPS[folder]}/{version}".lstrip("/")
            for message, fields in found.items():
                kind = message.rsplit(".", 1)[1]
                if any(name == "metadata" and "ObjectMeta" in of for _, name, _, of in fields) \
                        and "Template" != kind[-8:] and kind not in ("PodTemplateSpec", "JobTemplateSpec"):
                    kinds[message] = f"{api_version}/{kind}"
                elif kind == "PodTemplate":
                    kinds[message] = f"{api_version}/{kind}"
    for kind in COMMON:
        kinds[f"apis.meta.v1.{kind}"] = f"meta/{kind}"

    # Fields of types of alpha versions are none that this project knows.
    known = lambda of: of in SCALARS or short(of) in table
    table = {name: [field for field in fields if known(field[3])] for name, fields in table.items()}

    todo, seen = sorted(kinds), set()
    while todo:
        message = todo.pop()
        if message in seen or short(message) in WORDS:
            continue
        seen.add(message)
        todo.extend(short(of) for _, _, _, of in table[message] if of not in SCALARS)

    for message in sorted(seen):
        fields = table[message]
        if [name for _, name, _, _ in fields] == ["items"] and fields[0][3] == "string":
            print(f"{message} list")
            continue
        kind = kinds.get(message)
        print(message + (f" kind={kind}" if kind else ""))
        for number, name, how, of in sorted(fields):
            of = SCALARS.get(of) or WORDS.get(short(of)) or short(of)
            json = json_names[message].get(name)
            if json is None:
                raise SystemExit(f"{message}.{name} has no JSON name")
            shape = {"map": "{%s}", "repeated": "[%s]", "optional": "%s"}[how] % of
            print(f" {number} {json or '-'} {shape}")


main(*sys.argv[1:])
