"""What the five units tell each other, and how a session is set up. Seconds of the session."""

from __future__ import annotations

from devices.facts import Value
from devices.glasses.contracts import Fault, Frame, Recovered, Words
from devices.noun import Noun
from services.alpha.contracts import (
    Evidence,
    Intervention,
    LedgerEntry,
    LookRequest,
    LookResult,
    Notice,
    ToolCall,
    ToolResult,
    WearerProfile,
)


class GlassesConfig(Noun):
    """One session, whatever its source.

    Args:
        skills: Names of installed glasses skills (all of them, if empty), or "module:factory".
        settings: Settings by skill.
        wearer: Who wears the glasses, as far as the caller knows; memory adds what it knows.
        starts_s: Time of day at t = 0, in seconds since midnight.
        redact: Cover faces before a picture is kept. False only if the wearer's law allows it.
        fps: Pictures a second to handle.
        stream_width: Width in pixels of the stream that triggers see.
        model: The language model of open questions: "none", "embedded", or ADDRESS#NAME.
        mcp: Commands that start tool servers (Model Context Protocol over their standard streams).
        costs: Seconds that looks and tools take, by id or by the name of skill or tool; without,
            what their specs declare.
        outages: Spans (from, to) without network.
        fleet: Whether there are robots. Then all that the wearer says goes to them, but control
            words of the glasses and what a skill is sure to be asked.
        memory: Path of the STEM memory file; "" keeps it in a temporary file.
    """

    skills: tuple[str, ...] = ()
    settings: dict[str, dict[str, Value]] = {}
    wearer: WearerProfile = WearerProfile()
    starts_s: float = 43200.0
    redact: bool = True
    fps: float = 10.0
    stream_width: int = 640
    model: str = "none"
    mcp: tuple[str, ...] = ()
    costs: dict[str, float] = {}
    outages: tuple[tuple[float, float], ...] = ()
    fleet: bool = False
    memory: str = ""


class InputNews(Noun):
    """What the input unit has after one picture: its frame, what skills noticed, looks that are
    done, what went missing. `ended`: nothing more will come.
    """

    t: float
    frame: Frame | None = None
    notices: tuple[Notice, ...] = ()
    looks: tuple[LookResult, ...] = ()
    signals: tuple[Fault | Recovered, ...] = ()
    ended: bool = False


class CentralNews(Noun):
    """Everything that reached the central unit at one instant. Words come first, always.

    `told` is what the robots have to say to the wearer.
    """

    now: float
    words: tuple[Words, ...] = ()
    told: tuple[str, ...] = ()
    signals: tuple[Fault | Recovered, ...] = ()
    notices: tuple[Notice, ...] = ()
    looks: tuple[LookResult, ...] = ()
    results: tuple[ToolResult, ...] = ()
    wearer: WearerProfile | None = None


class Call(Noun):
    """A tool call with the evidence that its arguments came from."""

    call: ToolCall
    evidence: tuple[Evidence, ...] = ()


class Cut(Noun):
    """End the speech of an intervention now."""

    intervention: str
    t: float
    why: str


class CentralStep(Noun):
    """What the central unit orders: looks, tool calls, speech; what it takes back; what it records.

    `wake_s`: call again then, even if nothing happens.
    """

    looks: tuple[LookRequest, ...] = ()
    calls: tuple[Call, ...] = ()
    says: tuple[Intervention, ...] = ()
    cuts: tuple[Cut, ...] = ()
    drops: tuple[str, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    wake_s: float | None = None


class Showing(Noun):
    """What the display's corner tells at `t`: what is missing, and which skill looks closely.
    `lost`: there is no camera, and the picture is the last there was.
    """

    t: float
    faults: tuple[str, ...] = ()
    looking: str = ""
    lost: bool = False
