"""What a person should know of a connector, beside the next step: strangers, overdue sets, missing access."""

from datetime import timedelta

from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector, Mechanism
from vault_pim.domain.facts import Facts, Presence
from vault_pim.domain.outcomes import Finding
from vault_pim.domain.reasons import Reason
from vault_pim.domain.wording import clean, format_duration, human_duration
from vault_pim.lifecycle.checks import is_ours
from vault_pim.lifecycle.faults import keeps_failing
from vault_pim.lifecycle.retirement import readers_to_tell_of
from vault_pim.lifecycle.schedule import due_of_current

ALMOST_OVER = 1 / 4
"""Share of a secret-id's life that is left when a person is told: whoever renews has done so at half of it."""

LONGEST_DRILL = timedelta(minutes=10)


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Everything that is not as it should be, in order of weight."""
    looks = (
        _half_replaced,
        keeps_failing,
        _foreign_users,
        _drill,
        _overdue,
        _strangers,
        _reappeared,
        _access,
        _configuration,
        _grace,
        readers_to_tell_of,
    )
    return tuple(found for look in looks for found in look(facts))


def _half_replaced(facts: Facts) -> tuple[Finding, ...]:
    current = facts.state.current
    if current is None or not facts.state.half_replaced:
        return ()
    return (Finding(reason=Reason.HALF_REPLACED, detail=f"generation {current.number}; run `vault-pim apply`"),)


def _foreign_users(facts: Facts) -> tuple[Finding, ...]:
    """Who used a client of this connector without being its user. Users of its other generations, and its own by e-mail
    address or in other letter case, are the connector itself (contracts/akeneo/by-release.md §7)."""
    if facts.observation.pim is None:
        return ()
    names = {one.username.lower() for one in facts.state.generations if one.username}
    own = names | {f"{name}@example.com" for name in names}
    return tuple(
        Finding(
            reason=Reason.FOREIGN_USER,
            detail=f"user {clean(one.username)} through {one.label}, last at {one.last_at:%Y-%m-%d %H:%M:%S} UTC; "
            f"unless that was you, run `vault-pim revoke {facts.id}`",
            about=f"{one.label} {one.username}",
        )
        for one in facts.observation.pim.survey.foreign_users
        if facts.id.number_of(one.label) is not None and one.username.lower() not in own
    )


def _drill(facts: Facts) -> tuple[Finding, ...]:
    """A set for a drill that lives longer than any drill takes."""
    if facts.connector is None or not facts.connector.drill or facts.state.cut_off:
        return ()
    left = [one for one in facts.state.live if facts.now > one.planned_at + LONGEST_DRILL]
    return tuple(Finding(reason=Reason.DRILL_BROKEN_OFF, detail=one.label, about=one.label) for one in left)


def _overdue(facts: Facts) -> tuple[Finding, ...]:
    when = due_of_current(facts.state, facts.connector, facts.now)
    if when is None or facts.now <= when.overdue_at:
        return ()
    return (Finding(reason=Reason.OVERDUE, detail=f"by {human_duration(facts.now - when.overdue_at)}"),)


def _strangers(facts: Facts) -> tuple[Finding, ...]:
    """Labels of this connector's form that no intent of ours accounts for; a live set's own label always is ours."""
    if facts.observation.pim is None:
        return ()
    live = {one.label.lower() for one in facts.state.live}
    return tuple(
        Finding(reason=Reason.STRANGER, detail=sighting.label, about=sighting.label)
        for sighting in facts.observation.pim.survey.sightings
        if facts.id.number_of(sighting.label) is not None
        and sighting.label.lower() not in live
        and not any(is_ours(one, sighting) for one in facts.state.generations)
    )


def _reappeared(facts: Facts) -> tuple[Finding, ...]:
    """Clients of ours that became connections when the PIM was upgraded from 3.x: each is ended with its set."""
    if facts.observation.pim is None:
        return ()
    codes = {
        f"{one.label}_{one.marker}".lower() for one in facts.state.live if one.mechanism is Mechanism.USER_AND_CLIENT
    }
    return tuple(
        Finding(
            reason=Reason.REAPPEARED, detail=f"connection {sighting.label}; it ends with its set", about=sighting.label
        )
        for sighting in facts.observation.pim.survey.sightings
        if sighting.label.lower() in codes
    )


def _access(facts: Facts) -> tuple[Finding, ...]:
    access = facts.observation.access
    if facts.state.cut_off:
        return ()
    if access is Presence.CUT and facts.state.pending is None:
        # a person's doing, or that of a process slower than a revocation and the rotation after it
        return (Finding(reason=Reason.ACCESS_CUT, detail="run `vault-pim rotate` to let it in with a new set"),)
    if facts.connector is None or (access is Presence.ABSENT and not facts.connector.logins):
        return ()
    if access in (Presence.ABSENT, Presence.DIFFERS):
        return (
            Finding(reason=Reason.ACCESS_MISSING, detail=f"{_names(facts.observation.drift)}run `vault-pim setup`"),
        )
    return _secret_ids(facts, facts.connector)


def _names(drift: tuple[str, ...]) -> str:
    return f"{', '.join(drift)}; " if drift else ""


def _secret_ids(facts: Facts, connector: Connector) -> tuple[Finding, ...]:
    """A connector without another login that had time to renew its secret-id; `doctor` tells where there is none."""
    match connector.logins, facts.observation.secret_ids:
        case (AppRoleAccess() as login,), (_, *_) as ends if None not in ends:
            left = max(end - facts.server_now for end in ends if end is not None)
        case _:
            return ()
    if left > login.secret_id_ttl * ALMOST_OVER:
        return ()
    detail = f"in {human_duration(left)}; run `vault-pim bootstrap {facts.id}`"
    return (Finding(reason=Reason.SECRET_ID_ENDING, detail=detail),)


def _configuration(facts: Facts) -> tuple[Finding, ...]:
    gone = facts.connector is None and facts.state.live
    return (
        (Finding(reason=Reason.NOT_CONFIGURED, detail="its set still lives; revoke it or configure it"),)
        if gone
        else ()
    )


def _grace(facts: Facts) -> tuple[Finding, ...]:
    """By what the PIM said when it verified the set, whatever its configured lifetime is."""
    current = facts.state.current
    if facts.connector is None or current is None or current.access_token_lifetime is None:
        return ()
    policy, lifetime = facts.connector.policy, timedelta(seconds=current.access_token_lifetime)
    if policy.grace >= (least := policy.least_grace(lifetime)):
        return ()
    advice = f"set grace of policy {policy.name} to at least {format_duration(least)}"
    return (Finding(reason=Reason.GRACE_TOO_SHORT, detail=f"they live {human_duration(lifetime)}; {advice}"),)
