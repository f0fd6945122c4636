"""Whether each credential set opens its own door and no other: judged from what was gathered. Called by `prove`.

Computes; asks nobody. What could not be tried is unproven, never taken for proven.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, permutations

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.facts import Presence
from vault_pim.domain.outcomes import Refused, Verification
from vault_pim.domain.separation import Checked, Claim, Evidence, Judged, Knock, Pair, Verdict

Shared = Mapping[tuple[ConnectorId, ConnectorId], str]
"""What two connectors have in common that each must have of its own."""


def judge(gathered: Sequence[Evidence]) -> tuple[Judged, ...]:
    """The claims of each connector."""
    shared = _shared(gathered)
    return tuple(
        Judged(
            id=one.connector.id,
            generation=one.generation.number,
            mechanism=one.generation.mechanism,
            checks=(*_in_vault(one), _given(one, gathered), *_at_pim(one), _secrets(one, shared)),
        )
        for one in gathered
    )


def pairs(gathered: Sequence[Evidence]) -> Iterator[Pair]:
    """Each connector against each other one, both ways."""
    shared = _shared(gathered)
    for one, other in permutations(gathered, 2):
        yield _pair(one, other.connector.id, shared)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """What is to be said of all of them together; of nothing, nothing is proven."""
    for verdict in Verdict.BROKEN, Verdict.UNPROVEN:
        if verdict in verdicts:
            return verdict
    return Verdict.PROVEN if verdicts else Verdict.UNPROVEN


def _pair(one: Evidence, other: ConnectorId, shared: Shared) -> Pair:
    id_ = one.connector.id
    if why := shared.get((id_, other)):
        return Pair(of=id_, to=other, verdict=Verdict.BROKEN, why=why)
    if one.neighbour == other and one.knock.opened:
        return Pair(of=id_, to=other, verdict=Verdict.BROKEN, why=", ".join(one.knock.opened))
    if isinstance(one.reach, Refused):
        return Pair(of=id_, to=other, verdict=Verdict.UNPROVEN, why=one.reach.reason)
    if other not in one.reach.refused:
        return Pair(of=id_, to=other, verdict=Verdict.BROKEN, why="its login opens a path of the other's in Vault")
    if one.neighbour == other and one.knock.unsaid:
        return Pair(of=id_, to=other, verdict=Verdict.UNPROVEN, why=", ".join(one.knock.unsaid))
    return Pair(of=id_, to=other, verdict=Verdict.PROVEN)


def _in_vault(one: Evidence) -> Iterator[Checked]:
    as_declared = one.access.presence is Presence.AS_DECLARED
    drift = ", ".join((one.access.presence, *one.access.drift))
    yield _checked(Claim.IDENTITY, as_declared, "entity and logins are as declared", f"entity and logins: {drift}")
    match one.reach:
        case Refused(reason=reason):
            for claim in Claim.OWN_PATH, Claim.FOREIGN_PATHS:
                yield Checked(claim=claim, verdict=Verdict.UNPROVEN, said=reason)
        case reach:
            yield _checked(Claim.OWN_PATH, reach.own, "its login reads its own path", "its own path refuses its login")
            refused = f"{len(reach.refused)} other paths refuse it, {reach.tried} of them tried with a read"
            yield _checked(
                Claim.FOREIGN_PATHS, not reach.opened, refused, f"it may open {', '.join(sorted(reach.opened))}"
            )


def _given(one: Evidence, gathered: Sequence[Evidence]) -> Checked:
    if one.given is None:
        return _checked(Claim.OWN_SET, False, "its path gives no whole set")
    whose = [str(other.connector.id) for other in gathered if other is not one and other.fingerprints == one.given]
    otherwise = f"the set of {', '.join(whose)}" if whose else f"other than issued: {', '.join(one.differing)}"
    return _checked(Claim.OWN_SET, not one.differing, "the set that was issued, in every field", otherwise)


def _at_pim(one: Evidence) -> Iterator[Checked]:
    found, generation, connector = one.at_pim, one.generation, one.connector
    if found is None:
        yield _checked(Claim.CLIENT_AND_USER, False, f"nothing stands under {generation.label}")
    else:
        own = found.client_id == generation.client_id and found.username == generation.username
        yield _checked(
            Claim.CLIENT_AND_USER,
            own,
            f"client {generation.client_id} and user {generation.username}",
            f"client {found.client_id} and user {found.username} are not those that were issued",
        )
        alone = found.roles == {generation.role} and not found.sharing
        holders = ", ".join((*sorted(found.roles - {generation.role}), *found.sharing))
        seen = f"role {generation.role}, and nobody else that our account can see has it"
        yield _checked(Claim.ROLE, alone, seen, f"role {generation.role}: {holders}")
        surplus, missing = found.permissions - connector.permissions, connector.permissions - found.permissions
        differing = [f"+{name}" for name in sorted(surplus)] + [f"-{name}" for name in sorted(missing)]
        yield _checked(
            Claim.PERMISSIONS, not differing, f"exactly {len(found.permissions)}, read back", " ".join(differing)
        )
        declared = {connector.user_group} - {None}
        groups = ", ".join(sorted(found.groups)) or "none but All"
        yield _checked(Claim.GROUP, found.groups == declared, groups, f"{groups}, not as declared")
    yield _own_door(one.login)
    if one.neighbour is not None:
        yield _other_door(one.neighbour, one.knock)


def _own_door(login: Verification) -> Checked:
    if isinstance(login, Refused):
        return _checked(Claim.LOGIN, False, login.reason)
    forbidden = f"{login.forbidden}: 403" if login.forbidden else "no call that it may be forbidden"
    return _checked(Claim.LOGIN, True, f"{login.allowed}: 200; {forbidden}")


def _other_door(neighbour: ConnectorId, knock: Knock) -> Checked:
    if knock.unsaid and not knock.opened:
        said = f"refused for another reason than its secrets at {neighbour}: {', '.join(knock.unsaid)}"
        return Checked(claim=Claim.FOREIGN_LOGIN, verdict=Verdict.UNPROVEN, said=said)
    return _checked(
        Claim.FOREIGN_LOGIN,
        not knock.opened,
        f"with its own secrets neither the user nor the client of {neighbour} lets it in",
        f"it opens of {neighbour}: {', '.join(knock.opened)}",
    )


def _secrets(one: Evidence, shared: Shared) -> Checked:
    common = sorted({f"{why} of {other}" for (id_, other), why in shared.items() if id_ == one.connector.id})
    return _checked(Claim.SECRETS, not common, "shared with no other connector", "; ".join(common))


def _shared(gathered: Sequence[Evidence]) -> Shared:
    """Secrets by fingerprint, issued or given by the path, over all PIMs; clients and users within one."""
    owners: dict[tuple[str, str], set[ConnectorId]] = defaultdict(set)
    for one in gathered:
        id_ = one.connector.id
        for field, fingerprint in chain(one.fingerprints.items(), (one.given or {}).items()):
            owners[f"the {field.replace('_', ' ')}", fingerprint].add(id_)
        if one.at_pim is not None:
            owners["the client", f"{id_.pim}/{one.at_pim.client_id}"].add(id_)
            owners["the user", f"{id_.pim}/{one.at_pim.username.lower()}"].add(id_)
    common: dict[tuple[ConnectorId, ConnectorId], list[str]] = defaultdict(list)
    for (what, _), ids in owners.items():
        for pair in permutations(ids, 2):
            common[pair].append(what)
    return {pair: f"it has {' and '.join(what)}" for pair, what in common.items()}


def _checked(claim: Claim, holds: bool, said: str, otherwise: str = "") -> Checked:
    return Checked(
        claim=claim, verdict=Verdict.PROVEN if holds else Verdict.BROKEN, said=said if holds else otherwise or said
    )
