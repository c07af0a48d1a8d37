"""A small flat that the engine's tests play in: two rooms and a store behind a door with a leaf."""

from __future__ import annotations

import pytest

from sim_worlds.loader import read

FLAT = """\
name: flat
title: A small flat
operator: ann
plan:
  name: flat
  rooms:
    - {id: kitchen, cls: kitchen, polygon: [[0, 0], [5, 0], [5, 4], [0, 4]]}
    - {id: lounge, cls: living_room, polygon: [[5, 0], [11, 0], [11, 4], [5, 4]]}
    - {id: store, cls: storage, polygon: [[0, 4], [5, 4], [5, 7], [0, 7]]}
  doors:
    - {id: arch, rooms: [kitchen, lounge], at: [5, 2], width_m: 1.2}
    - {id: store-door, rooms: [kitchen, store], at: [2.5, 4], width_m: 1.0, leaf: true}
  fixtures:
    - {id: counter, cls: counter, room: kitchen, x: 1.5, y: 0.3, size_m: [2.0, 0.6], height_m: 0.9, capacity: 6, offers: [cut]}
    - {id: fridge, cls: fridge, room: kitchen, x: 3.6, y: 0.35, size_m: [0.7, 0.7], height_m: 1.0, capacity: 4, inside: true, closable: true}
    - {id: sink, cls: sink, room: kitchen, x: 0.3, y: 2.0, size_m: [0.6, 0.8], height_m: 0.9, capacity: 3, inside: true, offers: [wash]}
    - {id: coffee-machine, cls: coffee_machine, room: kitchen, x: 0.3, y: 3.2, size_m: [0.5, 0.5], height_m: 1.0, capacity: 1, offers: [coffee]}
    - {id: table, cls: table, room: lounge, x: 8.5, y: 2.0, size_m: [1.2, 0.8], capacity: 6}
    - {id: lamp, cls: lamp, room: lounge, x: 10.6, y: 3.6, size_m: [0.3, 0.3], height_m: 1.0}
    - {id: dock, cls: dock, room: lounge, x: 10.6, y: 0.3, size_m: [0.5, 0.4], height_m: 0.3, offers: [charge], solid: false}
    - {id: rack, cls: storage_rack, room: store, x: 2.5, y: 6.7, size_m: [2.0, 0.5], height_m: 1.0, capacity: 8}
states:
  store-door: {open: false}
  table: {clean: false}
things:
  - {id: cup, cls: cup, at: counter, count: 2}
  - {id: milk, cls: milk, at: fridge}
  - {id: apple, cls: apple, at: rack, surveyed: false}
  - {id: armchair, cls: armchair, at: lounge}
  - {id: plate, cls: plate, at: table, states: {clean: false}, believed_at: counter}
people:
  - {id: ann, at: table}
  - {id: bob, at: kitchen}
bodies:
  - {id: helper, kind: humanoid, pose: {x: 2.5, y: 2.0}}
  - {id: mate, kind: dual_arm, pose: {x: 6.0, y: 3.0}}
  - {id: waiter, kind: server, pose: {x: 7.0, y: 0.6}}
"""


@pytest.fixture(scope="session")
def flat_text():
    return FLAT


@pytest.fixture
def flat():
    """Load the flat, with lines added at the end."""

    def _flat(more: str = "", replace: dict[str, str] | None = None):
        text = FLAT
        for old, new in (replace or {}).items():
            assert old in text
            text = text.replace(old, new)
        return read(text + more, "flat.yaml")

    return _flat
