"""The active node is asked for in OpenBao's way, in Vault Enterprise's, and not at all where there is no need."""

import base64
import json
from http.client import HTTPMessage

from vault_pim.vault.active_node import INDEX, ActiveNode

CLUSTER = "4ab9b8ee-23d9-6ff9-bdb2-4aad15a1eaae"


def answer(index: str | None) -> HTTPMessage:
    """The headers of an answer."""
    headers = HTTPMessage()
    headers["Date"] = "Tue, 24 Nov 2026 04:21:46 GMT"
    if index is not None:
        headers[INDEX] = index
    return headers


def encoded(text: str) -> str:
    """As it travels."""
    return base64.b64encode(text.encode()).decode()


def test_server_that_names_no_index_is_asked_for_none() -> None:
    """One node, or a cluster whose standbys forward everything."""
    node = ActiveNode()
    node.heard(answer(None))
    assert node.headers == {}


def test_index_beyond_every_standby_is_asked_for() -> None:
    """Of the same cluster, and higher than what was answered; an error after it, which names none, changes nothing."""
    node = ActiveNode()
    node.heard(answer(encoded(json.dumps({"cluster": CLUSTER, "value": "55"}))))
    node.heard(answer(None))
    sent = node.headers
    asked = json.loads(base64.b64decode(sent[INDEX]))
    assert asked["cluster"] == CLUSTER
    assert int(asked["value"]) > 2**60
    assert sent["X-Vault-Inconsistent"] == "forward-active-node"


def test_signed_index_is_asked_for_as_it_is() -> None:
    """Vault Enterprise signs it, so the newest one seen is all that can be asked for."""
    node = ActiveNode()
    for index in (encoded("v1:c1:10:0:signature"), encoded("v1:c1:11:0:signature"), "no base64", encoded("[1]")):
        node.heard(answer(index))
        assert node.headers[INDEX] == index
