"""A wearer among robots: what they see the robots know, what they say is done and answered."""

import json

import pytest

from devices.glasses.contracts import Words
from services.alpha.contracts import WearerProfile
from services.session.contracts import RunConfig
from services.session.run import run
from stem_memory.answers.queries import history
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def lived(tmp_path_factory, marked_table):
    """A run in which Sam sees the keys on the dining table; the survey believes them elsewhere."""
    folder = tmp_path_factory.mktemp("worn")
    said = ((3.0, "where is the blue mug?"), (3.5, "bring me my keys"), (30.0, "stop"))
    wearer = WearerProfile(id="sam", preferences={"my keys": "the car keys"})
    words = tuple(Words(t=t, text=text) for t, text in said)
    marked_table(
        folder, "keys", "keys", "dining-table", 4.0, name="worn", wearer=wearer, words=words
    )
    out, memory = folder / "run", folder / "house.db"
    config = RunConfig(
        world="household",
        glasses=str(folder),
        memory=str(memory),
        model="none",
        runtime="local",
        film=False,
        out=str(out),
    )
    return run(config), out, memory


def test_robots_act_on_what_the_wearer_saw(lived):
    result, _, memory = lived
    (wish,) = [goal for goal in result.goals if "keys" in goal.text]
    assert (wish.text, wish.status, wish.checked_by_world) == (
        "bring me the car keys",
        "satisfied",
        True,
    )
    with EventStore.reader(memory, Vault.beside(memory)) as store:
        places = [(fact.value, fact.source) for fact in history(store, "car keys", "location")]
        looked = [entry.event.body for entry in store.read(kinds={"step_started"})]
    assert places[:2] == [("sideboard", "survey"), ("dining-table", "glasses-sam")]
    assert "sideboard" not in {step.target for step in looked}


def test_what_robots_have_to_say_is_said_to_the_wearer(lived):
    result, out, _ = lived
    (asked,) = [goal for goal in result.goals if "blue mug" in goal.text]
    assert asked.status == "answered"
    ledger = [
        json.loads(line) for line in (out / "ledger.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    told = [entry["text"] for entry in ledger if entry["kind"] == "intervention"]
    assert asked.answer in told


def test_stop_from_the_glasses_stops_everybody(lived):
    _, _, memory = lived
    with EventStore.reader(memory, Vault.beside(memory)) as store:
        assert all(
            record.stopped for body, record in store.state.bodies().items() if body != "glasses-sam"
        )
