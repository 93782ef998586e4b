#!/usr/bin/env python3
"""Writes descriptions.txt: what the stable Kubernetes API says of its types and fields.

    python3 descriptions.py ../../core/data/schema.txt K8S_OPENAPI/src/v1_36 K8S_OPENAPI/src/v1_37 > descriptions.txt

K8S_OPENAPI is an unpacked k8s-openapi crate; of the versions, the first that has a type or field counts. Only the
types of schema.txt are written. Standard library only.
"""
import json
import os
import re
import sys

STRING = r'"((?:[^"\\]|\\.)*)"'


def unescape(text):
    return json.loads('"' + text + '"')


def read(root):
    """Every definition: its description and its fields as name -> (description, format, required)."""
    types = {}
    for folder, _, files in os.walk(root):
        for file in files:
            with open(os.path.join(folder, file), encoding="utf-8") as source:
                text = source.read()
            name = re.match(r"// Generated from definition (\S+)", text)
            schema = re.search(r"json_schema!\(\{\n(.*)\n        \}\)", text, re.S)
            if not name or not schema:
                continue
            body = schema[1]
            about = re.match(r' {12}"description": ' + STRING, body)
            required = re.search(r'^ {12}"required": \[\n(.*?)^ {12}\]', body, re.M | re.S)
            required = set(re.findall(STRING, required[1])) if required else set()
            fields = {}
            properties = re.search(r'^ {12}"properties": \{\n(.*?)^ {12}\}', body, re.M | re.S)
            for field in re.finditer(r'^ {16}"([^"]+)": (.*?)^ {16}\}', properties[1] if properties else "", re.M | re.S):
                said = re.search(r'"description"(?:\.into\(\),|:) ' + STRING, field[2])
                kind = re.search(r'^ {20}"format": ' + STRING, field[2], re.M)
                fields[field[1]] = (unescape(said[1]) if said else "", kind[1] if kind else "", field[1] in required)
            types[name[1]] = (unescape(about[1]) if about else "", fields)
    return types


def line(*parts):
    print("\t".join(part.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t") for part in parts))


def main(schema, *roots):
    versions = [read(root) for root in roots]
    owner = None
    with open(schema, encoding="utf-8") as lines:
        for text in lines:
            name = text.split()[0]
            if not text.startswith(" "):
                owner = name
                line(name, next((version[name][0] for version in versions if name in version), ""))
                continue
            known = (version[owner][1] for version in versions if owner in version)
            description, kind, required = next((fields[name] for fields in known if name in fields), ("", "", False))
            line(" " + name, kind + ("!" if required else ""), description)


main(*sys.argv[1:])
