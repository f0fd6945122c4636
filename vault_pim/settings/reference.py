"""The JSON Schema of the configuration, and the reference page made from it.

Called by `vault-pim config schema`, and by hand to write the page:
`python -m vault_pim.settings.reference > docs/reference/configuration.md`. A test asserts that the page is current.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from vault_pim.settings.configuration_file import ConfigurationFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INTRODUCTION = """\
# Configuration

One YAML file, plus every `connectors.d/*.yaml` beside it. `vault-pim` reads the file that `--config` names, else the
one that `VAULT_PIM_CONFIG` names, else `config/vault-pim.yaml`. Files in `connectors.d` hold `connectors:` and
nothing else; a connector that is declared twice is refused, and both files are named.

- **Environment.** Every key can come from a variable, which wins over the file: `VAULT_PIM__VAULT__URL` is
  `vault.url`, `VAULT_PIM__CONNECTORS__ERP__LABEL` is `connectors.erp.label`. Where a name has `-` or `/`, the
  variable has `_`. Lists are written as in YAML: `[a, b]`; `null` is nothing. An unknown variable with this prefix is
  refused.
- **Durations** are ISO 8601 in weeks, days, hours, minutes and seconds: `P30D`, `PT24H`, `P1DT12H`. A bare number is
  refused, since it has no unit; so are months and years, since they vary in length.
- **Paths** are absolute.
- **Secrets** never stand in the configuration: a key that ends in `_file` names a file that holds one. It must be a
  regular file that only its owner can read (mode 600 or 400); one final newline is not part of the secret; it is read
  when it is used. In `/run/secrets`, `/var/run/secrets` and the folders of `VAULT_PIM_SECRET_DIRS` others may read it,
  as Docker and Kubernetes mount secrets, but not write it.
- **URLs** are https. Plain http is accepted for this machine alone (`localhost`, `127.0.0.0/8`, `::1`), since secrets
  travel.

`vault-pim config check` reports everything that is wrong at once, one line each, with file, line and key, and
connects to nothing. It exits 0 if all is well, 2 if the configuration is right but names a file that cannot be used
here (a missing secret file, one that others can read, an audit log that cannot be written), and 3 if it is wrong.
`vault-pim config schema` prints the JSON Schema, for editors.

This page is made from the program: `python -m vault_pim.settings.reference > docs/reference/configuration.md`.
"""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration file."""
    return {"$schema": DIALECT, **ConfigurationFile.model_json_schema()}


def reference_page() -> str:
    """The text of docs/reference/configuration.md."""
    schema = json_schema()
    parts = [INTRODUCTION]
    for name, node in schema["properties"].items():
        section = _target(node, schema)
        entry = section.get("additionalProperties")
        if isinstance(entry, dict):
            kinds = _sections(entry, schema)
            if len(kinds) == 1:
                parts.append(f"## {name}.*name*\n\n{kinds[0]['description']}\n")
                parts += _tables(f"{name}.*name*", kinds[0], schema)
            else:
                parts.append(f"## {name}.*name*\n\n{node['description']}\n")
                parts += [text for kind in kinds for text in _kind_of_section(f"{name}.*name*", kind, schema)]
        else:
            parts.append(f"## {name}\n\n{node['description']}\n")
            parts += _tables(name, section, schema)
    return "\n".join(parts)


def _tables(path: str, section: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """One table of the keys of a section, then those of the sections in it."""
    rows, inner = [], []
    for name, node in section["properties"].items():
        found = [one for one in _sections(node, schema) if "properties" in one]
        inner += [(f"{path}.{name}", one) for one in found]
        default = _default(name, node, section)
        rows.append(f"| `{name}` | {'mapping' if found else _kind(node, schema)} | {default} | {node['description']} |")
    yield "\n".join(["| key | value | default | meaning |", "|---|---|---|---|", *rows, ""])
    for inner_path, one in inner:
        yield from _kind_of_section(inner_path, one, schema)


def _kind_of_section(path: str, section: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """An inner section, or one of several kinds that may stand at its place."""
    method = section["properties"].get("method", {}).get("const")
    yield f"### {path}, method {method}\n" if method else f"### {path}\n"
    yield f"{section['description']}\n"
    yield from _tables(path, section, schema)


def _target(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    target: Mapping[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    return target


def _sections(node: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [_target(one, schema) for one in node.get("oneOf") or node.get("anyOf") or [node]]


def _kind(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    kinds = [_kind_of_one(one, schema) for one in _sections(node, schema) if one.get("type") != "null"]
    return " or ".join(kinds)


def _kind_of_one(node: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    if node["type"] == "array":
        return f"list of {_kind(node['items'], schema)}"
    if "format" in node:
        return {"uri": "URL", "time-zone": "time zone"}.get(node["format"], str(node["format"]))
    return {"string": "text", "integer": "whole number"}.get(
        node["type"] if isinstance(node["type"], str) else "string", "number"
    )


def _default(name: str, node: Mapping[str, Any], section: Mapping[str, Any]) -> str:
    if name in section.get("required", ()):
        return "required"
    value = node.get("default")
    return "none" if value is None else f"`{value if isinstance(value, str) else json.dumps(value)}`"


if __name__ == "__main__":
    sys.stdout.write(reference_page())
