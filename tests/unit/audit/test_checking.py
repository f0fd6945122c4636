"""Any file that is given: what is one JSON value must be signed, whatever else it says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.incidents import MemoryAnchors
from tests.fakes.signer import MemorySigner
from vault_pim.audit.chain import BEGIN, ChainFile
from vault_pim.audit.checking import check_file
from vault_pim.audit.checkpoints import Checked, take
from vault_pim.audit.signing import PublicKey, sign_document
from vault_pim.domain.errors import NotAuthentic

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SIGNER = MemorySigner()
KEY = PublicKey.from_pem(SIGNER.public_key())
PROOF = sign_document({"kind": "vault-pim separation", "at": AT.isoformat(), "tag": "x", "verdict": "broken"}, SIGNER)
UNSIGNED = {name: value for name, value in PROOF.items() if name != "signature"} | {"verdict": "proven"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the file that is checked."""
    return tmp_path / "file"


@pytest.mark.parametrize("indent", [None, 2])
def test_signed_document_is_believed(path: Path, indent: int | None) -> None:
    """However it is laid out."""
    path.write_text(json.dumps(PROOF, indent=indent))
    assert check_file(path, KEY) == Checked(file=None, lines=1, signed=1)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "forged", [UNSIGNED, UNSIGNED | {"prev": BEGIN}, PROOF | {"prev": BEGIN}, [PROOF], "proven", 1]
)
def test_document_that_is_not_signed_as_it_stands_is_found_out(path: Path, forged: Any, indent: int | None) -> None:
    """Not taken for the only line of a log, nor for lines that a crash tore."""
    path.write_text(json.dumps(forged, indent=indent))
    with pytest.raises(NotAuthentic):
        check_file(path, KEY, ())


def test_checkpoint_alone_is_no_log(path: Path) -> None:
    """It is signed, but tells of lines before it."""
    log = ChainFile(path)
    log.append({"at": AT.isoformat(), "tag": "rotation:asked"})
    take(log, SIGNER, MemoryAnchors(), at=AT, by="daemon")
    path.write_bytes(path.read_bytes().splitlines()[1])
    with pytest.raises(NotAuthentic, match=r"line 1 of .* is not as it was"):
        check_file(path, KEY, ())
    path.unlink()
    take(log, SIGNER, MemoryAnchors(), at=AT, by="daemon")
    assert check_file(path, KEY, ()).signed == 1
