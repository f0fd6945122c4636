"""Finds what is ours in a text, and asks what is true of it now. Called by `identify`; prints nothing.

A found value is kept closed until it is asked about. Refuses to guess: where a PIM gave no answer the value's state is
unknown, and where a PIM's answers cannot tell whose a token is, that is said.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from vault_pim.assembly import Installation
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import NoAnswer, Refusal
from vault_pim.domain.generation import Generation
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.state import ConnectorState
from vault_pim.leaks import own_password
from vault_pim.leaks.pasted import Pasted
from vault_pim.leaks.scan import Readable, Scanner
from vault_pim.leaks.shapes import TOKEN, looks_like_token
from vault_pim.pim.found_values import FoundValues
from vault_pim.vault.issued import Issued

MOST_PROCESSES = 4
REMEMBERED = 100_000
"""Candidates that need not be looked up again; a bound for memory, not for what is found."""
MOST_TOKENS = 50
ENDED = "ended"
"""The stage of a generation that its state record has forgotten."""


class Alive(StrEnum):
    """Whether a value works now; `unknown` where nobody could say so."""

    LIVE = "live"
    DEAD = "dead"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is true of a found value now, and why we say so."""

    issued: Issued
    generation: Generation | None
    alive: Alive
    why: str

    @property
    def stage(self) -> str:
        """Where its generation stands."""
        return str(self.generation.stage) if self.generation else ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStanding:
    """What the PIMs told of a found access or refresh token.

    Attributes:
        kind: `access`, `refresh`, or None where no PIM knows it.
        connectors: whose it is, or may be.
        why: how far the PIM's answers allow to say whose.
        silent: a PIM gave no answer, so it may be one of its tokens.
    """

    pim: str | None
    kind: str | None
    alive: Alive
    connectors: tuple[ConnectorId, ...]
    why: str
    silent: bool = False


@dataclass(slots=True)
class Leaked:
    """What was found in one text.

    Attributes:
        read: bytes.
        values: by what they were issued as.
        tokens: what has the shape of one, each once; `MOST_TOKENS` of them.
        tokens_left: how many more there are, of which nobody is asked.
        strangers: passwords that vault-pim made for another installation.
    """

    read: int = 0
    values: dict[Issued, SecretStr] = field(default_factory=dict)
    tokens: dict[bytes, SecretStr] = field(default_factory=dict)
    tokens_left: int = 0
    strangers: set[bytes] = field(default_factory=set)


