"""Words that people use for a thing."""

from __future__ import annotations

from collections.abc import Collection

from stem_memory.belief.entity import Entity
from stem_memory.belief.ontology import Ontology


def id_words(id_: str) -> str:
    """The words of an id: "table-4" is "table 4"."""
    return id_.replace("-", " ").replace("_", " ")


def in_words(relation: str) -> str:
    """How a relation stands before its holder: "held by", else the word itself."""
    return "held by" if relation == "held" else relation


def names_of(entity: Entity, ontology: Ontology, alone: bool) -> tuple[str, ...]:
    """Names, best first: its own, its class with what it looks like, its class, its id's words.

    `alone`: no other thing of this class is known, so the bare class name says enough and comes
    before "red mug".
    """
    card = ontology.cards.get(entity.cls)
    of_class = (card.names if card is not None else ()) or (id_words(entity.cls),)
    looks = [str(v) for _, v in sorted(entity.attrs.items()) if isinstance(v, str)]
    marked = [f"{look} {name}" for look in looks for name in of_class if look not in name.split()]
    ordered: Collection[str] = (*of_class, *marked) if alone else (*marked, *of_class)
    return tuple(dict.fromkeys((*entity.names, *ordered, id_words(entity.id))))
