"""What a test wants of its connector: the marker `pim`, over the command line, over the ini file.

Called by `plugin`. Refuses what it does not know, by name.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import ConfigurationError
from vault_pim.pim.releases import RELEASES
from vault_pim.playground import READ

PERMISSIONS = (
    READ,
    "pim_api_attribute_list",
    "pim_api_category_list",
    "pim_api_channel_list",
    "pim_api_family_list",
)
"""What a connector may do by default; every release offers these."""
AN_HOUR = timedelta(hours=1)
"""What Akeneo ships."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PimKind:
    """What a sandbox is made as.

    Attributes:
        mechanism: None for what suits the release.
    """

    release: str
    mechanism: Mechanism | None
    token_lifetime: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a test asks for."""

    kind: PimKind
    permissions: tuple[str, ...]


def wanted(config: pytest.Config, marker: pytest.Mark | None) -> Wanted:
    """What the settings of the run say, and the marker in their place.

    Raises:
        ConfigurationError: something of it is not known.
    """
    asked: dict[str, Any] = {
        "release": config.getoption("--pim-release") or config.getini("pim_release"),
        "mechanism": config.getini("pim_mechanism") or None,
        "permissions": config.getini("pim_permissions") or PERMISSIONS,
        "token_lifetime": AN_HOUR,
    }
    given = {} if marker is None else marker.kwargs
    if marker is not None and (marker.args or given.keys() - asked.keys()):
        raise ConfigurationError(
            "the marker `pim` takes names alone, and not these: " + ", ".join([*map(repr, marker.args), *given]),
            advice=f"Write {', '.join(f'{name}=' for name in asked)}.",
        )
    asked |= given
    releases = [release.name for release in RELEASES]
    if asked["release"] not in releases:
        raise ConfigurationError(
            f"the sandbox has no PIM {asked['release']!r}", advice=f"Choose one of {', '.join(releases)}."
        )
    mechanisms = [one.value for one in Mechanism]
    if asked["mechanism"] not in (None, *mechanisms):
        raise ConfigurationError(
            f"there is no mechanism {asked['mechanism']!r}", advice=f"Choose one of {', '.join(mechanisms)}."
        )
    lifetime = asked["token_lifetime"]
    if not isinstance(lifetime, timedelta) or lifetime < timedelta(seconds=1) or lifetime.microseconds:
        raise ConfigurationError(
            f"token_lifetime is {lifetime!r}", advice="Give a timedelta of whole seconds, at least one."
        )
    mechanism = None if asked["mechanism"] is None else Mechanism(asked["mechanism"])
    kind = PimKind(release=asked["release"], mechanism=mechanism, token_lifetime=lifetime)
    return Wanted(kind=kind, permissions=tuple(dict.fromkeys((READ, *asked["permissions"]))))
