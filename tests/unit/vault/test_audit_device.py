"""Reading an audit log that is rotated, packed, cut off, or partly something else."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vault_pim.domain.errors import ConfigurationError
from vault_pim.vault.audit_device import AuditTrail

HASH = "hmac-sha256:" + "e9" * 32
PATH = "pim/data/connectors/prod/erp"


def line(second: int, *, kv_version: int = 1, **changes: Any) -> bytes:
    """A line as OpenBao writes it when the connector has read its set."""
    entry: dict[str, Any] = {
        "time": f"2026-11-24T04:24:{second:02}.461744203Z",
        "type": "response",
        "auth": {
            "accessor": "sOCA2RgltnrFy3m9MRXv8vKl",
            "display_name": "vault-pim-prod-erp",
            "metadata": {"role_name": "vault-pim.prod.erp"},
            "entity_id": "2879f83d",
        },
        "request": {"operation": "read", "namespace": {"id": "root"}, "path": PATH, "remote_address": "10.0.0.7"},
        "response": {"data": {"data": {"password": HASH}, "metadata": {"version": kv_version}}},
    }
    return json.dumps(entry | changes, separators=(",", ":")).encode() + b"\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the device writes."""
    return tmp_path / "audit.trail"


def seconds(trail: AuditTrail, **asked: Any) -> list[int]:
    """When something holding the hash was read."""
    return [one.at.second for one in trail.accesses(**({"holding": [HASH]} | asked))]


def test_access_tells_who_when_whence_and_by_which_login(log: Path) -> None:
    """Everything a person asks first."""
    log.write_bytes(line(1, kv_version=4))
    (access,) = AuditTrail(log).accesses(holding={HASH})
    assert access.at == datetime(2026, 11, 24, 4, 24, 1, 461744, tzinfo=UTC)
    assert (access.role, access.entity, access.address) == ("vault-pim.prod.erp", "2879f83d", "10.0.0.7")
    assert (access.path, access.kv_version, access.given) == (PATH, 4, frozenset({HASH}))
    assert access.accessor == "sOCA2RgltnrFy3m9MRXv8vKl"


def test_older_parts_are_read_first_and_unpacked(log: Path) -> None:
    """As logrotate leaves them."""
    log.with_name("audit.trail.2.gz").write_bytes(gzip.compress(line(1)))
    log.with_name("audit.trail.1").write_bytes(line(2))
    log.write_bytes(line(3))
    for age, name in enumerate(["audit.trail", "audit.trail.1", "audit.trail.2.gz"]):
        os.utime(log.with_name(name), (1e9 - age, 1e9 - age))
    assert seconds(AuditTrail(log)) == [1, 2, 3]


def test_what_is_no_answer_or_no_entry_is_left_out_and_counted(log: Path) -> None:
    """Requests, refusals and questions for the hash are no reads; torn lines are counted."""
    asking = {"operation": "update", "path": "sys/audit-hash/main"}
    log.write_bytes(
        line(1, type="request")
        + line(2, error="permission denied")
        + line(3, request=asking)
        + b"{" + HASH.encode() + b" torn\n"
        + b"@cee: " + line(4)
        + line(5)[:-9]
    )  # fmt: skip
    trail = AuditTrail(log)
    assert seconds(trail) == [4]
    assert trail.unreadable == 1


def test_value_that_was_only_sent_was_not_given(log: Path) -> None:
    """Whoever wrote the set knew it before."""
    sent = {"operation": "update", "path": PATH, "data": {"data": {"password": HASH}}}
    log.write_bytes(line(1, request=sent, response={"data": {"version": 1}}))
    assert [one.given for one in AuditTrail(log).accesses(holding={HASH})] == [frozenset()]


def test_accessor_that_the_log_hides_is_none(log: Path) -> None:
    """Vault's default: `hmac_accessor`."""
    log.write_bytes(line(1, auth={"accessor": "hmac-sha256:00", "display_name": "token"}))
    (access,) = AuditTrail(log).accesses(holding={HASH})
    assert (access.accessor, access.role, access.entity) == (None, None, None)


def test_follower_gets_each_access_once_over_rotation_and_emptying(log: Path) -> None:
    """By renaming, and by copying and emptying."""
    trail = AuditTrail(log)
    log.write_bytes(line(1))
    assert new(trail) == [1]
    with log.open("ab") as more:
        more.write(line(2) + line(3)[:50])
    assert new(trail) == [2]
    with log.open("ab") as more:
        more.write(line(3)[50:] + line(4))
    log.rename(log.with_name("audit.trail.1"))
    log.write_bytes(line(5))
    assert sorted(new(trail)) == [3, 4, 5]
    assert new(trail) == []
    log.write_bytes(b"")
    assert new(trail) == []
    log.write_bytes(line(6) + line(7))
    assert new(trail) == [6, 7]


def test_what_happened_before_is_left_out(log: Path) -> None:
    """For whoever knows when the value was issued."""
    log.write_bytes(line(1) + line(9))
    assert seconds(AuditTrail(log), since=datetime(2026, 11, 24, 4, 24, 5, tzinfo=UTC)) == [9]


def test_log_that_is_not_there_is_an_error(log: Path) -> None:
    """No log is no proof that nobody read."""
    with pytest.raises(ConfigurationError):
        seconds(AuditTrail(log))
    with pytest.raises(ConfigurationError):
        seconds(AuditTrail(log / "in-a-folder-that-is-none"))


def new(trail: AuditTrail) -> list[int]:
    """When the path was read since it was asked last."""
    return [one.at.second for one in trail.new_accesses(holding={PATH})]


def test_part_that_was_compressed_or_copied_is_not_told_twice(log: Path) -> None:
    """It is known by its first line."""
    trail = AuditTrail(log)
    log.write_bytes(line(1) + line(2))
    assert new(trail) == [1, 2]
    copy = log.with_name(f"{log.name}.1")
    copy.write_bytes(log.read_bytes())
    log.write_bytes(line(3))
    assert new(trail) == [3]
    log.with_name(f"{log.name}.2.gz").write_bytes(gzip.compress(copy.read_bytes()))
    copy.unlink()
    assert new(trail) == []
    assert new(trail) == []
    assert trail.begins_at is not None
    assert trail.begins_at.second == 1


def test_compressed_part_that_is_not_whole_is_an_error(log: Path) -> None:
    """As while it is being made."""
    log.write_bytes(line(1))
    log.with_name(f"{log.name}.1.gz").write_bytes(gzip.compress(line(2) * 99)[:-9])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        new(AuditTrail(log))