class LeakSearch:
    """Searches texts for values of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._asked: dict[str, FoundValues] = {}

    def index_records(self, report: Callable[[str], None]) -> None:
        """Enter into the index what state records tell of the time before there was one."""
        for id_ in self._installation.states.known():
            self._installation.issued.add_recorded(self._installation.states.load(id_).state)
            report(str(id_))
        self._installation.issued.mark_complete()

    def search(self, source: Readable, report: Callable[[int], None]) -> Leaked:
        """Read a text to its end and find what is ours in it."""
        leaked = Leaked()
        whole = Pasted(source)
        seen: set[bytes] = set()
        scanner = Scanner({*self._installation.issued.shapes(), own_password.SHAPE, TOKEN})
        for read, candidates in scanner.stretches(whole, processes=min(os.cpu_count() or 1, MOST_PROCESSES)):
            leaked.read += read
            report(read)
            for candidate in candidates - seen:
                self._look_up(candidate, leaked)
            seen = seen | candidates if len(seen) < REMEMBERED else set()
        if (pasted := whole.text) and not leaked.values:
            self._look_up(pasted, leaked)
        return leaked

    def _look_up(self, candidate: bytes, leaked: Leaked) -> None:
        value = SecretStr(candidate.decode(errors="replace"))
        found = self._installation.issued.find(value)
        leaked.values.update(dict.fromkeys(found, value))
        if not found and looks_like_token(candidate):
            if len(leaked.tokens) < MOST_TOKENS or candidate in leaked.tokens:
                leaked.tokens[candidate] = value
            else:
                leaked.tokens_left += 1
        elif not found and own_password.is_own_password(candidate.decode(errors="replace")):
            leaked.strangers.add(candidate)

    def standing(self, issued: Issued, value: SecretStr) -> Standing:
        """What is true of a found value now."""
        state = self._installation.states.load(issued.connector).state
        try:
            alive, why = self._ask(issued, value, state)
        except (NoAnswer, Refusal) as error:
            alive, why = Alive.UNKNOWN, error.what
        return Standing(issued=issued, generation=state.find(issued.number), alive=alive, why=why)

    def _ask(self, issued: Issued, value: SecretStr, state: ConnectorState) -> tuple[Alive, str]:
        if issued.connector.pim not in self._installation.settings.pims:
            return Alive.UNKNOWN, f"PIM {issued.connector.pim} is not in the configuration"
        names, generation = self._installation.issued.names(value, issued), state.find(issued.number)
        client_id = names.client_id or (generation.client_id if generation else None)
        username = names.username or (generation.username if generation else None)
        pim = self._pim(issued.connector.pim)
        if issued.field == "client_secret" and client_id:
            works = pim.secret_works(client_id, value)
            return (Alive.LIVE, "the PIM takes it") if works else (Alive.DEAD, "the PIM refuses it")
        for client in self._sets(issued.connector, issued.number) if username else ():
            match pim.password_works(client, str(username), value):
                case True:
                    return Alive.LIVE, "the PIM takes it"
                case False:
                    return Alive.DEAD, "the PIM refuses it"
        if generation is None or generation.stage.final:
            end = "was proven dead when it ended" if _proven(issued, state) else "has ended"
            return Alive.DEAD, f"its set {end}; there is none left to ask the PIM with"
        return Alive.UNKNOWN, "there is no set to ask the PIM with"

    def token(self, token: SecretStr, *, redeem: bool) -> TokenStanding:
        """What the PIMs tell of a token.

        Args:
            redeem: try it as a refresh token of each set too, which uses it up.
        """
        unsaid: list[NoAnswer | Refusal] = []
        for name in self._installation.settings.pims:
            try:
                if self._pim(name).token_works(token):
                    return self._owner_of_access_token(name, token)
                if redeem and (owner := self._redeemer(name, token)):
                    why = "the PIM took it with this connector's client; it is used up now"
                    return TokenStanding(pim=name, kind="refresh", alive=Alive.DEAD, connectors=(owner,), why=why)
            except (NoAnswer, Refusal) as error:
                unsaid.append(error)
        if unsaid:
            return TokenStanding(
                pim=None,
                kind=None,
                alive=Alive.UNKNOWN,
                connectors=(),
                why="; ".join(error.what for error in unsaid),
                silent=any(isinstance(error, NoAnswer) for error in unsaid),
            )
        why = "no PIM takes it as an access token" + (
            ", nor as a refresh token of any set that is held"
            if redeem
            else "; a live refresh token shows itself only when it is used up: --redeem-refresh-tokens"
        )
        alive = Alive.DEAD if redeem else Alive.UNKNOWN
        return TokenStanding(pim=None, kind=None, alive=alive, connectors=(), why=why)

    def _owner_of_access_token(self, pim: str, token: SecretStr) -> TokenStanding:
        """A PIM does not tell whose an access token is; what it may do leaves only some connectors."""
        declared = {one.id: one.permissions for one in self._installation.settings.connectors() if one.id.pim == pim}
        rights = self._pim(pim).token_rights(token, frozenset[str]().union(*declared.values()))
        alike = tuple(
            id_
            for id_, permissions in declared.items()
            if all((name in permissions) == rights[name] for name in rights)
        )
        why = "the PIM does not tell whose it is; these connectors have exactly the rights it has"
        if not alike:
            why = "the PIM does not tell whose it is; no connector here has the rights it has"
        return TokenStanding(pim=pim, kind="access", alive=Alive.LIVE, connectors=alike, why=why)

    def _redeemer(self, pim: str, token: SecretStr) -> ConnectorId | None:
        for id_ in self._installation.ids():
            for client in self._sets(id_, 0) if id_.pim == pim else ():
                if self._pim(pim).redeems(client, token):
                    return id_
        return None

    def _sets(self, connector: ConnectorId, first: int) -> tuple[CredentialSet, ...]:
        """Sets of the connector that are held, that of this generation first."""
        live = self._installation.states.load(connector).state.live
        numbers = sorted({first, *(one.number for one in live)} - {0}, key=lambda number: (number != first, -number))
        held = (self._installation.credentials.held(connector, number) for number in numbers)
        return tuple(one for one in held if one is not None)

    def _pim(self, name: str) -> FoundValues:
        if name not in self._asked:
            self._asked[name] = self._installation.found_values(name)
        return self._asked[name]


def _proven(issued: Issued, state: ConnectorState) -> bool:
    """Whether there is evidence that the PIM refused the set at its end; a record keeps that of a revocation."""
    tried = f"generation {issued.number}: password grant"
    return state.revocation is not None and any(line.startswith(tried) for line in state.revocation.evidence)
