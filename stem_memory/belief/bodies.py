"""The embodiment view: every body with its card, its last report, and its earlier revisions."""

from __future__ import annotations

from devices.contracts import BodyCard, BodySpec, BodyState, Observation
from devices.noun import Noun
from devices.site import SitePlan
from stem_memory.belief.frames import MAP, Transform
from stem_memory.belief.geometry import room_at
from stem_memory.contracts import StepEnded, StepStarted
from stem_memory.view import BodyRecord


class Revision(Noun):
    """What a body was from `since_s` on, until the next revision."""

    since_s: float
    spec: BodySpec
    card: BodyCard


class Bodies:
    """Records by body id, in the order of enrolment, and who is out of touch."""

    def __init__(self) -> None:
        self.records: dict[str, BodyRecord] = {}
        self.revisions: dict[str, tuple[Revision, ...]] = {}
        self.lost: set[str] = set()

    def enrol(self, spec: BodySpec, card: BodyCard, t: float, plan: SitePlan | None) -> None:
        """Add a body, or a new revision of a known one.

        Its last report stays; that it was lost, stopped or busy ended with the life in which it was.
        """
        known = self.records.get(spec.id)
        if known is not None:
            self.lost.discard(spec.id)
            anew = {"spec": spec, "card": card, "lost": False, "stopped": False, "busy": None}
            anew |= {"drained": False, "retired": False}
            self.records[spec.id] = known.model_copy(update=anew)
        else:
            at = (spec.pose.x, spec.pose.y) if spec.pose.frame == MAP else None
            room = room_at(plan, at) if plan is not None and at is not None else None
            state = BodyState(pose=spec.pose, room=room or "", battery=spec.battery)
            self.records[spec.id] = BodyRecord(spec=spec, card=card, state=state, heard_s=t)
        revision = Revision(since_s=t, spec=spec, card=card)
        self.revisions[spec.id] = (*self.revisions.get(spec.id, ()), revision)

    def report(self, seen: Observation) -> None:
        """Take in what a body says of itself, unless a later report is already known."""
        record = self.records.get(seen.body)
        if record is not None and record.heard_s <= seen.t:
            self._set(record, state=seen.state, heard_s=seen.t)

    def shift(self, motion: Transform) -> None:
        """The map was made anew: bodies that reported in the old one are elsewhere in it."""
        for record in tuple(self.records.values()):
            if record.state.pose.frame == MAP:
                pose = motion.pose(record.state.pose)
                self._set(record, state=record.state.model_copy(update={"pose": pose}))

    def lose(self, body: str, last_heard_s: float) -> None:
        """No sign of life since `last_heard_s`."""
        record = self.records.get(body)
        if record is not None:
            self.lost.add(body)
            self._set(record, lost=True, heard_s=max(record.heard_s, last_heard_s))

    def regain(self, body: str, t: float) -> None:
        """The body was heard again."""
        record = self.records.get(body)
        if record is not None:
            self.lost.discard(body)
            self._set(record, lost=False, heard_s=max(record.heard_s, t))

    def stop(self, bodies: tuple[str, ...], stopped: bool) -> None:
        """The bodies (none given: all) are to hold still, or may move again."""
        for body in bodies or tuple(self.records):
            if body in self.records:
                self._set(self.records[body], stopped=stopped)

    def drain(self, bodies: tuple[str, ...], drained: bool) -> None:
        """The bodies take nothing new on, or do again."""
        for body in self.records.keys() & set(bodies):
            self._set(self.records[body], drained=drained)

    def retire(self, body: str) -> None:
        """The body has left the fleet; nobody waits for a sign of life."""
        record = self.records.get(body)
        if record is not None:
            self.lost.discard(body)
            self._set(record, retired=True, lost=False, stopped=False, busy=None)

    def start(self, started: StepStarted) -> None:
        """The body works on this request now."""
        record = self.records.get(started.body)
        if record is not None:
            self._set(record, busy=started.request)

    def end(self, ended: StepEnded) -> None:
        """The body is free again, unless it has begun something else meanwhile."""
        record = self.records.get(ended.body)
        if record is not None and record.busy == ended.request:
            self._set(record, busy=None)

    def kind(self, body: str) -> str | None:
        """The kind of the body; None if it never joined."""
        record = self.records.get(body)
        return record.card.kind if record is not None else None

    def revision_at(self, body: str, t: float) -> Revision | None:
        """What the body was at time `t` (seconds); None before it joined."""
        fitting = [r for r in self.revisions.get(body, ()) if r.since_s <= t]
        return fitting[-1] if fitting else None

    def _set(self, record: BodyRecord, **changes: object) -> None:
        self.records[record.spec.id] = record.model_copy(update=changes)
