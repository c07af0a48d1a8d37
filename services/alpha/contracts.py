"""The nouns of the glasses pipeline. Seconds since the start of the trace, unless said otherwise.

One case, from start to end: a skill **notices** something on a gated frame (`Trigger`), the
central unit opens a case and orders a **look** (`LookRequest` -> `LookResult` with `Evidence`),
calls **tools** (`ToolCall` -> `ToolResult`), asks the skill for a `Draft`, and either lets the
output unit speak it (`Intervention`) or records why not (`Suppressed`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devices.contracts import Sighting
from devices.facts import Value
from devices.glasses.contracts import Box, Fault, Recovered, Words
from devices.noun import Noun

Content = Value | tuple[Value, ...] | tuple[tuple[Value, ...], ...]

# -- what a skill declares ---------------------------------------------------------------------


class SlotSpec(Noun):
    """One piece of evidence that must have been seen before the skill may speak.

    It counts when its confidence is at least `min_confidence` and it is at most `max_age_s` old.
    Missing, the central unit looks again as long as there is time and then does `missing`: ask the
    wearer `question`, or stay silent. `optional` evidence is handed on when it is there. What is not
    `kept` (a picture) goes to tools and nowhere else: not into the ledger, nor into memory.
    """

    name: str
    min_confidence: float = 0.8
    max_age_s: float = 5.0
    missing: Literal["ask", "silent"] = "silent"
    question: str = ""
    optional: bool = False
    kept: bool = True


class ToolSpec(Noun):
    """One typed function: what it takes, how long it may take, how long it usually takes.

    `needs` are the evidence slots without which it must not be called. `exact` tools have the last
    word over text from a language model. `remote` tools need the network.
    """

    name: str
    title: str
    needs: tuple[str, ...] = ()
    cost_s: float = 0.005
    timeout_s: float = 1.0
    exact: bool = True
    remote: bool = False


class SkillSpec(Noun):
    """What a glasses skill is and what it costs. Readable without running it.

    Args:
        name: Entry-point name, kebab-case.
        title: For people.
        every_s: The trigger is run on at most one frame in this time; 0 means on every good frame.
        look_width: Pixels of width that a look wants (the burst); 0 takes the stream as it is.
        look_frames: How many pictures a look wants.
        looks: How many looks one case may have.
        look_cost_s: How long a look usually takes; what the schedule (and a replay) charges.
        deadline_s: How long after its trigger an intervention is of use, its speech included.
        slots: Evidence that is needed.
        tools: Tools that the skill brings.
        value: How much a right intervention helps, and
        annoyance: how much a needless one costs, on one scale. Their ratio sets the first threshold.
        repeat_s: The same subject is not told twice within this time.
        answers: Says what kinds of questions it answers, for people.
    """

    name: str
    title: str
    every_s: float = 0.0
    look_width: int = 1280
    look_frames: int = 1
    looks: int = 2
    look_cost_s: float = 0.15
    deadline_s: float = 4.0
    slots: tuple[SlotSpec, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    value: float = 1.0
    annoyance: float = 1.0
    repeat_s: float = 60.0
    answers: str = ""


# -- input unit --------------------------------------------------------------------------------


class Trigger(Noun):
    """A skill noticed that it may be of use now.

    `subject` is what it is about ("hand-3", "garment@left"): the same subject is not told twice.
    `since_s` is when the event itself began, as far as the skill can tell. `version` counts what
    the skill takes for one state of its world; a trigger with a higher version makes older cases
    of the skill void. `asked`: the wearer asked, so no threshold, quiet hour or budget applies.
    `silent`: look and remember only, nothing is to be said. `look` False: no look is needed.
    """

    kind: Literal["trigger"] = "trigger"
    skill: str
    subject: str
    t: float
    since_s: float
    score: float
    version: int = 0
    reason: str
    asked: bool = False
    silent: bool = False
    look: bool = True
    words: str = ""
    box: Box | None = None
    evidence: tuple[Evidence, ...] = ()


class Gone(Noun):
    """What the skill's open cases are about is no more (cards taken away, the work left behind).

    Cases of the skill with a version below `version` are void: looks, tools and speech of them end.
    """

    kind: Literal["gone"] = "gone"
    skill: str
    t: float
    version: int
    reason: str


class Reaction(Noun):
    """The skill saw what became of its last intervention about `subject`: followed, or ignored."""

    kind: Literal["reaction"] = "reaction"
    skill: str
    t: float
    version: int
    subject: str
    acted: bool


Notice = Annotated[Trigger | Gone | Reaction, Field(discriminator="kind")]


class Evidence(Noun):
    """A value read from the world for a slot: how sure (0..1), when, and from what.

    `source` is "look", "trigger", "memory", "wearer" or "tool".
    """

    slot: str
    value: Content
    confidence: float
    t: float
    source: Literal["look", "trigger", "memory", "wearer", "tool"] = "look"
    frame: int | None = None
    box: Box | None = None


class LookRequest(Noun):
    """Look closely for one case: at `frames` pictures of at least `width` pixels if there are any.

    `attempt` counts from 1. `slots` are the ones still missing. A result after `deadline_s` is of
    no use and is not waited for.
    """

    id: str
    case: str
    skill: str
    t: float
    deadline_s: float
    attempt: int = 1
    frames: int = 1
    width: int = 0
    slots: tuple[str, ...] = ()
    trigger: Trigger


class LookResult(Noun):
    """What a look found. `sightings` go to memory. `missing` says in words what was not seen.

    `cost_s` is what it took, filled in by the input unit.
    """

    request: str
    case: str
    skill: str
    t: float
    evidence: tuple[Evidence, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    missing: str = ""
    cost_s: float = 0.0


# -- arithmetic unit ---------------------------------------------------------------------------


class ToolCall(Noun):
    """Call a tool by name ("blackjack.advise", "memory.where"). The skill fills in `tool` and
    `args`; the central unit the rest. `evidence` names the slots whose values `args` came from.
    """

    tool: str
    args: dict[str, Content] = {}
    evidence: tuple[str, ...] = ()
    id: str = ""
    case: str = ""
    skill: str = ""
    t: float = 0.0
    deadline_s: float = 0.0


class ToolResult(Noun):
    """What a tool answered. Not "ok": `why` is one sentence, and `value` is empty. `remote`: it
    came, or failed to come, over the network.
    """

    call: str
    case: str
    tool: str
    status: Literal["ok", "missing_evidence", "timeout", "unavailable", "failed", "unknown"] = "ok"
    value: dict[str, Content] = {}
    why: str = ""
    cost_s: float = 0.0
    remote: bool = False


# -- output unit -------------------------------------------------------------------------------


class HudMark(Noun):
    """A box drawn over the wearer's view, with a short label."""

    box: Box
    label: str = ""
    tone: Literal["plain", "good", "warn", "bad"] = "plain"


