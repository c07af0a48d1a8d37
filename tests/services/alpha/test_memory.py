"""What the glasses remember, from session to session."""

from devices.contracts import Sighting
from devices.facts import Location
from devices.glasses.contracts import Words
from services.alpha.contracts import (
    Heard,
    Intervention,
    LookResult,
    Outcome,
    SpeechOver,
    ToolCall,
    WearerProfile,
)
from services.alpha.memory.unit import MemoryUnit
from services.alpha.orders import GlassesConfig
from services.memory.client import open_writer
from services.runtime.local import LocalRuntime
from stem_memory.log.store import EventStore

ANA = WearerProfile(id="ana", name="Ana", known=("mona-lisa",))


def memory(path=""):
    return MemoryUnit(GlassesConfig(memory=str(path), wearer=ANA))


def seen(t, thing, holder, cls="keys"):
    where = Location(relation="on", holder=holder)
    found = Sighting(id=thing, cls=cls, names=("keys",), location=where, x=0.0, y=0.0)
    return LookResult(request="l", case="c", skill="where", t=t, sightings=(found,))


def ask(unit, tool, t=10.0, **args):
    return unit.recall(ToolCall(tool=tool, args=args, id="t", case="c", t=t)).value


def told(how="done", knows=("night-watch",)):
    said = Intervention(
        id="i1", case="c1", skill="museum", subject="x", event_s=1.0, t=1.0, began_s=1.0,
        ends_s=3.0, deadline_s=5.0, version=0, text="This is the Night Watch.", why_now="seen",
        score=1.0, threshold=0.5, knows=knows,
    )  # fmt: skip
    return said, SpeechOver(intervention="i1", t=3.0, how=how)


def test_things_are_found_where_they_were_last_seen():
    unit = memory()
    unit.note(1.0, (), (seen(1.0, "keys-1", "kitchen-table"),))
    unit.note(4.0, (), (seen(4.0, "keys-1", "sofa"),))
    answer = ask(unit, "memory.where", thing="Keys")
    assert (answer["found"], answer["place"], answer["age_s"]) == (True, "sofa", 6.0)
    assert ask(unit, "memory.where", thing="umbrella") == {"found": False, "thing": "umbrella"}
    unit.close()


def test_what_was_told_is_known_and_what_was_cut_is_not():
    for how, known in (("done", True), ("cut", False)):
        unit = memory()
        profile = unit.note(3.0, told(how), ())
        assert ask(unit, "memory.known", subject="night-watch")["known"] is known
        assert (profile is not None) is known
        assert ask(unit, "memory.known", subject="mona-lisa")["known"] is True
        unit.close()


def test_the_next_session_knows_what_the_last_one_learnt(tmp_path):
    path = tmp_path / "memory.db"
    first = memory(path)
    first.note(1.0, (), (seen(1.0, "keys-1", "sofa"),))
    first.note(3.0, told(), ())
    for t in (4.0, 5.0):
        outcome = Outcome(intervention="i1", skill="museum", t=t, outcome="not_now", threshold=0.6)
        first.note(t, (outcome,), ())
    first.close()
    second = memory(path)
    assert second.profile().known == ("mona-lisa", "night-watch")
    assert second.outcomes() == (("museum", "not_now", 2.0),)
    answer = ask(second, "memory.where", t=2.0, thing="keys")
    assert (answer["place"], answer["age_s"]) == ("sofa", 6.0)
    second.close()


def test_what_was_said_when_is_found_by_words():
    unit = memory()
    words = Words(t=2.0, text="the doctor said tuesday at nine", by="ben")
    unit.note(2.0, (Heard(words=words, taken_for="talk"),), ())
    answer = ask(unit, "memory.said", words="when did the doctor say")
    assert answer["found"]
    assert answer["texts"] == ("the doctor said tuesday at nine",)
    assert answer["ages_s"] == (8.0,)
    unit.close()


def test_a_question_that_memory_does_not_know_is_answered_so():
    unit = memory()
    result = unit.recall(ToolCall(tool="memory.smell", id="t", case="c"))
    assert result.status == "unknown"
    unit.close()


def test_two_wearers_share_one_memory_at_the_same_time(tmp_path):
    path, runtime = tmp_path / "memory.db", LocalRuntime()
    writer = open_writer(path, runtime)
    ben = WearerProfile(id="ben", name="Ben")
    units = [MemoryUnit(GlassesConfig(memory=str(path), wearer=w), writer) for w in (ANA, ben)]
    units[0].note(1.0, (), (seen(1.0, "keys-1", "kitchen-table"),))
    assert ask(units[1], "memory.where", t=3.0, thing="keys")["place"] == "kitchen-table"
    units[1].note(4.0, (), (seen(4.0, "keys-1", "sofa"),))
    assert ask(units[0], "memory.where", t=5.0, thing="keys")["place"] == "sofa"
    units[0].note(6.0, told(), ())
    assert ask(units[0], "memory.known", subject="night-watch")["known"] is True
    assert ask(units[1], "memory.known", subject="night-watch")["known"] is False
    for unit in units:
        unit.close()
    runtime.close()
    with EventStore.reader(path) as store:
        origins = {entry.event.origin for entry in store.read()}
        assert store.verify().events > 4
    assert origins == {"glasses-ana", "glasses-ben"}
