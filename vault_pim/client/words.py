"""What the connector's side says in its log. Loads `logging` when there is something to say, which is seldom."""

from typing import Literal


def say(level: Literal["info", "warning"], text: str, *values: object) -> None:
    """One line in the log `vault_pim.client`; never a secret."""
    import logging  # noqa: PLC0415 - takes as long to load as reading a set

    getattr(logging.getLogger("vault_pim.client"), level)(text, *values)
