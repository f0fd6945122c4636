"""Sets of an own user and client where things go half-way, or somebody else was there first."""

import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from tests.canary import CANARY
from tests.contract.bench import PERMISSIONS, ROLE, connector, issued, planned
from tests.contract.drivers import CONTROL_TOKEN, sandbox_bench, sandbox_console
from tests.contract.sandbox_bench import SandboxBench
from tests.integration.pim.reverse_proxy import ReverseProxy
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import ConfigurationError, NotOurs, PimNoAnswer, PimRefusal, UnknownShape
from vault_pim.domain.facts import Sighting
from vault_pim.domain.outcomes import Dead, Verified
from vault_pim.pim.console import Console
from vault_pim.ports import PimDriver
from vault_pim.sandbox.akeneo.world import Client, User

WAYS = [("1.7", "console"), ("2.3", "screen"), ("3.2", "screen"), ("7.0", "console")]


@pytest.fixture(params=WAYS, ids="-".join)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxBench]:
    """A fresh PIM of one release of each kind."""
    release, way = request.param
    with sandbox_bench(release, Mechanism.USER_AND_CLIENT, tmp_path if way == "console" else None) as bench:
        yield bench


@pytest.fixture
def driver(bench: SandboxBench) -> PimDriver:
    """A driver whose role is made."""
    driver = bench.driver()
    driver.put_role(ROLE, PERMISSIONS)
    return driver


def the_client(bench: SandboxBench) -> Client:
    """The only client at the PIM."""
    [client] = bench.pim.world.clients.values()
    return client


def the_user(bench: SandboxBench) -> User:
    """The user under the first label."""
    user = bench.pim.world.user_by_login("vp_erp_1")
    assert user is not None
    return user


def test_pim_under_a_path_is_driven_like_any_other(bench: SandboxBench) -> None:
    """By its forms too, whose addresses and redirects begin with the path or do not."""
    with ReverseProxy(bench.pim.url) as proxy:
        driver = bench.driver(url=proxy.url)
        driver.put_role(ROLE, PERMISSIONS)
        driver.put_role(ROLE, PERMISSIONS)
        credentials = driver.issue(connector(), planned())
        assert credentials.base_url == proxy.url
        assert [one.whole for one in driver.survey().sightings] == [True]
        assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        tokens = driver.take_tokens(credentials)
        driver.delete(issued(1, credentials))
        assert isinstance(driver.prove_dead(credentials, tokens), Dead)


@pytest.mark.parametrize("missing", ["user", "client"])
def test_half_a_set_is_seen_and_replaced_whole(bench: SandboxBench, driver: PimDriver, missing: str) -> None:
    """Somebody deleted the other half, or a try broke off between the two."""
    before = bench.left_over()
    credentials = driver.issue(connector(), planned())
    assert [one.whole for one in driver.survey().sightings] == [True]
    if missing == "user":
        bench.pim.world.delete_user(the_user(bench))
    else:
        bench.pim.world.delete_client(the_client(bench))
    [seen] = driver.survey().sightings
    assert (seen.label, seen.whole) == ("vp_erp_1", False)
    assert "marker1" in seen.description
    assert isinstance(driver.verify(driver.issue(connector(), planned()), PERMISSIONS), Verified)
    driver.delete(planned())
    assert isinstance(driver.prove_dead(credentials, None), Dead)
    assert bench.left_over() == before


def test_user_name_of_a_person_is_left_alone(bench: SandboxBench, driver: PimDriver) -> None:
    """A person may be called like our next set; nothing is written, and a survey shows it as no set of ours."""
    driver.issue(connector(), planned())
    bench.pim.world.delete_client(the_client(bench))
    the_user(bench).properties["last_name"] = "Miller"
    before = bench.state()
    for act in (lambda: driver.issue(connector(), planned()), lambda: driver.delete(planned())):
        with pytest.raises(NotOurs):
            act()
    assert driver.survey().sightings == (Sighting(label="vp_erp_1", description="Miller", whole=False),)
    assert bench.state() == before


def test_clients_of_others_are_no_business_of_ours(bench: SandboxBench, driver: PimDriver) -> None:
    """Neither theirs nor their users' names stand in a survey."""
    driver.issue(connector(), planned())
    the_client(bench).label = "Somebody | else"
    assert [one.whole for one in driver.survey().sightings] == [False]


