"""Makes src/formats/kustomize/merge-keys.txt: which lists of Kubernetes' own kinds a strategic merge merges by key, and
which kinds live in no namespace. By hand:

    python3 tests/kustomize/make-merge-keys.py kubernetes-openapi-union-v1.21.2.bundle-v1.json.gz

The bundle is the one that kustomize 5.8 carries (sigs.k8s.io/kustomize/kyaml 0.21.2, Apache-2.0, folder
openapi/kubernetesapi/data): kustomize merges by it, whatever the version of the cluster. Only what leads to a list that
is merged is kept. The file is lines of words:

    cluster APIVERSION KIND
    kind APIVERSION KIND DEFINITION
    DEFINITION FIELD=DEFINITION FIELD=DEFINITION[KEY,KEY] FIELD=[]

Brackets mark a list that is merged, by these keys of its elements; without keys its elements are texts. `*` is any field.
"""

import gzip
import json
import sys
from pathlib import Path

TARGET = Path(__file__).parents[2] / "src" / "formats" / "kustomize" / "merge-keys.txt"


def short(name):
    for prefix in ["io.k8s.apimachinery.pkg.apis.", "io.k8s.api.", "io.k8s.apiextensions-apiserver.pkg.apis.", "io.k8s."]:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def target(schema):
    return schema.get("$ref", "").removeprefix("#/definitions/")


def main():
    bundle = json.loads(gzip.open(sys.argv[1]).read())
    fields = {}
    for name, definition in bundle["definitions"].items():
        own = {}
        properties = dict(definition.get("properties", {}))
        if isinstance(definition.get("additionalProperties"), dict):
            properties["*"] = definition["additionalProperties"]
        for field, schema in properties.items():
            of = schema.get("items") or {} if schema.get("type") == "array" else schema
            keys = None
            if "merge" in schema.get("x-kubernetes-patch-strategy", "").split(","):
                one = schema.get("x-kubernetes-patch-merge-key")
                keys = schema.get("x-kubernetes-list-map-keys") or ([one] if one else [])
                if schema.get("type") != "array":
                    keys = None
            own[field] = (target(of), keys)
        fields[name] = own
    leads = set()
    while True:
        more = {
            name
            for name, own in fields.items()
            if name not in leads and any(keys is not None or child in leads for child, keys in own.values())
        }
        if not more:
            break
        leads |= more
    lines = []
    for resource in sorted(bundle["resources"], key=lambda one: (one["apiVersion"], one["kind"])):
        if resource.get("scope") == "Cluster":
            lines.append(f"cluster {resource['apiVersion']} {resource['kind']}")
        if resource.get("definition") in leads:
            lines.append(f"kind {resource['apiVersion']} {resource['kind']} {short(resource['definition'])}")
    for name in sorted(leads):
        words = [short(name)]
        for field, (child, keys) in sorted(fields[name].items()):
            kept = short(child) if child in leads else ""
            if keys is not None:
                words.append(f"{field}={kept}[{','.join(keys)}]")
            elif kept:
                words.append(f"{field}={kept}")
        lines.append(" ".join(words))
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"{TARGET.name}: {len(lines)} lines, {TARGET.stat().st_size} bytes")


main()
