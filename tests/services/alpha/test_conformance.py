"""Skills that live in this package keep the contract; so does what a stranger might do wrong."""

import numpy as np
import pytest

from services.alpha.open_question import OpenQuestion
from services.alpha.template import CrossingLight, brightest
from services.alpha.testing import GlassesSkillContract, shot


def street(colour=None):
    """Grey, with a glowing disc if a colour is given."""
    pixels = np.full((360, 640, 3), 110, np.uint8)
    if colour:
        y, x = np.mgrid[:360, :640]
        pixels[(x - 380) ** 2 + (y - 150) ** 2 <= 24**2] = colour
    return pixels


class TestCrossingLight(GlassesSkillContract):
    factory = CrossingLight

    def noticed(self):
        colours = [None] * 3 + [(40, 40, 230)] * 5
        return [shot(street(c), t=0.1 * k, seq=k) for k, c in enumerate(colours)]


class TestOpenQuestion(GlassesSkillContract):
    factory = OpenQuestion


@pytest.mark.parametrize(
    ("colour", "name"), [((40, 40, 230), "red"), ((90, 210, 50), "green"), ((230, 60, 40), "")]
)
def test_colours_of_a_light(colour, name):
    assert brightest(street(colour))[0] == name


class Clumsy(CrossingLight):
    """Its look fails, always."""

    def look(self, request, shots):
        raise ZeroDivisionError("oops")


class Broken(CrossingLight):
    """Its trigger fails, always."""

    def notice(self, shot):
        raise KeyError("oops")


@pytest.mark.parametrize(("factory", "faults"), [(Clumsy, 0), (Broken, 1)])
def test_a_skill_that_fails_is_set_aside_and_nothing_else_stops(film, monkeypatch, factory, faults):
    from services.alpha import template
    from services.alpha.orders import GlassesConfig
    from services.alpha.session import replay

    monkeypatch.setattr(template, "CrossingLight", factory)
    config = GlassesConfig(skills=("services.alpha.template:CrossingLight",), redact=False)
    result = replay(film([(1.0, "red")], words=((5.0, "bring me tea"),)), config)
    assert sum(entry.kind == "fault" for entry in result.ledger) == faults
    assert result.ledger[-1].kind in ("speech_over", "intervention", "heard")
    assert not any(e.kind == "intervention" and e.answer for e in result.ledger)
