"""Bodies that no world simulates take part in runs beside simulated ones."""

from __future__ import annotations

import pytest

from devices.drivers.recorded import write_recording
from services.memory.recording import KINDS, recording_of
from services.session.contracts import PostedWish, RunConfig
from services.session.run import run
from stem_memory.log.store import EventStore
from stem_memory.privacy.vault import Vault

WORLD = """
name: my-world
title: A kitchen and a living room
operator: me
plan:
  name: home
  rooms:
    - {id: kitchen, cls: kitchen, polygon: [[0, 0], [4, 0], [4, 4], [0, 4]]}
    - {id: living-room, cls: living_room, polygon: [[4, 0], [9, 0], [9, 4], [4, 4]]}
  doors:
    - {id: way, rooms: [kitchen, living-room], at: [4, 2], width_m: 1.4}
  fixtures:
    - {id: shelf, cls: cup_shelf, room: kitchen, x: 0.4, y: 2, size_m: [0.6, 1.2], capacity: 8}
    - {id: table, cls: table, room: living-room, x: 7, y: 2, capacity: 8}
things:
  - {id: cup, cls: cup, at: shelf, count: 3}
people:
  - {id: me, at: living-room}
bodies:
  - {id: helper, kind: humanoid, pose: {x: 2, y: 2}}
"""
ROBBIE = "robbie=pipe:python -m devices.drivers.toy --x 2 --y 3 --speed-m-s 3"
SECONDS = 300


@pytest.fixture
def play(tmp_path):
    """Runs wishes in the world with devices; the result and what the log says."""
    (tmp_path / "world.yaml").write_text(WORLD, encoding="utf-8")

    def play(name, *wishes, devices=()):
        out = tmp_path / name
        config = RunConfig(
            world=str(tmp_path / "world.yaml"),
            wishes=tuple(PostedWish(t=t, text=text) for t, text in wishes),
            model="none",
            film=False,
            out=str(out),
            devices=devices,
        )
        result = run(config)
        path = out / "memory.db"
        with EventStore.reader(path, Vault.beside(path)) as store:
            return result, [entry.event for entry in store.read()], store.state

    return play


def reports(events, body):
    seen = [e.body.observation for e in events if e.body.kind == "observed"]
    return [report for report in seen if report.body == body]


@pytest.mark.scenario
def test_a_recorded_body_takes_part_and_the_run_stays_the_same(play, tmp_path):
    _, events, memory = play("first", (0.0, "put a cup on the table"))
    log = [event for event in events if event.body.kind in KINDS]
    write_recording(tmp_path / "helper.jsonl", recording_of(log, memory, "helper", 0.0, SECONDS))
    device = f"old=recorded:{tmp_path / 'helper.jsonl'}"
    wishes = (0.0, "put a cup on the table"), (5.0, "put another cup on the table")
    one, played, _ = play("second", *wishes, devices=(device,))
    two, _, _ = play("third", *wishes, devices=(device,))
    assert [goal.status for goal in one.goals] == ["satisfied", "satisfied"]
    assert one.state_sha256 == two.state_sha256
    before, again = reports(events, "helper"), reports(played, "old")
    assert [report.t for report in again] == sorted({report.t for report in before})


@pytest.mark.scenario
def test_a_program_is_driven_and_stopped_beside_simulated_bodies(play):
    result, events, _ = play("run", (0.0, "send robbie to the living room"), devices=(ROBBIE,))
    assert [goal.status for goal in result.goals] == ["satisfied"]
    assert reports(events, "robbie")[-1].state.room == "living-room"
    result, events, _ = play(
        "stopped",
        (0.0, "send robbie to the living room"),
        (0.5, "stop"),
        devices=(ROBBIE.replace("m-s 3", "m-s 0.5"),),
    )
    assert reports(events, "robbie")[-1].state.room == "kitchen"
