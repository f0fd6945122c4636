"""Delete a connector's sets at its PIM from a bundle, and write down what was done, in a journal beside the bundle.

Called by `vault-pim revoke --breakglass`. The journal is a chained file (audit/chain.py) that `vault-pim breakglass
finish` puts into the incident's record. Touches no object that the bundle does not name, unless it is told to take what
has a label of this connector. Says what it could not prove: there is no copy of a set here to try.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from vault_pim.audit.chain import ChainFile
from vault_pim.audit.log import as_json
from vault_pim.breakglass.bundle import Bundle
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import AuditUnavailable, NotOurs, VaultPimError
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.facts import Sighting
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.state import incident
from vault_pim.ports import Clock, PimDriver

logger = logging.getLogger(__name__)

_MARKER_AFTER = re.compile(r"[\s-]")
"""What stands before the marker: a space in a connection's label, a dash in a client's."""
UNTRIED = "without Vault there is no copy of the set: its old tokens and its password were not tried"


@dataclass(slots=True, kw_only=True)
class Cut:
    """What came of it.

    Attributes:
        incident: its name, also in the journal.
        evidence: what is seen to be gone, one line each.
        unproven: what could not be tried, one line each.
        left: labels of this connector that are still at the PIM, as far as that was seen.
        error: what failed last; None if nothing did.
    """

    incident: str
    evidence: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    error: VaultPimError | None = None


class Cutter:
    """Cuts one connector.

    Args:
        me: who this is, for the journal.
        tell: told of each step before it is done.
    """

    def __init__(
        self,
        bundle: Bundle,
        connector: ConnectorId,
        driver: PimDriver,
        journal: ChainFile,
        *,
        clock: Clock,
        me: str,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bundle = bundle
        self._connector = connector
        self._driver = driver
        self._journal = journal
        self._clock = clock
        self._me = me
        self._tell = tell
        self._cut = Cut(incident=begun(journal) or incident(connector, clock.now()))

    def run(self, reason: str, *, newer: bool) -> Cut:
        """Delete every set that the bundle names, newest first, whatever fails with one of them.

        Args:
            reason: for the record.
            newer: also delete what has a label of this connector and was made after the bundle.
        """
        known = {"reason": reason, "bundle_made_at": self._bundle.made_at.isoformat()}
        self._note(Tag.BREAKGLASS_ASKED, None, **known, installation=self._bundle.installation)
        sets = [one.generation(self._bundle.made_at) for one in self._bundle.connectors[str(self._connector)]]
        for generation in sorted(sets, key=lambda one: -one.number):
            self._delete(generation)
        seen = self._seen()
        if seen and newer:
            for sighting in seen:
                self._delete(self._made_since(sighting))
            seen = self._seen()
        self._cut.left = sorted({one.label for one in seen or ()})
        return self._cut

    def _delete(self, generation: Generation) -> None:
        self._tell(f"{self._connector}: delete generation {generation.number} at the PIM")
        self._note(Tag.BREAKGLASS_BEGUN, generation.number, label=generation.label)
        try:
            self._driver.delete(generation)
            done = f"{generation.label} is deleted, and the PIM does not list it any more"
        except NotOurs as stranger:
            done = f"not at the PIM: {stranger.what}"
        except VaultPimError as error:
            self._failed(error, generation.number)
            return
        self._cut.evidence.append(f"generation {generation.number}: {done}")
        self._cut.unproven.append(f"generation {generation.number}: {UNTRIED}")
        self._note(Tag.BREAKGLASS_CUT, generation.number, evidence_1=done, unproven_1=UNTRIED)

    def _seen(self) -> Iterable[Sighting] | None:
        """What the PIM shows of this connector; None if it does not say."""
        try:
            sightings = self._driver.survey().sightings
        except VaultPimError as error:
            self._failed(error, None)
            return None
        return [one for one in sightings if self._connector.number_of(one.label) is not None]

    def _made_since(self, sighting: Sighting) -> Generation:
        """A set that the bundle does not know, by its label; the marker is the last word beside it."""
        return Generation(
            number=self._connector.number_of(sighting.label) or 0,
            stage=Stage.CURRENT,
            label=sighting.label,
            marker=_MARKER_AFTER.split(sighting.description)[-1],
            role="",
            mechanism=self._driver.mechanism,
            reason="",
            planned_at=self._bundle.made_at,
        )

    def _failed(self, error: VaultPimError, number: int | None) -> None:
        self._cut.error = error
        self._note(Tag.BREAKGLASS_FAILED, number, what=error.what, why=error.why)

    def _note(self, tag: Tag, number: int | None, **detail: str) -> None:
        """Write it down; an incident is not held up by a journal that cannot be written, and this is said."""
        event = Event(
            at=self._clock.now(),
            tag=tag,
            by=self._me,
            connector=self._connector,
            generation=number,
            incident=self._cut.incident,
            detail=detail,
        )
        try:
            self._journal.append(as_json(event))
        except AuditUnavailable as error:
            logger.warning("%s; the revocation of %s goes on unrecorded", error.what, self._connector)


def begun(journal: ChainFile) -> str | None:
    """The incident that a journal tells of, None if there is no journal yet.

    Raises:
        NotAuthentic: it was changed.
    """
    if not journal.path.exists():
        return None
    return next((str(line.fields.get("incident")) for line in journal.lines() if line.fields), None)