class Hud(Noun):
    """What the display shows: a title, a few short lines, marks in the picture."""

    title: str
    lines: tuple[str, ...] = ()
    marks: tuple[HudMark, ...] = ()
    tone: Literal["plain", "good", "warn", "bad"] = "plain"


class Draft(Noun):
    """What a skill wants to say: the same message in wordings from full to short.

    The output unit speaks the first wording that fits the time left; if even the last one does not
    fit, nothing is said. `why` completes "Now, because ...". `score` is how sure the skill is that
    this helps now (0..1). `answer` is the plain machine-readable answer ("stand", a work's id, a
    size), for tests and memory. `about` names the state of the world that it follows from, if the
    trigger's subject does not: what was heard about it is not told again within `repeat_s`. `knows`
    are subjects that the wearer knows once told. `wish` is a request to the robots, posted as a goal.
    """

    wordings: tuple[str, ...]
    why: str
    score: float
    hud: Hud | None = None
    answer: str = ""
    about: str = ""
    urgent: bool = False
    knows: tuple[str, ...] = ()
    wish: str = ""


class Silence(Noun):
    """The skill decided that there is nothing to tell, and why."""

    why: str
    code: Literal["nothing_new", "missing_evidence", "not_useful", "vetoed"] = "not_useful"


class Intervention(Noun):
    """Something told to the wearer: when, what, until when it holds, and why now.

    `began_s` and `ends_s` are when speech begins and is expected to end; it never ends after
    `deadline_s`. `chain` are the seconds from the event (`since_s` of the trigger) to trigger,
    look, tool, and first audio.
    """

    kind: Literal["intervention"] = "intervention"
    id: str
    case: str
    skill: str
    subject: str
    event_s: float
    t: float
    began_s: float
    ends_s: float
    deadline_s: float
    version: int
    text: str
    answer: str = ""
    voice: bool = True
    hud: Hud | None = None
    why_now: str
    score: float
    threshold: float
    asked: bool = False
    question: bool = False
    evidence: tuple[Evidence, ...] = ()
    tools: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    chain: dict[str, float] = {}


