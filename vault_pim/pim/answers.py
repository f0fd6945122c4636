"""What a PIM answers: the door at which every answer is checked before it is used.

Unknown fields are ignored, missing or mistyped ones are refused; what is secret is closed as soon as it is read. The
shapes themselves stand in `shapes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, TypeAdapter, ValidationError
from pydantic_core import core_schema

from vault_pim.domain.errors import PimRefusal, UnknownShape
from vault_pim.domain.secret import SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the PIM answered, whole. The body may hold secrets, so it is not shown.

    Attributes:
        asked: method and path, for messages.
        location: where a redirect points to; empty where there is none.
        cookies: those set by this answer.
    """

    asked: str
    status: int
    content_type: str
    location: str
    body: bytes = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)

    @property
    def is_json(self) -> bool:
        """Whether it says of itself that it is JSON."""
        return self.content_type.partition(";")[0].strip().lower() == "application/json"

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def redirects_to(self) -> str:
        """The path a redirect points to; empty where there is none, or it is no address."""
        try:
            return urlsplit(self.location).path
        except ValueError:
            return ""

    @property
    def moved_to(self) -> str:
        """The base URL at which the same page is to be found, as of a web server that wants https; empty where the
        answer does not say so."""
        path = self.asked.rpartition(" ")[2]
        if not self.redirects_to.endswith(path) or not (parts := urlsplit(self.location)).netloc:
            return ""
        return f"{parts.scheme}://{parts.netloc}{parts.path.removesuffix(path)}"

    def expect(self, *statuses: int) -> Self:
        """The answer itself, if it has one of these statuses.

        Raises:
            PimRefusal: our account may not do this (403).
            UnknownShape: any other status.
        """
        if self.status in statuses:
            return self
        if self.status == requests.codes.forbidden:
            raise PimRefusal(
                f"vault-pim's PIM account may not {self.asked}",
                advice="Give its role the permissions that docs/reference/mechanisms.md lists.",
            )
        target = f" to {self.redirects_to}" if self.location else ""
        raise UnknownShape(
            f"the PIM's answer to {self.asked} is not understood",
            why=f"status {self.status}{target}, {self.content_type or 'no content type'}; "
            f"expected {' or '.join(map(str, statuses))}",
            advice=f"If {self.moved_to} is that PIM, write this as its url." if self.moved_to else "",
        )


Text = Annotated[str, Field(min_length=1, max_length=255)]
Secret = Annotated[
    SecretStr,
    GetPydanticSchema(
        lambda *_: core_schema.no_info_after_validator_function(
            SecretStr, core_schema.str_schema(min_length=1, max_length=1000)
        )
    ),
]
Digits = Annotated[str, Field(pattern=r"^\d{1,10}$")]


class Shape(BaseModel):
    """Something a PIM answers; rejected input is never shown, since it may be a secret."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", hide_input_in_errors=True)


T = TypeVar("T")


def read(answer: Answer, shape: type[T]) -> T:
    """An answer's body in its shape.

    Raises:
        UnknownShape: it is not JSON of that shape; the sentence names the fields, never their values.
    """
    try:
        return TypeAdapter(shape).validate_json(answer.body if answer.is_json else b"")
    except ValidationError as error:
        wrong = [".".join(map(str, one["loc"])) or "the whole" for one in error.errors(include_input=False)]
    # Outside `except`: a ValidationError keeps its input.
    raise UnknownShape(
        f"the PIM's answer to {answer.asked} is not understood",
        why=f"{answer.content_type or 'no content type'} with status {answer.status}; "
        f"missing or mistyped: {', '.join(sorted(set(wrong))[:5])}",
    )
