"""What goes wrong in a trial: drawn from a seed, each thing at its time."""

from __future__ import annotations

from random import Random
from typing import Literal

from devices.noun import Noun

Kind = Literal[
    "kill site", "kill site while it records", "kill daemon", "kill brain", "partition", "deaf", "mute",
    "delay", "disorder", "pause daemon", "disk full at the site", "disk full at the daemon",
    "stop all", "cancel",
]  # fmt: skip
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
# Upsets that concern one device.
OF_DEVICE = frozenset(
    {"kill daemon", "partition", "deaf", "mute", "delay", "disorder", "pause daemon",
     "disk full at the daemon"}
)  # fmt: skip


class Upset(Noun):
    """One thing that goes wrong: when, for how long (s), and at which device ("" at the site)."""

    t: float
    kind: Kind
    lasts_s: float
    device: str = ""


def upsets(random: Random, devices: tuple[str, ...], until_s: float) -> tuple[Upset, ...]:
    """Three to seven things that go wrong until a moment, in order.

    Args:
        random: Chance.
        devices: Whom they may hit.
        until_s: The last of them begins before (s).
    """
    found = []
    for _ in range(random.randint(3, 7)):
        kind = random.choice(KINDS)
        found.append(
            Upset(
                t=round(random.uniform(1.0, until_s), 2),
                kind=kind,
                lasts_s=round(random.uniform(0.5, 12.0), 2),
                device=random.choice(devices) if kind in OF_DEVICE else "",
            )
        )
    return tuple(sorted(found, key=lambda upset: upset.t))
