"""Films are pure: the same at any width order, and traces of them replay."""

import math
from random import Random

import numpy as np
import pytest

from devices.glasses.contracts import Words
from services.alpha.orders import GlassesConfig
from services.alpha.recording import GoldEvent
from services.alpha.session import config_of, replay
from services.alpha.trace_source import read_trace
from services.errors import UserError
from services.lab.glasses.film import Film, Key, Prop, Scene, Stage, View
from services.lab.glasses.reel import FilmSource, Take, play
from services.lab.glasses.style import STYLES, surface
from services.lab.glasses.writing import write_trace

STYLE = STYLES["club"]


def _film(seconds: float = 2.0) -> Film:
    stage = Stage(surface("wood", (90, 110, 150), 900, 700, 3))
    box = np.full((80, 120, 4), 230, np.uint8)
    stage.props.append(Prop(box, (Key(0.5, 200, 200), Key(1.0, 500, 350))))
    return Film([Scene(0.0, stage, (View(0.0, 450, 350, 700),))], seconds, STYLE, 5)


def test_the_same_moment_looks_the_same_whatever_was_drawn_before():
    one, two = _film(), _film()
    for t in (1.5, 0.7, 0.2):
        one.frame(t, 320)
    assert np.array_equal(one.frame(0.8, 320), two.frame(0.8, 320))


def test_things_come_and_move():
    film = _film()
    empty, moving, there = (film.frame(t, 320).astype(int) for t in (0.3, 0.75, 1.6))
    assert np.abs(moving - empty).max() > 60
    assert np.abs(there - empty).max() > 60


def test_a_path_begins_and_ends_where_its_keys_say():
    prop = Prop(np.zeros((4, 4, 4), np.uint8), (Key(1, 0, 0), Key(2, 10, 20, math.pi)))
    assert (prop.at(0.5).x, prop.at(1.5).x, prop.at(3).y) == (0, 5, 20)
    assert prop.moves(1.5)
    assert not prop.moves(2.5)


def test_a_film_is_a_source_of_pictures():
    source = FilmSource(_film(0.35))
    items = [source.read() for _ in range(5)]
    assert [item.t for item in items] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert items[0].pixels.shape == (480, 640, 3)
    assert items[-1].kind == "ended"


def test_a_film_gives_wide_pictures_when_asked_and_then_narrow_ones_again():
    source = FilmSource(_film())
    source.read()
    source.burst(2, 1280)
    assert [source.read().pixels.shape[1] for _ in range(3)] == [1280, 1280, 640]


def test_styles_of_the_two_sides_share_no_deck():
    train = {d for s in STYLES.values() if s.split == "train" for d in s.decks}
    test = {d for s in STYLES.values() if s.split == "test" for d in s.decks}
    assert train
    assert test
    assert not train & test


@pytest.mark.slow
def test_a_written_trace_replays(tmp_path):
    take = Take(
        "short",
        _film(1.0),
        (GoldEvent(skill="where-is-it", t=0.5, until_s=1.0),),
        (Words(t=0.5, text="how much should I bet?"),),
        skills=("services.alpha.skills.blackjack:Blackjack",),
    )
    path = write_trace(take, tmp_path / "t", "club", Random(1).randrange(9))
    trace, _ = read_trace(path)
    assert trace.gold == take.gold
    on_disk = [e for e in replay(path).ledger if e.kind == "intervention"]
    in_memory = [e for e in play(take).ledger if e.kind == "intervention"]
    assert [e.text for e in on_disk] == [e.text for e in in_memory]
    assert len(on_disk) == 1


def test_what_skills_need_is_named_beside_the_trace_so_that_the_folder_can_be_moved(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "catalogue.json").write_text("[]", encoding="utf-8")
    settings = {"museum-guide": {"catalogue": str(folder / "catalogue.json")}}
    take = Take("short", _film(0.3), settings=settings)
    write_trace(take, folder, "club", 1)
    moved = folder.rename(tmp_path / "b")
    trace, place = read_trace(moved)
    assert trace.configuration == {"museum-guide": {"catalogue": "./catalogue.json"}}
    config = config_of(trace, place, GlassesConfig())
    assert config.settings == {"museum-guide": {"catalogue": str(moved / "catalogue.json")}}
    with pytest.raises(UserError, match="already holds a trace"):
        write_trace(take, moved, "club", 1)
