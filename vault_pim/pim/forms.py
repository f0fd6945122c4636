"""Reads an HTML form the way a browser would send it back: every field with the value that it has now.

Called by `users`, whose form the PIM takes only whole (contracts/akeneo/observed-older.md §5). Knows no field by name.
"""

from html.parser import HTMLParser
from typing import Final

from vault_pim.domain.errors import UnknownShape

_UNSENT: Final = frozenset(("submit", "button", "image", "reset"))
_BOXES: Final = frozenset(("checkbox", "radio"))


class _Select:
    def __init__(self, name: str, *, multiple: bool) -> None:
        self.name = name
        self.multiple = multiple
        self.values: list[str] = []
        self.selected: list[str] = []

    @property
    def sent(self) -> list[str]:
        """What a browser sends: of a list without a choice, the first."""
        return self.selected if self.selected or self.multiple else self.values[:1]


class _Fields(HTMLParser):
    """Every form of a page, as name and values of its fields."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[dict[str, list[str]]] = []
        self._select: _Select | None = None
        self._area: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        name = attributes.get("name", "")
        if tag == "input" and name and "disabled" not in attributes:
            kind = attributes.get("type", "text").lower()
            if kind in _UNSENT or (kind in _BOXES and "checked" not in attributes):
                return
            self._add(name, attributes.get("value", "on" if kind in _BOXES else ""))
        elif tag == "select" and name:
            self._select = _Select(name, multiple="multiple" in attributes)
        elif tag == "option" and self._select is not None:
            value = attributes.get("value", "")
            self._select.values.append(value)
            if "selected" in attributes:
                self._select.selected.append(value)
        elif tag == "textarea" and name:
            self._area = name
            self._add(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select is not None:
            for value in self._select.sent:
                self._add(self._select.name, value)
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None and self.forms:
            self.forms[-1][self._area][-1] += data

    def _add(self, name: str, value: str) -> None:
        if self.forms:
            self.forms[-1].setdefault(name, []).append(value)


def read_fields(html: str, name: str) -> dict[str, list[str]]:
    """The fields of the form that has a field of that name.

    Raises:
        UnknownShape: there is no such form.
    """
    for form in _Fields(html).forms:
        if name in form:
            return form
    raise UnknownShape(f"the PIM's page has no form with {name}")
