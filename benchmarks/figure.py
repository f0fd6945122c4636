"""One measured figure and its target."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A median, what it was measured from, and the most it may be; None where it is only told."""

    name: str
    median: float
    unit: str
    target: float | None
    of: str

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.target is None or self.median <= self.target

    @property
    def said(self) -> str:
        """The figure as it is printed."""
        return f"{self.median:.3f} {self.unit} ({self.of})"

    @property
    def judged(self) -> str:
        """The target, and whether it is met."""
        return "" if self.target is None else f"target {self.target} {'met' if self.met else 'MISSED'}"
