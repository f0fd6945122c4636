"""What a person is told beside the next step."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.builders import (
    DAY,
    a_connector,
    a_generation,
    a_revocation,
    a_state,
    a_survey,
    seen,
    silent,
    some_facts,
)
from tests.fakes.clock import START
from vault_pim.domain.access import AppRoleAccess, DeclaredLogin, JwtAccess, JwtIssuer
from vault_pim.domain.facts import AccessSight, Facts, ForeignUser, Presence, Sighting
from vault_pim.domain.generation import Stage
from vault_pim.domain.outcomes import Finding
from vault_pim.domain.reasons import SENTENCES, Reason
from vault_pim.lifecycle.findings import findings

CURRENT = a_state(a_generation())
APPROLE = a_connector(logins=(AppRoleAccess(secret_id_ttl=timedelta(days=7)),))
JWT = JwtAccess(issuer=JwtIssuer(issuer="x", jwks_url="https://x"), audiences=("vault",), claims=(("sub", "erp"),))
SOON = 7 * DAY / 4
MISSING = (Finding(reason=Reason.ACCESS_MISSING, detail="run `vault-pim setup`"),)
NOT_CONFIGURED = (Finding(reason=Reason.NOT_CONFIGURED, detail="its set still lives; revoke it or configure it"),)


def at_pim(*sightings: Sighting) -> Facts:
    """Those stand at the PIM; generation 1 is retired and 2 current."""
    return some_facts(a_state(a_generation(1, Stage.RETIRED), a_generation(2)), survey=a_survey(*sightings))


def foreign(username: str, label: str = "vp_erp_2") -> ForeignUser:
    """That user was let in through that client, at `START`."""
    return ForeignUser(label=label, username=username, last_at=START)


def used_by(*usernames: str) -> Facts:
    """Those users were let in through the client of generation 2; generation 1 is retired."""
    survey = a_survey(seen(a_generation(2)), foreign_users=tuple(foreign(name) for name in usernames))
    return some_facts(a_state(a_generation(1, Stage.RETIRED), a_generation(2)), survey=survey)


def lived(seconds: int, **given: Any) -> Facts:
    """The PIM said of the current set that its access tokens live so long; grace is a day, refreshed in 5 minutes."""
    return some_facts(a_state(a_generation(access_token_lifetime=seconds)), **given)


def drifting(*what: str) -> Facts:
    """Its access differs in that."""
    facts = some_facts(CURRENT, connector=APPROLE)
    sight = AccessSight(presence=Presence.DIFFERS, drift=what)
    return replace(facts, observation=facts.observation.with_access(sight))


def with_secret_ids(*left: timedelta | None, logins: tuple[DeclaredLogin, ...] = APPROLE.logins) -> Facts:
    """Its secret-ids live that long yet."""
    facts = some_facts(CURRENT, connector=a_connector(logins=logins))
    ends = tuple(None if one is None else facts.server_now + one for one in left)
    sight = AccessSight(presence=Presence.AS_DECLARED, secret_ids=ends)
    return replace(facts, observation=facts.observation.with_access(sight))


CASES: dict[str, tuple[Facts, tuple[Finding, ...]]] = {
    "all is well": (some_facts(CURRENT, connector=APPROLE), ()),
    "nothing was issued": (some_facts(a_state()), ()),
    "at max age to the second": (some_facts(CURRENT, now=START + 45 * DAY), ()),
    "past max age": (
        some_facts(CURRENT, now=START + 46 * DAY),
        (Finding(reason=Reason.OVERDUE, detail="by 1 d"),),
    ),
    "a foreign user through a client of ours": (
        used_by("admin"),
        (
            Finding(
                reason=Reason.FOREIGN_USER,
                detail="user admin through vp_erp_2, last at 2026-03-02 09:00:00 UTC; "
                "unless that was you, run `vault-pim revoke prod/erp`",
            ),
        ),
    ),
    "its own user by e-mail, in capitals, and that of another generation": (
        used_by("User_2@example.com", "USER_2", "user_1"),
        (),
    ),
    "a foreign user through somebody else's client": (
        some_facts(CURRENT, survey=a_survey(seen(a_generation()), foreign_users=(foreign("admin", "vp_shop_1"),))),
        (),
    ),
    "tokens that live as long as grace covers": (lived(86_100), ()),
    "tokens that outlive the grace": (
        lived(86_160),
        (
            Finding(
                reason=Reason.GRACE_TOO_SHORT,
                detail="they live 23 h 56 min; set grace of policy default to at least P1DT1M",
            ),
        ),
    ),
    "tokens that outlive the grace, not configured": (lived(86_160, connector=None), NOT_CONFIGURED),
    "past max age, not configured": (some_facts(CURRENT, now=START + 46 * DAY, connector=None), NOT_CONFIGURED),
    "not configured, nothing lives": (
        some_facts(a_state(a_generation(stage=Stage.REVOKED)), connector=None),
        (),
    ),
    "a label of our form, not ours": (
        at_pim(seen(a_generation(2)), Sighting(label="VP_ERP_7", description="mine")),
        (Finding(reason=Reason.STRANGER, detail="VP_ERP_7"),),
    ),
    "the label of an ended set, not ours": (
        at_pim(Sighting(label="vp_erp_1", description="mine")),
        (Finding(reason=Reason.STRANGER, detail="vp_erp_1"),),
    ),
    "an orphan is no stranger": (at_pim(seen(a_generation(1))), ()),
    "a live set whose description was edited is no stranger": (
        at_pim(Sighting(label="vp_erp_2", description="edited by hand")),
        (),
    ),
    "labels of other forms": (
        at_pim(
            Sighting(label="magento", description=""),
            Sighting(label="vp_shop_1", description=""),
            Sighting(label="vp_erp_", description=""),
            Sighting(label="vp_erp_1_1", description=""),
            Sighting(label="vp_erp_\N{SUPERSCRIPT TWO}", description=""),
        ),
        (),
    ),
    "the PIM is silent": (silent(at_pim(Sighting(label="vp_erp_7", description=""))), ()),
    "no entity": (some_facts(CURRENT, connector=APPROLE, access=Presence.ABSENT), MISSING),
    "the login differs": (some_facts(CURRENT, connector=APPROLE, access=Presence.DIFFERS), MISSING),
    "it is named what differs": (
        drifting("jwt: alias", "entity: policies"),
        (Finding(reason=Reason.ACCESS_MISSING, detail="jwt: alias, entity: policies; run `vault-pim setup`"),),
    ),
    "a secret-id that somebody renews": (with_secret_ids(SOON, 5 * DAY), ()),
    "a secret-id without an end": (with_secret_ids(SOON, None), ()),
    "the last secret-id ends soon": (
        with_secret_ids(timedelta(seconds=1), SOON),
        (Finding(reason=Reason.SECRET_ID_ENDING, detail="in 1 d 18 h; run `vault-pim bootstrap prod/erp`"),),
    ),
    "no secret-id was made yet": (with_secret_ids(), ()),
    "the last secret-id ends soon, and another login is there": (
        with_secret_ids(SOON, logins=(*APPROLE.logins, JWT)),
        (),
    ),
    "cut, though not revoked": (
        some_facts(CURRENT, access=Presence.CUT),
        (Finding(reason=Reason.ACCESS_CUT, detail="run `vault-pim rotate` to let it in with a new set"),),
    ),
    "cut, and a new set is on its way": (
        some_facts(a_state(a_generation(), a_generation(2, Stage.VERIFIED)), access=Presence.CUT),
        (),
    ),
    "no entity, and none declared": (some_facts(CURRENT, access=Presence.ABSENT), ()),
    "no entity while cut off": (
        some_facts(a_state(a_generation(), revocation=a_revocation()), connector=APPROLE, access=Presence.ABSENT),
        (),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_findings_where(case: str) -> None:
    """Each case of the table above."""
    facts, expected = CASES[case]
    assert findings(facts) == expected


def test_findings_come_in_order_of_weight() -> None:
    """What is overdue before what is strange before what is missing."""
    facts = some_facts(
        CURRENT,
        connector=APPROLE,
        now=START + 46 * DAY,
        access=Presence.ABSENT,
        survey=a_survey(seen(a_generation()), Sighting(label="vp_erp_7", description="")),
    )
    assert [one.reason for one in findings(facts)] == [Reason.OVERDUE, Reason.STRANGER, Reason.ACCESS_MISSING]


def test_every_reason_has_a_sentence() -> None:
    """One of its own, beginning small and without a full stop, to stand after `because`."""
    assert set(SENTENCES) == set(Reason)
    assert len(set(SENTENCES.values())) == len(Reason)
    assert not any(sentence.endswith(".") for sentence in SENTENCES.values())
