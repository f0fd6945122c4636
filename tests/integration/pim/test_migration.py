"""A connector moves from one mechanism to another, or its PIM is upgraded, by an ordinary overlap rotation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.canary import CANARY
from tests.contract.drivers import CONTROL_TOKEN, QuickConsole, sandbox_console, sandbox_driver
from tests.fakes.builders import ERP, a_connector
from tests.fakes.ledger import InMemoryLoginLedger
from tests.fakes.world import World
from tests.integration.pim.upgrade import upgrade
from vault_pim.domain.connector import OVERALL_ACCESS, Mechanism
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import NotProven
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Do, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.engine.asks import ask_revocation
from vault_pim.engine.reconcile import Pass, Plan, Reconciler
from vault_pim.sandbox.pim_server import SandboxPim

CONNECTOR = a_connector(permissions=frozenset({OVERALL_ACCESS, "pim_api_channel_list"}))
GRACE = CONNECTOR.policy.grace + timedelta(seconds=1)


class Town:
    """One connector at a sandbox PIM, and a Vault in memory."""

    def __init__(self, pim: SandboxPim, directory: Path) -> None:
        self.pim = pim
        self.directory = directory
        self.vault = World(connector=CONNECTOR)

    def reconciler(self, mechanism: Mechanism | None, *, console: bool) -> Reconciler:
        """As a process of that configuration has it."""
        way = sandbox_console(self.pim, self.directory, QuickConsole) if console else None
        driver = sandbox_driver(self.pim, InMemoryLoginLedger(), mechanism=mechanism, console=way)
        return Reconciler(replace(self.vault.tools(), driver=driver))

    def apply(self, mechanism: Mechanism | None = None, *, console: bool = False) -> Pass:
        """What `vault-pim apply` does; at its end what is served works."""
        done = self.reconciler(mechanism, console=console).run(ERP, CONNECTOR, impatient=True)
        self.calls()
        return done

    def plan(self, mechanism: Mechanism | None = None, *, console: bool = False) -> Plan:
        """What `vault-pim plan` does."""
        return self.reconciler(mechanism, console=console).plan(ERP, CONNECTOR)

    def served(self) -> CredentialSet:
        """What the connector reads."""
        read = self.vault.credentials.reads(ERP)
        assert read is not None
        return read

    def calls(self, credentials: CredentialSet | None = None) -> None:
        """The connector logs in with that set, or with what is served, and is let in."""
        one = credentials or self.served()
        body = {"grant_type": "password", "username": one.username, "password": one.password.get_secret_value()}
        basic = one.client_id, one.client_secret.get_secret_value()
        url = self.pim.url
        granted = requests.post(f"{url}/api/oauth/v1/token", json=body, auth=basic, timeout=5).json()
        headers = {"Authorization": f"Bearer {granted['access_token']}"}
        assert requests.get(f"{url}/api/rest/v1/channels", headers=headers, timeout=5).status_code == 200

    def stages(self) -> list[tuple[Mechanism, Stage]]:
        """Of every generation, in order."""
        return [(one.mechanism, one.stage) for one in self.vault.state.generations]

    def upgraded(self) -> Any:
        """The same town with its PIM upgraded to 4.0, at the same address."""
        return upgraded(self)


@contextmanager
def upgraded(town: Town) -> Iterator[None]:
    """Stop the PIM, and let one of release 4.0 go on in its place."""
    town.pim.stop()
    port = urlsplit(town.pim.url).port or 0
    with SandboxPim("4.0", port=port, admin_password=town.pim.admin_password, control_token=CONTROL_TOKEN) as new:
        upgrade(town.pim, new)
        town.pim = new
        yield


@pytest.fixture(params=["3.2"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A connector served by user and client."""
    with SandboxPim(request.param, secret_marker=CANARY, control_token=CONTROL_TOKEN) as pim:
        town = Town(pim, tmp_path)
        town.apply(Mechanism.USER_AND_CLIENT, console=request.param == "7.0")
        yield town


def test_upgraded_pim_is_taken_over_by_an_overlap_rotation(town: Town) -> None:
    """3.2 to 4.0: the plan says why, both sets work in the grace, and in the end one connection is left."""
    old = town.served()
    with town.upgraded():
        town.calls(old)
        plan = town.plan()
        assert plan.decision == Do(step=Step.ISSUE, number=2, reason=Reason.MECHANISM_CHANGED)
        assert [finding.reason for finding in plan.findings] == [Reason.REAPPEARED]
        town.apply()
        assert town.stages() == [(Mechanism.USER_AND_CLIENT, Stage.GRACE), (Mechanism.CONNECTIONS, Stage.CURRENT)]
        town.calls(old)
        town.vault.clock.forward(GRACE)
        assert isinstance(town.apply().end, Wait)
        assert [stage for _, stage in town.stages()] == [Stage.RETIRED, Stage.CURRENT]
        assert [one.code for one in town.pim.world.connections.values()] == ["vp_erp_2"]
        assert len(town.pim.world.clients) == 1
        assert {user.username.rpartition("_")[0] for user in town.pim.world.users.values()} == {"", "vp_erp_2"}
        assert town.plan().findings == ()


