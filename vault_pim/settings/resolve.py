"""What connects the sections: which PIM and policy a connector names, and that no two connectors share an identity.

Called by `loading.py` once each section was validated by itself. Turns sections into the nouns of `domain`, whose
invariants are checked there; notes every refusal under its key path, instead of stopping at the first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from vault_pim.domain.access import DeclaredLogin, Issuer, Method
from vault_pim.domain.connector import Connector, ConnectorId, Rotation, check_name, role_code
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.policy import Calendar, Period, Policy
from vault_pim.domain.wording import format_duration
from vault_pim.settings.logins import IssuerSettings
from vault_pim.settings.problems import Key, Refused, did_you_mean
from vault_pim.settings.resolve_logins import bearer, made_issuer, made_logins
from vault_pim.settings.shape import ConnectorSettings, PimSettings, PolicySettings
from vault_pim.settings.values import longest_gap


@dataclass(slots=True)
class Resolved:
    """The nouns of a configuration, by their keys, and what was refused.

    A section that failed its own validation is None in the four mappings: known by name, not looked into.
    """

    pims: Mapping[str, PimSettings | None]
    issuers: Mapping[str, IssuerSettings | None]
    policies: Mapping[str, PolicySettings | None]
    connectors: Mapping[str, ConnectorSettings | None]
    made_issuers: dict[str, Issuer] = field(default_factory=dict)
    made_policies: dict[str, Policy] = field(default_factory=dict)
    made_connectors: dict[str, Connector] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in self.pims:
            with self._noting(("pims", name)):
                check_name("PIM", name)
        for name, issuer in self.issuers.items():
            if issuer is not None:
                with self._noting(("issuers", name)):
                    self.made_issuers[name] = made_issuer(issuer)
        for name, policy in self.policies.items():
            if policy is not None:
                with self._noting(("policies", name, "max_age")):
                    self.made_policies[name] = _policy(name, policy)
        for key, connector in self.connectors.items():
            if connector is not None:
                self._connect(key, connector)
        self._check_graces()
        self._check_rotations()
        self._check_addresses()
        self._check_identities()
        self._check_bearers()

    @contextmanager
    def _noting(self, key: Key) -> Iterator[None]:
        try:
            yield
        except ConfigurationError as error:
            what = f"{error.what}: {error.why}" if error.why else error.what
            if (key, what, error.advice) not in self.refused:
                self.refused.append((key, what, error.advice))

    def _connect(self, key: str, settings: ConnectorSettings) -> None:
        place: Key = ("connectors", key)
        pim, _, name = key.rpartition("/")
        if settings.pim is None and not pim:
            self.refused.append(((*place, "pim"), "is missing", "Name a PIM of the section pims."))
        elif settings.pim is not None and pim not in {"", settings.pim}:
            self.refused.append(((*place, "pim"), "is not the PIM that its key names", "Keep one of the two."))
        elif (pim := settings.pim or pim) not in self.pims:
            where = place if settings.pim is None else (*place, "pim")
            advice = did_you_mean(pim, self.pims, otherwise="Declare it in the section pims.")
            self.refused.append((where, f"there is no PIM {pim!r}", advice))
        elif settings.policy not in self.policies:
            advice = did_you_mean(settings.policy, self.policies, otherwise="Declare it in the section policies.")
            self.refused.append(((*place, "policy"), f"there is no policy {settings.policy!r}", advice))
        else:
            self._check_issuers(place, settings)
            with self._noting(place):
                identity = ConnectorId(pim=pim, name=name)
                policy = self.made_policies.get(settings.policy)
                if policy is not None:
                    with self._noting((*place, "permissions")):
                        logins = tuple(made_logins(settings.auth, self.made_issuers)) if settings.auth else ()
                        self.made_connectors[key] = _connector(identity, settings, policy, logins)

    def _check_issuers(self, place: Key, settings: ConnectorSettings) -> None:
        """Every login names an issuer of its own method."""
        for method, login in settings.auth or ():
            name = getattr(login, "issuer", None)
            if name is None:
                continue
            known = [other for other, issuer in self.issuers.items() if issuer is None or issuer.method == method]
            if name not in known:
                advice = did_you_mean(name, known, otherwise="Declare it in the section issuers.")
                where: Key = (*place, "auth", method, "issuer")
                self.refused.append((where, f"there is no issuer {name!r} of method {method}", advice))

    def _check_graces(self) -> None:
        for connector in self.made_connectors.values():
            pim = self.pims[connector.id.pim]
            if pim is not None:
                with self._noting(("policies", connector.policy.name, "grace")):
                    connector.policy.check_grace(pim.access_token_lifetime)

    def _check_rotations(self) -> None:
        """Where the mechanism is found out from the PIM, the same is said when something is due."""
        for key, connector in self.made_connectors.items():
            pim = self.pims[connector.id.pim]
            fixed = pim is not None and pim.mechanism == "user_and_client"
            if fixed and connector.rotation is Rotation.IN_PLACE:
                what = f"needs connections, and pims.{connector.id.pim}.mechanism is user_and_client"
                advice = "Set rotation to overlap, or that mechanism to connections."
                self.refused.append((("connectors", key, "rotation"), what, advice))

    def _check_addresses(self) -> None:
        first: dict[str, str] = {}
        for name, pim in self.pims.items():
            if pim is not None and (other := first.setdefault(pim.url.lower(), name)) != name:
                advice = "Declare each PIM once; all its connectors can name it."
                self.refused.append((("pims", name, "url"), f"is the address of pims.{other} too", advice))

    def _check_identities(self) -> None:
        first: dict[tuple[str, str, str], str] = {}
        for key, connector in self.made_connectors.items():
            pim = connector.id.pim
            for part, value, what in (
                ("", connector.id.label_stem, "its sets would be named at the PIM like those"),
                ("label", role_code(connector.label), "its role would be the role"),
            ):
                if (other := first.setdefault((pim, part, value), key)) != key:
                    place: Key = ("connectors", key, part) if part else ("connectors", key)
                    advice = "Give each connector an identity of its own: another name and another label."
                    self.refused.append((place, f"{what} of connectors.{other} ({value})", advice))

    def _check_bearers(self) -> None:
        """Nobody can log in as two connectors with one token or certificate."""
        seen: list[tuple[str, Method, Issuer, frozenset[tuple[str, str]]]] = []
        for key, connector in self.made_connectors.items():
            for login in connector.logins:
                if (borne := bearer(login)) is None:
                    continue
                issuer, said = borne
                for other, method, other_issuer, other_said in seen:
                    if other_issuer == issuer and (said <= other_said or other_said <= said):
                        what = f"whoever logs in by it could log in as connectors.{other} by {method} too"
                        advice = "Give each connector an identity of its own at the issuer."
                        self.refused.append((("connectors", key, "auth", str(login.method)), what, advice))
                seen.append((key, login.method, issuer, said))


def _policy(name: str, settings: PolicySettings) -> Policy:
    schedule: Period | Calendar
    if settings.rotate_at is None:
        assert settings.rotate_every is not None  # noqa: S101 - PolicySettings has exactly one of the two
        schedule = Period(every=settings.rotate_every, jitter=settings.jitter)
    else:
        schedule = Calendar(cron=settings.rotate_at, timezone=settings.timezone, window=settings.window)
        if (gap := longest_gap(settings.rotate_at)) > settings.max_age:
            raise ConfigurationError(
                f"the calendar leaves {format_duration(gap)} between two rotations, more than max_age",
                advice=f"Set max_age to at least {format_duration(gap + settings.window)}, or rotate more often.",
            )
    return Policy(
        name=name,
        schedule=schedule,
        max_age=settings.max_age,
        grace=settings.grace,
        refresh_interval=settings.refresh_interval,
        retire=settings.retire,
        late_readers=settings.late_readers,
    )


def _connector(
    identity: ConnectorId, settings: ConnectorSettings, policy: Policy, logins: tuple[DeclaredLogin, ...]
) -> Connector:
    return Connector(
        id=identity,
        label=settings.label,
        flow_type=settings.flow_type,
        permissions=frozenset(settings.permissions),
        user_group=settings.user_group,
        policy=policy,
        owner=settings.owner,
        logins=logins,
        rotation=settings.rotation,
        drill=settings.drill,
    )
