"""The base of every contract: a value that cannot change and accepts no unknown field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A frozen, closed Pydantic model. Equal content means equal value."""

    # By default Pydantic writes infinity as null, which reads back as something else.
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")
