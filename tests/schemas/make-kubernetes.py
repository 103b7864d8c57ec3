"""Makes kinds/kubernetes.z: the schemas of Kubernetes' own kinds, of the last six minor versions. By hand:

    pip download --no-deps --dest /tmp/kubernetes-validate kubernetes-validate==1.37.0
    python3 tests/schemas/make-kubernetes.py /tmp/kubernetes-validate/kubernetes_validate-1.37.0-py3-none-any.whl

The package (Apache-2.0, https://github.com/willthames/kubernetes-validate) carries the OpenAPI definitions that each
release of Kubernetes publishes, as JSON Schema. Here they lose their prose and become what a structural schema says:

- `"type": ["string", "null"]` is `nullable`, as Go's decoder takes null for what may be left out.
- Quantities and ints-or-strings get the keywords that a CRD would have for them.
- An object without fields that is open in Go (RawExtension, FieldsV1, JSON) keeps unknown fields.
- List types are dropped: an API server looks at them when it merges what several own, not when it validates its own kinds.

The file begins with the length of the index (4 bytes, little endian); index and blocks are compressed with zlib, each for
itself, so that only the API groups that are met are unpacked. A definition that several versions share is there once. The
index is lines of words:

    source PACKAGE VERSION SHA256        what it was made from
    generator SHA256                     this file
    versions 1.32 ...                    bit 0 of a mask is the first of them
    block NAME COMPRESSED RAW            lengths; the blocks follow the index in this order
    definition NAME MASK BLOCK OFFSET LENGTH
    kind GROUP VERSION KIND MASK NAME    the core group is `-`
"""

import hashlib
import json
import re
import sys
import zipfile
import zlib
from pathlib import Path

MINORS = range(32, 38)
TARGET = Path(__file__).parents[2] / "kinds" / "kubernetes.z"

# apimachinery's resource.Quantity, as controller-gen writes it into CRDs.
QUANTITY = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
OPEN = {"meta.v1.FieldsV1", "meta.v1.Patch", "RawExtension"} | {
    f"apiextensions.v1.{name}"
    for name in ["JSON", "JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"]
}
KEPT = {"format", "required", "type"}
# Kinds of the protocol, which nobody writes into a file.
PROTOCOL = re.compile(r"^meta\.v1\.")


def short(name):
    """`io.k8s.api.apps.v1.Deployment` is `apps.v1.Deployment`."""
    name = name.removeprefix("#/$defs/")
    for prefix in [
        "io.k8s.api.",
        "io.k8s.apimachinery.pkg.apis.",
        "io.k8s.apimachinery.pkg.api.resource.",
        "io.k8s.apimachinery.pkg.runtime.",
        "io.k8s.apimachinery.pkg.util.intstr.",
        "io.k8s.apimachinery.pkg.",
        "io.k8s.apiextensions-apiserver.pkg.apis.",
        "io.k8s.kube-aggregator.pkg.apis.",
    ]:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    raise SystemExit(f"an unknown package: {name}")


def structural(name, schema):
    if "$ref" in schema:
        return {"$ref": short(schema["$ref"])}
    if name == "Quantity":
        return {"anyOf": [{"type": "string"}, {"type": "number"}], "nullable": True, "pattern": QUANTITY}
    if name == "IntOrString":
        return {"nullable": True, "x-kubernetes-int-or-string": True}
    if name in OPEN:
        kind = {"type": "object"} if "type" in schema else {}
        return {**kind, "nullable": True, "x-kubernetes-preserve-unknown-fields": True}
    made = {key: value for key, value in schema.items() if key in KEPT}
    if isinstance(made["type"], list):
        [made["type"]] = [kind for kind in made["type"] if kind != "null"]
        made["nullable"] = True
    for key in ["items", "additionalProperties"]:
        if key in schema:
            made[key] = structural("", schema[key])
    if "properties" in schema:
        made["properties"] = {
            # What an object is, is looked up; it can't be wrong here.
            key: {"type": "string"} if "enum" in value else structural("", value)
            for key, value in schema["properties"].items()
        }
    return made


def references(schema):
    if "$ref" in schema:
        yield schema["$ref"]
    for key in ["items", "additionalProperties"]:
        if key in schema:
            yield from references(schema[key])
    for value in schema.get("properties", {}).values():
        yield from references(value)


def main():
    wheel = Path(sys.argv[1])
    package, version = wheel.name.split("-")[:2]
    source = hashlib.sha256()
    texts, kinds = {}, {}
    with zipfile.ZipFile(wheel) as archive:
        for bit, minor in enumerate(MINORS):
            raw = archive.read(f"kubernetes_validate/kubernetes-json-schema/v1.{minor}.0-local/_definitions.json")
            source.update(raw)
            written = {short(name): schema for name, schema in json.loads(raw)["$defs"].items()}
            made = {name: structural(name, schema) for name, schema in written.items()}
            todo = []
            for name, schema in written.items():
                for kind in schema.get("x-kubernetes-group-version-kind", []):
                    if not PROTOCOL.match(name):
                        key = (kind["group"] or "-", kind["version"], kind["kind"], name)
                        kinds[key] = kinds.get(key, 0) | 1 << bit
                        todo.append(name)
            reached = set()
            while todo:
                name = todo.pop()
                if name not in reached:
                    reached.add(name)
                    todo.extend(references(made[name]))
            for name in reached:
                text = json.dumps(made[name], separators=(",", ":"), sort_keys=True)
                texts[name, text] = texts.get((name, text), 0) | 1 << bit
    blocks = {}
    lines = []
    for (name, text), mask in sorted(texts.items(), key=lambda entry: (entry[0][0], entry[1])):
        block = name.split(".")[0] if "." in name else "meta"
        content = blocks.setdefault(block, bytearray())
        data = text.encode()
        lines.append(f"definition {name} {mask} {block} {len(content)} {len(data)}")
        content += data
    lines += [f"kind {group} {api} {kind} {mask} {name}" for (group, api, kind, name), mask in sorted(kinds.items())]
    packed = {name: zlib.compress(bytes(content), 9) for name, content in blocks.items()}
    index = "\n".join(
        [
            f"source {package} {version} {source.hexdigest()}",
            f"generator {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()}",
            "versions " + " ".join(f"1.{minor}" for minor in MINORS),
            *[f"block {name} {len(packed[name])} {len(content)}" for name, content in blocks.items()],
            *lines,
        ]
    )
    compressed = zlib.compress(index.encode(), 9)
    whole = len(compressed).to_bytes(4, "little") + compressed + b"".join(packed.values())
    TARGET.write_bytes(whole)
    print(f"{TARGET.name}: {len(whole)} bytes, {len(texts)} definitions, {len(kinds)} kinds")


main()
