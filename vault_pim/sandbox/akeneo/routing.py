"""Routes: what a surface offers, to whom, under which conditions.

Declared by every `web_...` module, chosen by the kernel, guarded by the gate.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo.http import Call

LOGIN_CSRF: Final = "authenticate"
OVERALL_ACCESS: Final = "pim_api_overall_access"
NO_OVERALL_ACCESS: Final = "You are not allowed to access the web API."

Handler = Callable[[Call], Response]


class Area(Enum):
    """Who is let in: everybody, a session, or a bearer token."""

    PUBLIC = auto()
    INTERFACE = auto()
    WEB_API = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Attributes:
        path: `{name}` stands for one segment, `{name:regex}` for a narrower one.
        privilege: what the user's roles must grant; empty for nothing.
        refusal: the sentence of the web API for a missing privilege.
        needs_xhr: without `X-Requested-With` the answer is a redirect to the front page, and nothing happens.
        content_types: the web API's accepted content types; empty for any.
    """

    method: str
    path: str
    handler: Handler
    area: Area = Area.INTERFACE
    privilege: str = ""
    refusal: str = NO_OVERALL_ACCESS
    needs_xhr: bool = False
    content_types: tuple[str, ...] = ()
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+):([^}]+)\}|\{(\w+)\}", _segment, self.path)
        object.__setattr__(self, "pattern", re.compile(pattern))

    def accepts(self, method: str) -> bool:
        return method == self.method or (method == "HEAD" and self.method == "GET")


def _segment(found: re.Match[str]) -> str:
    name, regex = (found[1], found[2]) if found[1] else (found[3], "[^/]+")
    return f"(?P<{name}>{regex})"
