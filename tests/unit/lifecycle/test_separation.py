"""What is concluded from what was gathered: nothing unproven is taken for proven, and nothing shared is missed."""

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.builders import ERP, PERMISSIONS, SHOP, a_connector, a_generation
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.facts import AccessSight, Presence
from vault_pim.domain.outcomes import Refused, Verified
from vault_pim.domain.separation import Claim, Evidence, Knock, Pair, Reach, SetAtPim, Verdict
from vault_pim.lifecycle.separation import judge, pairs, worst

FAR = ConnectorId(pim="test", name="erp")
VERIFIED = Verified(allowed="GET /a", forbidden="GET /b", access_token_lifetime=3600)


def shown(id_: ConnectorId, **changes: Any) -> SetAtPim:
    """The set of a connector as it should be."""
    usual: dict[str, Any] = {
        "client_id": f"1_{id_.name}",
        "username": f"user_{id_.name}",
        "roles": frozenset({"ERP"}),
        "groups": frozenset(),
        "permissions": PERMISSIONS,
        "sharing": (),
    }
    return SetAtPim(**(usual | changes))


def evidence(id_: ConnectorId = ERP, others: tuple[ConnectorId, ...] = (SHOP,), **changes: Any) -> Evidence:
    """Of a connector with which all is well."""
    names: dict[str, Any] = {"client_id": f"1_{id_.name}", "username": f"user_{id_.name}"}
    secrets = {"client_secret": f"secret of {id_}", "password": f"password of {id_}"}
    usual: dict[str, Any] = {
        "connector": a_connector(id=id_),
        "generation": a_generation(label=id_.label(1), **names),
        "at_pim": shown(id_),
        "login": VERIFIED,
        "neighbour": others[0] if others else None,
        "knock": Knock(),
        "access": AccessSight(presence=Presence.AS_DECLARED),
        "reach": Reach(own=True, opened=(), refused=frozenset(others), tried=len(others)),
        "fingerprints": secrets,
        "given": secrets,
    }
    return Evidence(**(usual | changes))


def verdict(claim: Claim, *gathered: Evidence) -> Verdict:
    """How that claim of the first of them stands."""
    return next(check.verdict for check in judge(gathered)[0].checks if check.claim is claim)


SHOPS = evidence(SHOP, (ERP,))
BROKEN: dict[str, tuple[Claim, dict[str, Any]]] = {
    "identity that differs": (Claim.IDENTITY, {"access": AccessSight(presence=Presence.DIFFERS, drift=("alias",))}),
    "own path that is refused": (
        Claim.OWN_PATH,
        {"reach": Reach(own=False, opened=(), refused=frozenset({SHOP}), tried=1)},
    ),
    "other path that opens": (
        Claim.FOREIGN_PATHS,
        {"reach": Reach(own=True, opened=("pim/data/x",), refused=frozenset(), tried=1)},
    ),
    "path that gives no set": (Claim.OWN_SET, {"given": None}),
    "path that gives another's set": (
        Claim.OWN_SET,
        {"given": SHOPS.fingerprints, "differing": ("client_secret", "password")},
    ),
    "path that names another PIM": (Claim.OWN_SET, {"differing": ("base_url",)}),
    "set that is not at the PIM": (Claim.CLIENT_AND_USER, {"at_pim": None}),
    "another client": (Claim.CLIENT_AND_USER, {"at_pim": shown(ERP, client_id="9_other")}),
    "another user": (Claim.CLIENT_AND_USER, {"at_pim": shown(ERP, username="someone")}),
    "another role": (Claim.ROLE, {"at_pim": shown(ERP, roles=frozenset({"ERP", "User"}))}),
    "role that another has too": (Claim.ROLE, {"at_pim": shown(ERP, sharing=("julia",))}),
    "permission beyond": (Claim.PERMISSIONS, {"at_pim": shown(ERP, permissions=PERMISSIONS | {"pim_api_x"})}),
    "permission missing": (Claim.PERMISSIONS, {"at_pim": shown(ERP, permissions=frozenset())}),
    "group that is not declared": (Claim.GROUP, {"at_pim": shown(ERP, groups=frozenset({"Redactor"}))}),
    "own door that is closed": (Claim.LOGIN, {"login": Refused(reason="it may more")}),
    "other door that opens": (Claim.FOREIGN_LOGIN, {"knock": Knock(opened=("its user",), unsaid=("its client: x",))}),
    "shared secret": (Claim.SECRETS, {"fingerprints": SHOPS.fingerprints}),
    "shared user": (Claim.SECRETS, {"at_pim": shown(ERP, username="USER_SHOP")}),
}


def test_sets_that_open_their_own_doors_alone_are_proven() -> None:
    """Every claim of each, and each pair both ways."""
    gathered = (evidence(), SHOPS)
    assert {check.verdict for one in judge(gathered) for check in one.checks} == {Verdict.PROVEN}
    assert [{check.claim for check in one.checks} for one in judge(gathered)] == [set(Claim)] * 2
    assert list(pairs(gathered)) == [
        Pair(of=ERP, to=SHOP, verdict=Verdict.PROVEN),
        Pair(of=SHOP, to=ERP, verdict=Verdict.PROVEN),
    ]


