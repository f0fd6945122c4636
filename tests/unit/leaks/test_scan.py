"""Values are found in any text, written in any usual way, wherever the stretches of the search meet."""

import base64
import io
import json
import multiprocessing
import quopri
import random
import string
from collections.abc import Callable, Generator
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault_pim.leaks.own_password import own_password
from vault_pim.leaks.scan import OVERLAP, STRETCH, Scanner
from vault_pim.leaks.shapes import BASE36, BASE62, HEX_DIGITS, Alphabet, Shape, looks_like_token

Write = Callable[[str], str]

CONNECTION_PASSWORD = "4f0c2a91b"
CLIENT_SECRET = "5lvy7yu3p3k8k4s0w8o0sk0ccoc8c0s08kcsc4wggwkso4wss0"
OLD_PASSWORD = "-Zb9_x3yK7Qw-2LmN0pRsTuVwXyZ_aBcDeFgHiJkLm_"
OWN_PASSWORD = own_password("0123456789abcdefghijABCDEFGHIJ01")
VALUES = (CONNECTION_PASSWORD, CLIENT_SECRET, OLD_PASSWORD, OWN_PASSWORD)
SCANNER = Scanner(Shape.of(value) for value in VALUES)


def b64(text: str) -> str:
    """As in a header."""
    return base64.b64encode(text.encode()).decode()


def every(form: str) -> Write:
    """Every character written by its number."""
    return lambda value: "".join(form % ord(character) for character in value)


def mail(value: str) -> str:
    """As an attachment, in lines of 76 characters, inside a text that is not ASCII."""
    return base64.encodebytes(f"{'Grüße ?? > ' * 9}{value}{' ¿?' * 40}".encode()).decode().replace("\n", "\r\n")


WAYS: dict[str, Write] = {
    "plain": lambda value: value,
    "json": lambda value: json.dumps({"password": value}),
    "json in json in json": lambda value: json.dumps(json.dumps({"m": json.dumps(f"\n{value}\t")})),
    "form": lambda value: quote_plus(f"a=b c&client_secret={value}&x=1"),
    "form in a form": lambda value: quote(quote(f"client_secret={value}&x", safe=""), safe=""),
    "every character in a URL": every("%%%02x"),
    "every character in JSON": every("\\u%04x"),
    "every character in a string": every("\\x%02X"),
    "html in json": lambda value: f'"a\\u003d{value}\\u0026b"',
    "header": lambda value: f"Authorization: Basic {b64(f'12_{CLIENT_SECRET}:{value}')}",
    "header in a form": lambda value: "h=Basic+" + quote(b64(f"erp_1234:{value}"), safe=""),
    "header in a log of headers": lambda value: json.dumps({"h": "Basic " + b64(f"??>>~~_1234:{value}")}).replace(
        "/", "\\/"
    ),
    "secret of Kubernetes": lambda value: f"  password: {b64(value)}\n",
    "base64 of json": lambda value: b64(json.dumps({"ü>?": "ä" * 9, "p": value, "z": "ä" * 30}, ensure_ascii=False)),
    "base64 of a header": lambda value: b64(json.dumps({"h": "Basic " + b64(f"12_aa:{value}")})),
    "base64 in a path": lambda value: f"/etc/secrets/{b64('12_abcdefgh:' + value)}/x",
    "quoted-printable": lambda value: quopri.encodestring(f"Grüße password={value}".encode()).decode(),
    "mail": mail,
    "diff": lambda value: f"-{value}\n+{value}\n",
    "url": lambda value: f"https://u:{value}@host/",
}


def found(text: bytes) -> set[str]:
    """All candidates in a text, read as a file is read."""
    return {one.decode() for _, candidates in SCANNER.stretches(io.BytesIO(text)) for one in candidates}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("way", WAYS)
def test_value_is_found_however_it_is_written(way: str, value: str) -> None:
    """Also right after an escaped line end, and in the encoding that Windows likes."""
    for before in ("", "x = ", '{"m":"\\n'):
        text = f"{before}{WAYS[way](value)} \nend"
        assert value in found(text.encode())
        assert way == "mail" or value in found(text.encode("utf-16"))


