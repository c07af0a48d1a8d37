"""A recording to replay, what would be right to say in it, and what a run over it gave."""

from __future__ import annotations

from typing import Literal

from devices.facts import Value
from devices.glasses.contracts import Words
from devices.noun import Noun
from services.alpha.contracts import LedgerEntry, WearerProfile


class GoldEvent(Noun):
    """A moment at which the wearer should be told something (or answered).

    `t` is when everything needed to be of use has happened; an intervention of `skill` that begins
    within the window around it hits it, once. `answer` is what the intervention's `answer` must be;
    "" where only timing counts. `until_s` is when telling has become useless (for PAUC).
    `abstain`: the evidence is not there to be seen, so the right thing is silence or a question.
    """

    skill: str
    t: float
    until_s: float
    subject: str = ""
    answer: str = ""
    abstain: bool = False
    asked: bool = False
    note: str = ""


class Trace(Noun):
    """A recording to replay: `trace.json` in a folder beside the files it names.

    `video` may be empty (words only); `times` are those of its pictures where they are not even.
    `costs` are seconds that looks and tools took, by their id or by the name of skill or tool.
    `words` are what was said or typed. `faults` are spans (from, to, kind) in which the source is
    made to fail on replay: "camera_lost", "covered", "dark", "no_network". `starts_s` is the time of
    day at t = 0, in seconds since midnight. `style` names the generator's style, `split` its side.
    `configuration` holds settings by skill; a text that begins with "./" is a path beside the trace.
    """

    name: str
    video: str = ""
    audio: str = ""
    duration_s: float
    fps: float = 10.0
    times: tuple[float, ...] = ()
    starts_s: float = 43200.0
    wearer: WearerProfile = WearerProfile()
    words: tuple[Words, ...] = ()
    gold: tuple[GoldEvent, ...] = ()
    skills: tuple[str, ...] = ()
    faults: tuple[tuple[float, float, str], ...] = ()
    costs: dict[str, float] = {}
    style: str = ""
    split: Literal["train", "test", ""] = ""
    seed: int = 0
    configuration: dict[str, dict[str, Value]] = {}


class Replay(Noun):
    """What a run over a trace gave: the ledger, and what it cost.

    `handled` counts frames that were gated, `dropped` those that were not; `looks` and `tools` are
    calls. `cpu_s` is processor time of the whole run.
    """

    ledger: tuple[LedgerEntry, ...]
    duration_s: float
    frames: int
    handled: int
    dropped: int
    looks: int
    tools: int
    cpu_s: float
    frame_quality: dict[str, int] = {}
