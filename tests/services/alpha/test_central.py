"""What the central unit decides, step by step, without a camera."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.glasses.contracts import Fault, Words
from services.alpha.central.unit import CentralUnit
from services.alpha.contracts import (
    Evidence,
    Gone,
    LookResult,
    ToolResult,
    Trigger,
    WearerProfile,
)
from services.alpha.orders import CentralNews, GlassesConfig

LIGHT = "services.alpha.template:CrossingLight"
NAME = "crossing-light"
ADVISE = "crossing-light.advise"


class Session:
    """A central unit, and hands that look and calculate for it."""

    def __init__(self, skills=(LIGHT,), **fields):
        self.unit = CentralUnit(GlassesConfig(skills=skills, **fields))
        self.ledger = []
        self.step = None

    def news(self, now, **fields):
        self.step = self.unit.step(CentralNews(now=now, **fields))
        self.ledger += self.step.ledger
        return self.step

    def notice(self, t, version=1, score=0.9, **fields):
        trigger = Trigger(
            skill=NAME,
            subject=fields.pop("subject", f"light {version}"),
            t=t,
            since_s=t,
            score=score,
            version=version,
            reason="a light turned red",
            **fields,
        )
        return self.news(t, notices=(trigger,))

    def see(self, t, colour="red", confidence=0.95):
        """The look that was ordered last, done."""
        request = self.looks[-1]
        found = (Evidence(slot="colour", value=colour, confidence=confidence, t=t),)
        look = LookResult(
            request=request.id,
            case=request.case,
            skill=NAME,
            t=t,
            evidence=found if colour else (),
        )
        return self.news(t, looks=(look,))

    def solve(self, t, **fields):
        """The tool call that was ordered last, answered."""
        call = self.calls[-1].call
        result = ToolResult(
            call=call.id, case=call.case, tool=call.tool, value={"advice": "wait"}, **fields
        )
        return self.news(t, results=(result,))

    @property
    def looks(self):
        return self.step.looks

    @property
    def calls(self):
        return self.step.calls

    def say(self, t, text, by=""):
        return self.news(t, words=(Words(t=t, text=text, by=by),))

    def speak(self, t, version=1):
        """A light is noticed, seen, solved, and spoken of."""
        self.notice(t, version)
        self.see(t + 0.05)
        return self.solve(t + 0.06)

    def kinds(self, kind):
        return [entry for entry in self.ledger if entry.kind == kind]


def test_from_notice_to_words():
    session = Session()
    assert [look.skill for look in session.notice(1.0).looks] == [NAME]
    assert [c.call.tool for c in session.see(1.05).calls] == [ADVISE]
    said = session.solve(1.06).says[0]
    assert said.text == "Wait. The crossing light is red."
    assert said.ends_s <= said.deadline_s == 4.0
    assert said.chain["audio"] == pytest.approx(0.06)


def test_unsure_evidence_is_looked_at_again_and_then_nothing_is_said():
    session = Session()
    session.notice(1.0)
    again = session.see(1.1, confidence=0.4)
    assert [look.attempt for look in again.looks] == [2]
    last = session.see(1.2, confidence=0.5)
    assert (last.looks, last.calls, last.says) == ((), (), ())
    assert [entry.code for entry in session.kinds("suppressed")] == ["missing_evidence"]


def test_a_look_that_never_comes_ends_at_the_deadline():
    session = Session()
    wake = session.notice(1.0).wake_s
    end = session.news(4.0)
    assert wake <= 4.0
    assert [entry.code for entry in session.kinds("suppressed")] == ["missing_evidence"]
    assert end.drops == ("c1.l1",)
    assert session.notice(5.0, 2).looks != (), "the lane is free again"


def test_too_little_time_left_means_a_shorter_wording_and_then_none():
    texts = []
    for late in (0.0, 1.2, 2.05, 2.7):
        session = Session()
        session.notice(1.0)
        session.see(1.1 + late)
        step = session.solve(1.2 + late) if session.calls else session.step
        texts.append(step.says[0].text if step.says else session.kinds("suppressed")[0].code)
    assert texts == ["Wait. The crossing light is red.", "Wait: red.", "Wait.", "too_late"]


def test_old_evidence_is_not_spoken_of():
    session = Session()
    session.notice(1.0)
    session.see(1.05)
    session.news(1.1, words=(Words(t=1.1, text="hello there"),))
    call = "c1.t1"
    stale = ToolResult(call=call, case="c1", tool=ADVISE, value={"advice": "wait"})
    session.news(3.2, results=(stale,))
    assert session.kinds("intervention") == []


@pytest.mark.parametrize("text", ["stop", "Stop!", "be quiet please", "OK, stop it."])
def test_stop_ends_words_looks_and_tools(text):
    session = Session()
    session.speak(1.0)
    session.notice(1.2, 1, subject="another light")
    if text == "be quiet please":
        text = "please be quiet"
    step = session.say(1.3, text)
    assert [cut.intervention for cut in step.cuts] == ["i1"]
    assert step.drops == ("c2.l1",)
    assert session.kinds("speech_over")[0].how == "cut"
    assert session.kinds("suppressed")[0].code == "stopped"


def test_words_come_before_everything_else_in_the_same_instant():
    session = Session()
    session.notice(1.0)
    request = session.looks[0]
    found = (Evidence(slot="colour", value="red", confidence=1.0, t=1.0),)
    look = LookResult(request=request.id, case=request.case, skill=NAME, t=1.0, evidence=found)
    step = session.news(1.1, words=(Words(t=1.1, text="stop"),), looks=(look,))
    assert (step.calls, step.says) == ((), ())


def test_others_do_not_stop_the_glasses():
    session = Session()
    session.speak(1.0)
    assert session.say(1.3, "stop", by="ben").cuts == ()
    assert session.kinds("heard")[0].taken_for == "talk"


def test_a_newer_world_voids_what_is_under_way_and_cuts_what_is_said():
    session = Session()
    session.speak(1.0)
    assert session.notice(1.5, 2).cuts == ()
    assert session.see(1.6, "green").cuts == ()
    assert [cut.why for cut in session.solve(1.7).cuts] == ["the world changed"]
    session.notice(1.7, 2, subject="another light")
    gone = Gone(skill=NAME, t=1.8, version=3, reason="the light is out of sight")
    step = session.news(1.8, notices=(gone,))
    assert step.drops == ("c3.l1",)
    assert [cut.why for cut in step.cuts] == ["the light is out of sight"]
    assert session.kinds("suppressed")[-1].why_not == "the light is out of sight"


def test_the_same_subject_is_not_told_twice():
    session = Session()
    session.speak(1.0)
    session.news(session.step.wake_s)
    assert session.notice(2.9, 1).looks == ()
    assert session.kinds("suppressed")[-1].code == "repeated"


def test_what_was_cut_may_be_told_again():
    session = Session()
    session.speak(1.0)
    session.say(1.3, "stop")
    assert session.notice(1.6, 1).looks != ()


def test_a_refusal_is_recorded_once():
    session = Session()
    for k in range(20):
        session.notice(1.0 + k / 10, score=0.1)
    assert [entry.code for entry in session.kinds("suppressed")] == ["below_threshold"]


def test_outcomes_move_the_threshold_both_ways():
    thresholds = {}
    for text in ("not now", "thanks"):
        session = Session()
        for k in range(3):
            session.speak(1.0 + 10 * k, version=k + 1)
            session.say(1.5 + 10 * k, text)
        thresholds[text] = session.kinds("outcome")[-1].threshold
    assert thresholds["thanks"] < 0.5 < thresholds["not now"]


def test_quiet_hours_may_cross_midnight():
    night = WearerProfile(quiet=((79200.0, 25200.0),))  # 22:00 to 07:00
    assert Session(wearer=night, starts_s=82800.0).notice(1.0).looks == ()
    assert Session(wearer=night, starts_s=10800.0).notice(1.0).looks == ()
    assert Session(wearer=night, starts_s=43200.0).notice(1.0).looks != ()


def test_a_question_waits_for_no_threshold_and_cuts_what_is_said():
    session = Session(wearer=WearerProfile(per_hour=0))
    assert session.notice(1.0).looks == ()
    session.say(2.0, "can I cross?")
    session.see(2.1)
    assert session.solve(2.2).says[0].asked
    step = session.say(2.4, "may I cross now?")
    assert [cut.why for cut in step.cuts] == ["a new question"]


def test_an_unavailable_tool_is_told_to_who_asked_and_recorded_once():
    session = Session()
    for t in (1.0, 12.0):
        session.say(t, "can I cross?")
        session.see(t + 0.1)
        why = "The advice for a light does not answer."
        call = session.calls[-1].call
        lost = ToolResult(
            call=call.id, case=call.case, tool=ADVISE, status="unavailable", why=why, remote=True
        )
        step = session.news(t + 0.2, results=(lost,))
        assert step.says[0].text == why
        session.news(step.wake_s)
    assert len(session.kinds("fault")) == 1
    session.say(20.0, "can I cross?")
    session.see(20.1)
    session.solve(20.2, remote=True)
    assert len(session.kinds("recovered")) == 1


def test_without_evidence_no_tool_is_called_and_a_tool_that_complains_ends_in_silence():
    session = Session()
    session.notice(1.0)
    session.see(1.1)
    call = session.calls[0].call
    lacking = ToolResult(
        call=call.id, case=call.case, tool=ADVISE, status="missing_evidence", why="not seen"
    )
    step = session.news(1.2, results=(lacking,))
    assert step.says == ()
    assert session.kinds("suppressed")[0].code == "missing_evidence"


def test_faults_are_told_once_each():
    session = Session()
    fault = Fault(t=1.0, fault="camera_lost", sentence="The camera does not answer.")
    session.news(1.0, signals=(fault,))
    session.news(5.0, signals=(fault,))
    assert [e.text for e in session.kinds("intervention")] == ["The camera does not answer."]


def test_many_triggers_at_once_stay_bounded_and_asked_ones_survive():
    session = Session()
    asked = session.say(1.0, "can I cross?").looks[0]
    for k in range(100):
        session.notice(1.0 + k / 1000, subject=f"light {k}")
    assert [entry.code for entry in session.kinds("suppressed")].count("outranked") >= 88
    found = (Evidence(slot="colour", value="red", confidence=1.0, t=1.2),)
    look = LookResult(request=asked.id, case=asked.case, skill=NAME, t=1.2, evidence=found)
    assert session.news(1.2, looks=(look,)).calls != ()


def test_robots_get_wishes_in_words_that_others_understand():
    wearer = WearerProfile(id="ana", preferences={"my cup": "the green cup"})
    session = Session(wearer=wearer, fleet=True)
    session.say(1.0, "Could you bring me my cup, please?")
    wish = session.kinds("wish")[0]
    assert (wish.who, wish.text) == ("ana", "Could you bring me the green cup, please?")


events = st.lists(
    st.tuples(
        st.floats(0.01, 1.5),
        st.one_of(
            st.tuples(st.just("speak"), st.integers(1, 30)),
            st.tuples(st.just("notice"), st.integers(1, 30), st.floats(0.0, 1.0)),
            st.tuples(st.just("see"), st.sampled_from(["red", "green", ""]), st.floats(0.0, 1.0)),
            st.tuples(st.just("solve"), st.sampled_from(["ok", "timeout", "missing_evidence"])),
            st.tuples(
                st.just("say"), st.sampled_from(["stop", "not now", "can I cross?", "thanks", "hm"])
            ),
        ),
    ),
    max_size=25,
)


@given(events)
def test_whatever_happens_nothing_is_said_too_late_or_at_once_and_every_case_ends(plan):
    session, now, last_look, last_call, cases = Session(), 1.0, None, None, set()
    for after, (kind, *how) in plan:
        now = round(now + after, 3)
        if kind == "notice":
            step = session.notice(now, how[0], how[1])
        elif kind == "speak":
            step = session.notice(now, how[0])
            if step.looks:
                cases.add(step.looks[-1].case)
                step = session.see(now)
            if step.calls:
                step = session.solve(now)
        elif kind == "see" and last_look is not None:
            seen = Evidence(slot="colour", value=how[0], confidence=how[1], t=now)
            look = LookResult(
                request=last_look.id,
                case=last_look.case,
                skill=NAME,
                t=now,
                evidence=(seen,) if how[0] else (),
            )
            step = session.news(now, looks=(look,))
        elif kind == "solve" and last_call is not None:
            value = {"advice": "wait"} if how[0] == "ok" else {}
            result = ToolResult(
                call=last_call.id,
                case=last_call.case,
                tool=last_call.tool,
                value=value,
                status=how[0],
                why="" if value else "it does not answer",
            )
            step = session.news(now, results=(result,))
        else:
            step = session.say(now, how[0] if kind == "say" else "hm")
        last_look = step.looks[-1] if step.looks else last_look
        last_call = step.calls[-1].call if step.calls else last_call
        cases |= {look.case for look in step.looks} | {each.call.case for each in step.calls}
        if kind == "say" and how[0] == "stop":
            assert (step.looks, step.calls, step.says) == ((), (), ())
    for _ in range(100):
        if session.step is None or session.step.wake_s is None:
            break
        session.news(session.step.wake_s)
    else:
        raise AssertionError("the unit does not come to rest")
    said = session.kinds("intervention")
    assert all(entry.ends_s <= entry.deadline_s + 1e-6 for entry in said)
    assert [entry.intervention for entry in session.kinds("speech_over")] == [e.id for e in said]
    ended = {e.intervention: e.t for e in session.kinds("speech_over")}
    assert all(ended[a.id] <= b.t for a, b in pairwise(said))
    assert cases <= {entry.case for entry in said + session.kinds("suppressed")}
