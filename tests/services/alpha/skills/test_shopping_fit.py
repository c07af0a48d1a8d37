"""Shopping fit: sizes compared exactly, and only when the tag was read."""

import pytest

from services.alpha.contracts import Draft, Garment, Silence, Trigger, WearerProfile
from services.alpha.skill import Case
from services.alpha.skills.shopping_fit import ShoppingFit, _tag, near_print
from services.alpha.testing import GlassesSkillContract, evidence, settled
from services.alpha.tools.fit import fit
from services.alpha.vision.ocr import Line
from services.errors import UserError

WEARER = WearerProfile(
    sizes={"shirt": "M", "jeans": "32"},
    preferences={"budget": 40.0},
    wardrobe=(Garment(name="your blue shirt", category="shirt", colour="blue", size="M"),),
)


class TestContract(GlassesSkillContract):
    factory = ShoppingFit


def _case(**found) -> Case:
    trigger = Trigger(
        skill="shopping-fit", subject="garment-1", t=1.0, since_s=0.7, score=0.7, reason="held"
    )
    return Case(trigger, 1.5, WEARER, {k: evidence(k, v) for k, v in found.items()}, {})


@pytest.mark.parametrize(
    ("size", "verdict"), [("S", "too-small"), ("M", "fits"), ("XL", "too-large")]
)
def test_the_verdict_is_the_arithmetic_of_sizes(size, verdict):
    said = settled(_case(kind="shirt", size=size), ShoppingFit())
    assert isinstance(said, Draft)
    assert said.answer == verdict


def test_it_mentions_the_budget_and_the_twin_at_home():
    said = settled(_case(kind="shirt", size="M", price=49.5, colour="blue"), ShoppingFit())
    assert "9.5 over your budget" in said.wordings[0]
    assert "your blue shirt" in said.wordings[0]


@pytest.mark.parametrize("found", [{"kind": "shirt"}, {"size": "M"}, {}])
def test_without_the_tag_it_is_silent(found):
    assert isinstance(settled(_case(**found), ShoppingFit()), Silence)


def test_an_unknown_or_incomparable_size_is_no_verdict():
    assert isinstance(settled(_case(kind="hat", size="M"), ShoppingFit()), Silence)
    assert isinstance(settled(_case(kind="jeans", size="M"), ShoppingFit()), Silence)
    with pytest.raises(ValueError, match="different scales"):
        fit("jeans", "M", "32")


def test_the_tag_is_read_line_by_line():
    lines = [
        Line("POLOSHIRT", 0.95, 0.5, 0.3, 0.04),
        Line("SIZE XL", 0.97, 0.5, 0.35, 0.04),
        Line("49,90", 0.99, 0.5, 0.4, 0.04),
    ]
    found = {e.slot: e.value for e in _tag(lines, 1.0)}
    assert found == {"kind": "polo shirt", "size": "XL", "price": 49.9}


def test_tags_on_the_rail_are_not_the_one_in_the_hand():
    near = Line("SIZE L", 0.9, 0.6, 0.5, 0.05)
    far = [Line("SIZE S", 0.99, 0.1, 0.3, 0.02), Line("SIZE M", 0.99, 0.95, 0.5, 0.045)]
    assert near_print([*far, near]) == [near]
    assert near_print(far[:1]) == []


def test_it_has_no_settings():
    with pytest.raises(UserError, match="no settings"):
        ShoppingFit().configure({"budget": 3})
