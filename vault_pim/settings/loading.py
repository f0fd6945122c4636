"""Reads the configuration once: file, connectors.d and environment, merged, validated, turned into the nouns of
`domain`.

Called by `assembly.py`, by the commands, and again by the daemon on SIGHUP. Reports everything that is wrong at once;
nothing of a wrong configuration comes into use. Reads no secret.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.policy import Policy
from vault_pim.settings.configuration_file import ConfigurationFile
from vault_pim.settings.document import read_document
from vault_pim.settings.environment import Environment, merge
from vault_pim.settings.logins import IssuerSettings
from vault_pim.settings.problems import InvalidConfiguration, Places, Refused, did_you_mean, explain
from vault_pim.settings.resolve import Resolved
from vault_pim.settings.shape import (
    AuditSettings,
    ConnectorSettings,
    DaemonSettings,
    PimSettings,
    PolicySettings,
    VaultSettings,
)

PATH_VARIABLE = "VAULT_PIM_CONFIG"
DEFAULT_PATH = Path("config/vault-pim.yaml")


def configuration_path(given: Path | None = None) -> Path:
    """The file to read: the one given, else that of `VAULT_PIM_CONFIG`, else config/vault-pim.yaml."""
    return given or Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A configuration that is right in itself and all its references.

    Attributes:
        files: what was read, the main file first.
        places: where each key was written.
        policies: the rotation policies, each with a grace that suffices at every PIM where it is used.
    """

    files: tuple[Path, ...]
    vault: VaultSettings
    pims: Mapping[str, PimSettings]
    policies: Mapping[str, Policy]
    daemon: DaemonSettings
    audit: AuditSettings
    places: Places
    declared: tuple[Connector, ...]

    @classmethod
    def load(cls, path: Path | None = None) -> "Settings":
        """Read the configuration, from `configuration_path(path)` and the environment.

        Raises:
            InvalidConfiguration: anything is wrong; all of it is listed.
        """
        path = configuration_path(path)
        document = read_document(path)
        environment = Environment(document.data)
        data = merge(document.data, environment.data)
        places = Places(main=path, written=document.places, variables=environment.variables)
        refused: list[Refused] = []
        file = None
        try:
            file = ConfigurationFile(**data)
        except ValidationError as error:
            refused += explain(error, ConfigurationFile.model_json_schema())
        resolved = Resolved(
            pims=_sound(PimSettings, data.get("pims")),
            issuers=_sound(IssuerSettings, data.get("issuers")),
            policies=_sound(PolicySettings, data.get("policies")),
            connectors=_sound(ConnectorSettings, data.get("connectors")),
        )
        problems = [*document.problems, *(places.problem(*one) for one in (*refused, *resolved.refused))]
        if problems or file is None:
            raise InvalidConfiguration(problems)
        return cls(
            files=tuple(document.files),
            vault=file.vault,
            pims=file.pims,
            policies=resolved.made_policies,
            daemon=file.daemon,
            audit=file.audit,
            places=places,
            declared=tuple(sorted(resolved.made_connectors.values(), key=lambda one: one.id)),
        )

    def connectors(self) -> tuple[Connector, ...]:
        """Every declared connector, in the order of their names."""
        return self.declared

    def connector(self, name: str) -> Connector:
        """The connector that `<pim>/<connector>` names, or `<connector>` where one PIM alone has it.

        Raises:
            ConfigurationError: there is none, or more than one; the candidates are named.
        """
        matches = [one for one in self.declared if name in {str(one.id), one.id.name}]
        match matches:
            case [one]:
                return one
            case []:
                raise ConfigurationError(
                    f"there is no connector {name!r} in the configuration",
                    advice=self._candidates(name),
                )
            case _:
                names = " or ".join(str(one.id) for one in matches)
                raise ConfigurationError(f"{name!r} is the name of {len(matches)} connectors", advice=f"Write {names}.")

    def _candidates(self, name: str) -> str:
        if not self.declared:
            return "Declare it under connectors."
        known = [str(one.id) for one in self.declared]
        words = [*known, *(one.id.name for one in self.declared)]
        return did_you_mean(name, words, otherwise=f"Choose one of: {', '.join(known)}.")


def _sound(section: Any, entries: Any) -> dict[str, Any]:
    """Each entry of a section by name, validated by itself; None for one that is wrong, which is reported elsewhere."""
    sound: dict[str, Any] = {}
    validator = TypeAdapter(section)
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        try:
            sound[name] = validator.validate_python(entry)
        except ValidationError:
            sound[name] = None
    return sound