@pytest.mark.parametrize(("claim", "changes"), BROKEN.values(), ids=BROKEN)
def test_broken_claim_is_said(claim: Claim, changes: dict[str, Any]) -> None:
    """And no other claim with it, but the secrets where a user is another's."""
    gathered = (evidence(**changes), SHOPS)
    assert verdict(claim, *gathered) is Verdict.BROKEN
    broken = [check.said for check in judge(gathered)[0].checks if check.verdict is Verdict.BROKEN]
    assert all(broken)
    assert len(broken) <= 2


def test_path_that_gives_the_set_of_another_says_whose() -> None:
    """Whoever reads it is let in as that one."""
    said = {
        name: [check.said for check in judge((evidence(**changes), SHOPS))[0].checks if check.claim is claim]
        for name, (claim, changes) in BROKEN.items()
    }
    assert said["path that gives another's set"] == [f"the set of {SHOP}"]
    assert said["path that names another PIM"] == ["other than issued: base_url"]


def test_what_could_not_be_tried_is_unproven() -> None:
    """Neither broken nor proven, for the connector and for its pairs."""
    gathered = (evidence(reach=Refused(reason="it does not log in by AppRole")), SHOPS)
    for claim in Claim.OWN_PATH, Claim.FOREIGN_PATHS:
        assert verdict(claim, *gathered) is Verdict.UNPROVEN
    why = "it does not log in by AppRole"
    assert next(pairs(gathered)) == Pair(of=ERP, to=SHOP, verdict=Verdict.UNPROVEN, why=why)


def test_door_that_refused_something_else_than_the_secrets_is_unproven() -> None:
    """It was not shown to be closed to them."""
    why = "its user: client id and client secret are refused"
    gathered = (evidence(knock=Knock(unsaid=(why,))), SHOPS)
    assert verdict(Claim.FOREIGN_LOGIN, *gathered) is Verdict.UNPROVEN
    assert next(pairs(gathered)) == Pair(of=ERP, to=SHOP, verdict=Verdict.UNPROVEN, why=why)


def test_no_more_is_said_than_was_seen() -> None:
    """What is signed may be read years later: no call that was not made, no user that could not be seen."""
    [one] = judge((evidence(login=replace(VERIFIED, forbidden=None)),))
    said = {check.claim: check.said for check in one.checks}
    assert said[Claim.LOGIN] == "GET /a: 200; no call that it may be forbidden"
    assert said[Claim.ROLE] == "role ERP, and nobody else that our account can see has it"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (BROKEN["other path that opens"][1], "its login opens a path of the other's in Vault"),
        (BROKEN["other door that opens"][1], "its user"),
        (BROKEN["path that gives another's set"][1], "it has the client secret and the password"),
        (BROKEN["shared secret"][1], "it has the client secret and the password"),
    ],
)
def test_broken_pair_says_why(changes: dict[str, Any], why: str) -> None:
    """The set that opens and the one that is opened, in that order."""
    first = next(pairs((evidence(**changes), SHOPS)))
    assert first == Pair(of=ERP, to=SHOP, verdict=Verdict.BROKEN, why=why)


def test_same_names_at_two_pims_are_no_shared_ones_but_same_secrets_are() -> None:
    """Users and clients are of one PIM; a password is known wherever it is known."""
    near, far = evidence(others=(FAR,), neighbour=None), evidence(FAR, (ERP,), neighbour=None)
    assert verdict(Claim.SECRETS, near, far) is Verdict.PROVEN
    common = replace(far, fingerprints={"password": near.fingerprints["password"]})
    assert verdict(Claim.SECRETS, near, common) is Verdict.BROKEN


def test_connector_alone_at_its_pim_has_no_other_door_to_be_tried_at() -> None:
    """Nothing is claimed of it."""
    alone = evidence(others=(), at_pim=shown(ERP, groups=frozenset({"Redactor"})))
    alone = replace(alone, connector=replace(alone.connector, user_group="Redactor"))
    [one] = judge((alone,))
    assert Claim.FOREIGN_LOGIN not in {check.claim for check in one.checks}
    assert {check.verdict for check in one.checks} == {Verdict.PROVEN}
    assert list(pairs((alone,))) == []


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Verdict.UNPROVEN),
        ([Verdict.PROVEN], Verdict.PROVEN),
        ([Verdict.PROVEN, Verdict.UNPROVEN], Verdict.UNPROVEN),
        ([Verdict.UNPROVEN, Verdict.BROKEN], Verdict.BROKEN),
    ],
)
def test_worst_of_all_is_said(verdicts: list[Verdict], expected: Verdict) -> None:
    """Of nothing, nothing is proven."""
    assert worst(verdicts) is expected