WhyNot = Literal[
    "below_threshold",
    "quiet_hours",
    "budget",
    "repeated",
    "missing_evidence",
    "nothing_new",
    "not_useful",
    "vetoed",
    "too_late",
    "superseded",
    "tool_failed",
    "outranked",
    "stopped",
    "silent",
]


class Suppressed(Noun):
    """Something that was not said, and why not: a code for counting, a sentence for people."""

    kind: Literal["suppressed"] = "suppressed"
    case: str
    skill: str
    subject: str
    event_s: float
    t: float
    code: WhyNot
    why_not: str
    score: float
    threshold: float
    text: str = ""
    evidence: tuple[Evidence, ...] = ()


class SpeechOver(Noun):
    """How the speech of an intervention ended: all said, cut by the wearer or by a change, or
    dropped before its first word because it had become stale.
    """

    kind: Literal["speech_over"] = "speech_over"
    intervention: str
    t: float
    how: Literal["done", "cut", "dropped"]
    why: str = ""


class Outcome(Noun):
    """What the wearer made of an intervention; it moves the threshold of the skill."""

    kind: Literal["outcome"] = "outcome"
    intervention: str
    skill: str
    t: float
    outcome: Literal["not_now", "stopped", "acted_on", "ignored", "more"]
    threshold: float


class WishPosted(Noun):
    """What the wearer said to those who are there beside the glasses: the robots of the session.

    A wish, a question, an instruction, an answer: the glasses do not tell them apart.
    """

    kind: Literal["wish"] = "wish"
    t: float
    who: str
    text: str


class Heard(Noun):
    """Words that reached the central unit, and what they were taken for.

    `passed_on`: they went to the robots as well, or only (`WishPosted`).
    """

    kind: Literal["heard"] = "heard"
    words: Words
    taken_for: Literal["stop", "not_now", "more", "thanks", "question", "answer", "wish", "talk"]
    passed_on: bool = False


LedgerEntry = Annotated[
    Intervention | Suppressed | SpeechOver | Outcome | WishPosted | Heard | Fault | Recovered,
    Field(discriminator="kind"),
]


# -- who the wearer is -------------------------------------------------------------------------


class Garment(Noun):
    """One piece of the wearer's wardrobe."""

    name: str
    category: str
    colour: str
    size: str = ""
    note: str = ""


class WearerProfile(Noun):
    """The wearer as memory knows them.

    `quiet` are spans of the day (seconds since midnight, from < to, or over midnight if from > to)
    without unasked interventions; `per_hour` is how many unasked ones are welcome in an hour.
    `words_per_minute` is the speech rate they like. `preferences` are free: "table_minimum" (money),
    "favourite_colour". `known` are subjects they know already. `sizes` maps a garment category to
    the wearer's size.
    """

    id: str = "wearer"
    name: str = ""
    quiet: tuple[tuple[float, float], ...] = ()
    per_hour: int = 30
    words_per_minute: float = 190.0
    voice: bool = True
    preferences: dict[str, Value] = {}
    interests: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    sizes: dict[str, str] = {}
    wardrobe: tuple[Garment, ...] = ()


Trigger.model_rebuild()
LookRequest.model_rebuild()
