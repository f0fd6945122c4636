"""Has the active node answer, in a cluster whose standbys answer reads by themselves.

Used by `transport`. A standby of OpenBao is a little behind: it may not have what was just written, and then answers as
if it had never been (contracts/openbao.md §B, "Stale reads"). An answer names the storage index it is true for, and a
request may name the index it wants; a standby that has not come so far forwards it. So we ask for an index that no
standby has ever reached. Vault Enterprise signs its index: there the newest one seen is asked for, which is enough to
see what we wrote. Vault without performance standbys forwards everything and names no index.
"""

import base64
import binascii
import json
from http.client import HTTPMessage

INDEX = "X-Vault-Index"
BEYOND = str(2**63 - 1)


class ActiveNode:
    """What one client knows of its cluster; safe to use from many threads."""

    def __init__(self) -> None:
        self._index: str | None = None

    def heard(self, headers: HTTPMessage) -> None:
        """Read an answer; errors name no index."""
        index = headers.get(INDEX)
        if index is not None:
            self._index = _beyond(index)

    @property
    def headers(self) -> dict[str, str]:
        """What to send; nothing to a server that names no index."""
        return {} if self._index is None else {INDEX: self._index, "X-Vault-Inconsistent": "forward-active-node"}


def _beyond(index: str) -> str:
    """The highest index of the same cluster; the same index where it is not OpenBao's."""
    try:
        known = json.loads(base64.b64decode(index, validate=True))
        cluster = known["cluster"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        return index
    return base64.b64encode(json.dumps({"cluster": cluster, "value": BEYOND}).encode()).decode()
