"""A test kit for connectors: a pytest plugin that gives a test a connector of its own, and breaks things under it.

For authors of connectors (docs/how-to/test-your-connector.md). pytest loads `plugin`; the rest is loaded when a test
asks for it. Everything is real: OpenBao, the sandbox PIM, vault-pim's own engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vault_pim.testing.connector import PimConnector
    from vault_pim.testing.traffic import Call

__all__ = ["Call", "PimConnector"]

_HOMES = {"Call": "vault_pim.testing.traffic", "PimConnector": "vault_pim.testing.connector"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
