"""What every section of the configuration is, and the kinds of text that more than one of them uses."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S(.*\S)?$")]
Mount = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")]


class Section(BaseModel):
    """A mapping of the configuration: unknown keys are refused, rejected values are not repeated."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
