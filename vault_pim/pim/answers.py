"""What a PIM answers, and its shapes: the door at which every answer is checked before it is used.

Unknown fields are ignored, missing or mistyped ones are refused; what is secret is closed as soon as it is read.
Sources: contracts/akeneo/observed.md §3, §4 and §6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from vault_pim.domain.errors import PimRefusal, UnknownShape


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the PIM answered, whole. The body may hold secrets, so it is not shown.

    Attributes:
        asked: method and path, for messages.
        location: where a redirect points to; empty where there is none.
        cookies: those set by this answer.
    """

    asked: str
    status: int
    content_type: str
    location: str
    body: bytes = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)

    @property
    def is_json(self) -> bool:
        """Whether it says of itself that it is JSON."""
        return self.content_type.partition(";")[0].strip().lower() == "application/json"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def redirects_to(self) -> str:
        """The path a redirect points to; empty where there is none, or it is no address."""
        try:
            return urlsplit(self.location).path
        except ValueError:
            return ""

    def expect(self, *statuses: int) -> Self:
        """The answer itself, if it has one of these statuses.

        Raises:
            PimRefusal: our account may not do this (403).
            UnknownShape: any other status.
        """
        if self.status in statuses:
            return self
        if self.status == requests.codes.forbidden:
            raise PimRefusal(
                f"vault-pim's PIM account may not {self.asked}",
                advice="Give its role the permissions that docs/reference/mechanisms.md lists.",
            )
        target = f" to {self.redirects_to}" if self.location else ""
        raise UnknownShape(
            f"the PIM's answer to {self.asked} is not understood",
            why=f"status {self.status}{target}, {self.content_type or 'no content type'}; "
            f"expected {' or '.join(map(str, statuses))}",
        )


Text = Annotated[str, Field(min_length=1, max_length=255)]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
Digits = Annotated[str, Field(pattern=r"^\d{1,10}$")]


class Shape(BaseModel):
    """Something a PIM answers; rejected input is never shown, since it may be a secret."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


class ListedConnection(Shape):
    """A connection in the list; a connected app has the type `app` (from PIM 6.0 on)."""

    code: Text
    label: str
    type: str = "default"


class Connection(Shape):
    """One connection as `GET` and `POST` answer it."""

    code: Text
    label: str
    flow_type: Text
    client_id: Text
    username: Text
    user_role_id: Digits
    user_group_id: Digits | None
    image: str | None = None
    auditable: bool | None = None  # from PIM 5.0 on


class CreatedConnection(Connection):
    """A connection with what is shown once: the password."""

    secret: Secret
    password: Secret


class LimitReached(Shape):
    """Whether connections and connected apps have reached the PIM's limit."""

    limit_reached: bool = Field(alias="limitReached")


class Violation(Shape):
    """One field that was refused; the reason is a translation key."""

    name: str
    reason: str


class Violations(Shape):
    """Why a connection was refused (422)."""

    errors: tuple[Violation, ...]


class Problem(Shape):
    """A refusal in words."""

    message: str


class RoleRow(Shape):
    """A role in the list of roles."""

    id: int
    role: Text
    label: str


class RoleGridRow(Shape):
    """A role in the grid of roles."""

    id: Digits
    label: str


class UserRow(Shape):
    """A user in the grid of users."""

    id: Digits
    username: Text
    last_name: str | None = Field(alias="lastName")


class SavedUser(Shape):
    """A user as it was made over REST."""

    username: Text
    enabled: bool
    roles: tuple[str, ...]
    groups: tuple[str, ...]


class UserViolation(Shape):
    """One value of a user that was refused, in words."""

    path: str
    message: str


class UserViolations(Shape):
    """Why a user was refused (400)."""

    values: tuple[UserViolation, ...]


class ClientRow(Shape):
    """An OAuth client in its grid: there the PIM writes its id and its secret in one (observed-older.md §6)."""

    label: str
    client_id: Text
    secret: Secret

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, row: object) -> object:
        if not isinstance(row, dict) or not isinstance(row.get("credentials"), str):
            return row
        client_id, _, secret = row["credentials"].partition("|")
        return {"label": row.get("label"), "client_id": client_id, "secret": secret}


class GroupMeta(Shape):
    """A user group's number."""

    id: int


class GroupRow(Shape):
    """A user group in the list of groups."""

    name: str
    meta: GroupMeta


class SavedRole(Shape):
    """A role form was accepted; a refused one answers HTML, with the same status."""

    class Params(Shape):
        """The role's number."""

        id: int

    route: Literal["pim_user_role_update", "oro_user_role_update"]
    params: Params


class CurrentUser(Shape):
    """Who is logged in."""

    username: Text
    email: str | None = None


class TokenPair(Shape):
    """A granted token pair."""

    access_token: Secret
    refresh_token: Secret
    expires_in: Annotated[int, Field(gt=0)]
    token_type: str


class RootAnswer(Shape):
    """What `GET /api/rest/v1` tells everybody: the routes of the Web API by name."""

    routes: dict[str, Any]


T = TypeVar("T")


def read(answer: Answer, shape: type[T]) -> T:
    """An answer's body in its shape.

    Raises:
        UnknownShape: it is not JSON of that shape; the sentence names the fields, never their values.
    """
    try:
        return TypeAdapter(shape).validate_json(answer.body if answer.is_json else b"")
    except ValidationError as error:
        wrong = [".".join(map(str, one["loc"])) or "the whole" for one in error.errors(include_input=False)]
    # Outside `except`: a ValidationError keeps its input.
    raise UnknownShape(
        f"the PIM's answer to {answer.asked} is not understood",
        why=f"{answer.content_type or 'no content type'} with status {answer.status}; "
        f"missing or mistyped: {', '.join(sorted(set(wrong))[:5])}",
    )
