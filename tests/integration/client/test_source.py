"""`CredentialSource` against a real OpenBao: waits, looks cheaply, keeps what it has, says clearly what is wrong."""

import os
import pickle
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.canary import CANARY
from tests.integration.cli.conftest import MARKER
from tests.integration.client.conftest import ERP, MakeSource, Town, until
from tests.integration.vault_world import write_private
from vault_pim.client import (
    BrokenSet,
    ConfigurationError,
    CredentialSource,
    Intercepted,
    NotServed,
    ServedSet,
    VaultNoAnswer,
    VaultPimError,
)
from vault_pim.domain.errors import NotAllowed, VaultLoginRefused
from vault_pim.vault.address import AppRoleLogin, TokenLogin
from vault_pim.vault.secret_ids import wrap_secret_id

AT_ONCE = timedelta(0)


def test_it_waits_until_the_set_is_there_and_says_so(
    town: Town, source: MakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    """DAM starts before its set is made; told to give up, it says what is missing."""
    dam = source("sandbox/dam", town.login("dam"))
    with pytest.raises(NotServed, match="nothing is served at pim/connectors/sandbox/dam"):
        dam.current(AT_ONCE)
    found: list[ServedSet] = []
    waiting = threading.Thread(target=lambda: found.append(dam.current()))
    waiting.start()
    until(lambda: "waiting for its credential set" in caplog.text)
    assert town.run("apply", "dam") == 0
    waiting.join(10)
    assert [one.generation for one in found] == [1]


def test_vault_away_at_start_is_waited_for_and_given_up_when_told(
    source: MakeSource, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """Waiting is said once, not at every attempt."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}"
        away = source(vault=town.address(url=nobody))
        with pytest.raises(VaultNoAnswer, match="was not reached"):
            away.current(timedelta(seconds=0.4))
    assert caplog.text.count("waiting for its credential set") == 1


def test_looking_reads_metadata_and_the_set_only_when_it_changed(town: Town, source: MakeSource) -> None:
    """Data is read once for each KV version."""
    one = source(refresh=timedelta(hours=1))
    before = one.current()
    data, metadata = f"pim/data/connectors/{ERP}", f"pim/metadata/connectors/{ERP}"
    read, looked = town.asked(data), town.asked(metadata)
    for _ in range(5):
        assert one.look() is before
    assert (town.asked(data) - read, town.asked(metadata) - looked) == (0, 10)  # request and response
    town.serve("erp", town.served("erp"))
    assert one.look().kv_version == before.kv_version + 1


def test_listeners_hear_of_a_newer_set_and_their_trouble_is_theirs(town: Town, source: MakeSource) -> None:
    """One that fails keeps neither the source nor the next listener from it."""
    one = source()
    heard: list[tuple[int, int]] = []

    def fail(*_: ServedSet) -> None:
        raise RuntimeError(CANARY[::-1])

    one.on_switch(fail)
    one.on_switch(lambda former, newest: heard.append((former.kv_version, newest.kv_version)))
    version = one.current().kv_version
    town.serve("erp", town.served("erp"))
    until(lambda: heard == [(version, version + 1)])


def test_last_good_set_is_kept_while_what_is_served_is_broken(
    town: Town, source: MakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    """A new reader refuses it and names the field; who has a set goes on with it, and says so once."""
    one = source(refresh=timedelta(hours=1))
    before, whole = one.current(), town.served("erp")
    town.serve("erp", {key: value for key, value in whole.items() if key != "password"})
    try:
        with pytest.raises(BrokenSet) as caught:
            source().current()
        assert caught.value.why == "missing or no text: password"
        assert [one.look_quietly() for _ in range(3)] == [before] * 3
        assert caplog.text.count(f"keeping generation {before.generation}") == 1
    finally:
        town.serve("erp", whole)
    assert one.look_quietly().kv_version == before.kv_version + 2


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_worker_has_connections_login_and_thread_of_its_own(town: Town, source: MakeSource) -> None:
    """Parent and child both go on; the child's end leaves the parent's login alive."""
    one = source()
    before = one.current()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            same = one.current() == before
            one.look()
            alone = [thread.name for thread in threading.enumerate() if thread.name.startswith("vault-pim")]
            one.close()
            code = 0 if same and alone == [f"vault-pim {ERP}"] else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    logins = town.asked(f"auth/vault-pim/{ERP}/login")
    assert one.look() == before
    assert town.asked(f"auth/vault-pim/{ERP}/login") == logins


def test_nothing_of_a_source_shows_a_secret_or_leaves_the_process(source: MakeSource) -> None:
    """Its representation names the connector; pickling is refused."""
    one = source()
    assert MARKER not in f"{one!r} {one.current()!r} {one.current()}"
    for unpicklable in one, one.current():
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(unpicklable)


def test_closed_source_says_that_it_is_closed(source: MakeSource) -> None:
    """To who asks it for its first set."""
    one = source()
    one.close()
    with pytest.raises(ConfigurationError, match="closed"):
        one.current()


def test_reader_that_may_not_say_what_it_uses_says_so_once_and_goes_on(
    town: Town, source: MakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    """A policy from before there were readers."""
    with town.admin() as admin:
        rules = f'path "pim/+/connectors/{ERP}" {{ capabilities = ["read"] }}'
        admin.request("POST", "sys/policies/acl/older", {"policy": rules})
        made = admin.request("POST", "auth/token/create", {"policies": ["older"]}).body["auth"]["client_token"]
    token_file = town.arena.directory / "older-token"
    write_private(token_file, made)
    one = source(login=TokenLogin(token_file=token_file))

    class Program:
        def switched(self) -> None: ...
        def born_again(self) -> None: ...
        def oldest_in_use(self) -> int:
            return 1

    program = Program()
    one.used_by(program)
    one.current()
    until(lambda: "vault-pim is not told" in caplog.text)
    assert one.look().username
    assert caplog.text.count("vault-pim is not told") == 1


def a_stale_secret_id(town: Town) -> AppRoleLogin:
    """A login whose secret-id was destroyed."""
    login = town.login("erp")
    path = town.arena.directory / "stale"
    path.unlink(missing_ok=True)
    write_private(path, "00000000-0000-0000-0000-000000000000")
    return replace(login, secret_id_file=path)


def a_token_opened_before(town: Town) -> AppRoleLogin:
    """A login by a one-time token that somebody else opened."""
    role, mount = "auth/vault-pim/sandbox/erp/role/vault-pim.sandbox.erp", "vault-pim/sandbox/erp"
    with town.admin() as admin:
        wrapped = wrap_secret_id(admin, role)
        admin.unwrap(wrapped.token, mount=mount)
    wrapping, secret_id = town.arena.directory / "wrapping", town.arena.directory / "first-secret-id"
    from vault_pim.reveal import reveal  # noqa: PLC0415

    write_private(wrapping, reveal(wrapped.token, to="connector"))
    return replace(town.login("erp"), wrapping_token_file=wrapping, secret_id_file=secret_id)


@pytest.mark.parametrize(
    ("make_login", "connector", "kind", "said"),
    [
        (lambda town: town.login("shop"), ERP, NotAllowed, "its own"),
        (lambda town: town.login("erp"), "sandbox/nobody", NotAllowed, "sandbox/nobody is this connector's name"),
        (a_stale_secret_id, ERP, VaultLoginRefused, "valid secret-id"),
        (a_token_opened_before, ERP, Intercepted, "at once"),
        (lambda _: AppRoleLogin(role_id_file=Path("/nowhere"), secret_id_file=Path("/x")), ERP, ConfigurationError, ""),
    ],
    ids=["no permission", "wrong path", "stale secret-id", "wrapped token used twice", "no file"],
)
def test_clear_no_is_one_clear_error_at_once(
    town: Town, source: MakeSource, make_login: object, connector: str, kind: type[VaultPimError], said: str
) -> None:
    """Of a documented type, with advice; waiting would not help."""
    assert callable(make_login)
    with pytest.raises(kind) as caught:
        source(connector, make_login(town)).current()
    assert type(caught.value) is kind
    assert said in caught.value.advice


def test_environment_gives_address_and_login(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files by our variables, Vault by its own; two logins at once, or none, are refused by name."""
    login = town.login("erp")
    monkeypatch.delenv("VAULT_TOKEN", raising=False)
    for name, value in {
        "VAULT_ADDR": town.arena.bao.url,
        "VAULT_PIM_ROLE_ID_FILE": str(login.role_id_file),
        "VAULT_PIM_SECRET_ID_FILE": str(login.secret_id_file),
    }.items():
        monkeypatch.setenv(name, value)
    with CredentialSource.from_env(ERP) as one:
        assert one.current().username.startswith("vp_erp_")
    monkeypatch.setenv("VAULT_PIM_AUTH", "cert")
    with pytest.raises(ConfigurationError, match="VAULT_PIM_CERT_FILE is not set"):
        CredentialSource.from_env(ERP)
    monkeypatch.delenv("VAULT_PIM_AUTH")
    monkeypatch.setenv("VAULT_TOKEN", CANARY)
    with pytest.raises(ConfigurationError) as caught:
        CredentialSource.from_env(ERP)
    assert caught.value.why == "variables of more than one login are set: approle, token"
    monkeypatch.delenv("VAULT_ADDR")
    with pytest.raises(ConfigurationError, match="VAULT_ADDR is not set"):
        CredentialSource.from_env(ERP)


def test_importing_the_connectors_side_loads_nothing_that_administers() -> None:
    """Nor pydantic, nor what draws tables; `logging` is loaded when there is something to say."""
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = (
        "import sys; from vault_pim.client import CredentialSource;"
        "known = {'pydantic', 'requests', 'hvac', 'typer', 'rich', 'yaml', 'logging', 'vault_pim.engine',"
        " 'vault_pim.lifecycle', 'vault_pim.pim', 'vault_pim.settings', 'vault_pim.vault.setup'};"
        "sys.exit(' '.join(known & set(sys.modules)) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
