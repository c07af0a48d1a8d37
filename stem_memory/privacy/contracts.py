"""Privacy in the log: zones, retention, erasure, and sealed bodies of events."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.facts import Category
from devices.noun import Noun
from devices.site import Point


class ZoneDrawn(Noun):
    """From `from_s` until `to_s` (None: for good) nothing inside the polygon is recorded.

    Metres in the map frame; things within `margin_m` of the polygon count as inside, because poses
    are uncertain. `categories` limits the zone (empty: everything that moves or is said).
    """

    act: Literal["zone_drawn"] = "zone_drawn"
    zone: str
    polygon: tuple[Point, ...] = Field(min_length=3)
    margin_m: float = Field(default=0.25, ge=0.0)
    categories: tuple[Category, ...] = ()
    from_s: float
    to_s: float | None = None


class ZoneLifted(Noun):
    """The zone ends now."""

    act: Literal["zone_lifted"] = "zone_lifted"
    zone: str


class RetentionSet(Noun):
    """Reports about things of class `cls` at `place` are kept `keep_s` seconds (None: for good).

    An empty `cls` or `place` means any; of several rules that fit, the shortest holds.
    """

    act: Literal["retention_set"] = "retention_set"
    cls: str = ""
    place: str = ""
    keep_s: float | None = Field(default=None, gt=0.0)


class KeysDestroyed(Noun):
    """Keys were destroyed: what they sealed can never be read again.

    `keys` are pseudonyms, so that the log does not say whom it forgot.
    """

    act: Literal["keys_destroyed"] = "keys_destroyed"
    keys: tuple[str, ...]
    why: Literal["erasure", "retention"]
    by: str
    reason: str = ""


PrivacyAct = Annotated[
    ZoneDrawn | ZoneLifted | RetentionSet | KeysDestroyed, Field(discriminator="act")
]


class PrivacyChanged(Noun):
    """A rule of privacy changed, or was carried out."""

    kind: Literal["privacy_changed"] = "privacy_changed"
    change: PrivacyAct


class SealedPart(Noun):
    """One piece of a sealed body.

    `keys` are the pseudonyms of the keys that are all needed to open it; `box` is base64. What is
    left without them: `element` nothing, `id` the first pseudonym, `text` an empty string.
    """

    keys: tuple[str, ...]
    shape: Literal["element", "id", "text"]
    box: str


class Sealed(Noun):
    """The body of another event with what is personal sealed away.

    `template` is its JSON, where `{"$sealed": i}` stands for `parts[i]`.
    """

    kind: Literal["sealed"] = "sealed"
    of: str
    template: str
    parts: tuple[SealedPart, ...]
