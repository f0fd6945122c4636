"""The shapes of a PIM's answers, as far as they are used; whatever else stands in them is ignored.

Read by `answers.read` for the whole package. Sources: contracts/akeneo/observed.md §3, §4 and §6, observed-older.md §4
to §7.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, model_validator

from vault_pim.pim.answers import Digits, Secret, Shape, Text


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


class KnownSecret(Shape):
    """A connection's secret; it can be read at any time, its password never again."""

    secret: Secret


class NewPassword(Shape):
    """A connection's password, shown once when it was regenerated."""

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


class ForeignUse(Shape):
    """A user who used a connection's client without being its user; the date is that of the last time."""

    username: str
    date: Annotated[AwareDatetime, Field(strict=False)]


class WronglyUsed(Shape):
    """A connection with its foreign users."""

    code: Text
    users: tuple[ForeignUse, ...]


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
