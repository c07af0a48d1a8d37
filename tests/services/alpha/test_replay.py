"""A whole session over a trace: what the wearer hears, and when."""

import pytest

from services.alpha.contracts import WearerProfile
from services.alpha.orders import GlassesConfig
from services.alpha.session import interventions, replay

LIGHT = "services.alpha.template:CrossingLight"
CONFIG = GlassesConfig(skills=(LIGHT,), redact=False)


def said(result):
    return [(entry.text, entry.answer) for entry in result.ledger if entry.kind == "intervention"]


def wishes(result):
    return [(entry.who, entry.text) for entry in result.ledger if entry.kind == "wish"]


def silent(result):
    return [entry.code for entry in result.ledger if entry.kind == "suppressed"]


def test_it_speaks_when_the_light_changes_and_in_time(film):
    result = replay(film([(0.0, ""), (2.0, "red"), (5.0, "green")]), CONFIG)
    spoken = [e for e in result.ledger if e.kind == "intervention"]
    assert [e.answer for e in spoken] == ["wait", "walk"]
    for entry, event in zip(spoken, (2.0, 5.0), strict=True):
        assert event <= entry.began_s <= event + 0.5
        assert entry.ends_s <= entry.deadline_s
        assert entry.evidence
        assert entry.tools == ("crossing-light.advise",)
    assert result.handled == 80


def test_the_same_trace_twice_gives_equal_bytes(film):
    folder = film([(1.0, "red"), (3.0, "green")], words=((2.0, "may I cross?"), (6.0, "thanks")))
    first, second = replay(folder, CONFIG), replay(folder, CONFIG)
    assert interventions(first.ledger) == interventions(second.ledger) != ""
    assert first.ledger == second.ledger


def test_nothing_is_said_about_nothing(film):
    assert said(replay(film([(0.0, "")]), CONFIG)) == []


def test_stop_ends_the_sentence_at_once(film):
    result = replay(film([(1.0, "red")], words=((1.6, "stop"),)), CONFIG)
    over = [e for e in result.ledger if e.kind == "speech_over"]
    assert [(e.how, e.t) for e in over] == [("cut", 1.6)]
    assert [e.outcome for e in result.ledger if e.kind == "outcome"] == ["stopped"]


def test_a_changed_world_ends_the_sentence(film):
    result = replay(film([(1.0, "red"), (1.7, "green")]), CONFIG)
    over = [e for e in result.ledger if e.kind == "speech_over"]
    assert over[0].how == "cut"
    assert over[0].t == pytest.approx(1.8, abs=0.11)
    assert said(result)[-1][1] == "walk"


def test_a_question_is_answered_whatever_the_hour(film):
    wearer = WearerProfile(id="ana", quiet=((0.0, 86399.0),))
    result = replay(film([(1.0, "red")], words=((4.0, "can I cross?"),), wearer=wearer), CONFIG)
    assert silent(result) == ["quiet_hours"]
    assert [answer for _, answer in said(result)] == ["wait"]


def test_the_budget_of_interruptions_holds(film):
    wearer = WearerProfile(id="ana", per_hour=1)
    lights = [(0.5, "red"), (3.0, "green"), (5.5, "red")]
    result = replay(film(lights, wearer=wearer), CONFIG)
    assert len(said(result)) == 1
    assert set(silent(result)) == {"budget"}


@pytest.mark.parametrize("kind", ["covered", "dark", "camera_lost"])
def test_a_blind_camera_is_told_once_and_then_work_goes_on(film, kind):
    lights = [(0.0, ""), (7.0, "red")]
    folder = film(lights, duration=10.0, faults=((2.0, 5.0, kind),))
    result = replay(folder, CONFIG)
    kinds = [e.kind for e in result.ledger if e.kind in ("fault", "recovered")]
    assert kinds == ["fault", "recovered"]
    assert [answer for _, answer in said(result)][-1] == "wait"


def test_a_truncated_film_is_told_and_words_still_work(film):
    folder = film([(1.0, "red")], words=((1.0, "bring me my cup"),))
    path = folder / "video.mp4"
    path.write_bytes(path.read_bytes()[:-2000])
    result = replay(folder, CONFIG.model_copy(update={"fleet": True}))
    assert [e.fault for e in result.ledger if e.kind == "fault"] == ["video_damaged"]
    assert wishes(result) == [("ana", "bring me my cup")]


def test_without_robots_a_wish_is_answered_plainly(film):
    result = replay(film([(0.0, "")], words=((1.0, "please bring me my cup"),)), CONFIG)
    assert wishes(result) == []
    assert "no robot" in said(result)[0][0]


def test_not_now_raises_the_threshold(film):
    result = replay(film([(1.0, "red")], words=((2.0, "not now"),)), CONFIG)
    outcome = next(e for e in result.ledger if e.kind == "outcome")
    assert outcome.outcome == "not_now"
    assert outcome.threshold > 0.5


def test_who_asks_is_told_that_nothing_could_be_seen(film):
    folder = film([], duration=6.0, words=((2.0, "may I cross?"),))
    spoken = [e for e in replay(folder, CONFIG).ledger if e.kind == "intervention"]
    assert [e.text for e in spoken] == ["No light is in sight."]
    assert spoken[0].answer == ""
    assert not spoken[0].question
