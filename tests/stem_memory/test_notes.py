"""Notes: drawn from what repeats, recalled where they fit, believed only after a fair trial."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.facts import ClassCard
from stem_memory.belief.state import MemoryState
from stem_memory.contracts import (
    Event,
    ExperienceBrought,
    GoalPosted,
    GraphPlanned,
    StepEnded,
    StepStarted,
)
from stem_memory.notes.contracts import Fix, Note, NoteJudged, NoteProposed, NoteTried
from stem_memory.notes.episodes import situation_of, trials_of
from stem_memory.notes.lessons import lessons
from stem_memory.notes.projection import NoteProjection
from stem_memory.notes.recall import Situation, recall
from stem_memory.notes.signature import signed, terms
from stem_memory.notes.trial import Trial, TrialPolicy, is_applied
from stem_memory.tasks import Goal, Heeded, TaskStep
from stem_memory.testing import body, events_of, start_of

WAIT = Fix(kind="again", wait_s=8.0, text="try again within 8 s")


def note(skill="pick", fix=WAIT, symptom="the grip slips", cause="wet", **fields):
    return signed(Note(id="", skill=skill, fix=fix, symptom=symptom, cause=cause, **fields))


# -- Lessons ---------------------------------------------------------------------------------


class Log:
    """A log of attempts at picking mugs, written line by line."""

    def __init__(self):
        start = start_of(
            classes=[ClassCard(cls="mug"), ClassCard(cls="cupboard", category="fixture")],
            things={f"mug-{i}": "mug on table-1" for i in range(1, 9)}
            | {"cup-1": "cup on table-1"},
            bodies=[body("waiter-1", 5, 1), body("chef-1", 5, 2)],
        )
        self.events = list(events_of(start))
        self.t = 0.0

    def add(self, payload):
        self.events.append(Event(origin="test", seq=len(self.events) + 1, t=self.t, body=payload))

    def plan(self, goal, revision, *steps):
        if revision == 1:
            self.add(GoalPosted(goal=Goal(id=goal, text="tidy up", who="ann", t=self.t)))
        self.add(GraphPlanned(goal=goal, revision=revision, steps=steps))

    def attempt(self, goal, step, who="waiter-1", reason=None, wait=0.0):
        skill = next(
            s.skill
            for e in reversed(self.events)
            if e.body.kind == "graph_planned" and e.body.goal == goal
            for s in e.body.steps
            if s.id == step
        )
        self.t += wait
        request = f"r{len(self.events)}"
        self.add(
            StepStarted(
                request=request, goal=goal, step=step, skill=skill, body=who, deadline_s=99.0
            )
        )
        self.t += 5.0
        self.add(
            StepEnded(
                request=request,
                goal=goal,
                step=step,
                skill=skill,
                body=who,
                outcome="failed" if reason is not None else "done",
                reason=reason or "",
                duration_s=5.0,
                evidenced=reason is None,
            )
        )
        return request


def pick(id_, thing, place="table-1"):
    return TaskStep(id=id_, skill="pick", args={"object": thing, "from": place}, place=place)


def test_one_failure_is_an_anecdote_two_are_a_lesson():
    log = Log()
    failed = []
    for i in (1, 2):
        goal = f"g{i}"
        log.plan(goal, 1, pick("s1", f"mug-{i}"))
        failed.append(log.attempt(goal, "s1", reason="slipped"))
        log.attempt(goal, "s1", wait=6.0)
        drawn = lessons(log.events)
        assert len(drawn) == i - 1
    (proposed,) = drawn
    assert proposed.episodes == tuple(failed)
    told = proposed.note
    assert (told.skill, told.reason, told.thing_class, told.place) == (
        "pick",
        "slipped",
        "mug",
        "table",
    )
    assert (told.fix.kind, told.fix.wait_s) == ("again", 8.0)
    assert "waiter fails to pick mug at the table: slipped" in told.symptom


def test_what_was_done_in_between_because_of_the_failure_is_the_fix():
    log = Log()
    for i in (1, 2):
        goal = f"g{i}"
        mug = pick("s1", f"mug-{i}", "shelf-1")
        log.plan(goal, 1, mug)
        log.attempt(goal, "s1", reason="closed")
        opened = TaskStep(id="r2s1", skill="open", args={"what": "shelf-1"}, place="shelf-1")
        log.plan(goal, 2, opened, mug)
        log.attempt(goal, "r2s1")
        log.attempt(goal, "s1")
    (proposed,) = lessons(log.events)
    assert proposed.note.fix == Fix(
        kind="prepare", skill="open", target_class="shelf", text="open the shelf first"
    )


def test_another_body_is_the_fix_where_another_body_could():
    log = Log()
    for i in (1, 2):
        goal = f"g{i}"
        log.plan(goal, 1, pick("s1", f"mug-{i}"))
        log.attempt(goal, "s1", reason="too_heavy")
        log.attempt(goal, "s1", who="chef-1")
    (proposed,) = lessons(log.events)
    assert (proposed.note.fix.kind, proposed.note.fix.body_class) == ("other_body", "chef")
    assert proposed.note.body_class == "waiter"


def broken_hands(able=False):
    """A waiter fails at mugs and at cups, and others take over."""
    log = Log()
    if able:
        log.plan("g0", 1, pick("s1", "mug-8"))
        log.attempt("g0", "s1")
    for i, thing in enumerate(("mug-1", "cup-1"), 1):
        log.plan(f"g{i}", 1, pick("s1", thing))
        log.attempt(f"g{i}", "s1", reason="tool_failed")
        log.attempt(f"g{i}", "s1", who="chef-1")
    return lessons(log.events)


def test_who_fails_with_everything_fails_at_the_skill():
    (general,) = broken_hands()
    assert (general.note.thing_class, general.note.place) == ("", "")
    assert (general.note.skill, general.note.body_class) == ("pick", "waiter")
    assert general.note.symptom == "waiter fails to pick anything: tool failed"
    assert general.note.fix == Fix(kind="other_body", text="let anybody but a waiter do it")
    assert len(general.episodes) == 2
    # Whoever succeeded once can do it: then it is about the things.
    assert broken_hands(able=True) == ()


def test_another_of_its_kind_is_the_fix_where_this_one_was_not_there():
    log = Log()
    for i in (1, 2):
        goal = f"g{i}"
        log.plan(goal, 1, pick("s1", f"mug-{i}"))
        log.attempt(goal, "s1", reason="not_there")
        log.plan(goal, 2, pick("r2s1", f"mug-{i + 4}"))
        log.attempt(goal, "r2s1")
    (proposed,) = lessons(log.events)
    assert (proposed.note.fix.kind, proposed.note.fix.target_class) == ("other_source", "mug")


def test_a_failure_that_nobody_recovered_from_teaches_nothing():
    log = Log()
    for i in (1, 2, 3):
        log.plan(f"g{i}", 1, pick("s1", f"mug-{i}"))
        log.attempt(f"g{i}", "s1", reason="slipped")
    assert lessons(log.events) == ()


def test_a_lost_body_teaches_nothing_about_the_step():
    log = Log()
    for i in (1, 2):
        log.plan(f"g{i}", 1, pick("s1", f"mug-{i}"))
        log.attempt(f"g{i}", "s1", reason="body_lost")
        log.attempt(f"g{i}", "s1")
    assert lessons(log.events) == ()


# -- Recall ----------------------------------------------------------------------------------


def book_of(*notes):
    book = NoteProjection()
    for i, n in enumerate(notes):
        book.propose(NoteProposed(note=n, by="test"), float(i))
    return book


def test_only_notes_that_fit_are_recalled_and_exact_ones_first():
    anywhere = note()
    mugs = note(thing_class="mug")
    cups = note(thing_class="cup")
    plates = note(thing_class="plate")
    placing = note(skill="place")
    book = book_of(anywhere, plates, placing, cups, mugs)
    found = recall(book, Situation(skill="pick", thing_classes=("mug", "cup")))
    assert [r.note for r in found] == [mugs, cups, anywhere]
    assert recall(book, Situation(skill="fly")) == ()


def test_words_of_the_situation_decide_between_notes_of_the_same_scope():
    wet = note(symptom="the grip slips on wet glass", cause="water on the surface")
    dark = note(symptom="the object is not found", cause="the room is dark", fix=WAIT.model_copy(
        update={"wait_s": 2.0}))  # fmt: skip
    book = book_of(wet, dark)
    said = {"gripper slipping, surface was wet": wet, "could not find it in the dark": dark}
    for text, wanted in said.items():
        assert recall(book, Situation(skill="pick", text=text))[0].note == wanted


def test_an_embedder_finds_what_words_do_not():
    one = note(symptom="liquid everywhere", cause="spilt")
    two = note(symptom="nothing to see", cause="unlit", fix=WAIT.model_copy(update={"wait_s": 1.0}))
    meanings = {"liquid": (1.0, 0.0), "soaked": (1.0, 0.1), "nothing": (0.0, 1.0)}

    def embed(texts):
        return [next((v for k, v in meanings.items() if k in t), (0.5, 0.5)) for t in texts]

    found = recall(book_of(two, one), Situation(skill="pick", text="soaked"), embed=embed)
    assert found[0].note == one


def test_terms_forget_endings():
    assert terms("slipping slips slipped") == ["slipp", "slip", "slipp"]
    assert terms("The cup's TRAY-2") == ["the", "cup", "s", "tray", "2"]


def test_retired_notes_are_not_recalled_unless_asked_for():
    book = book_of(note())
    (id_,) = book.records
    book.judge(NoteJudged(note=id_, status="retired", by="ann", reason="nonsense"), 5.0)
    assert recall(book, Situation(skill="pick")) == ()
    (shown,) = recall(book, Situation(skill="pick"), retired=True)
    assert (shown.status, shown.apply) == ("retired", False)
    assert book.records[id_].why == "ann: nonsense"


# -- Trials ----------------------------------------------------------------------------------


def tried(book, id_, rates, chance, most=400):
    """Run episodes until a verdict falls; returns the status and how many episodes it took."""
    for n in range(most):
        episode = f"e{chance.random()}"
        applied = book.applies(id_, episode)
        success = chance.random() < rates[applied]
        book.tried(NoteTried(note=id_, episode=episode, applied=applied, success=success), float(n))
        if book.records[id_].status != "candidate":
            return book.records[id_].status, n + 1
    return "candidate", most


def verdicts(rates, runs, seed):
    chance = random.Random(seed)
    found = []
    for _ in range(runs):
        book = book_of(note())
        (id_,) = book.records
        found.append(tried(book, id_, rates, chance))
    return found


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.9, 0.9), (0.1, 0.1), (0.6, 0.4)])
def test_a_useless_note_is_hardly_ever_validated(rates):
    found = verdicts(rates, 400, seed=1)
    assert sum(status == "validated" for status, _ in found) <= 0.05 * len(found)
    assert all(status in ("validated", "retired") for status, _ in found)


def test_a_good_note_is_validated_soon_and_a_harmful_one_retired_sooner():
    good = verdicts((0.3, 0.95), 200, seed=2)
    assert sum(status == "validated" for status, _ in good) >= 0.95 * len(good)
    assert sorted(n for _, n in good)[100] <= 40
    bad = verdicts((0.95, 0.3), 200, seed=3)
    assert all(status == "retired" for status, _ in bad)
    assert sorted(n for _, n in bad)[100] <= 40


def test_what_helped_once_must_go_on_helping():
    book = book_of(note())
    (id_,) = book.records
    chance = random.Random(4)
    assert tried(book, id_, (0.2, 0.95), chance)[0] == "validated"
    for n in range(3000):
        episode = f"later-{n}"
        applied = book.applies(id_, episode)
        success = chance.random() < (0.95, 0.2)[applied]
        book.tried(NoteTried(note=id_, episode=episode, applied=applied, success=success), 1.0)
    assert book.records[id_].status == "retired"


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
def test_the_posterior_agrees_with_sampling(outcomes):
    trial = Trial()
    for applied, success in outcomes:
        trial.note(applied, success)
    chance = random.Random(5)
    (f1, s1), (f0, s0) = trial.applied, trial.without
    draws = 4000
    wins = sum(
        chance.betavariate(s1 + 1, f1 + 1) > chance.betavariate(s0 + 1, f0 + 1)
        for _ in range(draws)
    )
    assert trial.better() == pytest.approx(wins / draws, abs=0.04)


def test_the_coin_is_fair_and_everywhere_the_same():
    heads = sum(is_applied("note-1", f"e{i}", 0.5) for i in range(4000))
    assert 1850 < heads < 2150
    assert is_applied("note-1", "e1", 0.0)
    assert not is_applied("note-1", "e1", 1.0)


def test_an_episode_counts_once_and_replay_gives_the_same_book():
    payloads = [NoteProposed(note=note(), by="test")]
    id_ = payloads[0].note.id
    payloads += [
        NoteTried(note=id_, episode=f"e{i % 7}", applied=i % 2 == 0, success=i % 3 == 0)
        for i in range(20)
    ]
    state = MemoryState.of(events_of(payloads))
    assert len(state.projections.notes.records[id_].tried) == 7
    assert MemoryState.of(events_of(payloads)).digest() == state.digest()
    assert MemoryState.of(events_of(payloads[:-15])).digest() != state.digest()


def test_two_who_say_it_differently_mean_one_note():
    book = book_of(note(symptom="it slips"), note(symptom="the object slides away"))
    assert len(book.records) == 1
    advice = [note(fix=Fix(kind="advice", text=text)) for text in ("go slow", "go fast")]
    assert len(book_of(*advice).records) == 2


def test_the_policy_can_be_stricter():
    assert TrialPolicy(alpha=0.01).alpha < TrialPolicy().alpha


# -- From planning to the verdict ------------------------------------------------------------


def test_a_lesson_is_recalled_for_the_step_it_is_about_and_tried_by_how_it_ends():
    log = Log()
    for i in (1, 2):
        log.plan(f"g{i}", 1, pick("s1", f"mug-{i}"))
        log.attempt(f"g{i}", "s1", reason="slipped")
        log.attempt(f"g{i}", "s1", wait=6.0)
    (proposed,) = lessons(log.events)
    log.add(proposed)
    memory = MemoryState.of(log.events)
    situation = situation_of(pick("s7", "mug-7"), "g7", memory, "waiter-1")
    assert situation.thing_classes == ("mug",)
    assert situation.places == ("table", "hall", "table-1", "hall")
    (found,) = recall(memory.projections.notes, situation)
    assert found.note == proposed.note
    elsewhere = situation_of(pick("s8", "mug-7", "shelf-1"), "g7", memory)
    assert recall(memory.projections.notes, elsewhere) == ()
    ended = StepEnded(
        request="r9", goal="g7", step="s7", skill="pick", body="waiter-1",
        outcome="done", duration_s=3.0, evidenced=True,
    )  # fmt: skip
    read = Heeded(note=found.note.id, episode=situation.episode, applied=found.apply)
    (tried_once,) = trials_of(ended, [read])
    assert (tried_once.applied, tried_once.success) == (found.apply, True)
    assert tried_once.episode == situation.episode
    assert trials_of(ended.model_copy(update={"outcome": "lapsed"}), [read]) == ()
    assert trials_of(ended.model_copy(update={"reason": "already_so"}), [read]) == ()


# -- From one memory to the next ---------------------------------------------------------------


def test_a_note_goes_on_in_another_memory_as_it_stood():
    book, other = book_of(note()), NoteProjection()
    id_ = next(iter(book.records))
    for k in range(25):
        said = NoteTried(note=id_, episode=f"e{k}", applied=k % 2 == 0, success=k % 2 == 0)
        book.tried(said, float(k))
    assert book.records[id_].status == "validated"
    for brought in book.told():
        other.bring(brought, 0.0)
        other.bring(brought, 0.0)
    then, now = book.records[id_], other.records[id_]
    assert (now.status, now.why, now.taught) == (then.status, then.why, then.taught)
    for k in range(25, 150):
        said = NoteTried(note=id_, episode=f"e{k}", applied=k % 3 > 0, success=k % 3 == 0)
        book.tried(said, float(k))
        other.tried(said, float(k))
        assert other.records[id_].trial.form() == book.records[id_].trial.form()
        assert other.records[id_].status == book.records[id_].status
    assert other.records[id_].status == "retired"
    again = NoteProjection()
    for brought in other.told():
        again.bring(brought, 0.0)
    again.propose(NoteProposed(note=note(), by="lessons"), 1.0)
    assert again.records[id_].status == "retired"


def test_runs_that_follow_one_another_toss_their_coins_anew():
    memory = MemoryState.of(Log().events)
    first = situation_of(pick("s7", "mug-7"), "g7", memory).episode
    later = MemoryState.of(Log().events)
    later.apply(Event(origin="x", seq=0, t=0.0, body=ExperienceBrought(source="ab" * 32, tried=())))
    assert situation_of(pick("s7", "mug-7"), "g7", later).episode != first
