"""What the daemon answers on its address, to whom, and under which headers."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fakes.builders import DAY
from tests.unit.daemon.office import Office, until
from tests.unit.daemon.town import Town
from vault_pim.daemon.http import Server
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer
from vault_pim.settings import Settings


class Caller:
    """Asks the daemon as `curl` would."""

    def __init__(self, server: Server) -> None:
        self.port = int(server.url.rpartition(":")[2])

    def ask(self, path: str, method: str = "GET", host: str | None = None) -> tuple[int, http.client.HTTPMessage, str]:
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request(method, path, headers={"Host": host or f"127.0.0.1:{self.port}"})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, body

    def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels."""
        families = text_string_to_metric_families(self.ask("/metrics")[2])
        return {
            f"{sample.name}{sorted(sample.labels.items())}": sample.value
            for family in families
            for sample in family.samples
        }


@pytest.fixture
def town() -> Town:
    """One PIM with three connectors."""
    return Town()


@pytest.fixture
def office(town: Town) -> Iterator[Office]:
    """Its daemon, ready."""
    made = Office(town)
    made.service.start()
    until(lambda: not made.service.obstacles() and len(town.states.records) == 3)
    until(lambda: all(row.told for row in made.service.board.rows()))
    yield made
    made.service.stop()


@pytest.fixture
def caller(office: Office) -> Iterator[Caller]:
    """Somebody who asks it."""
    with Server(office.service) as server:
        yield Caller(server)


def test_health_and_readiness_answer_with_reasons(caller: Caller, office: Office, town: Town) -> None:
    """200 while all is well, 503 with the reason when Vault is gone; the process stays healthy."""
    assert caller.ask("/healthz")[0] == 200
    status, _, body = caller.ask("/readyz")
    assert status == 200
    assert json.loads(body)["pims"] == {"prod": {"up": True, "said": "release 7.0"}}
    town.vault.silence("*")
    until(lambda: office.service.board.vault.up is False)
    status, _, body = caller.ask("/readyz")
    assert status == 503
    assert json.loads(body)["reasons"] == ["Vault: Vault gave no answer"]
    assert caller.ask("/healthz")[0] == 200


def test_metrics_tell_how_every_connector_stands(caller: Caller, office: Office, town: Town) -> None:
    """Ages, due instants, passes, steps and reachability are there, under PIM and connector alone."""
    town.clock.forward(timedelta(hours=1))
    found = caller.metrics()
    erp = "[('connector', 'erp'), ('pim', 'prod')]"
    assert found[f"vault_pim_current_age_seconds{erp}"] == 3600
    assert found[f"vault_pim_due_timestamp_seconds{erp}"] == (town.clock.now() + 30 * DAY).timestamp() - 3600
    assert found[f"vault_pim_overdue_seconds{erp}"] == 0
    assert found[f"vault_pim_last_pass_success{erp}"] == 1
    assert found[f"vault_pim_consecutive_failures{erp}"] == 0
    assert found[f"vault_pim_cut_off{erp}"] == 0
    assert found["vault_pim_connectors[('pim', 'prod'), ('stage', 'current')]"] == 3
    assert found["vault_pim_steps_total[('outcome', 'done'), ('pim', 'prod'), ('step', 'publish')]"] == 3
    assert found["vault_pim_pass_duration_seconds_count[('pim', 'prod')]"] >= 3
    assert found["vault_pim_vault_up[]"] == found["vault_pim_pim_up[('pim', 'prod')]"] == 1
    assert found["vault_pim_config_last_reload_success[]"] == 1
    labels = {
        label for line in re.findall(r"{(.*)}", caller.ask("/metrics")[2]) for label in re.findall(r"(\w+)=", line)
    }
    assert labels <= {"pim", "connector", "stage", "step", "outcome", "reason", "le", "version", "python"}


def test_metrics_tell_of_trouble(caller: Caller, office: Office, town: Town) -> None:
    """An overdue set, its finding, a failed step and the count of failures are seen."""
    town.wires["prod"].fail("driver.issue", PimNoAnswer("the PIM gave no answer"), times=None)
    town.clock.forward(46 * DAY)
    erp = "[('connector', 'erp'), ('pim', 'prod')]"
    until(lambda: caller.metrics().get(f"vault_pim_consecutive_failures{erp}"))
    found = caller.metrics()
    assert found[f"vault_pim_overdue_seconds{erp}"] == 86_400
    assert found["vault_pim_steps_total[('outcome', 'failed'), ('pim', 'prod'), ('step', 'issue')]"] >= 1


def test_status_page_is_self_contained_and_escapes_what_it_shows(caller: Caller, office: Office, town: Town) -> None:
    """A label with markup stays text; nothing is loaded, and the policy allows the page's own style alone."""
    assert isinstance(office.configured, Settings)
    evil = "<script>x</script>"
    declared = tuple(replace(one, owner=evil) for one in office.configured.declared)
    office.configured = replace(office.configured, declared=declared)
    assert office.service.reload()
    until(lambda: "&lt;script&gt;" in caller.ask("/")[2])
    status, headers, page = caller.ask("/")
    assert status == 200
    assert evil not in page
    assert not re.search(r"\b(src|href|url)\s*[=(]", page)
    assert not re.search(r"\bstyle=", page)
    assert "default-src 'none'; style-src 'sha256-" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] is None
    for name in ("prod/dam", "prod/erp", "prod/shop"):
        assert name in page


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_methods_that_could_change_something_are_refused(caller: Caller, method: str) -> None:
    """405 with the methods that are allowed, for any path."""
    status, headers, _ = caller.ask("/", method)
    assert status == 405
    assert headers["Allow"] == "GET, HEAD"


def test_head_answers_the_headers_alone(caller: Caller) -> None:
    """The same length as GET, and no body."""
    status, headers, body = caller.ask("/healthz", "HEAD")
    assert (status, body) == (200, "")
    assert headers["Content-Length"] == str(len(caller.ask("/healthz")[2]))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost", "LOCALHOST:8300", "[::1]:8300", "10.1.2.3"])
def test_names_that_cannot_be_rebound_are_answered(caller: Caller, host: str) -> None:
    """Addresses, and the names we know."""
    assert caller.ask("/readyz", host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:8300", "127.0.0.1.evil.com", "[::1", " "])
def test_name_that_could_be_a_strangers_gets_no_answer(caller: Caller, host: str) -> None:
    """A page under another name, made to mean this machine, learns nothing."""
    status, _, body = caller.ask("/", host=host)
    assert status == 421
    assert "prod" not in body


def test_unknown_path_is_not_found(caller: Caller) -> None:
    """404, as text."""
    assert caller.ask("/../../etc/passwd")[0] == 404


def test_many_idle_callers_do_not_keep_the_next_one_out_for_long(caller: Caller) -> None:
    """More connections than there are places: the surplus is hung up on, and places come free again."""
    idle = [socket.create_connection(("127.0.0.1", caller.port)) for _ in range(40)]
    for one in idle:
        one.close()
    until(lambda: _answers(caller))


def _answers(caller: Caller) -> bool:
    try:
        return caller.ask("/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def test_address_that_is_taken_is_a_configuration_error(office: Office) -> None:
    """The daemon says which address it cannot have, and what to do."""
    assert isinstance(office.configured, Settings)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        daemon = office.configured.daemon.model_copy(update={"listen": listen})
        office.configured = replace(office.configured, daemon=daemon)
        assert office.service.reload()
        with pytest.raises(ConfigurationError, match="cannot be listened on"):
            Server(office.service)
