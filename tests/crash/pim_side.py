"""What an administrator of the PIM sees of our credential sets, by mechanism; and what people make there by hand.

Looks at the rows of the sandbox PIM and uses none of the product's code.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vault_pim.sandbox.akeneo import clients, connections, users
from vault_pim.sandbox.pim_server import SandboxPim

STRANGERS: Final = ("by_hand", "vp_erp_99")
"""What people made; the second looks like ours."""


class PimSide(ABC):
    """The rows of one PIM."""

    def __init__(self, pim: SandboxPim) -> None:
        self._pim = pim
        self._rows = pim.world

    @abstractmethod
    def labels(self) -> dict[str, str]:
        """What stands there with its marker, by label; strangers left out."""

    @abstractmethod
    def halves(self) -> Iterator[str]:
        """What stands there without its other half."""

    @abstractmethod
    def plant_strangers(self) -> None:
        """People make two sets; one has a label like ours."""

    @abstractmethod
    def strangers(self) -> list[tuple[object, ...]]:
        """Everything of them."""

    @abstractmethod
    def bring_back(self, label: str, tables: Mapping[str, Any]) -> None:
        """Put a set back as a restored backup does; `tables` are those of a time when it was there."""


class ConnectionsSide(PimSide):
    """Connections: a client and a user under one code."""

    def labels(self) -> dict[str, str]:
        return {one.code: one.label for one in self._rows.connections.values() if one.code not in STRANGERS}

    def halves(self) -> Iterator[str]:
        rows = self._rows
        users_of_connections = sum(one.api_type for one in rows.users.values())
        if not len(rows.connections) == len(rows.clients) == users_of_connections:
            yield f"{len(rows.connections)} connections, {len(rows.clients)} clients, {users_of_connections} users"

    def plant_strangers(self) -> None:
        for code in STRANGERS:
            connections.create(self._pim.pim, code, "made by hand", "other")

    def strangers(self) -> list[tuple[object, ...]]:
        found = [self._rows.connection(code) for code in STRANGERS]
        return [
            (one.label, one.client.public_id, one.client.secret, one.user.username, one.user.password_hash)
            for one in found
            if one
        ]

    def bring_back(self, label: str, tables: Mapping[str, Any]) -> None:
        alive = tables["connections"][label]
        self._rows.connections[label] = alive
        self._rows.clients[alive.client.id] = alive.client
        self._rows.users[alive.user.id] = alive.user


class UserAndClientSide(PimSide):
    """Users named by the label, and clients labelled `<label>-<marker>`."""

    def labels(self) -> dict[str, str]:
        return self._users() | dict(label.split("-", 1) for label in self._clients())

    def halves(self) -> Iterator[str]:
        of_users = Counter(f"{label}-{marker}" for label, marker in self._users().items())
        for label in (of_users - self._clients()) + (self._clients() - of_users):
            yield f"half of {label}"

    def plant_strangers(self) -> None:
        for name in STRANGERS:
            clients.new_client(self._pim.pim, name)
            values = {"username": name, "email": f"{name}@example.com", "password": "Made-by-hand-1"}
            names = {"first_name": "Made", "last_name": "by hand"}
            users.store(self._pim.pim, users.new_user(self._pim.pim, values | names))

    def strangers(self) -> list[tuple[object, ...]]:
        by_hand: list[tuple[object, ...]] = [
            (one.public_id, one.secret) for one in self._rows.clients.values() if one.label in STRANGERS
        ]
        return by_hand + [
            (one.username, one.password_hash) for one in self._rows.users.values() if one.username in STRANGERS
        ]

    def bring_back(self, label: str, tables: Mapping[str, Any]) -> None:
        for table, name in (("users", "username"), ("clients", "label")):
            for number, row in tables[table].items():
                if getattr(row, name).partition("-")[0] == label:
                    getattr(self._rows, table)[number] = row

    def _users(self) -> dict[str, str]:
        ours = (one for one in self._rows.users.values() if one.username.startswith("vp_"))
        return {one.username: str(one.properties["last_name"]) for one in ours if one.username not in STRANGERS}

    def _clients(self) -> Counter[str]:
        found = (one.label for one in self._rows.clients.values() if one.label.startswith("vp_"))
        return Counter(label for label in found if label not in STRANGERS)


def side_of(pim: SandboxPim, mechanism: str) -> PimSide:
    """The side of a PIM as that mechanism uses it."""
    return ConnectionsSide(pim) if mechanism == "connections" else UserAndClientSide(pim)
