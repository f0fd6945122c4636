"""Sessions of the interface: cookies, who is logged in, CSRF tokens, remember-me.

Used by the HTTP kernel and the login surface. A session is bound to a snapshot of its user: when the user is renamed,
disabled or given a new password from elsewhere, the session ends (observed.md §13). What of these an older PIM does not
look at is a column of its release (observed-older.md §8).
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from vault_pim.sandbox.akeneo.clock import MovableClock
from vault_pim.sandbox.akeneo.traits import LoginTraits
from vault_pim.sandbox.akeneo.values import Mint, masked_csrf_token, plain_csrf_token
from vault_pim.sandbox.akeneo.world import User, World

SESSION_COOKIE = "BAPID"
REMEMBER_COOKIE = "BAPRM"
IDLE = timedelta(seconds=3600)
REMEMBERED = timedelta(days=14)

_Snapshot = tuple[int, str, str]


@dataclass(slots=True, kw_only=True)
class Session:
    """One session; `snapshot` is None until somebody logs in."""

    id: str = field(repr=False)
    last_used: datetime
    snapshot: _Snapshot | None = field(default=None, repr=False)
    masks_csrf: bool
    login_error: str = ""
    csrf_values: dict[str, str] = field(default_factory=dict, repr=False)

    def csrf_token(self, form: str) -> str:
        """A token for this form; masked afresh, where the release masks."""
        value = self.csrf_values.setdefault(form, secrets.token_urlsafe(32))
        return masked_csrf_token(value) if self.masks_csrf else value

    def accepts(self, form: str, shown: str) -> bool:
        """Whether this is a token of this session for this form; it can be used any number of times."""
        value = self.csrf_values.get(form, "")
        shown = plain_csrf_token(shown) if self.masks_csrf else shown
        return bool(value) and secrets.compare_digest(value.encode(), shown.encode())


class Sessions:
    """The session table."""

    def __init__(self, world: World, clock: MovableClock, mint: Mint, traits: LoginTraits) -> None:
        self._world = world
        self._traits = traits
        self._clock = clock
        self._mint = mint
        self._sessions: dict[str, Session] = {}
        self._remembered: dict[str, tuple[_Snapshot, datetime]] = {}

    def start(self) -> Session:
        session = Session(id=self._mint.session_id(), last_used=self._clock.now(), masks_csrf=self._traits.masks_csrf)
        self._sessions[session.id] = session
        return session

    def find(self, session_id: str) -> Session | None:
        """The session behind a cookie, if it has not been idle for too long."""
        session = self._sessions.get(session_id)
        if session is None:
            return None
        if self._clock.now() - session.last_used > IDLE:
            self.end(session)
            return None
        session.last_used = self._clock.now()
        return session

    def end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    def expire(self, session_id: str) -> None:
        """Forget the session of a cookie, as the PIM's clean-up does."""
        self._sessions.pop(session_id, None)

    def user_of(self, session: Session) -> User | None:
        """Who is logged in; ends the login if the user is no longer what they were then."""
        user = self._current(session.snapshot)
        if user is None:
            session.snapshot = None
        return user

    def log_in(self, session: Session, user: User) -> None:
        """Log the user in, under a new session id."""
        self.end(session)
        session.id = self._mint.session_id()
        session.snapshot = self._snapshot(user)
        session.login_error = ""
        self._sessions[session.id] = session

    def refresh(self, session: Session) -> None:
        """Carry a user's own changes into the session they were made in."""
        if session.snapshot is not None and session.snapshot[0] in self._world.users:
            session.snapshot = self._snapshot(self._world.users[session.snapshot[0]])

    def remember(self, user: User) -> str:
        """A remember-me cookie for this user; it stops working with a new name or password."""
        value = self._mint.token()
        self._remembered[value] = (self._snapshot(user), self._clock.now() + REMEMBERED)
        return value

    def forget(self, value: str) -> None:
        self._remembered.pop(value, None)

    def remembered(self, value: str) -> User | None:
        snapshot, until = self._remembered.get(value, (None, None))
        return self._current(snapshot) if until is not None and self._clock.now() < until else None

    def _current(self, snapshot: _Snapshot | None) -> User | None:
        user = self._world.users.get(snapshot[0]) if snapshot else None
        if user is None or self._snapshot(user) != snapshot:
            return None
        return user if user.enabled or not self._traits.ends_with_disabling else None

    def _snapshot(self, user: User) -> _Snapshot:
        """What of a user must stay as it was at the login."""
        name = user.username if self._traits.ends_with_name else ""
        return user.id, name, user.password_hash if self._traits.ends_with_password else ""