@settings(max_examples=25, deadline=None)
@given(
    way=st.sampled_from(sorted(WAYS)),
    cut=st.integers(-OVERLAP - 50, 50),
    seed=st.integers(0, 2**32),
    value=st.one_of(
        st.text(HEX_DIGITS, min_size=9, max_size=9).filter(lambda text: not text.isdigit()),
        st.text(BASE36, min_size=50, max_size=50).filter(lambda text: text.strip(HEX_DIGITS) != ""),
        st.text(BASE62, min_size=32, max_size=32).map(own_password),
    ),
)
def test_value_is_found_where_two_stretches_meet(way: str, cut: int, seed: int, value: str) -> None:
    """Wherever the border falls, whatever stands around."""
    noise = random.Random(seed)
    words = " ".join("".join(noise.choices(string.ascii_letters, k=noise.randrange(1, 12))) for _ in range(400))
    before = (words * (STRETCH // len(words) + 1))[: STRETCH + cut - 1] + " "
    assert value in found(f"{before}{WAYS[way](value)} {words}".encode())


def test_value_in_one_endless_line_of_base64_is_found() -> None:
    """Its groups of four begin somewhere before the stretch."""
    for shift in range(4):
        assert CLIENT_SECRET in found(
            b64("ä?>x" * (STRETCH // 2) + "y" * shift + f" {CLIENT_SECRET} " + "ö" * 9).encode()
        )


@pytest.mark.parametrize("value", ["123456789", "4f0c2a91", "4f0c2a91b0", "f" * 64, CLIENT_SECRET + "x", "X" * 42])
def test_what_has_another_shape_is_no_candidate(value: str) -> None:
    """Times, hashes, longer and shorter runs: a log is full of them."""
    assert value not in found(f"at {value}, {b64(value)} {quote(value)}".encode())


def test_nothing_is_searched_for_where_nothing_was_issued() -> None:
    """Nor are values of characters that no run can be told by."""
    for scanner in (Scanner(()), Scanner([Shape.of("p ss:wörd")])):
        assert scanner.candidates(b" 4f0c2a91b ") == set()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_can_be_searched(data: bytes) -> None:
    """What is no text has nothing in it, and stops nobody."""
    assert all(Shape.of(one) in {Shape.of(value) for value in VALUES} for one in found(data))


@given(st.text(max_size=80))
def test_shape_is_read_back_from_its_name(value: str) -> None:
    """The index keeps shapes as names of folders."""
    shape = Shape.of(value)
    assert Shape.parse(str(shape)) == shape
    assert shape.covers(shape)


def test_range_of_lengths_covers_what_lies_in_it() -> None:
    """Values from before the index are known by about how long they are."""
    known = Shape(Alphabet.BASE36, 46, 52)
    assert Shape.parse(str(known)) == known
    assert known.covers(Shape.of(CLIENT_SECRET))
    assert not known.covers(Shape.of(OWN_PASSWORD))
    assert Shape.parse("complete") is None


def test_token_is_told_from_other_texts_of_its_length() -> None:
    """All PIMs make them alike (contracts/akeneo/recordings)."""
    assert looks_like_token(base64.b64encode(random.Random(1).randbytes(32).hex().encode()).rstrip(b"="))
    assert not looks_like_token(base64.b64encode(random.Random(1).randbytes(64)).rstrip(b"="))


def test_several_processes_find_what_one_finds() -> None:
    """In the same order, and none is left running."""
    text = b"".join(b"x" * (STRETCH - 100 * number) + f" {number:08x}a ".encode() for number in range(5))
    alone = list(SCANNER.stretches(io.BytesIO(text)))
    shared = list(SCANNER.stretches(io.BytesIO(text), processes=2, alone=STRETCH))
    assert shared == alone
    assert {f"{number:08x}a".encode() for number in range(5)} <= set().union(*(found for _, found in shared))
    assert multiprocessing.active_children() == []


def test_search_that_is_given_up_leaves_no_process() -> None:
    """Such as by a person who has seen enough."""
    endless = io.BytesIO(b"x" * (8 * STRETCH))
    stretches = SCANNER.stretches(endless, processes=2, alone=0)
    for _ in range(3):
        next(stretches)
    assert isinstance(stretches, Generator)
    stretches.close()
    assert multiprocessing.active_children() == []
