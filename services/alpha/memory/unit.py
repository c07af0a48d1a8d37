"""The memory unit: a view on STEM for one wearer, and the hand that writes down what they met with.

What was said and heard, what was seen where, what the wearer knows by now and what they made of
interventions are events of the log. Questions ("memory.where", "memory.said", "memory.known") are
answered from its fold, like any other tool.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from devices.contracts import BodySpec, BodyState, Observation, Pose, Sighting, Utterance
from devices.glasses.card import GLASSES
from services.alpha.contracts import (
    Content,
    Heard,
    Intervention,
    LedgerEntry,
    LookResult,
    Outcome,
    SpeechOver,
    ToolCall,
    ToolResult,
    WearerProfile,
)
from services.alpha.memory.habits import KNOWS, OUTCOME, Habits
from services.alpha.orders import GlassesConfig
from services.memory.client import MemoryClient, open_writer
from services.runtime.local import LocalRuntime, Port
from services.session.folder import MEMORY
from stem_memory.answers.queries import QueryUnclear, resolve, title
from stem_memory.belief.evidence import SURVEY
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import Asserted, BodyEnrolled, Event, Observed, Payload, Spoken
from stem_memory.view import Belief

COST_S = 0.01
_MOST_HITS = 5


class MemoryUnit:
    """Reads and writes STEM for one pair of glasses.

    Args:
        config: Whose glasses, and which memory.
        writer: The memory's writer, where others write to it, too.
        begins_s: The log's time, in seconds, when the glasses' clock is at 0. Unless given: the
            newest time in the log.
    """

    def __init__(
        self, config: GlassesConfig, writer: Port | None = None, begins_s: float | None = None
    ) -> None:
        self._wearer = config.wearer
        self._body = f"glasses-{config.wearer.id}"
        # What is measured in the wearer's view lies nowhere in the map until somebody aligns it.
        self._here = Pose(x=0.0, y=0.0, frame=self._body)
        self._folder = None if config.memory else tempfile.TemporaryDirectory(prefix="retinue-")
        path = Path(config.memory or Path(str(self._folder and self._folder.name)) / MEMORY)
        self._own = LocalRuntime()
        try:
            self._store = MemoryClient(path, writer or open_writer(path, self._own))
        except BaseException:
            self._own.close()
            raise
        last = self._store.last_seq(self._body)
        self._seq = 0 if last is None else last + 1
        if begins_s is None:
            begins_s = self._store.last_time() if self._store.position() else 0.0
        self._base_s = begins_s
        self._habits = Habits(config.wearer.id)
        for entry in self._store.read(kinds=("asserted",)):
            self._habits.apply(entry.event)
        self._said: dict[str, Intervention] = {}
        self._introduce()

    def profile(self) -> WearerProfile:
        """The wearer: what the session was told, and what the log adds."""
        known = dict.fromkeys((*self._wearer.known, *self._habits.known()))
        return self._wearer.model_copy(update={"known": tuple(known)})

    def outcomes(self) -> tuple[tuple[str, str, float], ...]:
        """What earlier sessions taught: (skill, outcome, how often)."""
        return self._habits.outcomes()

    def note(
        self, now: float, ledger: Sequence[LedgerEntry], looks: Sequence[LookResult]
    ) -> WearerProfile | None:
        """Write what happened at `now`. Returns the wearer's profile if that changed."""
        events: list[Payload] = []
        for look in looks:
            if look.sightings:
                events.append(self._report(look.t, sightings=look.sightings))
        for entry in ledger:
            events += self._of(entry)
        if not events:
            return None
        before = self._habits.known()
        self._write(now, events)
        return self.profile() if self._habits.known() != before else None

    def recall(self, call: ToolCall) -> ToolResult:
        """Answer a question to memory."""
        questions = {
            "memory.where": self._where,
            "memory.said": self._talk,
            "memory.known": self._knows,
        }
        question = questions.get(call.tool)
        fields: dict[str, object] = {"call": call.id, "case": call.case, "tool": call.tool}
        if question is None:
            why = f"memory has no answer to {call.tool!r}"
            return ToolResult.model_validate({**fields, "status": "unknown", "why": why})
        value = question(call)
        return ToolResult.model_validate({**fields, "value": value, "cost_s": COST_S})

    def close(self) -> None:
        """Close the log."""
        self._store.close()
        self._own.close()
        if self._folder is not None:
            self._folder.cleanup()

    # -- questions ---------------------------------------------------------------------------

    def _where(self, call: ToolCall) -> Mapping[str, Content]:
        """Where the thing was last seen, by anybody. Arguments: `thing`, words for it, or its id."""
        state = self._store.state
        wanted = str(call.args.get("thing", ""))
        found = _seen_last(state, wanted)
        if found is None:
            return {"found": False, "thing": wanted.lower()}
        thing, belief = found
        place = str(belief.value)
        where = state.location(thing)
        return {
            "found": True,
            "thing": thing,
            "place": place,
            "place_name": title(state, place),
            "relation": where.relation if where is not None else "at",
            "age_s": round(self._base_s + call.t - belief.seen_s, 3),
            "confidence": round(belief.confidence, 3),
            **self._source(state, belief.source),
        }

    def _source(self, state: MemoryState, source: str) -> Mapping[str, Content]:
        """How the place of a thing is known, and by whom ("": by these glasses)."""
        if source == SURVEY:
            return {"how": "supposed", "by": ""}
        how = "seen" if state.category(source) == "body" else "said"
        return {"how": how, "by": "" if source == self._body else title(state, source)}

    def _talk(self, call: ToolCall) -> Mapping[str, Content]:
        """What was said about something. Arguments: `words`."""
        hits = self._store.search(str(call.args.get("words", "")), at_most=_MOST_HITS)
        now = self._base_s + call.t
        said = [hit for hit in hits if hit.kind == "said"]
        return {
            "found": bool(said),
            "texts": tuple(hit.text for hit in said),
            "by": tuple(hit.about for hit in said),
            "ages_s": tuple(round(now - hit.t, 3) for hit in said),
        }

    def _knows(self, call: ToolCall) -> Mapping[str, Content]:
        """Whether the wearer knows a subject. Arguments: `subject`."""
        return {"known": str(call.args.get("subject", "")) in self.profile().known}

    # -- events ------------------------------------------------------------------------------

    def _introduce(self) -> None:
        """The glasses and their wearer are known to memory before anything is said of them."""
        state = self._store.state
        events: list[Payload] = []
        known = state.bodies().get(self._body)
        if known is None or known.card != GLASSES:
            spec = BodySpec(id=self._body, kind=GLASSES.kind, pose=self._here)
            events.append(BodyEnrolled(spec=spec, card=GLASSES))
        if state.category(self._wearer.id) is None:
            names = (self._wearer.name,) if self._wearer.name else ()
            person = Sighting(
                id=self._wearer.id, cls="person", category="person", names=names, x=0.0, y=0.0
            )
            events.append(self._report(0.0, sightings=(person,)))
        if events:
            self._write(0.0, events)

    def _of(self, entry: LedgerEntry) -> list[Payload]:
        if isinstance(entry, Heard):
            if entry.passed_on:
                return []  # whoever got the words records them
            who = entry.words.by or self._wearer.id
            return [self._report(entry.words.t, heard=(Utterance(who=who, text=entry.words.text),))]
        if isinstance(entry, Intervention):
            self._said[entry.id] = entry
        elif isinstance(entry, SpeechOver):
            said = self._said.pop(entry.intervention, None)
            # What was cut off was not told.
            if said is not None and entry.how == "done":
                told: list[Payload] = [Spoken(body=self._body, to=self._wearer.id, text=said.text)]
                return told + [self._states(KNOWS + s, True, entry.t) for s in said.knows]
        elif isinstance(entry, Outcome):
            count = self._habits.count(entry.skill, entry.outcome) + 1.0
            return [self._states(f"{OUTCOME}{entry.skill}:{entry.outcome}", count, entry.t)]
        return []

    def _states(self, attr: str, value: bool | float, t: float) -> Asserted:
        from_s = round(self._base_s + t, 3)
        return Asserted(thing=self._wearer.id, attr=attr, value=value, from_s=from_s, by=self._body)

    def _report(
        self, t: float, sightings: tuple[Sighting, ...] = (), heard: tuple[Utterance, ...] = ()
    ) -> Observed:
        state = BodyState(pose=self._here, room="", battery=1.0)
        seen = Observation(
            body=self._body,
            t=round(self._base_s + t, 3),
            state=state,
            sightings=sightings,
            heard=heard,
        )
        return Observed(observation=seen)

    def _write(self, now: float, payloads: Sequence[Payload]) -> None:
        events = []
        for payload in payloads:
            t = round(self._base_s + now, 3)
            events.append(Event(origin=self._body, seq=self._seq, t=t, body=payload))
            self._seq += 1
        self._store.append(events, round((self._base_s + now) * 1000))
        for event in events:
            self._habits.apply(event)


def _seen_last(state: MemoryState, words: str) -> tuple[str, Belief] | None:
    """Of the things that the words mean, the one whose place was learnt last, and that place.

    A place that somebody saw counts before one that a survey only claims.
    """
    try:
        things = resolve(state, words)
    except QueryUnclear:
        return None
    beliefs = ((thing, state.belief(thing, "location")) for thing in things)
    placed = [(thing, belief) for thing, belief in beliefs if belief is not None and belief.value]
    return max(placed, key=lambda p: (p[1].source != SURVEY, p[1].seen_s, p[0]), default=None)
