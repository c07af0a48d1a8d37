"""Glasses that take part in a session: on its clock, with its memory, among its robots."""

import pytest

from devices.glasses.contracts import Words
from services.alpha.contracts import WearerProfile
from services.alpha.orders import GlassesConfig
from services.alpha.output.unit import OutputConfig
from services.alpha.party import GlassesParty, wearer_in
from services.alpha.recording import Trace
from services.alpha.session import interventions, replay
from services.errors import UserError
from services.memory.client import MemoryClient
from services.runtime.local import LocalRuntime
from stem_memory.answers.queries import where
from stem_memory.contracts import Event
from stem_memory.log.store import EventStore
from stem_memory.testing import body, events_of, observed, sighting, start_of

QUIET = "services.alpha.open_question:OpenQuestion"
MINE = {"my cup": "the blue mug"}
BEGINS_S = 100.0


@pytest.fixture(scope="module")
def seen(tmp_path_factory, marked_table):
    """A trace of six seconds: a mug on the marked table, and a question about it at 5 s."""
    wearer = WearerProfile(id="ann", name="Ann")
    words = (Words(t=5.0, text="where is my red mug?"),)
    folder = tmp_path_factory.mktemp("seen")
    return marked_table(
        folder, "mug-1", "red mug", "table-2", 6.0, name="seen", wearer=wearer, words=words
    )


