"""What a noun phrase means, once it is looked up."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.facts import Selector, Value


@dataclass(frozen=True)
class Meaning:
    """What is meant: exact things, every one of a class, or a number of a class."""

    ids: tuple[str, ...] = ()
    cls: str | None = None
    having: dict[str, Value] = field(default_factory=dict)
    within: str | None = None
    exclude: tuple[str, ...] = ()
    count: int | None = None

    def selector(self) -> Selector:
        """The selector of a condition."""
        return Selector(
            ids=self.ids,
            cls=self.cls,
            having=dict(sorted(self.having.items())),
            within=self.within,
            exclude=self.exclude,
        )
