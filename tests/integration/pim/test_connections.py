"""Connections at releases that differ in more than the contract sees."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.bench import PERMISSIONS, ROLE, connector, planned
from tests.contract.drivers import sandbox_bench
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import ConfigurationError
from vault_pim.pim.releases import CONNECTIONS


@pytest.mark.parametrize("release", ["5.0", "7.0"])
@pytest.mark.parametrize("audited", [True, False])
def test_successor_is_audited_like_the_former_connection(release: str, audited: bool) -> None:
    """People set it at the connection by hand; a rotation must not undo it."""
    with sandbox_bench(release, Mechanism.CONNECTIONS) as bench:
        driver = bench.driver()
        driver.put_role(ROLE, PERMISSIONS)
        for number in 1, 2, 10:
            driver.issue(connector(), planned(number))
            made = bench.pim.world.connection(f"vp_erp_{number}")
            assert made is not None
            assert made.auditable is (audited and number > 1)
            made.auditable = audited


def test_configured_mechanism_that_the_pim_has_not_is_refused() -> None:
    """Connections at PIM 3.2: said before anything is written."""
    with sandbox_bench("3.2", Mechanism.CONNECTIONS) as bench:
        before = bench.state()
        with pytest.raises(ConfigurationError, match="has no connections") as refused:
            bench.driver().survey()
        assert "user_and_client" in refused.value.advice
        assert bench.state() == before


@pytest.mark.parametrize("release", [release.name for release in CONNECTIONS])
def test_foreign_user_through_a_client_of_ours_is_surveyed(release: str) -> None:
    """From PIM 5.0 on, for seven days, by the name he typed; a grant that was refused is not told."""
    with sandbox_bench(release, Mechanism.CONNECTIONS) as bench:
        driver = bench.driver()
        driver.put_role(ROLE, PERMISSIONS)
        one, other = (driver.issue(connector(), planned(number)) for number in (1, 2))
        assert driver.survey().foreign_users == ()
        assert driver.take_tokens(replace(one, username=other.username)) is None
        assert driver.survey().foreign_users == ()
        assert driver.take_tokens(replace(one, username=other.username, password=other.password)) is not None
        found = [(seen.label, seen.username) for seen in driver.survey().foreign_users]
        assert found == ([] if release == "4.0" else [("vp_erp_1", other.username)])
        bench.pim.clock.advance(timedelta(days=8))
        assert driver.survey().foreign_users == ()
