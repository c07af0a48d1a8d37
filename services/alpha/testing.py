"""What every glasses skill must keep.

A stranger proves a skill by subclassing the contract:

class TestBlackjack(GlassesSkillContract):
    factory = Blackjack

    def noticed(self) -> Sequence[Shot]:      # pictures on which it must trigger
        return ...

    def quiet(self) -> Sequence[Shot]:        # pictures on which it must not
        return ...
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from devices.glasses.contracts import Frame, Words
from devices.glasses.shot import Image, Shot
from services.alpha.contracts import (
    Draft,
    Evidence,
    LookRequest,
    LookResult,
    Notice,
    Silence,
    ToolCall,
    ToolResult,
    Trigger,
    WearerProfile,
)
from services.alpha.skill import Case, GlassesSkill, SkillFactory

MOST_TOOL_CALLS = 8


def shot(pixels: Image, t: float = 0.0, seq: int = 0) -> Shot:
    """A picture (height × width × 3, blue green red) as a sharp, bright frame at `t` seconds."""
    height, width = pixels.shape[:2]
    frame = Frame(
        seq=seq, t=t, width=width, height=height, blur=500.0, brightness=120.0, contrast=50.0
    )
    return Shot(frame, pixels)


def filled(case: Case, skill: GlassesSkill, result: LookResult) -> Case:
    """The case after a look: evidence that is sure and fresh enough for its slot."""
    slots = {slot.name: slot for slot in skill.spec.slots}
    evidence = dict(case.evidence)
    for found in (*case.trigger.evidence, *result.evidence):
        slot = slots.get(found.slot)
        if slot is None or found.confidence >= slot.min_confidence:
            evidence[found.slot] = found
    return Case(case.trigger, case.now, case.wearer, evidence, case.results)


def settled(case: Case, skill: GlassesSkill) -> Draft | Silence:
    """Call the tools that the skill plans, one after the other, and ask for its phrase."""
    results = dict(case.results)
    for _ in range(MOST_TOOL_CALLS):
        now = Case(case.trigger, case.now, case.wearer, case.evidence, results)
        step = skill.plan(now)
        if step is None:
            return skill.phrase(now)
        if isinstance(step, Silence):
            return step
        value = skill.tools()[step.tool](**step.args)
        results[step.tool] = ToolResult(call="c", case="c", tool=step.tool, value=dict(value))
    raise AssertionError(f"{skill.spec.name} never comes to an end of its tool calls")


class GlassesSkillContract:
    """Conformance of one skill. Subclass it, set `factory`, and say what triggers and what not."""

    factory: ClassVar[SkillFactory]

    def noticed(self) -> Sequence[Shot]:
        """Pictures, in order of time, on which the skill must trigger; none if only words do."""
        return ()

    def quiet(self) -> Sequence[Shot]:
        """Pictures on which it must not trigger; grey noise, if not overridden."""
        noise = np.random.default_rng(7)
        return [
            shot(noise.integers(90, 160, (360, 640, 3)).astype(np.uint8), t=0.1 * i, seq=i)
            for i in range(20)
        ]

    def make(self) -> GlassesSkill:
        """A fresh skill; override to configure it."""
        return type(self).factory()

    def test_its_spec_is_whole_and_always_the_same(self) -> None:
        """The spec is data, and consistent."""
        skill = self.make()
        spec = skill.spec
        assert spec == self.make().spec
        assert spec.name == "-".join(spec.name.lower().split()) != ""
        slots = {slot.name for slot in spec.slots}
        assert len(slots) == len(spec.slots)
        for tool in spec.tools:
            assert tool.name.startswith(f"{spec.name}."), "tools are named SKILL.TOOL"
            assert set(tool.needs) <= slots
        for slot in spec.slots:
            assert slot.missing != "ask" or slot.question, f"{slot.name} asks without a question"
        assert set(skill.tools()) == {tool.name for tool in spec.tools}
        assert spec.look_cost_s < spec.deadline_s

    def test_it_travels_to_another_process(self) -> None:
        """Units may live in other processes: the factory pickles."""
        pickle.loads(pickle.dumps(type(self).factory))

    def test_it_triggers_where_it_must_and_twice_the_same(self) -> None:
        """The trigger fires, in order, reproducibly."""
        shots = self.noticed()
        if not shots:
            return
        first = [_notices(self.make(), shots) for _ in range(2)]
        assert any(isinstance(notice, Trigger) for notice in first[0])
        assert first[0] == first[1]
        name = self.make().spec.name
        versions = [notice.version for notice in first[0]]
        assert versions == sorted(versions), "versions never go back"
        for notice in first[0]:
            assert notice.skill == name
            if isinstance(notice, Trigger):
                assert 0.0 <= notice.score <= 1.0
                assert notice.since_s <= notice.t
                assert notice.reason

    def test_it_is_quiet_where_it_must_be(self) -> None:
        """Nothing is said about nothing."""
        notices = _notices(self.make(), self.quiet())
        assert not [n for n in notices if isinstance(n, Trigger) and not n.silent]

    def test_a_look_answers_what_was_asked_and_leaves_the_pictures_alone(self) -> None:
        """Looks fill declared slots and write to no picture."""
        for shots in (self.noticed(), self.quiet()):
            if not shots:
                continue
            skill = self.make()
            trigger = _trigger(skill, shots)
            before = copy.deepcopy([item.pixels for item in shots[-3:]])
            result = skill.look(_request(skill, trigger), shots[-3:])
            assert (result.request, result.case, result.skill) == (
                "look-1",
                "case-1",
                trigger.skill,
            )
            slots = {slot.name for slot in skill.spec.slots}
            for found in result.evidence:
                assert found.slot in slots
                assert 0.0 <= found.confidence <= 1.0
            for old, item in zip(before, shots[-3:], strict=True):
                assert np.array_equal(old, item.pixels)

    def test_without_evidence_it_neither_calls_a_tool_that_needs_it_nor_answers(self) -> None:
        """What was not seen is not guessed."""
        skill = self.make()
        needed = {slot.name for slot in skill.spec.slots if not slot.optional}
        if not needed:
            return
        case = Case(_trigger(skill, self.quiet()), 1.0, WearerProfile(), {}, {})
        needs = {tool.name: set(tool.needs) for tool in skill.spec.tools}
        step = skill.plan(case)
        if isinstance(step, ToolCall):
            assert not needs.get(step.tool, set())
        said = skill.phrase(case)
        assert isinstance(said, Silence) or not said.answer

    def test_what_it_says_gets_shorter_and_twice_the_same(self) -> None:
        """Wordings go from full to short, reproducibly."""
        shots = self.noticed()
        if not shots:
            return
        drafts = []
        for _ in range(2):
            skill = self.make()
            trigger = _trigger(skill, shots)
            result = skill.look(_request(skill, trigger), shots[-3:])
            case = Case(trigger, shots[-1].frame.t, WearerProfile(), {}, {})
            drafts.append(settled(filled(case, skill, result), skill))
        assert drafts[0] == drafts[1]
        draft = drafts[0]
        if isinstance(draft, Draft):
            assert draft.wordings
            assert draft.why
            lengths = [len(words.split()) for words in draft.wordings]
            assert lengths == sorted(lengths, reverse=True)
            assert 0.0 <= draft.score <= 1.0

    def test_talk_that_is_not_for_it_is_left_alone(self) -> None:
        """It does not butt in on talk."""
        words = Words(t=1.0, text="the weather was fine on tuesday, he said")
        assert self.make().hear(words, WearerProfile()) is None


def _notices(skill: GlassesSkill, shots: Sequence[Shot]) -> list[Notice]:
    return [notice for item in shots for notice in skill.notice(item)]


def _trigger(skill: GlassesSkill, shots: Sequence[Shot]) -> Trigger:
    for notice in _notices(skill, shots):
        if isinstance(notice, Trigger):
            return notice
    t = shots[-1].frame.t
    return Trigger(
        skill=skill.spec.name, subject="test", t=t, since_s=t, score=1.0, reason="it is a test"
    )


def _request(skill: GlassesSkill, trigger: Trigger) -> LookRequest:
    return LookRequest(
        id="look-1",
        case="case-1",
        skill=skill.spec.name,
        t=trigger.t,
        deadline_s=trigger.t + skill.spec.deadline_s,
        frames=3,
        slots=tuple(slot.name for slot in skill.spec.slots),
        trigger=trigger,
    )


def evidence(slot: str, value: object, confidence: float = 1.0, t: float = 0.0) -> Evidence:
    """Evidence for tests of `plan` and `phrase`."""
    return Evidence.model_validate({"slot": slot, "value": value, "confidence": confidence, "t": t})
