"""Reads the overrides from environment variables such as `VAULT_PIM__VAULT__URL`.

Called by `loading.py`. A name is its key path in capitals with `__` between the keys; where a key of the file has a
dash or a slash, the variable has `_`. A list or mapping is written as in YAML: `[a, b]`. Unknown variables are kept,
so that validation refuses them by name.
"""

import os
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

from vault_pim.settings.configuration_file import ConfigurationFile
from vault_pim.settings.problems import Key

PREFIX = "VAULT_PIM__"
FOLDED = str.maketrans("-/", "__")
NAMED = frozenset({"pims", "issuers", "policies", "connectors"})


class Environment(EnvSettingsSource):
    """The overrides of one process.

    Attributes:
        data: the overrides, nested as in the file.
        variables: the variable of each key path.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(ConfigurationFile)
        self._document = document
        names = [name for name in os.environ if name.upper().startswith(PREFIX)]
        self.variables: dict[Key, str] = {self._key(name): name for name in names}
        self.data: dict[str, Any] = self()
        for section in NAMED & self.data.keys():
            if isinstance(self.data[section], dict):
                self.data[section] = {self._written(section, name): v for name, v in self.data[section].items()}
        for key in self.variables:
            self.data.setdefault(str(key[0]), {})

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: Any) -> Any:
        """Read a list or a mapping as YAML; anything else stays text, for validation to refuse."""
        del field_name, field
        if not str(value).lstrip().startswith(("[", "{")):
            return value
        try:
            return yaml.load(value, Loader=yaml.BaseLoader)  # noqa: S506 - gives text, lists and mappings of text only
        except yaml.YAMLError:
            return value

    def _key(self, name: str) -> Key:
        parts = name[len(PREFIX) :].lower().split("__")
        if len(parts) > 1 and parts[0] in NAMED:
            parts[1] = self._written(parts[0], parts[1])
        return tuple(parts)

    def _written(self, section: str, name: str) -> str:
        known = self._document.get(section)
        for written in known if isinstance(known, dict) else ():
            if str(written).lower().translate(FOLDED) == name:
                return str(written)
        return name


def merge(document: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the overrides laid over it, key by key."""
    merged = dict(document)
    for key, value in overrides.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
