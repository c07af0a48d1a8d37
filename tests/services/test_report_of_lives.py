"""Reports of runs that are more than wishes: that broke off, were talked to, or share a memory."""

import re

import pytest

from devices.facts import Known, Selector
from services.errors import UserError
from services.report.build import build
from services.report.history import history_of, read
from services.report.words import finding_words, instruction_words
from services.session.contracts import RunConfig
from services.session.folder import RunFolder
from stem_memory import contracts as log
from stem_memory.instructions import Cancel, Change, Pause, Release, Resume, Stop
from stem_memory.log.store import EventStore
from stem_memory.tasks import Answer, Finding, Goal
from stem_memory.testing import body, events_of, flat, start_of, thing


def _text(page, section):
    inner = re.search(rf'<section id="{section}">(.*?)</section>', page, re.DOTALL)
    assert inner is not None
    return " ".join(re.sub(r"<[^>]+>", " ", inner[1]).split())


def _goal(id_, text, t, cause="", **more):
    return t, log.GoalPosted(goal=Goal(id=id_, text=text, who="mia", t=t, cause=cause, **more))


def _said(id_, text, t):
    return t, log.Said(id=id_, who="mia", text=text)


def _told(instruction, t, cause=""):
    return t, log.Instructed(instruction=instruction, by="mia", cause=cause)


MUG = Finding(
    thing="mug-1",
    attr="location",
    value="table-2",
    relation="on",
    source="scout-1",
    seen_s=42.0,
    confidence=0.94,
)


def day(base_s=0.0):
    """Questions, instructions and a deadline; the last wish is under way when the log ends."""
    happened = [
        _said("u1", "where is the mug", 40.0),
        _goal("g1", "where is the mug", 40.0, "u1"),
        (
            40.0,
            log.GoalUnderstood(
                goal="g1", conditions=(Known(what=Selector(ids=("mug-1",))),), summary="looked"
            ),
        ),
        (43.0, log.AnswerGiven(goal="g1", answer=Answer(text="It is there.", findings=(MUG,)))),
        (43.0, log.GoalClosed(goal="g1", status="answered")),
        _said("u2", "bring it in ten seconds", 50.0),
        _goal("g2", "bring it", 50.0, "u2", deadline_s=60.0),
        (60.0, log.DeadlinePassed(goal="g2", deadline_s=60.0)),
        (65.0, log.GoalClosed(goal="g2", status="missed")),
        _said("u3", "fetch the plate", 70.0),
        _goal("g3", "fetch the plate", 70.0, "u3"),
        _said("u4", "cancel that", 71.0),
        _told(Cancel(goals=("g3",)), 71.0, "u4"),
        (71.0, log.Replied(cause="u4", to="mia", text="I cancel g3.", heeded=True)),
        (71.0, log.GoalClosed(goal="g3", status="cancelled", reason="mia cancelled it")),
        _goal("g4", "put the plate down", 71.0, "g3"),
        (73.0, log.GoalClosed(goal="g4", status="satisfied")),
        _told(Stop(), 74.0),
        _said("u5", "blah", 75.0),
        _said("u6", "mop the hall", 76.0),
        _goal("g5", "mop the hall", 76.0, "u6"),
        _told(Pause(goals=("g5",)), 77.0),
        _goal("g6", "wipe the table", 80.0),
        (82.0, log.BodyLost(body="scout-1", last_heard_s=81.0)),
    ]
    start = start_of(flat(), (), (thing("mug-1", "mug on table-2"),), (body("scout-1", 5, 1),))
    return [(base_s, payload) for payload in start] + [
        (base_s + t, _later(payload, base_s)) for t, payload in happened
    ]


def _later(payload, base_s):
    """The payload as a log that counts on has it."""
    if isinstance(payload, log.GoalPosted):
        due = payload.goal.deadline_s
        times = {"t": payload.goal.t + base_s, "deadline_s": due and due + base_s}
        return payload.model_copy(update={"goal": payload.goal.model_copy(update=times)})
    if isinstance(payload, log.AnswerGiven):
        seen = MUG.model_copy(update={"seen_s": MUG.seen_s + base_s})
        return log.AnswerGiven(
            goal="g1", answer=payload.answer.model_copy(update={"findings": (seen,)})
        )
    for field in ("deadline_s", "last_heard_s"):
        if getattr(payload, field, None) is not None:
            return payload.model_copy(update={field: getattr(payload, field) + base_s})
    return payload


def _life(event, number):
    """The event with goals as the memory numbers them in this life."""
    return log.Event.model_validate_json(
        re.sub(r'"g(\d)"', rf'"g{number}\1"', event.model_dump_json())
    )


def write(folder, events, config):
    folder = RunFolder(folder)
    folder.path.mkdir(exist_ok=True)
    folder.write_config(config)
    with EventStore.writer(folder.memory, lambda: 0) as store:
        store.append(events)
    return folder.path


@pytest.fixture
def broken(tmp_path):
    return write(tmp_path / "run", events_of(day()), RunConfig(world="flat"))


