"""The driver puts the parts together: what it shows of a PIM, and that it writes one thing at a time."""

import json

import pytest

from tests.contract.bench import PERMISSIONS, ROLE, planned
from tests.fakes.clock import FakeClock
from tests.fakes.ledger import InMemoryLoginLedger
from tests.fakes.scripted_pim import Scripted, ScriptedPim
from tests.unit.pim.logged_in import PASSWORD, tell_login
from tests.unit.pim.test_detect import NEEDED, SEVEN, tell_routes
from tests.unit.pim.test_pages import role_page
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import UnknownShape
from vault_pim.domain.facts import Presence, Sighting, Survey
from vault_pim.pim.account import needed
from vault_pim.pim.driver import Driver
from vault_pim.pim.releases import RELEASES


@pytest.fixture
def driver(pim: ScriptedPim) -> Driver:
    """A driver at a PIM with one connection, one connected app and one role."""
    tell_login(pim)
    tell_routes(pim, SEVEN)
    pim.tell("GET", "/rest/security/", Scripted(body=json.dumps(NEEDED)))
    listed = [
        {"code": "Magento", "label": "Magento shop", "flowType": "other", "type": "default"},
        {"code": "an_app", "label": "An app", "flowType": "other", "type": "app"},
    ]
    pim.tell("GET", "/rest/connections", Scripted(body=json.dumps(listed)))
    pim.tell("GET", "/rest/connections/wrong-credentials-combination", Scripted(body="[]"))
    pim.tell("GET", "/rest/connections/max-limit-reached", Scripted(body='{"limitReached": false}'))
    pim.tell("GET", "/rest/user_role/", Scripted(body='[{"id": 4, "role": "ROLE_ERP", "label": "erp"}]'))
    page = role_page(dict.fromkeys(PERMISSIONS, True), label="erp")
    for path in "/user/role/create", "/user/role/update/4":
        pim.tell("GET", path, Scripted(content_type="text/html", body=page))
    return Driver(
        pim="prod",
        url=pim.url,
        username="daemon",
        password=lambda: PASSWORD,
        ledger=InMemoryLoginLedger(),
        clock=FakeClock(),
    )


def test_apps_take_slots_and_are_no_sightings(driver: Driver) -> None:
    """An app's connection cannot be looked at, but counts against the limit (contracts/akeneo/observed.md §4)."""
    assert driver.survey() == Survey(
        pim_release="7.0",
        sightings=(Sighting(label="Magento", description="Magento shop"),),
        roles=frozenset(("erp",)),
        offered=PERMISSIONS,
        free_slots=48,
        account=needed(RELEASES[1], Mechanism.CONNECTIONS),
    )


def test_role_that_is_written_otherwise_differs(driver: Driver) -> None:
    """The PIM takes it for the same role; its name is put right with its privileges."""
    assert driver.role("erp", PERMISSIONS) is Presence.AS_DECLARED
    assert driver.role(ROLE, PERMISSIONS) is Presence.DIFFERS


def test_deletion_needs_no_known_release(pim: ScriptedPim, driver: Driver) -> None:
    """A PIM that was upgraded to what we do not know must not stop an incident's revocation."""
    tell_routes(pim, set())
    pim.tell("GET", "/rest/connections/vp_erp_1", Scripted(status=404, body="{}"))
    driver.delete(planned())
    with pytest.raises(UnknownShape):
        driver.put_role(ROLE, PERMISSIONS)
