"""Cutting at the PIM without Vault: what the bundle names goes, all else stays, everything is written down."""

import logging

import pytest

from tests.fakes.builders import a_generation
from tests.fakes.wire import Death
from tests.unit.breakglass.conftest import Emergency
from vault_pim.domain.errors import PimNoAnswer


def tags(emergency: Emergency) -> list[str]:
    """What the journal says, in order."""
    return [str(line.fields["tag"]).removeprefix("breakglass:") for line in emergency.journal.lines() if line.fields]


def test_every_set_that_the_bundle_names_goes_newest_first(emergency: Emergency) -> None:
    """It says what it could not prove, too."""
    emergency.pim.add("vp_shop_1", "Shop #1 cafe")
    done = emergency.cut()
    assert emergency.pim.labels == {"vp_shop_1"}
    assert [line.partition(":")[0] for line in done.evidence] == ["generation 2", "generation 1"]
    assert all("were not tried" in line for line in done.unproven)
    assert (done.left, done.error) == ([], None)
    assert tags(emergency) == ["asked", "begun", "cut", "begun", "cut"]


def test_set_made_after_the_bundle_stays_until_it_is_told_to_go(emergency: Emergency) -> None:
    """It is named, and goes by its label."""
    emergency.add(3)
    assert emergency.cut().left == [a_generation(3).label]
    assert emergency.pim.labels == {a_generation(3).label}
    done = emergency.cut(newer=True)
    assert (done.left, emergency.pim.labels) == ([], set())
    assert any(line.startswith("generation 3") for line in done.evidence)


def test_stranger_under_a_label_of_the_bundle_is_not_touched(emergency: Emergency) -> None:
    """Ours is gone then, and that is said."""
    emergency.pim.remove(a_generation(2).label)
    emergency.pim.add(a_generation(2).label, "somebody else's")
    done = emergency.cut()
    assert emergency.pim.labels == {a_generation(2).label}
    assert "not at the PIM" in done.evidence[0]
    assert done.left == [a_generation(2).label]


def test_run_again_goes_on_in_the_same_incident(emergency: Emergency) -> None:
    """Killed between two sets, then done: one journal, both runs, one name."""

    def die() -> None:
        raise Death

    emergency.wire.at("driver.delete", lambda: None)
    emergency.wire.at("driver.delete", die)
    with pytest.raises(Death):
        emergency.cut()
    done = emergency.cut()
    assert emergency.pim.labels == set()
    told = [line.fields for line in emergency.journal.lines() if line.fields]
    assert {one["incident"] for one in told} == {done.incident}
    assert tags(emergency).count("asked") == 2


def test_failure_with_one_set_does_not_keep_the_others(emergency: Emergency) -> None:
    """It is written down and told at the end."""
    emergency.wire.fail("driver.delete", PimNoAnswer("no answer"))
    done = emergency.cut()
    assert emergency.pim.labels == {a_generation(2).label}
    assert isinstance(done.error, PimNoAnswer)
    assert "failed" in tags(emergency)


def test_pim_that_does_not_list_its_sets_has_them_deleted_all_the_same(emergency: Emergency) -> None:
    """What was made since cannot be seen then."""
    emergency.wire.fail("driver.survey", PimNoAnswer("no answer"))
    done = emergency.cut(newer=True)
    assert emergency.pim.labels == set()
    assert isinstance(done.error, PimNoAnswer)


def test_journal_that_cannot_be_written_does_not_hold_it_up(
    emergency: Emergency, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said."""
    emergency.journal.path = emergency.folder / "none" / "journal.jsonl"
    with caplog.at_level(logging.WARNING):
        emergency.cut()
    assert emergency.pim.labels == set()
    assert "goes on unrecorded" in caplog.text
