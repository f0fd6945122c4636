"""Connections: what the PIM says it did is not believed before it is seen, and what it says too much is not told."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.canary import CANARY
from tests.contract.bench import connector, planned
from tests.fakes.exceptions import everything_of
from tests.fakes.scripted_pim import Scripted, ScriptedPim
from tests.unit.pim.logged_in import session, tell_login
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import ConfigurationError, NoFreeSlot, NotOurs, PimRefusal, UnknownShape
from vault_pim.pim.connection_form import LABEL_LENGTH, describe
from vault_pim.pim.connections import Connections
from vault_pim.pim.http import Http
from vault_pim.pim.releases import CONNECTIONS
from vault_pim.pim.shapes import GroupMeta, GroupRow, RoleRow

ONE = "/rest/connections/vp_erp_1"
ALL = "/rest/connections"
ROLE = RoleRow(id=4, role="ROLE_ERP", label="ERP")
SEVEN = next(release for release in CONNECTIONS if release.name == "7.0")
ABSENT = Scripted(status=404, body="{}")
DONE = Scripted(status=204)
SHOWN: dict[str, Any] = {
    "code": "vp_erp_1",
    "label": "ERP #1 marker1",
    "flow_type": "data_source",
    "image": None,
    "client_id": "1_abc",
    "secret": f"{CANARY}-secret",
    "username": "vp_erp_1_0001",
    "password": None,
    "user_role_id": "4",
    "user_group_id": None,
    "auditable": False,
    "type": "default",
}


def shown(**changes: Any) -> Scripted:
    """The connection as the PIM shows it."""
    return Scripted(body=json.dumps(SHOWN | changes))


@pytest.fixture
def connections(pim: ScriptedPim, http: Http) -> Connections:
    """Connections at a PIM that makes them as it should, until it is told otherwise."""
    tell_login(pim)
    pim.tell("GET", ONE, ABSENT, shown())
    pim.tell("GET", ALL, Scripted(body="[]"))
    pim.tell("GET", f"{ALL}/max-limit-reached", Scripted(body='{"limitReached": false}'))
    created = SHOWN | {"password": f"{CANARY}-password", "user_role_id": "3"}
    pim.tell("POST", ALL, Scripted(status=201, body=json.dumps(created)))
    pim.tell("POST", ONE, DONE)
    return Connections(session(http), SEVEN)


def issue(connections: Connections, **changes: Any) -> CredentialSet:
    """Issue the first generation with role 4."""
    arguments: dict[str, Any] = {"role": ROLE, "group": None, "base_url": "https://pim.example.com"}
    return connections.issue(connector(), planned(), **(arguments | changes))


def test_every_key_is_posted_and_numbers_as_text(pim: ScriptedPim, connections: Connections) -> None:
    """A missing key or a number is a 500 (contracts/akeneo/observed.md §1 item 14)."""
    pim.tell("GET", ONE, ABSENT, shown(user_group_id="7"))
    issue(connections, group=GroupRow(name="Redactor", meta=GroupMeta(id=7)))
    posted = json.loads(next(one.body for one in pim.asked if (one.method, one.path) == ("POST", ONE)))
    assert posted == {
        "code": "vp_erp_1",
        "label": "ERP #1 marker1",
        "flow_type": "data_source",
        "image": None,
        "user_role_id": "4",
        "user_group_id": "7",
        "auditable": False,
    }


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ({"user_role_id": "3"}, "user_role_id"),
        ({"user_group_id": "9"}, "user_group_id"),
        ({"client_id": "2_def"}, "client_id"),
        ({"label": "ERP"}, "label"),
    ],
)
def test_set_that_is_not_kept_as_posted_is_not_given_out(
    pim: ScriptedPim, connections: Connections, kept: dict[str, str], named: str
) -> None:
    """With the default role it could do everything."""
    pim.tell("GET", ONE, ABSENT, shown(**kept))
    with pytest.raises(PimRefusal, match="did not keep") as refused:
        issue(connections)
    assert refused.value.why == f"differing: {named}"
    assert CANARY not in everything_of(refused.value)


@pytest.mark.parametrize("missing", ["client_id", "secret", "username", "password", "user_role_id"])
@pytest.mark.parametrize("value", [None, "", 7])
def test_created_set_of_another_shape_is_refused(
    pim: ScriptedPim, connections: Connections, missing: str, value: object
) -> None:
    """What is missing is named, and nothing of the rest shown."""
    created = SHOWN | {"password": f"{CANARY}-password", missing: value}
    pim.tell("POST", ALL, Scripted(status=201, body=json.dumps(created)))
    with pytest.raises(UnknownShape) as unknown:
        issue(connections)
    assert missing in unknown.value.why
    assert CANARY not in everything_of(unknown.value)


def test_failed_creation_shows_no_sql(pim: ScriptedPim, connections: Connections) -> None:
    """The PIM's message holds the statement with its parameters (contracts/akeneo/observed.md §1 item 19)."""
    message = f"An exception occurred while executing 'INSERT INTO client ...' with params [\"{CANARY}-secret\"]"
    pim.tell("POST", ALL, Scripted(status=400, body=json.dumps({"message": message})))
    with pytest.raises(PimRefusal, match="failed to create") as refused:
        issue(connections)
    assert CANARY not in everything_of(refused.value)