def test_upgraded_pim_with_its_console_keeps_the_mechanism(town: Town) -> None:
    """Nothing is due where user_and_client is configured; the next rotation ends the old client as the connection it
    became, since no console can."""
    with town.upgraded():
        plan = town.plan(Mechanism.USER_AND_CLIENT, console=True)
        assert isinstance(plan.decision, Wait)
        assert [finding.reason for finding in plan.findings] == [Reason.REAPPEARED]
        town.vault.clock.forward(CONNECTOR.policy.max_age)
        town.apply(Mechanism.USER_AND_CLIENT, console=True)
        town.vault.clock.forward(GRACE)
        town.apply(Mechanism.USER_AND_CLIENT, console=True)
        assert [stage for _, stage in town.stages()] == [Stage.RETIRED, Stage.CURRENT]
        assert town.pim.world.connections == {}
        assert [client.label.partition("-")[0] for client in town.pim.world.clients.values()] == ["vp_erp_2"]


def test_revocation_after_an_upgrade_ends_the_former_set(town: Town) -> None:
    """It leaked before the upgrade, and no configuration was changed yet."""
    with town.upgraded():
        reconciler = town.reconciler(None, console=False)
        ask_revocation(reconciler.tools, ERP, reason="leaked")
        reconciler.run(ERP, CONNECTOR, impatient=True)
        revocation = town.vault.state.revocation
        assert revocation is not None
        assert revocation.proven_at is not None
        assert len(town.pim.world.clients) == 0
        assert [user.username for user in town.pim.world.users.values()] == ["admin"]


@pytest.mark.parametrize("town", ["7.0"], indirect=True)
def test_mechanism_is_changed_there_and_back(town: Town) -> None:
    """By configuration alone, while the PIM stays as it is."""
    for former, mechanism in (
        (Mechanism.USER_AND_CLIENT, Mechanism.CONNECTIONS),
        (Mechanism.CONNECTIONS, Mechanism.USER_AND_CLIENT),
    ):
        old = town.served()
        town.apply(mechanism, console=True)
        assert town.stages()[-2:] == [(former, Stage.GRACE), (mechanism, Stage.CURRENT)]
        town.calls(old)
        town.vault.clock.forward(GRACE)
        town.apply(mechanism, console=True)
        assert town.stages()[-2:] == [(former, Stage.RETIRED), (mechanism, Stage.CURRENT)]
    assert len(town.pim.world.clients) == 1
    assert len(town.pim.world.users) == 2


@pytest.mark.parametrize("town", ["7.0"], indirect=True)
def test_orphan_of_the_former_mechanism_is_found(town: Town) -> None:
    """A restored backup of the PIM brings a retired set back; its user shows it, and both halves go."""
    [client], user = town.pim.world.clients.values(), town.pim.world.user_by_login("vp_erp_1")
    assert user is not None
    town.apply(Mechanism.CONNECTIONS, console=True)
    town.vault.clock.forward(GRACE)
    town.apply(Mechanism.CONNECTIONS, console=True)
    town.pim.world.clients[client.id], town.pim.world.users[user.id] = client, user
    town.apply(Mechanism.CONNECTIONS, console=True)
    assert client.id not in town.pim.world.clients
    assert user.id not in town.pim.world.users


@pytest.mark.parametrize("town", ["7.0"], indirect=True)
def test_former_client_cannot_be_deleted_without_the_console(town: Town) -> None:
    """Said, and not taken for done; its user is gone at least. With the console back, it ends."""
    town.apply(Mechanism.CONNECTIONS)
    town.vault.clock.forward(GRACE)
    for _ in range(2):
        (trouble,) = town.apply(Mechanism.CONNECTIONS).troubles
        assert isinstance(trouble, NotProven)
        assert "by the PIM's console alone" in trouble.why
    assert town.pim.world.user_by_login("vp_erp_1") is None
    assert town.stages()[0] == (Mechanism.USER_AND_CLIENT, Stage.GRACE)
    town.apply(Mechanism.CONNECTIONS, console=True)
    assert town.stages()[0] == (Mechanism.USER_AND_CLIENT, Stage.RETIRED)
    assert len(town.pim.world.clients) == 1


@pytest.mark.parametrize("missing", ["user", "client"])
def test_half_of_the_served_set_that_was_deleted_is_replaced(town: Town, missing: str) -> None:
    """Somebody deleted it at the PIM: the connector can log in no more, whatever is left."""
    [client], user = town.pim.world.clients.values(), town.pim.world.user_by_login("vp_erp_1")
    assert user is not None
    if missing == "user":
        town.pim.world.delete_user(user)
    else:
        town.pim.world.delete_client(client)
    plan = town.plan(Mechanism.USER_AND_CLIENT)
    assert plan.decision == Do(step=Step.ISSUE, number=2, reason=Reason.GONE_AT_PIM)
    town.apply(Mechanism.USER_AND_CLIENT)
    town.vault.clock.forward(GRACE)
    town.apply(Mechanism.USER_AND_CLIENT)
    assert [stage for _, stage in town.stages()] == [Stage.RETIRED, Stage.CURRENT]
    assert len(town.pim.world.clients) == 1
    assert len(town.pim.world.users) == 2
