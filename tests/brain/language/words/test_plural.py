"""Nouns by number: every class of things that ships can be counted in front of people."""

import pytest

from brain.language.words.plural import be, counted, is_plural, plural


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("cup", "cups"),
        ("glass", "glasses"),
        ("box", "boxes"),
        ("dish", "dishes"),
        ("bench", "benches"),
        ("body", "bodies"),
        ("tray", "trays"),
        ("knife", "knives"),
        ("bookshelf", "bookshelves"),
        ("potato", "potatoes"),
        ("bed sheet", "bed sheets"),
        ("crate of water", "crates of water"),
        ("child", "children"),
        ("person", "people"),
        ("keys", "keys"),
        ("reading glasses", "reading glasses"),
        ("tableware", "tableware"),
        ("bus", "buses"),
        ("fish", "fish"),
        ("human", "humans"),
    ],
)
def test_plural(one, many):
    assert plural(one) == many
    assert plural(many) == many


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (1, "plan", "1 plan"),
        (0, "plan", "0 plans"),
        (2, "clean towel", "2 clean towels"),
        (1200, "event", "1,200 events"),
        (1, "cutlery", "1 piece of cutlery"),
        (3, "laundry", "3 pieces of laundry"),
        (2, "cup of coffee", "2 cups of coffee"),
    ],
)
def test_counted(count, noun, words):
    assert counted(count, noun) == words


def test_the_verb_agrees():
    assert [be(1, "cup"), be(2, "cup"), be(1, "keys"), be(0), be(1, "glass")] == [
        "is",
        "are",
        "are",
        "are",
        "is",
    ]
    assert not is_plural("child's")
