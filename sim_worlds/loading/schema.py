"""Scenario files as a JSON schema, so that editors complete them and underline what is wrong.

It tells less than the loader: whether a name is a thing of this world stands in no schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from devices.contracts import BodyCard
from devices.facts import Category, ClassCard
from devices.process import Process
from sim_worlds.contracts import Scenario

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Fields that name a class, by model, and what kind of class it may be.
_CLASSES: dict[tuple[str, str], Category] = {
    ("Room", "cls"): "room",
    ("Fixture", "cls"): "fixture",
    ("ScenarioThing", "cls"): "object",
    ("ScenarioPerson", "cls"): "person",
}


def scenario_schema(
    classes: Iterable[ClassCard], cards: Iterable[BodyCard], processes: Iterable[Process]
) -> dict[str, Any]:
    """The schema of scenario files (JSON Schema, draft 2020-12).

    Args:
        classes: Classes of things to offer; a file may name others that it declares itself.
        cards: Kinds of bodies to offer.
        processes: What fixtures may offer is what these need.
    """
    schema = Scenario.model_json_schema()
    nouns = schema["$defs"]
    for noun in nouns.values():
        kind = noun["properties"].get("kind", {})
        if "const" in kind:
            # It tells one entry of a list from another of other fields, so it can not be left out.
            noun["required"] = ["kind", *noun.get("required", ())]
    known = list(classes)
    for (noun, field), category in _CLASSES.items():
        names = sorted(card.cls for card in known if card.category == category)
        _offer(nouns[noun]["properties"], field, names)
    _offer(nouns["BodySpec"]["properties"], "kind", sorted(card.kind for card in cards))
    offered = {offer for p in processes for offer in (p.offers, p.at_offers) if offer is not None}
    # "$value" stands for what is poured.
    poured = {str(card.attrs["fill"]) for card in known if "fill" in card.attrs}
    offers = sorted(offer for offer in offered | poured if not offer.startswith("$"))
    _offer(nouns["Fixture"]["properties"]["offers"], "items", offers)
    return {"$schema": _DIALECT, **schema, "title": "A world of Retinue"}


def _offer(fields: dict[str, Any], field: str, names: list[str]) -> None:
    """Let editors offer these names, and take others as well."""
    text = fields[field]
    about = {key: text[key] for key in ("title", "description", "default") if key in text}
    fields[field] = {**about, "anyOf": [{"enum": names}, {"type": "string"}]}
