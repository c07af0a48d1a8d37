"""Recognisers on pictures drawn here, without any package of assets."""

import numpy as np
import pytest

from services.alpha.vision import opencv as cv
from services.alpha.vision.cards import CardRead, merged, voted
from services.alpha.vision.colour import name_of
from services.alpha.vision.framed import Dwelling, figure
from services.alpha.vision.paper import papers, steady


def _table(*cards):
    image = np.full((480, 640, 3), (60, 110, 40), np.uint8)
    for x, y in cards:
        image[y : y + 110, x : x + 78] = 240
    return image


def test_cards_are_found_as_bright_regions():
    assert papers(_table()) == ()
    assert len(papers(_table((100, 60), (300, 300)))) == 2


def test_a_swaying_head_is_steady_and_a_sliding_card_is_not():
    before = papers(_table((100, 60), (300, 300)))
    assert steady([before], papers(_table((104, 62), (304, 302))))
    assert not steady([before], papers(_table((100, 60), (340, 300))))
    assert not steady([before], papers(_table((100, 60), (300, 300), (480, 150))))


def _read(card, x, y, turned=False, sure=0.9, size=20.0):
    return CardRead(card, sure, x, y, size, turned)


def test_two_corners_of_one_card_are_one_card():
    assert len(merged([_read("7h", 100, 100), _read("7h", 230, 310, turned=True)])) == 1


def test_two_equal_cards_of_a_long_shoe_stay_two():
    assert len(merged([_read("7h", 100, 100), _read("7h", 150, 104)])) == 2
    assert len(merged([_read("7h", 100, 100), _read("7h", 320, 100)])) == 2
    corners = [_read("7h", 100, 100), _read("7h", 200, 100)]
    assert len(merged(corners)) == 1, "top left and top right of a deck with four indices"
    assert len(merged([*corners, _read("5s", 150, 100)])) == 3, "a card between them covers one"


def test_most_pictures_decide_what_a_card_is():
    right = [_read("9s", 100, 100), _read("Kd", 300, 100)]
    wrong = [_read("6s", 104, 101), _read("Kd", 304, 101)]
    found = {read.card: read.confidence for read in voted([right, wrong, right])}
    assert set(found) == {"9s", "Kd"}
    assert found["9s"] < 0.7 < found["Kd"]


def test_a_corner_seen_once_is_not_sure():
    found = voted([[_read("9s", 100, 100)], [], [], []])
    assert found[0].confidence < 0.6


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((30, 30, 200), "red"),
        ((190, 80, 30), "blue"),
        ((25, 25, 25), "black"),
        ((60, 130, 40), "green"),
    ],
)
def test_colours_have_their_usual_names(colour, name):
    assert name_of(np.full((50, 3), colour, np.uint8))[0] == name


def test_a_figure_is_what_differs_from_the_edges():
    image = np.full((480, 640, 3), (150, 160, 170), np.uint8)
    assert figure(image) is None
    image[120:360, 220:420] = (40, 60, 160)
    found = figure(image)
    assert found.area == pytest.approx(200 * 240 / (640 * 480), abs=0.03)


def test_dwelling_is_told_from_walking():
    wall = np.random.default_rng(3).integers(60, 200, (60, 400, 3)).astype(np.uint8)
    wall = cv.resized(wall, 3200, 480)
    walk, stay = Dwelling(1.0), Dwelling(1.0)
    for i in range(25):
        walking = walk.stays(wall[:, 40 * i : 40 * i + 640], 0.1 * i)
        staying = stay.stays(wall[:, 900 + i % 3 : 1540 + i % 3], 0.1 * i)
    assert walking is None
    assert staying is not None
