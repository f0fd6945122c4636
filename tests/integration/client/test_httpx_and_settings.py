"""The extras: `httpx`, sync and async, the async source, and settings from Vault."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pydantic
import pytest
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tests.integration.cli.conftest import MARKER
from tests.integration.client.conftest import CHANNELS, MakeSource, Town
from tests.integration.client.test_requests_auth import stranger
from vault_pim.client import (
    AsyncCredentialSource,
    CredentialSettingsSource,
    HttpxPimAuth,
    SetRefused,
)
from vault_pim.sandbox.faults import Fault

FAMILIES = "/api/rest/v1/measurement-families"


def test_httpx_client_gets_tokens_and_sends_again_what_was_refused(town: Town, source: MakeSource) -> None:
    """With its body; a body that is gone is not sent half, and a stranger gets no token."""
    auth = HttpxPimAuth(source())
    with httpx.Client(auth=auth) as client:
        assert client.get(town.arena.pim.url + CHANNELS).is_success
        town.arena.pim.world.access_tokens.clear()
        assert client.patch(town.arena.pim.url + FAMILIES, json=[{"code": "speed"}]).json()[0]["code"] == "speed"
        town.arena.pim.world.access_tokens.clear()
        gone = client.patch(town.arena.pim.url + FAMILIES, content=iter([b"[]"]), headers={"Content-Type": "text/x"})
        assert gone.status_code == 401
        with stranger() as (url, seen):
            assert client.get(url).status_code == 401
        assert seen == [None]
    assert auth.tokens.grants == 2


def test_httpx_client_is_told_that_the_pim_is_away_as_it_expects(town: Town, source: MakeSource) -> None:
    """A `httpx.ConnectError`."""
    with httpx.Client(auth=HttpxPimAuth(source())) as client:
        town.arena.pim.faults.add(Fault(kind="refuse", path="/api/oauth/v1/token"))
        with pytest.raises(httpx.ConnectError, match="no answer to a token request"):
            client.get(town.arena.pim.url + CHANNELS)


def test_tasks_of_an_async_client_share_a_token_through_a_rotation(town: Town, source: MakeSource) -> None:
    """And hear of the switch from the async source."""
    one = source()
    auth = HttpxPimAuth(one)

    async def program() -> tuple[list[int], list[int]]:
        async with AsyncCredentialSource(one) as watched, httpx.AsyncClient(auth=auth) as client:
            url = (await watched.current()).base_url + CHANNELS
            first = await asyncio.gather(*(client.get(url) for _ in range(8)))
            switches = watched.switches()
            generations = [(await anext(switches)).generation]
            assert await asyncio.to_thread(town.run, "rotate", "erp") == 0
            generations.append((await anext(switches)).generation)
            town.arena.pim.world.access_tokens.clear()
            then = await asyncio.gather(*(client.get(url) for _ in range(8)))
            assert isinstance(switches, AsyncIterator)
            return [answer.status_code for answer in (*first, *then)], generations

    statuses, generations = asyncio.run(program())
    assert statuses == [200] * 16
    assert generations[1] == generations[0] + 1
    assert auth.tokens.grants <= 3


def test_async_request_with_a_revoked_set_is_told_so(town: Town, source: MakeSource) -> None:
    """The error comes out of the thread it was found in."""
    one = source("sandbox/shop", town.login("shop"))
    auth = HttpxPimAuth(one, patience=timedelta(seconds=0.2))

    async def program() -> None:
        async with httpx.AsyncClient(auth=auth) as client:
            url = one.current().base_url + CHANNELS
            assert (await client.get(url)).is_success
            cut = ("revoke", "shop", "--reason", "a test", "--no-reissue")
            assert await asyncio.to_thread(town.run, *cut) == 0
            with pytest.raises(SetRefused):
                await client.get(url)

    asyncio.run(program())


def test_settings_get_their_fields_from_vault(town: Town, source: MakeSource) -> None:
    """By name, with or without a prefix; what was given otherwise wins; secrets stay closed unless a `str` is asked."""
    one = source()

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(hide_input_in_errors=True)
        pim_base_url: pydantic.HttpUrl
        pim_client_secret: pydantic.SecretStr  # noqa: TID251 - what settings are declared with
        pim_password: str
        pim_username: str
        pim_generation: int
        page_size: int = 100

        @classmethod
        def settings_customise_sources(  # type: ignore[override]
            cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **_: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, CredentialSettingsSource(settings_cls, one, prefix="pim_")

    made = Settings(pim_username="another")
    served = town.served("erp")
    assert str(made.pim_base_url) == served["base_url"] + "/"
    assert made.pim_client_secret == pydantic.SecretStr(served["client_secret"])  # noqa: TID251
    assert made.pim_password == served["password"]
    assert (made.pim_username, str(made.pim_generation), made.page_size) == ("another", served["generation"], 100)
    assert MARKER not in repr(made.pim_client_secret)


def test_settings_by_a_connectors_name_read_once_and_log_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the environment; the token that was made for it is given back."""
    login = town.login("erp")
    monkeypatch.setenv("VAULT_ADDR", town.arena.bao.url)
    monkeypatch.setenv("VAULT_PIM_ROLE_ID_FILE", str(login.role_id_file))
    monkeypatch.setenv("VAULT_PIM_SECRET_ID_FILE", str(login.secret_id_file))

    class Settings(BaseSettings):
        username: str

        @classmethod
        def settings_customise_sources(  # type: ignore[override]
            cls, settings_cls: type[BaseSettings], **_: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return (CredentialSettingsSource(settings_cls, "sandbox/erp"),)

    assert Settings().username == town.served("erp")["username"]
