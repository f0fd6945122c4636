"""State records in Vault, each under check-and-set. The `StateStore` of the engine.

A record carries the number of its schema, so that a later release can read what an earlier one wrote. The state stands
in it as one text of JSON: OpenBao refuses a request with more than 1,000 strings, and fifty generations have more.
Refuses to guess: a record that does not parse, or was deleted, is an error and never an empty state, which would issue
everything anew.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Json, ValidationError

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import VaultRefusal
from vault_pim.domain.state import ConnectorState, Loaded
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FOLDER, Layout, record
from vault_pim.vault.session import VaultSession


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    record_schema: Literal[1] = 1
    state: Json[ConnectorState]


class VaultStateStore:
    """Loads and saves the records."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._kv = KeyValue(session, layout.state_mount)
        self._mount = layout.state_mount

    def load(self, connector: ConnectorId) -> Loaded:
        """The record of a connector, an empty one where there never was one.

        Raises:
            VaultRefusal: the record was deleted, is of another release, or was changed by hand.
        """
        entry = self._kv.read(record(connector))
        if entry.data is not None:
            state = self._parse(connector, entry.data)
        elif entry.kv_version == 0:
            state = ConnectorState(connector=connector)
        else:
            raise VaultRefusal(
                f"the state record of {connector} was deleted",
                why=f"KV version {entry.kv_version} of {self._mount}/{record(connector)} has no data",
                advice="Undelete it, or restore it from an older KV version, then run the command again.",
            )
        return Loaded(state=state, kv_version=entry.kv_version, server_now=entry.server_now)

    def save(self, state: ConnectorState, kv_version: int) -> int:
        """Write the record if its KV version is still `kv_version`; gives the new one.

        Raises:
            TakenOver: it is not.
        """
        document = _Record.model_construct(state=state).model_dump(mode="json", round_trip=True)
        return self._kv.write(record(state.connector), document, cas=kv_version)

    def known(self) -> tuple[ConnectorId, ...]:
        """Every connector that has a record, configured or not."""
        return tuple(
            ConnectorId(pim=pim, name=name)
            for pim in (folder.rstrip("/") for folder in self._kv.names(FOLDER))
            for name in self._kv.names(f"{FOLDER}/{pim}")
        )

    def _parse(self, connector: ConnectorId, data: Any) -> ConnectorState:
        try:
            state = _Record.model_validate(data).state
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise VaultRefusal(
                f"the state record of {connector} cannot be read",
                why=f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
                advice="Use the vault-pim release that wrote it, or restore an older KV version of "
                f"{self._mount}/{record(connector)}.",
            ) from error
        if state.connector != connector:
            raise VaultRefusal(
                f"the state record of {connector} is that of {state.connector}",
                advice=f"Restore an older KV version of {self._mount}/{record(connector)}.",
            )
        return state
