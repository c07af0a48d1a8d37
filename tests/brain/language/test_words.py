from __future__ import annotations

import pytest

from brain.language.words.lexicon import lexicon
from brain.language.words.spelling import corrected
from brain.language.words.tokens import key_of, singular, tokenise

SITE = frozenset(["coffee", "drone", "table", "cheese", "chest"])


def _fixed(text: str) -> list[str]:
    tokens = tokenise(text, lexicon())
    whole = frozenset(["cheese", "table"])
    return [t.text for t in corrected(tokens, SITE, lexicon().all_words(), whole)]


def test_mistyped_words_become_the_nearest_known_ones() -> None:
    assert _fixed("brign a cofee to tabel 4") == ["bring", "a", "coffee", "to", "table", "4"]


def test_english_words_are_never_corrected() -> None:
    assert _fixed("bring the dragon") == ["bring", "the", "dragon"]


def test_a_name_wins_over_a_part_of_a_name() -> None:
    assert _fixed("chese") == ["cheese"]


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("menus", "menu"),
        ("dishes", "dish"),
        ("knives", "knife"),
        ("glass", "glass"),
        ("glasses", "glass"),
        ("tomatoes", "tomato"),
        ("batteries", "battery"),
        ("shoes", "shoe"),
    ],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_numbers_and_short_forms() -> None:
    tokens = tokenise("Don't bring twenty-one cups to table #4", lexicon())
    assert [t.text for t in tokens][:3] == ["do", "not", "bring"]
    assert [t.number for t in tokens if t.number] == [21, 4]
    assert key_of("Sam's phone") == ("sam", "phone")
