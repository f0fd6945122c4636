"""Connections at the PIM, over its internal REST: look, create, hand over only when restricted, delete.

The mechanism `connections` of `driver`, which serialises every write: a PIM's own creation is not atomic, and parallel
ones leave clients and users behind (contracts/akeneo/observed.md §1 item 19). So may a create that failed; that can
neither be seen nor undone over REST.

A connection is ours if its client id is the one we recorded or, before that is known, if its label text ends in our
marker. Refuses to change or delete any other. Source: contracts/akeneo/observed.md §4.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import requests

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import NoFreeSlot, NotOurs, PimRefusal
from vault_pim.domain.facts import Sighting
from vault_pim.domain.generation import Generation
from vault_pim.pim.answers import Answer, read
from vault_pim.pim.connection_form import describe, fields_of, is_ours, set_of
from vault_pim.pim.releases import Release
from vault_pim.pim.sets import Seen
from vault_pim.pim.shapes import (
    Connection,
    CreatedConnection,
    GroupRow,
    LimitReached,
    ListedConnection,
    Problem,
    RoleRow,
    Violations,
)
from vault_pim.pim.web_session import WebSession

_PATH = "/rest/connections"
_LIMIT = "connections_number_limit_reached"
_NO_GROUP = "expects a valid group"
_ABSENT = "does not exist"


class Connections:
    """The connections of one PIM."""

    def __init__(self, web: WebSession, release: Release) -> None:
        self.web = web
        self._release = release

    def all(self) -> tuple[ListedConnection, ...]:
        """Every connection and connected app."""
        return read(self.web.call("GET", _PATH).expect(200), tuple[ListedConnection, ...])

    def look(self) -> Seen:
        """Look at all; `Sets.look`. An app's connection takes a slot, but cannot be looked at."""
        listed = self.all()
        return Seen(sightings=_sightings(listed), free_slots=self.free_slots(len(listed)))

    def traces(self) -> tuple[Sighting, ...]:
        """What is left; `Sets.traces`."""
        return _sightings(self.all())

    def free_slots(self, count: int) -> int | None:
        """How many more connections may be made; None where there is no limit.

        A PIM that keeps the limit has the last word: it may allow more than we know (open-questions.md A8). One that
        only advertises it would let us go beyond, to what it was not made for.

        Args:
            count: of connections and connected apps there are.
        """
        limit = self._release.connection_limit
        if limit is None:
            return None
        if not self._release.limit_enforced:
            return max(0, limit - count)
        answer = read(self.web.call("GET", f"{_PATH}/max-limit-reached").expect(200), LimitReached)
        return 0 if answer.limit_reached else max(1, limit - count)

    def get(self, code: str) -> Connection | None:
        """One connection, or None. The PIM compares codes without regard to case."""
        answer = self.web.call("GET", path(code)).expect(200, 404)
        if answer.status == requests.codes.not_found:
            read(answer, dict[str, str])  # the PIM's own 404 is `{}`; a page says that there is no such route
            return None
        return read(answer, Connection)

    def issue(
        self,
        connector: Connector,
        generation: Generation,
        *,
        role: RoleRow,
        group: GroupRow | None,
        base_url: str,
    ) -> CredentialSet:
        """Make the connection, restrict it to its role and group, see that this holds, and only then give it out.

        What stands under the label with our marker was made by an earlier try whose password is lost, or who knows how
        far it came: it is deleted first. Should this try fail half-way, the next one does the same with it.

        Raises:
            NoFreeSlot, NotOurs: as `PimDriver.issue` says.
            PimRefusal: the PIM refused, or did not keep what it took.
        """
        description = describe(connector, generation)
        if self.get(generation.label) is not None:
            self.delete(generation)
        listed = self.all()
        if self.free_slots(len(listed)) == 0:
            raise NoFreeSlot("the PIM allows no more connections")
        former = self._former(connector, generation, listed)
        created = self._create(generation.label, description, connector.flow_type.value)
        auditable = None if created.auditable is None else bool(former and former.auditable)
        self.restrict(created, fields_of(connector, generation, role, group), image=None, auditable=auditable)
        return set_of(created, created.secret, created.password, base_url)

    def restrict(
        self, made: Connection, fields: Mapping[str, str | None], *, image: str | None, auditable: bool | None
    ) -> None:
        """Post every field of a connection, and see that it is kept.

        Args:
            auditable: None where the PIM does not know it.

        Raises:
            PimRefusal: the PIM refused, or did not keep what it took.
        """
        posted: dict[str, str | bool | None] = {**fields, "image": image}
        if auditable is not None:
            posted["auditable"] = auditable
        self.web.call("POST", path(made.code), json=posted).expect(204)
        kept = self.get(made.code)
        expected = Connection.model_validate(made.model_dump(include=set(Connection.model_fields)) | posted)
        if kept != expected:
            raise PimRefusal(
                f"the PIM did not keep connection {made.code} as posted",
                why="gone" if kept is None else f"differing: {', '.join(_differences(kept, expected))}",
            )

    def delete(self, generation: Generation) -> None:
        """Delete the generation's connection, with client, user and tokens, and see that it is gone.

        Raises:
            NotOurs: what stands under the label was not made for this generation.
            PimRefusal: the PIM did not delete it.
        """
        if self.ours(generation) is not None:
            self.remove(generation.label)

    def remove(self, code: str) -> None:
        """Delete that connection, whoever made it, and see that it is gone.

        Raises:
            PimRefusal: the PIM did not delete it.
        """
        answer = self.web.call("DELETE", path(code)).expect(204, 400)
        if answer.status == requests.codes.bad_request and _ABSENT not in read(answer, Problem).message:
            raise PimRefusal(f"the PIM did not delete connection {code}")
        if self.get(code) is not None:
            raise PimRefusal(f"the PIM says that it deleted connection {code}, and still shows it")

    def upgraded(self, label: str) -> tuple[Connection, ...]:
        """The connections that an upgrade from PIM 3.x made of clients whose label begins so: their codes are the
        labels, with `_` for whatever a code does not allow (contracts/akeneo/by-release.md §3.1)."""
        code = re.sub(r"\W", "_", label.lower())
        codes = [one.code for one in self.all() if one.code.lower().startswith(code) and one.type != "app"]
        return tuple(found for one in codes if (found := self.get(one)) is not None)

    def ours(self, generation: Generation) -> Connection | None:
        """The generation's connection, or None if nothing stands under its label.

        Raises:
            NotOurs: what stands there was not made for this generation.
        """
        found = self.get(generation.label)
        if found is not None and not is_ours(found, generation):
            raise NotOurs(
                f"connection {generation.label} was not made by vault-pim",
                why="its client id is another" if generation.client_id else "its label lacks our marker",
                advice="Look at it at the PIM; delete or rename it there if nobody needs it.",
            )
        return found

    def _former(
        self, connector: Connector, generation: Generation, listed: Iterable[ListedConnection]
    ) -> Connection | None:
        """The connector's newest connection before this generation: what people set there is to stay."""
        numbers = {number: one.code for one in listed if (number := connector.id.number_of(one.code)) is not None}
        before = [number for number in numbers if number < generation.number]
        return self.get(numbers[max(before)]) if before else None

    def _create(self, code: str, label: str, flow_type: str) -> CreatedConnection:
        answer = self.web.call("POST", _PATH, json={"code": code, "label": label, "flow_type": flow_type})
        match answer.expect(201, 400, 422).status:
            case requests.codes.unprocessable:
                raise _violated(code, answer)
            case requests.codes.bad_request:
                # The message may be an SQL text with its parameters, the secret among them: it is not shown.
                no_group = _NO_GROUP in read(answer, Problem).message
                raise PimRefusal(
                    f"the PIM failed to create connection {code}",
                    why="its user group All is missing" if no_group else "it was created by somebody else meanwhile",
                    advice="Make a user group named All at the PIM." if no_group else "Run the command again.",
                )
        return read(answer, CreatedConnection)


def _sightings(listed: Iterable[ListedConnection]) -> tuple[Sighting, ...]:
    return tuple(Sighting(label=one.code, description=one.label) for one in listed if one.type != "app")


def _violated(code: str, answer: Answer) -> PimRefusal:
    reasons = sorted(error.reason.rpartition(".constraint.")[2] for error in read(answer, Violations).errors)
    if _LIMIT in reasons:
        return NoFreeSlot("the PIM allows no more connections")
    return PimRefusal(f"the PIM refused to create connection {code}", why=", ".join(reasons))


def _differences(one: Connection, other: Connection) -> list[str]:
    return [name for name in Connection.model_fields if getattr(one, name) != getattr(other, name)]


def path(code: str) -> str:
    """Where a connection is found."""
    return f"{_PATH}/{quote(code, safe='')}"
