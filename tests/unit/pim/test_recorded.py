"""What running PIMs answered is read as it is: consoles and shapes, from the recordings of five releases."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.unit.pim.test_clients import SaidConsole
from vault_pim.domain.errors import PimRefusal, VaultPimError
from vault_pim.pim.clients import ConsoleClients
from vault_pim.pim.shapes import (
    ClientRow,
    Connection,
    CreatedConnection,
    CurrentUser,
    GroupRow,
    ListedConnection,
    RoleGridRow,
    RoleRow,
    RootAnswer,
    SavedRole,
    SavedUser,
    TokenPair,
    UserRow,
    UserViolations,
    Violations,
)

RECORDINGS = Path(__file__).parents[2] / "conformance/recordings"
RELEASES = sorted(path.name for path in RECORDINGS.iterdir() if path.is_dir())
SECRETS = re.compile(r"(?:secret:?|Password:) (\S+)|\| \S+ +\| ([0-9a-z]{20,}) +\|")
SHAPES: tuple[tuple[str, str, int, Any], ...] = (
    ("GET", r"/api/rest/v1", 200, RootAnswer),
    ("GET", r"/rest/user/?", 200, CurrentUser),
    ("GET", r"/rest/security/?", 200, dict[str, bool]),
    ("GET", r"/rest/user_role/", 200, tuple[RoleRow, ...]),
    ("GET", r"/rest/user_group/?", 200, tuple[GroupRow, ...]),
    ("GET", r"/rest/connections", 200, tuple[ListedConnection, ...]),
    ("GET", r"/rest/connections/\w+", 200, Connection),
    ("POST", r"/rest/connections", 201, CreatedConnection),
    ("POST", r"/rest/connections", 422, Violations),
    ("POST", r"/rest/user/", 200, SavedUser),
    ("POST", r"/rest/user/", 400, UserViolations),
    ("POST", r"/api/oauth/v1/token", 200, TokenPair),
)
GRIDS = {"pim-user-grid": UserRow, "pim-role-grid": RoleGridRow, "api-connection-grid": ClientRow}


def recorded(release: str, kind: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every request of that kind (`console` or `path`) with its answer."""
    for file in sorted((RECORDINGS / release).glob("*.jsonl")):
        for line in file.read_text().splitlines():
            step = json.loads(line)
            request = step.get("request") or {}
            if kind in request and "response" in step:
                yield request, step["response"]


def console_runs(release: str, command: str) -> Iterator[dict[str, Any]]:
    """What the console said to that command."""
    for request, response in recorded(release, "console"):
        if "stdout" not in response:
            continue  # recorded on a terminal
        if command in request["console"] and not {"--help", "-q", "--quiet"} & set(request["console"]):
            yield response


def clients(response: dict[str, Any]) -> ConsoleClients:
    """Clients by a console that says this."""
    said = SaidConsole(response["stdout"], response["stderr"], response["exit_code"])
    return ConsoleClients(said, label_option=False)


def assert_tells_no_secret(error: VaultPimError, response: dict[str, Any]) -> None:
    """No secret that the console printed is in the message."""
    for found in SECRETS.finditer(response["stdout"] + response["stderr"]):
        assert (found[1] or found[2]) not in f"{error.what} {error.why}"


@pytest.mark.parametrize("release", RELEASES)
def test_recorded_lists_of_clients_are_read(release: str) -> None:
    """Every client that is printed, with doubled, empty and odd labels."""
    runs = list(console_runs(release, "pim:oauth-server:list-clients"))
    assert runs
    for response in runs:
        printed = re.findall(r"^\| (\d+_\S+)", response["stdout"], re.MULTILINE)
        assert [client.id for client in clients(response).all()] == printed


@pytest.mark.parametrize("release", RELEASES)
def test_recorded_creations_are_read(release: str) -> None:
    """Those that made a client give its id and secret; the others are told without a secret."""
    made = 0
    for response in console_runs(release, "pim:oauth-server:create-client"):
        if "A new client has been added." in response["stdout"]:
            client = clients(response).create("x")
            assert f"client_id: {client.id}\nsecret: {client.secret.get_secret_value()}\n" in response["stdout"]
            made += 1
            continue
        with pytest.raises(VaultPimError) as raised:
            clients(response).create("x")
        assert_tells_no_secret(raised.value, response)
    assert made


@pytest.mark.parametrize("release", RELEASES)
def test_recorded_revocations_are_read(release: str) -> None:
    """Done, done before, cancelled with exit status 0, refused by a foreign key."""
    done = 0
    for response in console_runs(release, "pim:oauth-server:revoke-client"):
        said = response["stdout"]
        if "has been revoked" in said or "No client found" in said:
            clients(response).delete("1_a")
            done += 1
            continue
        with pytest.raises(VaultPimError) as raised:
            clients(response).delete("1_a")
        assert_tells_no_secret(raised.value, response)
        if "cancelled" in said or "FK_CONNECTIVITY" in response["stderr"]:
            assert isinstance(raised.value, PimRefusal)
    assert done


@pytest.mark.parametrize("release", RELEASES)
def test_recorded_answers_have_the_shapes_we_know(release: str) -> None:
    """Whatever the driver reads of a PIM, these PIMs answered so that it can be read."""
    seen = set()
    for request, response in recorded(release, "path"):
        path, body = request["path"].partition("?")[0], response.get("body")
        if not isinstance(body, str):
            continue
        for method, pattern, status, shape in SHAPES:
            asked = (request["method"], response["status"])
            if asked == (method, status) and re.fullmatch(pattern, path):
                TypeAdapter(shape).validate_json(body)
                seen.add(pattern)
        grid = GRIDS.get(path.removeprefix("/datagrid/"))
        if grid is not None and response["status"] == 200:
            page = json.loads(body)
            assert isinstance(page["options"]["totalRecords"], int)
            TypeAdapter(tuple[grid, ...]).validate_json(json.dumps(page["data"]))  # type: ignore[valid-type]
            seen.add(path)
        if path.startswith("/user/role/") and body.startswith('{"route"'):
            TypeAdapter(SavedRole).validate_json(body)
            seen.add("role")
    assert len(seen) > 5
