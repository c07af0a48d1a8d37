"""When a result says how the words were understood, too."""

import pytest

from services.commands.understanding import adds_to


@pytest.mark.parametrize(
    ("said", "summary", "more"),
    [
        ("put the milk in the fridge", "Milk is in fridge.", False),
        ("turn off the bedroom lamp", "Bedroom lamp is off.", False),
        ("bring TWO cups to table 4", "2 cups are on table 4.", False),
        ("bring two coffees to table 4", "2 cups of coffee are on table 4.", True),
        ("bring me the red mug", "Red mug is with Sam.", True),
        ("bring a cup", "2 cups are on table 4.", True),
        ("put it away", "Milk is in fridge.", True),
        ("bring the dragon", "", False),
    ],
)
def test_an_understanding_is_told_where_it_says_more_than_was_said(said, summary, more):
    assert adds_to(summary, said) is more