def test_a_run_that_broke_off_is_told_as_far_as_its_log_goes(broken):
    page = build(broken).read_text(encoding="utf-8")
    assert "<title>Retinue: Test site: 1 of 5 wishes answered, broke off at 1:22" in page
    words = _text(page, "wishes")
    assert "The run broke off at 1:22; 2 wishes are not closed." in words
    assert "… not begun g6 “wipe the table”" in words
    assert "there is no replay" in _text(page, "replay")
    assert "82.0 s the run broke off here" in _text(page, "faults")
    numbers = _text(page, "numbers")
    assert "real time" not in numbers
    assert "metrics.json" not in numbers


def test_a_run_that_broke_off_before_any_wish_has_a_page_too(tmp_path):
    events = events_of([(0.0, payload) for payload in start_of()])
    page = build(write(tmp_path / "run", events, RunConfig(world="flat"))).read_text(
        encoding="utf-8"
    )
    assert "Nobody wished for anything." in _text(page, "wishes")


def test_a_run_that_broke_off_before_it_began_is_one_sentence(tmp_path):
    folder = write(tmp_path / "run", (), RunConfig(world="flat"))
    with pytest.raises(UserError, match=r"broke off before anything was recorded.*--resume"):
        build(folder)


def test_every_way_a_wish_can_stand_is_told(broken):
    words = _text(build(broken).read_text(encoding="utf-8"), "wishes")
    assert "✓ answered g1" in words
    assert "It is there. mug is on table 2: seen by scout-1, at 0:42, 94% sure" in words
    assert "✓ reached late g2" in words
    assert "to be done by 60 s" in words
    assert "Its deadline passed at 60 s, 5 s before it was reached" in words
    assert "– cancelled g3" in words
    assert "mia cancelled it" in words
    assert "tidies up after g3" in words
    assert "‖ paused g5" in words


def test_what_was_said_stands_beside_what_came_of_it(broken):
    words = _text(build(broken).read_text(encoding="utf-8"), "said")
    assert "40.0 s mia “where is the mug” the wish g1" in words
    assert "71.0 s mia “cancel that” cancels g3 “I cancel g3.”" in words
    assert "74.0 s mia (by command) stops all bodies" in words
    assert "75.0 s mia “blah” nothing came of it" in words


def test_a_run_where_nobody_spoke_has_no_chapter_for_it(run_dir):
    page = build(run_dir).read_text(encoding="utf-8")
    assert 'id="said"' not in page
    assert 'href="#said"' not in page


def test_the_timeline_has_words_for_everything_that_was_said(broken):
    words = _text(build(broken).read_text(encoding="utf-8"), "timeline")
    for sentence in (
        "mia says: “cancel that”",
        "mia is told: “I cancel g3.”",
        "mia cancels g3",
        "g1 is answered: “It is there.”",
        "g2 was to be done by 60 s: it goes on, and is late",
        "g2 is reached, but late",
        "g3 is cancelled: mia cancelled it",
    ):
        assert sentence in words


def test_times_of_a_memory_that_counts_on_are_shown_as_the_run_knew_them():
    alone = history_of(RunConfig(world="flat"), None, events_of(day()), None)
    later = history_of(RunConfig(world="flat"), None, events_of(day(5000.0)), None, base_s=5000.0)
    assert later.events == alone.events
    assert later.end_s == alone.end_s == 82.0
    assert later.offline == alone.offline == {"scout-1": [(81.0, None)]}
    for mine, other in zip(later.goals.values(), alone.goals.values(), strict=True):
        assert (mine.record.goal, mine.record.closed_s) == (
            other.record.goal,
            other.record.closed_s,
        )
        assert (mine.late_s, mine.answer) == (other.late_s, other.answer)
    assert later.said == alone.said


def test_a_shared_memory_shows_each_run_its_own_part(tmp_path):
    first, second, third = (
        tuple(_life(event, number) for event in events_of(day(1000.0 * number), f"life {number}"))
        for number in range(3)
    )
    house = tmp_path / "house.db"
    places = []
    for number, events in enumerate((first, second, third)):
        config = RunConfig(
            world="flat", memory=str(house), log_from=len(first) * number, base_s=1000.0 * number
        )
        places.append(write(tmp_path / f"run-{number}", events, config))
    for place in places:
        history = read(place)
        assert history.figures.events == len(first)
        assert next(iter(history.goals.values())).record.goal.t == 40.0
        assert history.end_s == 82.0
        assert not (place / "memory.db").exists()
        assert build(place).is_file()


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        (Cancel(goals=("g1", "g2")), "cancels g1 and g2"),
        (Cancel(goals=("g1",), roll_back=True), "cancels g1, and what was moved is put back"),
        (Pause(goals=("g1",)), "pauses g1"),
        (Resume(goals=("g1",)), "lets g1 go on"),
        (Stop(), "stops all bodies"),
        (Stop(bodies=("waiter-1",)), "stops waiter 1"),
        (Release(), "lets all bodies move again"),
        (Change(goal="g1", text="tea", priority=2), "changes g1: it is now “tea”, priority 2"),
    ],
)
def test_instructions_in_words(instruction, words):
    assert instruction_words(instruction) == words


def test_findings_in_words():
    assert finding_words(MUG) == "mug 1 is on table 2"
    lamp = MUG.model_copy(update={"thing": "lamp", "attr": "power", "value": False})
    assert finding_words(lamp) == "lamp is off"
    gone = MUG.model_copy(update={"thing": "keys", "value": None})
    assert finding_words(gone) == "nobody knows where keys are"
