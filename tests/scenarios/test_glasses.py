"""A wearer among robots: what they see the robots know, what they say is done and answered."""

import json

import numpy as np
import pytest

from devices.camera import VideoOutput
from devices.glasses.contracts import Words
from services.alpha.contracts import WearerProfile
from services.alpha.recording import Trace
from services.alpha.vision import opencv as cv
from services.session.contracts import RunConfig
from services.session.run import run
from stem_memory.answers.queries import history
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

pytestmark = pytest.mark.scenario


def _picture():
    picture = np.zeros((160, 160, 4), np.uint8)
    cv.disc(picture, (80, 80), 70, (30, 40, 220, 255))
    return picture


def _table():
    table = np.full((720, 960, 3), (120, 150, 165), np.uint8)
    table[60:220, 400:560] = 250
    table[80:200, 420:540] = cv.mark(3, 120)[..., None]
    thing = _picture()
    solid = thing[..., 3] > 0
    table[400:560, 200:360][solid] = thing[..., :3][solid]
    return table


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A run in which Sam sees the keys on the dining table; the survey believes them elsewhere."""
    folder = tmp_path_factory.mktemp("worn")
    film = VideoOutput(folder / "video.mp4", 10.0, (960, 720))
    for _ in range(40):
        film.write(_table())
    film.close()
    (folder / "keys.png").write_bytes(cv.encoded(_picture()))
    enrolled = [{"id": "keys", "names": ["keys"], "picture": "keys.png"}]
    (folder / "things.json").write_text(json.dumps(enrolled), encoding="utf-8")
    said = ((3.0, "where is the blue mug?"), (3.5, "bring me my keys"), (30.0, "stop"))
    trace = Trace(
        name="worn",
        video="video.mp4",
        duration_s=4.0,
        wearer=WearerProfile(id="sam", preferences={"my keys": "the car keys"}),
        words=tuple(Words(t=t, text=text) for t, text in said),
        skills=("where-is-it",),
        configuration={"where-is-it": {"things": "./things.json", "places": "3=dining-table"}},
    )
    (folder / "trace.json").write_text(trace.model_dump_json(), encoding="utf-8")
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