@pytest.fixture
def talk(tmp_path):
    """Writes a trace of words."""

    def write(*words, wearer="ann"):
        path = tmp_path / "trace.json"
        trace = Trace(
            name="talk",
            duration_s=20.0,
            words=tuple(Words(t=t, text=text, by=by) for t, text, by in words),
            wearer=WearerProfile(id=wearer, preferences=MINE),
            skills=(QUIET,),
        )
        path.write_text(trace.model_dump_json(), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def site(tmp_path):
    """A memory that holds a site: a mug believed to be on table-1, and Ann in the hall."""
    runtime = LocalRuntime()
    memory = MemoryClient.join(tmp_path / "memory.db", runtime)
    known = {"mug-1": "mug on table-1", "ann": "person at hall"}
    start = start_of(things=known, bodies=[body("waiter-1", 5, 1)])
    memory.append(events_of(start, origin="site"), 0)
    yield memory, runtime
    memory.close()
    runtime.close()


@pytest.fixture
def join(site):
    """Glasses of a source, open."""
    memory, runtime = site
    made = []

    def open_(source, **more):
        config = GlassesConfig(redact=False)
        party = GlassesParty(source, config, runtime, memory, begins_s=BEGINS_S, **more)
        made.append(party)
        party.open()
        return party

    yield open_
    for party in made:
        party.close()


def run(party, until=1e9):
    """Let the glasses go on in their own steps; what the ledger has of it."""
    ledger = []
    while (instant := party.next_s()) is not None and instant <= until:
        ledger += party.advance(instant)
    return ledger


def kinds(ledger, kind):
    return [entry for entry in ledger if entry.kind == kind]


def test_what_the_wearer_sees_memory_knows_at_that_moment(seen, site, join):
    memory, _ = site
    before = memory.position()
    party = join(seen)
    run(party, until=BEGINS_S + 3.0)
    assert memory.state.location("mug-1").holder == "table-2"
    # It lies where the table is, not where it was in the picture.
    assert memory.state.position("mug-1") == memory.state.position("table-2")
    answer = where(memory, "the red mug") if "red mug" in memory.state.names("mug-1") else ()
    assert where(memory, "mug-1")[0].belief.source == "glasses-ann"
    assert all(place.places[0].holder == "table-2" for place in answer)
    fresh = [entry.event for entry in memory.read(after=before)]
    assert {event.origin for event in fresh} == {"glasses-ann"}
    assert all(event.t >= BEGINS_S for event in fresh)
    assert len({(event.origin, event.seq) for event in fresh}) == len(fresh)


def test_the_wearer_is_told_what_others_saw(seen, site, join):
    memory, _ = site
    party = join(seen)
    run(party, until=BEGINS_S + 4.0)
    moved = observed("waiter-1", 104.0, sighting("mug-1", "mug on counter-1", 1, 1))
    memory.append([Event(origin="waiter-1", seq=0, t=104.0, body=moved)])
    said = kinds(run(party), "intervention")
    assert [entry.answer for entry in said] == ["counter-1"]
    assert said[0].text == "Your red mug: on the counter, seen 1 second ago by waiter."


def test_a_known_wearer_is_not_introduced_again(talk, site, join):
    memory, _ = site
    join(talk((1.0, "hello", "")))
    assert memory.state.location("ann").holder == "hall"
    assert [e.event.body.kind for e in memory.read() if e.event.origin == "glasses-ann"] == [
        "body_enrolled"
    ]
    assert memory.state.position("glasses-ann") is None
    assert memory.state.room_of("glasses-ann") is None


def test_words_go_to_the_robots_unless_they_are_for_the_glasses(talk, site, join):
    memory, _ = site
    party = join(
        talk(
            (1.0, "Where is the red mug?", ""),
            (2.0, "Please bring me my cup!", ""),
            (3.0, "bring me the newspaper", "sam"),
            (4.0, "thanks", ""),
            (5.0, "cancel that", ""),
            (6.0, "be quiet", ""),
            (7.0, "stop", ""),
            (8.0, "go on", ""),
        )
    )
    ledger = run(party)
    assert [(entry.t, entry.text, entry.who) for entry in kinds(ledger, "wish")] == [
        (1.0, "Where is the red mug?", "ann"),
        (2.0, "Please bring me the blue mug!", "ann"),
        (5.0, "cancel that", "ann"),
        (7.0, "stop", "ann"),
        (8.0, "go on", "ann"),
    ]
    # What went on is recorded by whoever got it; memory has the rest from the glasses.
    said = [text for _, who, text in memory.state.dialogue() if who in ("ann", "sam")]
    assert said == ["bring me the newspaper", "thanks", "be quiet"]


def test_a_question_of_the_robots_is_put_and_its_answer_handed_on(talk, site, join):
    memory, _ = site
    party = join(talk((6.0, "ok", ""), (12.0, "ok", "")))
    party.say("Shall I bring the blue one?", BEGINS_S + 2.0)
    ledger = run(party)
    told = kinds(ledger, "intervention")
    assert [(entry.began_s, entry.text) for entry in told] == [(2.0, "Shall I bring the blue one?")]
    assert [(entry.t, entry.text) for entry in kinds(ledger, "wish")] == [(6.0, "ok")]
    assert memory.state.told("ann") == ("Shall I bring the blue one?",)


def test_what_is_said_after_the_end_is_heard_all_the_same(talk, join):
    party = join(talk())
    run(party)
    assert party.next_s() is None
    text = "The red mug is on the kitchen counter; the butler saw it there a minute ago. " * 2
    party.say(text, BEGINS_S + 50.0)
    party.say("And the keys are on the sideboard.", BEGINS_S + 50.0)
    assert party.next_s() == BEGINS_S + 50.0
    told = kinds(run(party), "intervention")
    assert [entry.text for entry in told] == [text, "And the keys are on the sideboard."]
    assert told[0].ends_s <= told[1].began_s


def test_it_says_what_it_says_alone(seen, join, tmp_path):
    party = join(seen, output=OutputConfig(voice="none", folder=str(tmp_path / "out")))
    run(party)
    ledger = party.finish(tmp_path / "out")
    assert len((tmp_path / "out" / "ledger.jsonl").read_text(encoding="utf-8").splitlines()) == len(
        ledger
    )
    assert interventions(ledger) == interventions(replay(seen, GlassesConfig(redact=False)).ledger)


def test_the_log_is_the_same_however_the_rounds_fall(seen, tmp_path):
    digests = set()
    for number, step in enumerate((0.4, 5.0)):
        runtime = LocalRuntime()
        with MemoryClient.join(tmp_path / f"{number}.db", runtime) as memory:
            party = GlassesParty(seen, GlassesConfig(redact=False), runtime, memory)
            party.open()
            now = 0.0
            while party.next_s() is not None:
                now = round(now + step, 3)
                party.advance(now)
            party.close()
            digests.add(memory.digest())
        runtime.close()
    assert len(digests) == 1


def test_a_wearer_who_is_not_there_is_told(talk):
    source = talk((1.0, "bring me my cup", ""), wearer="zoe")
    with pytest.raises(UserError, match="'zoe', who is nobody in this world"):
        wearer_in(source, GlassesConfig(), ("noor",))
    assert wearer_in(source, GlassesConfig(), ("zoe",)).id == "zoe"


def test_the_memory_file_stays_sound(seen, site, join):
    memory, _ = site
    run(join(seen))
    assert memory.verify().events == memory.position()
    with EventStore.reader(memory.path) as store:
        assert store.position() == memory.position()