def test_label_of_any_letters_is_a_label(bench: SandboxBench, driver: PimDriver) -> None:
    """People call their connectors what they like; nothing of it reaches a console."""
    label = "-a|<info>'é\"$(id)</info>"
    driver.put_role(label, PERMISSIONS)
    credentials = driver.issue(connector(label=label), planned(role=label))
    assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
    assert bench.roles_of(credentials) == (label,)


def test_password_is_ours(bench: SandboxBench) -> None:
    """Of 190 random bits, and the PIM takes it."""
    driver = bench.driver()
    driver.put_role(ROLE, PERMISSIONS)
    password = driver.issue(connector(), planned()).password.get_secret_value()
    assert CANARY in password  # the tests' own generator was asked
    assert the_user(bench).has_password(password)


def test_account_that_may_not_make_users_is_named(bench: SandboxBench, driver: PimDriver) -> None:
    """Before anything is written."""
    for role in bench.pim.world.roles.values():
        role.privileges.discard("pim_user_user_create")
    with pytest.raises(PimRefusal, match="may not do its work") as refused:
        driver.survey()
    assert "pim_user_user_create" in refused.value.why


@pytest.mark.parametrize("release", ["1.7", "2.3", "7.0"])
def test_console_that_fails_in_the_middle_leaves_nothing_behind(release: str, tmp_path: Path) -> None:
    """The list is given, the client is refused: the user is taken back."""
    with sandbox_bench(release, Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        real = sandbox_console(bench.pim, tmp_path)
        error = 'Error thrown while running command "x". Message: "no"'
        driver = bench.driver(console=_interfering(real, tmp_path, f"echo {shlex.quote(error)} >&2; exit 1"))
        driver.put_role(ROLE, PERMISSIONS)
        before = bench.left_over()
        with pytest.raises(PimRefusal, match="failed at pim:oauth-server:create-client"):
            driver.issue(connector(), planned())
        assert bench.left_over() == before


@pytest.mark.parametrize(
    ("reply", "made"), [("sleep 300", False), ('"$@" >/dev/null', True), ('"$@"; sleep 300', True)]
)
def test_console_that_hangs_or_swallows_is_repaired_by_repeating(reply: str, made: bool, tmp_path: Path) -> None:
    """Whether the client was made or not: the next try finds out, and there is one set in the end."""
    with sandbox_bench("7.0", Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        real = sandbox_console(bench.pim, tmp_path)
        driver = bench.driver(console=_interfering(real, tmp_path, reply, seconds=3))
        driver.put_role(ROLE, PERMISSIONS)
        with pytest.raises(PimNoAnswer):
            driver.issue(connector(), planned())
        assert len(bench.pim.world.clients) == made
        credentials = bench.driver().issue(connector(), planned())
        assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        assert len(bench.pim.world.clients) == 1


def test_console_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    """It is found out before the user is made."""
    with sandbox_bench("7.0", Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        driver = bench.driver(console=Console("prod", ["/nowhere/bin/console"]))
        driver.put_role(ROLE, PERMISSIONS)
        before = bench.state()
        for act in (driver.survey, lambda: driver.issue(connector(), planned())):
            with pytest.raises(ConfigurationError, match="cannot be started"):
                act()
        assert bench.state() == before


@pytest.mark.parametrize("release", ["1.7", "7.0"])
def test_broken_console_keeps_no_set_alive(release: str, tmp_path: Path) -> None:
    """In an incident the user goes first, and all its tokens with it; the client follows once the console is back."""
    with sandbox_bench(release, Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        driver = bench.driver()
        driver.put_role(ROLE, PERMISSIONS)
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        broken = bench.driver(console=Console("prod", ["sh", "-c", "exit 255"]))
        for _ in range(2):
            with pytest.raises(PimNoAnswer):
                broken.delete(issued(1, credentials))
            assert isinstance(broken.prove_dead(credentials, tokens), Dead)
        assert len(bench.pim.world.clients) == 1
        driver.delete(issued(1, credentials))
        assert len(bench.pim.world.clients) == 0


def test_console_of_another_release_is_no_match(tmp_path: Path) -> None:
    """PIM 7.0 with the console of a PIM 1.7: said as what it is, and nothing is left."""
    with (
        sandbox_bench("7.0", Mechanism.USER_AND_CLIENT, tmp_path) as bench,
        sandbox_bench("1.7", Mechanism.USER_AND_CLIENT, tmp_path) as old,
    ):
        driver = bench.driver(console=sandbox_console(old.pim, tmp_path))
        driver.put_role(ROLE, PERMISSIONS)
        before = bench.left_over()
        with pytest.raises(UnknownShape, match="create-client"):
            driver.issue(connector(), planned())
        assert bench.left_over() == before


def test_pim_without_console_or_screen_is_refused() -> None:
    """From PIM 4.0 on the console alone makes clients; a hosted PIM has none. Nothing is written."""
    with sandbox_bench("4.0", Mechanism.USER_AND_CLIENT) as bench:
        driver = bench.driver(console=None)
        driver.put_role(ROLE, PERMISSIONS)
        before = bench.state()
        for act in (driver.survey, lambda: driver.issue(connector(), planned())):
            with pytest.raises(ConfigurationError, match="needs the console"):
                act()
        assert bench.state() == before


@pytest.mark.parametrize("release", ["1.7", "7.0"])
def test_console_is_reached_through_ssh(release: str, tmp_path: Path) -> None:
    """ssh gives its words, joined with blanks, to a shell on the other side; this one does the same on this side."""
    with sandbox_bench(release, Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        ssh = tmp_path / "ssh"
        ssh.write_text('#!/bin/sh\nshift\nexec sh -c "$*"\n')
        ssh.chmod(0o700)
        driver = bench.driver(
            console=Console("prod", [str(ssh), "pim@host", *_words(sandbox_console(bench.pim, tmp_path))])
        )
        label = "a | <info>$(id)</info>"
        driver.put_role(label, PERMISSIONS)
        credentials = driver.issue(connector(label=label), planned(role=label))
        assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        assert [one.whole for one in driver.survey().sightings] == [True]
        driver.delete(issued(1, credentials))
        assert len(bench.pim.world.clients) == 0


def test_no_secret_stands_on_a_command_line(tmp_path: Path) -> None:
    """While the console runs, everybody on its machine can read /proc/*/cmdline."""
    with sandbox_bench("1.7", Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        seen = tmp_path / "command-lines"
        look = f"for one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$one; echo; done >>{seen} 2>/dev/null; exec \"$@\""
        real = sandbox_console(bench.pim, tmp_path)
        driver = bench.driver(console=Console("prod", ["sh", "-c", look, "sh", *_words(real)]))
        driver.put_role(ROLE, PERMISSIONS)
        credentials = driver.issue(connector(), planned())
        driver.delete(issued(1, credentials))
        told = seen.read_text()
        assert "pim:oauth-server:create-client --label=vp_erp_1-marker1" in told
        assert f"pim:oauth-server:revoke-client {credentials.client_id}" in told
        assert CANARY not in told
        assert CONTROL_TOKEN not in told


def test_token_outlives_its_client_but_not_its_user(tmp_path: Path) -> None:
    """PIM 1.7 alone keeps the access tokens of a deleted client for up to an hour; the driver's end is the end."""
    with sandbox_bench("1.7", Mechanism.USER_AND_CLIENT, tmp_path) as bench:
        driver = bench.driver()
        driver.put_role(ROLE, PERMISSIONS)
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        assert tokens is not None
        headers = {"Authorization": f"Bearer {tokens.access_token.get_secret_value()}"}

        def status() -> int:
            return requests.get(f"{bench.pim.url}/api/rest/v1/channels", headers=headers, timeout=5).status_code

        assert status() == 200
        sandbox_console(bench.pim, tmp_path).run("pim:oauth-server:revoke-client", credentials.client_id)
        assert status() == 200
        driver.delete(issued(1, credentials))
        assert status() == 401
        assert isinstance(driver.prove_dead(credentials, tokens), Dead)


def _words(console: Console) -> tuple[str, ...]:
    return console._command


def _interfering(real: Console, directory: Path, at_create: str, *, seconds: float = 60) -> Console:
    """The real console, but for the creation of a client."""
    program = directory / "interfering"
    program.write_text(f'case "$*" in *create-client*) {at_create};; *) exec "$@";; esac\n')
    return Console("prod", ["sh", str(program), *_words(real)], timeout=timedelta(seconds=seconds))
