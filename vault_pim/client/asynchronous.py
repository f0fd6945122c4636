"""A source for asyncio programs: the same source, whose waiting is done in a thread.

For programs that use the PIM.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Self

from vault_pim.client.source import CredentialSource
from vault_pim.domain.credentials import ServedSet

LOOK_EVERY = 0.5


class AsyncCredentialSource:
    """A `CredentialSource` to be awaited.

    Args:
        source: the source itself; `HttpxPimAuth(source)` takes it, too.
    """

    def __init__(self, source: CredentialSource) -> None:
        self.source = source

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def current(self, timeout: timedelta | None = None) -> ServedSet:
        """As `CredentialSource.current`."""
        return await asyncio.to_thread(self.source.current, timeout)

    async def switches(self) -> AsyncIterator[ServedSet]:
        """Every set from now on: the current one, then each newer one when it was read."""
        served = await self.current()
        while True:
            yield served
            former = served
            while served.kv_version == former.kv_version:
                await asyncio.sleep(LOOK_EVERY)  # looks at what the source's own thread has read
                served = self.source.current()

    async def close(self) -> None:
        """As `CredentialSource.close`."""
        await asyncio.to_thread(self.source.close)
