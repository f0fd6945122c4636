"""OAuth clients at a PIM that belong to no connection: listed, made, deleted, by its console or by its screen.

Used by `user_and_client`. The console's list shows every secret at the PIM; what is not asked for is not read out of
it. Decides by what is printed, not by exit codes. Sources: contracts/akeneo/by-release.md §1 and §3.2,
observed-older.md §1 and §6.
"""

import re
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote

from vault_pim.domain.errors import PimNoAnswer, PimRefusal, UnknownShape
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.console import Console, Printed
from vault_pim.pim.grids import grid_rows
from vault_pim.pim.releases import Release
from vault_pim.pim.shapes import ClientRow
from vault_pim.pim.web_session import WebSession

_ROW = re.compile(r"\| (?P<id>[^|]+?) +\| (?P<secret>[^|]+?) +\| (?P<label>.*?) *\|")
_HEADER: Final = ("client id", "secret", "label")
_NONE: Final = "No client is currently registered."
_MADE: Final = "A new client has been added"
_ID = re.compile(r"^client_id: (?P<value>(?:\d+_)?[0-9a-z]+)\s*$", re.MULTILINE)
_SECRET = re.compile(r"^secret: (?P<value>[0-9a-z]+)\s*$", re.MULTILINE)
_REVOKED = re.compile(r"^Client with public id \S+ and secret \S+ has been revoked", re.MULTILINE)
_UNKNOWN: Final = "No client found for this id."
_CANCELLED: Final = "Client revocation cancelled."
_OF_A_CONNECTION: Final = "FK_CONNECTIVITY_CONNECTION_client_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client as it is listed; its label need not be the only one of its kind."""

    id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client as it was made."""

    id: str
    secret: SecretStr = field(repr=False)


class Clients(Protocol):
    """One way to the clients of a PIM."""

    def all(self) -> tuple[Client, ...]:
        """Every client, those of connections and apps too."""
        ...

    def create(self, label: str) -> NewClient:
        """Make a client with the grants `password` and `refresh_token`. No other client may have this label."""
        ...

    def delete(self, client_id: str) -> None:
        """Delete a client; one that is gone already is fine.

        Raises:
            PimRefusal: the PIM did not delete it.
        """
        ...


class ConsoleClients:
    """Clients by the console.

    Args:
        label_option: whether the label is an option (PIM 1.7), not an argument.
    """

    def __init__(self, console: Console, *, label_option: bool) -> None:
        self._console = console
        self._label_option = label_option

    def all(self) -> tuple[Client, ...]:
        """Every client; `Clients.all`."""
        printed = self._console.run("pim:oauth-server:list-clients")
        if _NONE in printed.stdout:
            return ()
        rows = [match for line in printed.stdout.splitlines() if (match := _ROW.fullmatch(line.rstrip()))]
        if not rows or rows[0].group("id", "secret", "label") != _HEADER:
            raise self._console.failure(printed)
        return tuple(Client(id=row["id"], label=row["label"]) for row in rows[1:])

    def create(self, label: str) -> NewClient:
        """Make a client; `Clients.create`."""
        named = f"--label={label}" if self._label_option else label
        grants = ("--grant_type=password", "--grant_type=refresh_token")
        printed = self._console.run("pim:oauth-server:create-client", named, *grants)
        client_id, secret = _ID.search(printed.stdout), _SECRET.search(printed.stdout)
        if _MADE not in printed.stdout or client_id is None or secret is None:
            raise self._console.failure(printed)
        return NewClient(id=client_id["value"], secret=SecretStr(secret["value"]))

    def delete(self, client_id: str) -> None:
        """Revoke a client; `Clients.delete`."""
        printed = self._console.run("pim:oauth-server:revoke-client", client_id)
        if _REVOKED.search(printed.stdout) or _UNKNOWN in printed.stdout:
            return
        raise self._not_revoked(client_id, printed)

    def _not_revoked(self, client_id: str, printed: Printed) -> Exception:
        what = f"the console of PIM {self._console.pim} did not revoke client {client_id}"
        if _OF_A_CONNECTION in printed.stderr:
            return PimRefusal(what, why="it belongs to a connection", advice="Delete that connection at the PIM.")
        if _CANCELLED in printed.stdout:
            return PimRefusal(what, why="it asked a question, and was answered no", advice="Run the command again.")
        return self._console.failure(printed)


class ScreenClients:
    """Clients by the screen `API connections` of PIM 2.x and 3.x."""

    def __init__(self, web: WebSession) -> None:
        self._web = web

    def all(self) -> tuple[Client, ...]:
        """Every client; `Clients.all`."""
        return tuple(Client(id=row.client_id, label=row.label) for row in self._rows())

    def create(self, label: str) -> NewClient:
        """Make a client; `Clients.create`. The PIM answers nothing, so it is looked for in the list."""
        answer = self._web.call("POST", "/client/rest", json={"label": label}).expect(200, 400)
        if not answer.is_json or answer.status != 200:  # noqa: PLR2004 - HTTP
            raise PimRefusal(f"the PIM refused to make client {label}")
        made = [row for row in self._rows() if row.label == label]
        if not made:
            raise PimNoAnswer(f"the PIM says that it made client {label}, and does not show it")
        if len(made) > 1:
            raise UnknownShape(f"the PIM shows more than one client {label}")
        return NewClient(id=made[0].client_id, secret=made[0].secret)

    def delete(self, client_id: str) -> None:
        """Delete a client; `Clients.delete`."""
        self._web.call("DELETE", f"/client/rest/{quote(client_id, safe='')}").expect(204, 404)

    def _rows(self) -> tuple[ClientRow, ...]:
        return grid_rows(self._web, "api-connection-grid", ClientRow)


def way_to_clients(web: WebSession, release: Release, console: Console | None) -> Clients | None:
    """By console where there is one, else by the screen where the release has that; None where there is neither."""
    if console is not None:
        return ConsoleClients(console, label_option=release.label_option)
    return ScreenClients(web) if release.client_screen else None
