"""The desk: open cases, what is ordered for them, what is said about them, how they end.

A case waits for a look, for a tool, or for the voice, in the lanes of one deadline scheduler. It
ends in words or in a record of why not; there is no third way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from devices.glasses.contracts import Words
from services.alpha.central.cases import OpenCase
from services.alpha.central.lanes import Lane, Lanes
from services.alpha.central.policy import Policy, as_outcome
from services.alpha.central.records import apology, intervention, look_request, suppressed
from services.alpha.central.voice import REACTION_S, Voice
from services.alpha.contracts import (
    Draft,
    Evidence,
    Hud,
    Intervention,
    LedgerEntry,
    LookRequest,
    LookResult,
    Silence,
    SkillSpec,
    SlotSpec,
    ToolCall,
    ToolResult,
    Trigger,
    WearerProfile,
    WhyNot,
    WishPosted,
)
from services.alpha.orders import Call, CentralStep, Cut
from services.alpha.output.wording import fitting, shortest_s, speech_s
from services.alpha.skill import GlassesSkill

MOST_CASES = 12
MOST_CALLS = 8
ANSWER_S = 10.0
# A skill whose last looks, so many of them or more, all found nothing lets others look first.
IN_VAIN = 2
# The glasses themselves, when they say what is missing or answer for robots.
SELF = SkillSpec(name="glasses", title="The glasses themselves", deadline_s=8.0, repeat_s=0.0)
# Ends of a case that do not say that the world is another one than before.
_UNDECIDED = {"nothing_new", "superseded", "repeated", "stopped", "outranked"}
_EPS = 1e-6


class Desk:
    """Cases and the lanes they wait in. Every method works at the instant given to `begin_step`."""

    def __init__(
        self,
        skills: Mapping[str, GlassesSkill],
        policy: Policy,
        wearer: WearerProfile,
        costs: Mapping[str, float],
    ) -> None:
        self.skills = skills
        self.voice = Voice()
        self._policy = policy
        self._wearer = wearer
        self._costs = costs
        self._lanes = Lanes()
        self._cases: dict[str, OpenCase] = {}
        self._vain: dict[str, int] = {}
        self._noted: dict[tuple[str, str, str], float] = {}
        self._numbers = {"c": 0, "i": 0}
        self._blind = False
        self.begin_step(0.0, wearer, False)

    def begin_step(self, now: float, wearer: WearerProfile, blind: bool) -> None:
        """A new instant, with nothing ordered yet; `blind`: there is no camera to look with."""
        self._now = now
        self._wearer = wearer
        self._blind = blind
        self._looks: list[LookRequest] = []
        self._calls: list[Call] = []
        self._says: list[Intervention] = []
        self._cuts: list[Cut] = []
        self._drops: list[str] = []
        self._ledger: list[LedgerEntry] = []

    def orders(self) -> CentralStep:
        """What was ordered and recorded in this instant, and when to come back."""
        return CentralStep(
            looks=tuple(self._looks),
            calls=tuple(self._calls),
            says=tuple(self._says),
            cuts=tuple(self._cuts),
            drops=tuple(self._drops),
            ledger=tuple(self._ledger),
            wake_s=self.wake(),
        )

    def record(self, entry: LedgerEntry) -> None:
        """Put an entry into the ledger."""
        self._ledger.append(entry)

    def note_outcome(self, about: Intervention, outcome: str) -> None:
        """What the wearer made of an intervention: learn from it and record it."""
        spec = self.skills[about.skill].spec
        if not about.asked:
            self._policy.learn(about.skill, outcome)
        self._ledger.append(
            as_outcome(about.id, about.skill, self._now, outcome, self._policy.threshold(spec))
        )

    def take_answer(self, words: Words) -> bool:
        """Words that answer a question of ours become evidence."""
        for case in self._cases.values():
            if case.stage == "asking":
                case.take(
                    Evidence(
                        slot=case.asked_slot,
                        value=words.text,
                        confidence=1.0,
                        t=self._now,
                        source="wearer",
                    )
                )
                case.deadline_s = self._now + case.spec.deadline_s
                self._advance(case)
                return True
        return False

    def tell(
        self, wordings: tuple[str, ...], about: str, why: str, asked: bool = False, by_s: float = 0
    ) -> None:
        """Say something that no skill stands behind; unasked it makes way for every skill.

        It is of use until `by_s` at least.
        """
        if not asked and self._policy.quiet(self._now, self._wearer) is not None:
            return
        trigger = Trigger(
            skill=SELF.name,
            subject=about,
            t=self._now,
            since_s=self._now,
            score=1.0,
            reason=why,
            asked=asked,
            look=False,
        )
        case = self._new_case(trigger, SELF)
        case.deadline_s = max(case.deadline_s, round(by_s, 3))
        self._offer(case, Draft(wordings=wordings, why="", score=1.0, hud=Hud(title="Retinue")))

    def retract(self, subject: str) -> None:
        """What we say or were about to say of the subject does not hold any more."""
        speaking = self.voice.speaking
        if speaking is not None and (speaking.skill, speaking.subject) == (SELF.name, subject):
            self.cut("it is over")
        for case in list(self._cases.values()):
            if case.spec is SELF and case.trigger.subject == subject:
                self._close(case)

    def open(self, trigger: Trigger) -> None:
        """Begin a case for a trigger, unless this is not the moment."""
        spec = self.skills[trigger.skill].spec
        open_now = [
            case
            for case in self._cases.values()
            if (case.spec.name, case.trigger.subject) == (spec.name, trigger.subject)
        ]
        if open_now and not trigger.asked:
            return  # the same thing noticed again while it is being seen to
        if not trigger.asked and not trigger.silent:
            refused = self._policy.refuses(
                spec, trigger.subject, trigger.score, self._now, self._wearer
            )
            if refused is not None:
                self._note_refusal(trigger, spec, *refused)
                return
        if len(self._cases) >= MOST_CASES:
            oldest = min(self._cases.values(), key=lambda c: (c.trigger.asked, c.deadline_s))
            self._suppress(oldest, "outranked", f"more than {MOST_CASES} cases at once")
        case = self._new_case(trigger, spec)
        for found in trigger.evidence:
            case.take(found)
        if trigger.look and (case.lacks(self._now) or trigger.silent):
            self._order_look(case)
        else:
            self._advance(case)

    def _new_case(self, trigger: Trigger, spec: SkillSpec) -> OpenCase:
        id_ = self._number("c")
        case = OpenCase(id_, trigger, spec, round(trigger.t + spec.deadline_s, 3))
        self._cases[id_] = case
        return case

    def _order_look(self, case: OpenCase) -> None:
        case.looks += 1
        case.stage = "look"
        cost = case.spec.look_cost_s
        self._queue(f"{case.id}.l{case.looks}", "look", case, case.deadline_s, cost)

    def looked(self, result: LookResult) -> None:
        """A look is done."""
        case = self._cases.get(result.case)
        if not self._lanes.done(result.request) or case is None:
            return
        case.looked_s = self._now
        case.missing = result.missing
        for found in result.evidence:
            case.take(found)
        name = case.spec.name
        self._vain[name] = self._vain.get(name, 0) + 1 if case.lacks(self._now) else 0
        if case.trigger.silent:
            self._close(case)
            return
        self._advance(case)

    def _advance(self, case: OpenCase) -> None:
        """Do what the case needs next: another look, a tool, words, or an end."""
        lacks = case.lacks(self._now)
        if lacks:
            self._fill(case, lacks)
            return
        if case.calls >= MOST_CALLS:
            self._suppress(case, "tool_failed", f"the skill asked for more than {MOST_CALLS} calls")
            return
        skill = self.skills[case.spec.name]
        view = case.view(self._now, self._wearer)
        step = skill.plan(view)
        if isinstance(step, ToolCall):
            self._order_call(case, step)
            return
        draft = step if isinstance(step, Silence) else skill.phrase(view)
        if isinstance(draft, Silence):
            self._end_unsaid(case, draft.code, draft.why)
            return
        self._offer(case, self._checked(case, draft))

    def _fill(self, case: OpenCase, lacks: tuple[SlotSpec, ...]) -> None:
        """Evidence is missing: look again, ask, or stay silent. Never guess."""
        again = case.looks < case.spec.looks and case.deadline_s - self._now > case.spec.look_cost_s
        if again and not self._blind:
            self._order_look(case)
            return
        ask = next((slot for slot in lacks if slot.missing == "ask"), None)
        names = ", ".join(slot.name for slot in lacks)
        why = case.missing or f"{names} could not be seen"
        if ask is None or case.asked_slot:
            self._end_unsaid(case, "missing_evidence", why)
            return
        case.asked_slot = ask.name
        score = case.trigger.score
        self._offer(case, Draft(wordings=(ask.question,), why=why, score=score))

    def _end_unsaid(self, case: OpenCase, code: WhyNot, why: str) -> None:
        """There is nothing to be said; but whoever asked is told that, and why."""
        if case.trigger.asked:
            case.resigned = True
            self._offer(case, apology(why))
        else:
            self._suppress(case, code, why)

    def _order_call(self, case: OpenCase, call: ToolCall) -> None:
        case.calls += 1
        case.stage = "tool"
        case.call = call.model_copy(
            update={
                "id": f"{case.id}.t{case.calls}",
                "case": case.id,
                "skill": case.spec.name,
                "t": self._now,
                "deadline_s": case.deadline_s,
            }
        )
        tool = next((tool for tool in case.spec.tools if tool.name == call.tool), None)
        cost = self._costs.get(call.tool, tool.cost_s if tool is not None else 0.0)
        lane: Lane = "remote" if tool is None and not call.tool.startswith("memory.") else "tool"
        self._queue(case.call.id, lane, case, case.deadline_s, cost)

    def answered(self, result: ToolResult) -> None:
        """A tool has answered."""
        case = self._cases.get(result.case)
        if not self._lanes.done(result.call) or case is None:
            return
        case.called_s = self._now
        if result.status == "ok":
            case.results[result.tool] = result
            self._advance(case)
        else:
            missing = result.status == "missing_evidence"
            self._end_unsaid(case, "missing_evidence" if missing else "tool_failed", result.why)

    def _checked(self, case: OpenCase, draft: Draft) -> Draft:
        """Drop wordings that contradict the exact tools; text of models is not trusted."""
        view = case.view(self._now, self._wearer)
        check = self.skills[case.spec.name].check
        objections = [check(text, view) for text in draft.wordings]
        kept = tuple(text for text, no in zip(draft.wordings, objections, strict=True) if not no)
        why = "; ".join(dict.fromkeys(no for no in objections if no)) or draft.why
        return draft.model_copy(update={"wordings": kept, "why": why if not kept else draft.why})

    def _offer(self, case: OpenCase, draft: Draft) -> None:
        """Queue a draft for the voice, if this is the moment for it."""
        if not draft.wordings:
            self._suppress(case, "vetoed", draft.why)
            return
        case.draft = draft
        if not case.trigger.asked and case.spec is not SELF:
            refused = self._policy.refuses(
                case.spec, case.about, draft.score, self._now, self._wearer
            )
            if refused is not None:
                self._suppress(case, *refused, text=draft.wordings[0])
                return
        self._confirm(case)
        case.stage = "voice"
        cost = shortest_s(draft.wordings, self._wearer.words_per_minute)
        first = case.trigger.asked or draft.urgent
        self._make_room(case, draft, first)
        self._queue(f"{case.id}.v", "voice", case, case.deadline_s, cost, first)

    def _confirm(self, case: OpenCase) -> None:
        """The world did change: what is still being said about the older one ends."""
        speaking = self.voice.speaking
        if speaking is None or speaking.asked or speaking.skill != case.spec.name:
            return
        if speaking.version < case.trigger.version:
            self.cut("the world changed")

    def _make_room(self, case: OpenCase, draft: Draft, first: bool) -> None:
        """Cut what is being said if the draft is worth more and can not wait."""
        speaking = self.voice.speaking
        if speaking is None or speaking.asked or case.spec is SELF:
            return
        pace = self._wearer.words_per_minute
        ours = speaking.skill == SELF.name
        needs = speech_s(draft.wordings[0], pace) if ours else shortest_s(draft.wordings, pace)
        late = speaking.ends_s + needs > case.deadline_s
        if (first or ours) and (late or draft.urgent):
            self.cut("something more urgent")

    def _speak(self, case: OpenCase) -> None:
        """Say it now in the fullest wording that ends before the deadline."""
        draft = case.draft
        if draft is None:
            raise RuntimeError(f"case {case.id} reached the voice without a draft")
        pace = self._wearer.words_per_minute
        text = fitting(draft.wordings, case.deadline_s - self._now, pace)
        stale = not (case.asked_slot or case.resigned) and bool(case.lacks(self._now))
        if text is None or stale:
            self._lanes.done(f"{case.id}.v")
            why = "what was seen is too old by now" if stale else "no wording fits the time left"
            self._suppress(case, "too_late", why, text=draft.wordings[0])
            return
        threshold = self._policy.threshold(case.spec)
        said = intervention(
            self._number("i"), case, draft, text, self._now, self._wearer, threshold
        )
        self.voice.begin(said)
        case.stage = "speaking"
        if case.spec is not SELF:
            self._policy.told(said.skill, case.about, self._now, said.asked)
        if draft.wish:
            self._ledger.append(WishPosted(t=self._now, who=self._wearer.id, text=draft.wish))
        self._says.append(said)
        self._ledger.append(said)

    def end_speech(self) -> None:
        """Note the end of what has been said by now."""
        if not self.voice.ended(self._now):
            return
        said = self._speech_over("done", "")
        case = self._cases.get(said.case) if said is not None else None
        if said is None or case is None:
            return
        if said.question:
            case.stage = "asking"
            case.deadline_s = round(self._now + ANSWER_S, 3)
        else:
            self._close(case)

    def cut(self, why: str) -> None:
        """End the speech at once. Its case is over, and may come again."""
        said = self._speech_over("cut", why)
        if said is None:
            return
        self._cuts.append(Cut(intervention=said.id, t=self._now, why=why))
        case = self._cases.get(said.case)
        self._policy.forget(said.skill, case.about if case is not None else said.subject)
        if case is not None:
            self._close(case)

    def _speech_over(self, how: str, why: str) -> Intervention | None:
        over = self.voice.over(self._now, how, why)
        if over is None:
            return None
        said, entry = over
        self._ledger.append(entry)
        self._lanes.done(f"{said.case}.v")
        return said

    def expire(self) -> None:
        """End the cases that can not come to words in time any more."""
        for job in self._lanes.expire(self._now):
            case = self._cases.get(job.case)
            if case is not None:
                self._suppress(case, "too_late", f"no time left for {job.named}")
        for case in list(self._cases.values()):
            if case.stage != "speaking" and self._now >= case.deadline_s - _EPS:
                if case.stage == "asking" or (case.stage == "look" and case.looks):
                    asked = case.stage == "asking"
                    why = "no answer came" if asked else "the look gave nothing in time"
                    self._suppress(case, "missing_evidence", case.missing or why)
                else:
                    self._suppress(case, "too_late", "the moment has passed")

    def begin_jobs(self) -> None:
        """Give the lanes that are free something to do."""
        while True:
            begun = self._lanes.begin()
            if not begun:
                return
            for job in begun:
                case = self._cases[job.case]
                if job.lane == "voice":
                    self._speak(case)
                elif job.lane == "look":
                    self._looks.append(look_request(job, case, self._now))
                elif case.call is not None:
                    used = case.usable(self._now)
                    names = [name for name in case.call.evidence if name in used]
                    call = case.call.model_copy(update={"t": self._now})
                    self._calls.append(Call(call=call, evidence=tuple(used[n] for n in names)))

    def _queue(
        self,
        id_: str,
        lane: Lane,
        case: OpenCase,
        deadline_s: float,
        cost_s: float,
        first: bool | None = None,
    ) -> None:
        first = case.trigger.asked if first is None else first
        vain = self._vain.get(case.spec.name, 0)
        doubt = max(case.looks - 1, vain if vain >= IN_VAIN else 0) if lane == "look" else 0
        out = self._lanes.add(id_, lane, case.id, deadline_s, cost_s, first, doubt)
        if out is not None and out.case in self._cases:
            self._suppress(self._cases[out.case], "outranked", "too much at once")

    def void(self, which: Callable[[OpenCase], bool], code: WhyNot, why: str) -> None:
        """End the cases that this holds for; what is being said is cut separately."""
        for case in list(self._cases.values()):
            if case.stage != "speaking" and case.spec is not SELF and which(case):
                self._suppress(case, code, why)

    def _suppress(self, case: OpenCase, code: WhyNot, why: str, text: str = "") -> None:
        if code not in _UNDECIDED:
            self._confirm(case)
        if not case.trigger.silent:
            threshold = self._policy.threshold(case.spec)
            found = case.on_record(case.found)
            self._ledger.append(
                suppressed(
                    case.id, case.trigger, case.spec, self._now, code, why, threshold, text, found
                )
            )
        self._close(case)

    def _note_refusal(self, trigger: Trigger, spec: SkillSpec, code: WhyNot, why: str) -> None:
        """Record a refusal once: the same trigger may come with every picture."""
        key = (spec.name, trigger.subject, code)
        last = self._noted.get(key)
        if last is not None and self._now - last < max(spec.repeat_s, REACTION_S):
            return
        self._noted[key] = self._now
        threshold = self._policy.threshold(spec)
        found = trigger.evidence
        self._ledger.append(
            suppressed("", trigger, spec, self._now, code, why, threshold, evidence=found)
        )

    def _close(self, case: OpenCase) -> None:
        self._cases.pop(case.id, None)
        self._drops += [job.id for job in self._lanes.cancel(case.id) if job.lane != "voice"]

    def wake(self) -> float | None:
        """When something will be due, if nothing happens before."""
        times = [case.deadline_s for case in self._cases.values() if case.stage != "speaking"]
        if self.voice.speaking is not None:
            times.append(self.voice.speaking.ends_s)
        late = self._lanes.next_s()
        if late is not None:
            # A job is late after that instant, not at it; instants are whole milliseconds.
            times.append(math.floor(late * 1000.0 + 1e-6) / 1000.0 + 0.001)
        return max(self._now, min(times)) if times else None

    def _number(self, letter: str) -> str:
        self._numbers[letter] += 1
        return f"{letter}{self._numbers[letter]}"
