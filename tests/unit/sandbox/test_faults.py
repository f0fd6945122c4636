"""Each kind of fault does what it says, to the request it is for, and to no other."""

import threading
import time

import pytest
import requests

from tests.unit.sandbox.browser import Browser
from vault_pim.sandbox.faults import Fault
from vault_pim.sandbox.pim_server import NO_ANSWER, SandboxPim

CREATE = {"code": "erp", "label": "erp", "flow_type": "other"}


def test_lost_reply_leaves_the_effect(pim: SandboxPim, admin: Browser) -> None:
    """The connection is made, the answer never comes, and the next request is answered."""
    pim.faults.add(Fault(kind="lose_reply", method="POST", path="/rest/connections*"))
    with pytest.raises(requests.ConnectionError):
        admin.post("/rest/connections", json=CREATE)
    assert pim.world.connection("erp") is not None
    assert admin.get("/rest/connections/erp").status_code == 200
    assert ("POST", "/rest/connections", NO_ANSWER) in pim.requests


def test_refused_connection_has_no_effect(pim: SandboxPim, admin: Browser) -> None:
    """The connection is closed before anything is done; the second attempt gets through."""
    pim.faults.add(Fault(kind="refuse", path="/rest/connections"))
    with pytest.raises(requests.ConnectionError):
        admin.post("/rest/connections", json=CREATE)
    assert pim.world.connections == {}
    assert admin.post("/rest/connections", json=CREATE).status_code == 201


@pytest.mark.parametrize("after_effect", [False, True])
def test_delayed_request_holds_no_other_up(pim: SandboxPim, admin: Browser, after_effect: bool) -> None:
    """While one request waits, before or after its effect, others are answered at once."""
    other = Browser(pim.url)
    assert other.log_in(pim.admin_username, pim.admin_password)
    pim.faults.add(Fault(kind="delay", method="POST", path="/rest/connections", seconds=0.6, after_effect=after_effect))
    slow = threading.Thread(target=admin.post, args=("/rest/connections",), kwargs={"json": CREATE})
    slow.start()
    time.sleep(0.2)  # noqa: TID251 -- the slow request must be on its way
    started = time.monotonic()
    assert (len(other.get("/rest/connections").json()) == 1) is after_effect
    assert time.monotonic() - started < 0.3
    slow.join()
    assert pim.world.connection("erp") is not None
    other.session.close()


def test_html_500_has_no_effect(pim: SandboxPim, admin: Browser) -> None:
    """A page in place of JSON, as from a PIM that falls over."""
    pim.faults.add(Fault(kind="html_500", method="POST", path="/rest/connections"))
    reply = admin.post("/rest/connections", json=CREATE)
    assert (reply.status_code, reply.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert pim.world.connections == {}


def test_status_is_answered_with_its_headers_as_often_as_told(pim: SandboxPim, admin: Browser) -> None:
    """Two 429 with Retry-After, then the PIM's own answer."""
    headers = {"Retry-After": "3"}
    pim.faults.add(Fault(kind="status", path="/api/rest/v1", status=429, headers=headers, times=2))
    replies = [admin.get("/api/rest/v1") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [429, 429, 200]
    assert replies[0].headers["retry-after"] == "3"


def test_half_a_body_is_cut_off(pim: SandboxPim, admin: Browser) -> None:
    """The reader meets the end of the connection before the announced end of the body."""
    pim.faults.add(Fault(kind="half_body", path="/rest/security/"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        admin.get("/rest/security/")
    assert admin.get("/rest/security/").status_code == 200


def test_expired_session_is_a_401_with_the_login_page(pim: SandboxPim, admin: Browser) -> None:
    """The session is gone when the request is looked at, and the request has no effect."""
    pim.faults.add(Fault(kind="expire_session", method="POST", path="/rest/connections"))
    reply = admin.post("/rest/connections", json=CREATE)
    assert (reply.status_code, reply.headers["content-type"]) == (401, "text/html; charset=UTF-8")
    assert pim.world.connections == {}
    assert not admin.is_logged_in()


def test_fault_meets_its_own_method_and_path_only(pim: SandboxPim, admin: Browser) -> None:
    """A fault for POST below a path leaves GET and other paths alone, and waits."""
    pim.faults.add(Fault(kind="html_500", method="POST", path="/rest/connections/*"))
    assert admin.get("/rest/connections").status_code == 200
    assert admin.post("/rest/connections", json=CREATE).status_code == 201
    assert admin.post("/rest/connections/erp/regenerate-secret").status_code == 500


def test_unknown_kind_is_refused() -> None:
    """A misspelt kind is an error at once, not a fault that never happens."""
    with pytest.raises(ValueError, match="no kind of fault"):
        Fault(kind="nonsense")  # type: ignore[arg-type]
