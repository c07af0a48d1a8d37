"""What a noun phrase says, before it is looked up in the world."""

from __future__ import annotations

from dataclasses import dataclass, field

from brain.language.words.site import Ref
from devices.facts import Value


@dataclass(frozen=True)
class NounPhrase:
    """One thing or group of things as said.

    Attributes:
        text: The words as said.
        start: Index of its first token.
        end: Index after its last token.
        det: "the", "a", "some", "all", "both", "another", "more", "no", or None.
        count: A number said, or None.
        plural: Whether the noun stands in the plural.
        refs: What the noun may mean.
        key: The words of the noun.
        states: States named by adjectives.
        looks: Adjectives that only the names of things can tell ("red").
        places: Things or classes named before the noun ("kitchen" in "the kitchen lamp").
        owner: Whose it is said to be; "me" for "my".
        pronoun: The kind of pronoun this is ("things", "speaker", ...), or None.
        one: Whether the noun is "one" or "ones".
        fill: What is in the vessel.
        posts: Prepositional phrases that belong to it.
        unless: Exceptions ("except table 3").
        unknown: The words of a noun that nobody knows here, or None.
        collective: Whether it names whoever is somewhere ("the couple", "the guests").
        portion: Whether only a piece of it is meant.
        other: Whether "other" was said.
        half_known: Words not understood before a noun that is known.
        either: Whether the noun is a plural word that may name one thing ("keys").
    """

    text: str
    start: int
    end: int
    det: str | None = None
    count: int | None = None
    plural: bool = False
    refs: tuple[Ref, ...] = ()
    key: tuple[str, ...] = ()
    states: dict[str, Value] = field(default_factory=dict)
    looks: tuple[str, ...] = ()
    places: tuple[NounPhrase, ...] = ()
    owner: str | None = None
    pronoun: str | None = None
    one: bool = False
    fill: NounPhrase | None = None
    posts: tuple[tuple[str, NounPhrase], ...] = ()
    unless: tuple[NounPhrase, ...] = ()
    unknown: str | None = None
    collective: bool = False
    portion: bool = False
    other: bool = False
    half_known: str | None = None
    either: bool = False
