"""`bootstrap` on a playground: a token that opens once, for one connector, and what happens when it was opened."""

import json

import pytest

from tests.integration.cli.conftest import Arena, Command


def events(arena: Arena) -> list[dict[str, object]]:
    """What the audit log says of secret-ids."""
    lines = [json.loads(line) for line in (arena.directory / "audit.jsonl").read_text().splitlines()]
    return [line for line in lines if line["tag"].startswith("secret-id:")]


def opened(arena: Arena, token: str) -> dict[str, object]:
    """What the token holds, by whoever has it."""
    data = arena.bao.call("POST", "sys/wrapping/unwrap", {}, {"X-Vault-Token": token})["data"]
    assert isinstance(data, dict)
    return data


def test_token_alone_goes_to_stdout_and_opens_once(arena: Arena, run: Command) -> None:
    """The rest is for people; the audit log has the accessor and no secret."""
    ran = run("bootstrap", "shop")
    assert ran.code == 0
    token = ran.out.strip()
    assert "\n" not in token
    assert "--intercepted" in ran.err
    assert token not in ran.err
    held = opened(arena, token)
    assert str(held["secret_id_accessor"]) in ran.err
    with pytest.raises(RuntimeError, match="400"):
        opened(arena, token)
    asked, wrapped = events(arena)
    assert (asked["tag"], wrapped["tag"]) == ("secret-id:asked", "secret-id:wrapped")
    assert wrapped["detail"]["accessor"] == held["secret_id_accessor"]  # type: ignore[index]
    assert token not in (arena.directory / "audit.jsonl").read_text()


def test_intercepted_token_is_ended_and_tells_what_it_may_have_been_used_for(arena: Arena, run: Command) -> None:
    """Whoever opened it logs in no more; that he did before is seen by his token; exit code 2."""
    made = json.loads(run("bootstrap", "shop", "--json").out)
    login = {"role_id": made["role_id"], "secret_id": opened(arena, made["token"])["secret_id"]}
    path = f"auth/{made['mount']}/login"
    arena.bao.call("POST", path, login)
    ran = run("bootstrap", "shop", "--intercepted", made["accessor"])
    assert ran.code == 2
    assert "1 Vault token" in ran.out
    assert "vault-pim revoke sandbox/shop" in ran.out
    with pytest.raises(RuntimeError, match="400"):
        arena.bao.call("POST", path, login)
    again = json.loads(run("bootstrap", "shop", "--intercepted", made["accessor"], "--json").out)
    assert again == {"connector": "sandbox/shop", "accessor": made["accessor"], "destroyed": False, "live_tokens": 1}
    assert [one["tag"] for one in events(arena)][-2:] == ["secret-id:intercepted"] * 2


def test_connector_that_is_cut_off_gets_no_login(arena: Arena, run: Command) -> None:
    """It would be good for nothing; after `rotate` it is the way back."""
    run("apply", "shop")
    run("revoke", "shop", "--reason", "leaked", "--no-reissue")
    ran = run("bootstrap", "shop")
    assert (ran.code, ran.out) == (1, "")
    assert "vault-pim rotate sandbox/shop" in ran.err
    assert run("rotate", "shop").code == 0
    assert run("bootstrap", "shop").code == 0


def test_what_cannot_be_done_makes_nothing(arena: Arena, run: Command) -> None:
    """A wrong call, a connector that needs no secret-id, an audit log that cannot be written."""
    arena.configure(lambda document: document["connectors"]["dam"].pop("auth"))
    for arguments, said in (
        (("shop", "--ttl", "5"), "no unit"),
        (("shop", "--ttl", "PT2H"), "longer than PT1H"),
        (("nobody",), "nobody"),
        (("dam",), "does not log in by AppRole"),
    ):
        ran = run("bootstrap", *arguments)
        assert (ran.code, ran.out) == (3, "")
        assert said in ran.err
    assert not (arena.directory / "audit.jsonl").exists()
    (arena.directory / "audit.jsonl").mkdir()
    ran = run("bootstrap", "shop")
    assert (ran.code, ran.out) == (1, "")