def test_missing_group_all_is_named(pim: ScriptedPim, connections: Connections) -> None:
    """Without it the PIM can make no connection at all (contracts/akeneo/observed.md §4)."""
    message = 'Property "groups" expects a valid group. The group does not exist, "all" given.'
    pim.tell("POST", ALL, Scripted(status=400, body=json.dumps({"message": message})))
    with pytest.raises(PimRefusal) as refused:
        issue(connections)
    assert "group named All" in refused.value.advice


def violations(*reasons: str) -> Scripted:
    """A refusal as the PIM words it."""
    prefix = "akeneo_connectivity.connection.connection.constraint."
    return Scripted(status=422, body=json.dumps({"errors": [{"name": "", "reason": prefix + one} for one in reasons]}))


def test_limit_met_by_the_creation_itself_is_no_free_slot(pim: ScriptedPim, connections: Connections) -> None:
    """Somebody took the last slot meanwhile."""
    pim.tell("POST", ALL, violations("connections_number_limit_reached"))
    with pytest.raises(NoFreeSlot):
        issue(connections)


def test_violations_are_told_by_their_keys(pim: ScriptedPim, connections: Connections) -> None:
    """The PIM's reasons, without their long prefix."""
    pim.tell("POST", ALL, violations("code.must_be_unique", "label.too_long"))
    with pytest.raises(PimRefusal) as refused:
        issue(connections)
    assert refused.value.why == "code.must_be_unique, label.too_long"


@pytest.mark.parametrize(("reached", "count", "free"), [("false", 10, 40), ("false", 60, 1), ("true", 50, 0)])
def test_pim_has_the_last_word_on_its_limit(
    pim: ScriptedPim, connections: Connections, reached: str, count: int, free: int
) -> None:
    """Hosted PIMs may allow more than the limit we know."""
    pim.tell("GET", f"{ALL}/max-limit-reached", Scripted(body=f'{{"limitReached": {reached}}}'))
    assert connections.free_slots(count) == free


@pytest.mark.parametrize(("count", "free"), [(10, 40), (50, 0), (60, 0)])
def test_limit_that_is_not_enforced_is_kept_all_the_same(pim: ScriptedPim, http: Http, count: int, free: int) -> None:
    """Before PIM 7.0 there is a limit in words alone, and no route to ask."""
    four = next(release for release in CONNECTIONS if release.name == "4.0")
    assert Connections(session(http), four).free_slots(count) == free
    assert pim.asked == []


def test_page_not_found_is_not_a_connection_not_found(pim: ScriptedPim, connections: Connections) -> None:
    """A wrong base URL must not pass for a deletion that was done."""
    pim.tell("GET", ONE, Scripted(status=404, content_type="text/html", body="<h1>Not Found</h1>"))
    with pytest.raises(UnknownShape):
        connections.delete(planned())


def test_deletion_by_somebody_else_meanwhile_is_done(pim: ScriptedPim, connections: Connections) -> None:
    """The PIM answers 400 for a connection that it does not have."""
    pim.tell("GET", ONE, shown(), ABSENT)
    message = 'Connection with code "vp_erp_1" does not exist'
    pim.tell("DELETE", ONE, Scripted(status=400, body=json.dumps({"message": message})))
    connections.delete(planned())


def test_deletion_refused_for_another_reason_is_reported(pim: ScriptedPim, connections: Connections) -> None:
    """A 400 that does not say it is gone."""
    pim.tell("GET", ONE, shown())
    pim.tell("DELETE", ONE, Scripted(status=400, body=json.dumps({"message": f"SQL {CANARY}"})))
    with pytest.raises(PimRefusal, match="did not delete") as refused:
        connections.delete(planned())
    assert CANARY not in everything_of(refused.value)


def test_deletion_that_did_not_happen_is_reported(pim: ScriptedPim, connections: Connections) -> None:
    """Its word alone is not believed."""
    pim.tell("GET", ONE, shown())
    pim.tell("DELETE", ONE, DONE)
    with pytest.raises(PimRefusal, match="still shows it"):
        connections.delete(planned())


@pytest.mark.parametrize("label", ["ERP #1", "ERP #1 marker11", "marker1 ERP", "ERP #1 MARKER1", ""])
def test_marker_must_stand_at_the_end_as_it_is(pim: ScriptedPim, connections: Connections, label: str) -> None:
    """A label that only looks like ours is a stranger's."""
    pim.tell("GET", ONE, shown(label=label))
    with pytest.raises(NotOurs):
        connections.delete(planned())
    assert pim.times_asked("DELETE", ONE) == 0


def test_longest_names_fit_the_label(pim: ScriptedPim) -> None:
    """The longest connector label with a 32-digit marker; a marker that is too long is refused, not cut."""
    longest = connector(label="x" * 25, id=ConnectorId(pim="prod", name="x" * 60))
    assert len(describe(longest, planned(999_999, marker="f" * 32))) <= LABEL_LENGTH
    with pytest.raises(ConfigurationError):
        describe(longest, replace(planned(), marker="f" * 100))
