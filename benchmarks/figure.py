"""One measured figure and its target."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A median, what it was measured from, and the most it may be."""

    name: str
    median: float
    unit: str
    target: float
    of: str

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.median <= self.target

    @property
    def said(self) -> str:
        """The figure as it is printed."""
        return f"{self.median:.3f} {self.unit} ({self.of})"
