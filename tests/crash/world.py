"""The world of a kill: a real OpenBao, the sandbox PIM, the proxy between them and the program; put back at will.

Looks at both sides past the proxy and without the product's code, so that a bug in how the product looks is seen.
"""

import copy
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from tests.crash.configuration import Configuration
from tests.crash.pim_side import side_of
from tests.crash.place import CONNECTIONS, Place, bao_at
from tests.crash.points import StepInHand
from tests.crash.proxy import CONFIGURED, PIM, VAULT, At, Deed, Proxy, Tap
from tests.crash.runner import Program
from tests.crash.vault import Json, Vault
from tests.crash.vault import Path as Kept
from vault_pim.playground import Playground
from vault_pim.sandbox.pim_server import SandboxPim

FINAL = ("retired", "revoked", "abandoned")
PENDING = ("planned", "issued", "verified")
MARKER = "c0ffee"
"""Stands in every secret the PIM makes."""
ERP, SHOP = "sandbox/erp", "sandbox/shop"
RECORD, HELD, SERVED = f"connectors/{ERP}", f"pending/{ERP}", f"connectors/{ERP}"
LEDGER = "pims/sandbox/login"
ENTITY = "identity/entity/name/vault-pim.sandbox.erp"
LONG_AGO = (datetime.now(UTC) - timedelta(days=400)).isoformat()  # noqa: TID251 - before anything here happened
_TABLES = ("users", "roles", "groups", "clients", "connections", "access_tokens", "refresh_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """How everything of one connector stood, and which sets of it must be dead once it is revoked."""

    record: Kept
    served: Kept
    held: dict[str, Kept]
    disabled: bool
    tables: dict[str, Any] = field(repr=False)
    incidents: dict[str, bytes] = field(repr=False)
    leaked: tuple[Json, ...] = field(repr=False)


class World:
    """One OpenBao, one PIM, one program; ERP is tortured, the web shop must not notice.

    Attributes:
        leaked: sets of ERP that Vault has no copy of: they are in other hands, or in a connector's memory.
        gone: labels that live by the record, and were not at the PIM any more when the run began.
    """

    def __init__(self, directory: Path, place: Place = CONNECTIONS) -> None:
        self.directory = directory
        self.place = place
        self.tap = Tap()
        control_token = secrets.token_hex(16)
        self._control_token_file = directory / "console_token"
        self.playground = Playground(directory, place.release)
        self.playground.pim = SandboxPim(release=place.release, secret_marker=MARKER, control_token=control_token)
        self._control_token_file.write_text(control_token)
        bao, self.servers = bao_at(place, directory / "openbao")
        self.playground.bao = bao  # type: ignore[assignment]
        self.pim = self.playground.pim
        self.side = side_of(self.pim, place.mechanism)
        self.output = directory / "output"
        self.audit = directory / "audit.jsonl"
        self.incidents = directory / "incidents"
        self.leaked: tuple[Json, ...] = ()
        self.gone: frozenset[str] = frozenset()
        self.erp_token: str | None = None
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.callback(self.servers.close)
            starting.enter_context(self.playground)
            self.playground.set_up()
            self.vault = Vault(self.servers.where, self.playground.admin_token_file.read_text().strip())
            starting.callback(self.vault.close)
            addresses = {PIM: lambda: self.pim.url, VAULT: self.servers.address}
            proxies = {
                side: starting.enter_context(Proxy(side, upstream, self.tap)) for side, upstream in addresses.items()
            }
            self._configure(proxies[VAULT].url, proxies[PIM].url)
            self._step = StepInHand(self.audit)
            self.tap.step = self._step.name
            self.tap.harm = self.harm
            self.program = Program(self.playground.config, self.output)
            starting.callback(self.program.close)
            self.configuration = Configuration(self.playground.config, self.output, [self.program])
            self.tap.kill = self.program.kill
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, trace)

    def _configure(self, vault: str, pim: str) -> None:
        config = yaml.safe_load(self.playground.config.read_text())
        config["vault"]["url"] = vault
        config["policies"]["default"]["grace"] = "PT24H"
        config["connectors"] = {name: config["connectors"][name] for name in ("erp", "shop")}
        config["daemon"]["listen"] = "127.0.0.1:0"
        if self.place.in_place:
            config["connectors"]["erp"]["rotation"] = "in-place"
        sandbox = config["pims"]["sandbox"]
        sandbox |= {"url": pim, "mechanism": self.place.mechanism}
        if self.place.mechanism == "user_and_client":
            own = ["--url", pim, "--control-token-file", str(self._control_token_file)]
            sandbox["console"] = {"command": [sys.executable, "-m", "vault_pim.sandbox.pim_console", *own]}
        self.playground.config.write_text(yaml.safe_dump(config))

    # -- looking ------------------------------------------------------------------------------------------------------

    def record(self) -> Json:
        """The state record of ERP; empty where there is none."""
        found = self.vault.newest("pim-state", RECORD)
        return json.loads(found["state"]) if found else {}

    def served(self) -> Json | None:
        """What ERP reads at its path."""
        return self.vault.newest("pim", SERVED)

    def held(self) -> dict[int, Json]:
        """Held copies by generation."""
        found = {
            int(one): self.vault.newest("pim-state", f"{HELD}/{one}") for one in self.vault.names("pim-state", HELD)
        }
        return {number: data for number, data in found.items() if data is not None}

    def leaked_of(self, number: int) -> Json | None:
        """The set of that generation where Vault has forgotten it."""
        return next((one for one in self.leaked if int(one["generation"]) == number), None)

    def readable(self) -> set[int]:
        """Generations that any KV version of the path still gives."""
        return {int(data["generation"]) for data in self.vault.history("pim", SERVED).versions if data}

    def logs_in(self, credentials: Json) -> bool:
        """Whether the PIM lets that set in, and answers it an API call."""
        return self.api_status(self.token(credentials) or "") == 200

    def token(self, credentials: Json) -> str | None:
        """A new access token, or None where the set is refused."""
        grant = {"grant_type": "password", "username": credentials["username"], "password": credentials["password"]}
        client = {"client_id": credentials["client_id"], "client_secret": credentials["client_secret"]}
        status, answer = self._ask_pim("POST", "/api/oauth/v1/token", grant | client, {})
        return str(answer["access_token"]) if status == 200 else None

    def api_status(self, access_token: str) -> int:
        """What the PIM answers to that token."""
        return self._ask_pim("GET", "/api/rest/v1/channels", None, {"Authorization": f"Bearer {access_token}"})[0]

    def vault_token_alive(self, token: str) -> bool:
        """Whether a Vault token works."""
        return self.vault.ask("GET", "auth/token/lookup-self", token=token)[0] == 200

    def log_in_to_vault(self, connector: str) -> str:
        """A Vault token of a connector, by a new secret-id."""
        mount, role = f"auth/vault-pim/{connector}", f"vault-pim.{connector.replace('/', '.')}"
        role_id = self.vault.do("GET", f"{mount}/role/{role}/role-id")["role_id"]
        secret_id = self.vault.do("POST", f"{mount}/role/{role}/secret-id", {})["secret_id"]
        _, answer = self.vault.ask("POST", f"{mount}/login", {"role_id": role_id, "secret_id": secret_id}, token="")
        return str(answer["auth"]["client_token"])

    def forget_logins(self, connector: str) -> None:
        """Destroy every secret-id of a connector."""
        role = f"auth/vault-pim/{connector}/role/vault-pim.{connector.replace('/', '.')}"
        for accessor in self.vault.do("LIST", f"{role}/secret-id").get("keys", ()):
            self.vault.do("POST", f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})

    def cut_off(self) -> bool:
        """Whether ERP's entity in Vault is disabled."""
        return bool(self.vault.do("GET", ENTITY)["disabled"])

    def _ask_pim(self, method: str, path: str, body: Json | None, headers: dict[str, str]) -> tuple[int, Json]:
        parts = urlsplit(self.pim.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            payload = json.dumps(body) if body else None
            connection.request(method, path, payload, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            answer = response.read()
            return response.status, json.loads(answer) if response.status == 200 else {}
        finally:
            connection.close()

    def settled(self) -> bool:
        """Whether nothing is left to do for ERP, or nothing can be done just now."""
        record, now = self.record(), datetime.now(UTC).isoformat()  # noqa: TID251
        holder = record.get("holder")
        if Deed.TAKEN_OUT in self.configuration.changes and record and not is_cut_off(record):
            return not holder and not any(one["stage"] in PENDING for one in record["generations"])
        if not record or (holder and _is_past(now, holder["expires_at"])):
            return False
        if record.get("failures") and _is_past(LONG_AGO, record["failures"]["last_at"]):
            return True
        live = [one for one in record["generations"] if one["stage"] not in FINAL]
        strange = self.side.labels().keys() - {one["label"] for one in live}
        if is_being_replaced(record) or any(label.startswith("vp_erp_") for label in strange):
            return False
        if is_cut_off(record):
            return bool(record["revocation"]["proven_at"])
        done = all(
            one["stage"] == "current" or (one["stage"] == "grace" and _is_past(now, one["retire_at"])) for one in live
        )
        served = self.served()
        current = [one["number"] for one in live if one["stage"] == "current"]
        return done and not record.get("rotation_asked_at") and current == [served and int(served["generation"])]

    def begin(self, orders: Mapping[At, Deed] | None = None) -> None:
        """A run begins: count its points from 0, and do to them what is ordered."""
        self._step.begin()
        self.tap.begin(orders)

    def harm(self, deed: Deed) -> None:
        """Do it to Vault or to the configuration; see `recover`."""
        if deed in CONFIGURED:
            self.configuration.harm(deed)
        else:
            self.servers.harm(deed, self.vault)

    def recover(self) -> None:
        """Wait until Vault is well again, and put the configuration back."""
        self.servers.recover()
        self.configuration.recover()

    # -- acting -------------------------------------------------------------------------------------------------------

    def change_record(self, change: Any) -> None:
        """Rewrite the state record as an administrator may; how time passes here without waiting for it.

        Does nothing if somebody else writes it at that moment.
        """
        found = self.vault.newest("pim-state", RECORD)
        if found:
            state = json.loads(found["state"])
            change(state)
            if state != json.loads(found["state"]):
                self.vault.write("pim-state", RECORD, found | {"state": json.dumps(state)}, over=found)

    @contextmanager
    def yesterday(self) -> Iterator[None]:
        """OpenBao as it is now comes back at the end, whatever is done meanwhile; the PIM and our own files do not."""
        with tempfile.TemporaryDirectory(dir=self.directory) as backup:
            self.servers.back_up(Path(backup) / "data")
            yield
            self.servers.put_back(Path(backup) / "data")

    def let_time_pass(self) -> None:
        """The hold of whoever was killed ended long ago, and a failed try is no reason to wait any more."""

        def expire(state: Json) -> None:
            if state.get("holder"):
                state["holder"]["expires_at"] = LONG_AGO
            if state.get("failures"):
                state["failures"]["last_at"] = LONG_AGO

        self.change_record(expire)

    def let_grace_end(self) -> None:
        """Every grace ended long ago."""

        def end(state: Json) -> None:
            for one in state["generations"]:
                if one["stage"] == "grace":
                    one["retire_at"] = LONG_AGO

        self.change_record(end)

    def save(self) -> Saved:
        """Remember how everything of ERP stands."""
        return Saved(
            record=self.vault.history("pim-state", RECORD),
            served=self.vault.history("pim", SERVED),
            held={one: self.vault.history("pim-state", f"{HELD}/{one}") for one in self.vault.names("pim-state", HELD)},
            disabled=self.cut_off(),
            tables=self.tables(),
            incidents={file.name: file.read_bytes() for file in self.incidents.glob("*.jsonl")},
            leaked=self.leaked,
        )

    def tables(self) -> dict[str, Any]:
        """A backup of the PIM."""
        return copy.deepcopy({name: getattr(self.pim.world, name) for name in _TABLES})

    def put_back_pim(self, tables: Mapping[str, Any]) -> None:
        """Put that backup back."""
        for name, table in copy.deepcopy(dict(tables)).items():
            setattr(self.pim.world, name, table)

    def put_back_state(self, saved: Saved) -> None:
        """Make the record of ERP and its held copies as they were."""
        self.vault.put_back("pim-state", RECORD, saved.record)
        for name in {*self.vault.names("pim-state", HELD), *saved.held}:
            self.vault.put_back("pim-state", f"{HELD}/{name}", saved.held.get(name, Kept(versions=(), custom={})))

    def put_back(self, saved: Saved) -> None:
        """Make everything of ERP as it was."""
        self.put_back_state(saved)
        self.vault.put_back("pim", SERVED, saved.served)
        self.vault.do("POST", ENTITY, {"disabled": saved.disabled})
        self.forget_logins(ERP)  # each is looked at, so that their number makes one run longer than the next
        self.erp_token = None if saved.disabled else self.log_in_to_vault(ERP)
        self.vault.do("DELETE", f"pim-state/metadata/{LEDGER}")
        for name in self.vault.names("pim-state", "incidents"):  # written again from our own files
            self.vault.do("DELETE", f"pim-state/metadata/incidents/{name}")
        self.put_back_pim(saved.tables)
        self.leaked = saved.leaked
        live = [one["label"] for one in self.record().get("generations", ()) if one["stage"] not in FINAL]
        self.gone = frozenset(live) - self.side.labels().keys()
        for file in (self.output, self.audit, *self.incidents.glob("*")):
            file.unlink(missing_ok=True)
        for name, content in saved.incidents.items():
            (self.incidents / name).write_bytes(content)
        self._step.begin()


def is_cut_off(record: Json) -> bool:
    """A revocation was asked for, and nobody lifted it."""
    revocation = record.get("revocation")
    return revocation is not None and revocation["lifted_at"] is None and not revocation["replace_first"]


def is_being_replaced(record: Json) -> bool:
    """A revocation that serves a successor first was asked for, and is not done."""
    revocation = record.get("revocation")
    return revocation is not None and revocation["lifted_at"] is None and revocation["replace_first"]


def is_replaced(record: Json, served: Json | None) -> bool:
    """Such a revocation, once its successor is served: nothing before that need live any more."""
    through = record["revocation"]["through"] if is_being_replaced(record) else 0
    return bool(through and served and int(served["generation"]) > through)


def _is_past(earlier: str, later: str) -> bool:
    return datetime.fromisoformat(earlier) < datetime.fromisoformat(later)


def remove(directory: Path) -> None:
    """Delete a world's directory."""
    shutil.rmtree(directory, ignore_errors=True)
