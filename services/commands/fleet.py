"""`retinue bodies` and `retinue skills`: what is installed, as cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.commands.output import Output, Rows, listed, warn
from services.commands.site import Site, live_bodies

if TYPE_CHECKING:
    from devices.contracts import BodyCard
    from devices.skill import SkillCard
    from services.plugins import Kind


def bodies(live: bool = False, site: Site = "") -> Output:
    """List the kinds of bodies that are installed, with what they can do.

    Options:
        --live: The bodies of a site as they are now, instead.
    """
    if live:
        return live_bodies(site)
    return listed(
        "bodies",
        body_cards(),
        ("kind", "what it is", "speed", "reach", "heights", "carries", "battery", "skills"),
        lambda card: (
            card.kind,
            card.title,
            f"{card.speed_m_s:g} m/s" if card.speed_m_s else "fixed",
            f"{card.reach_m:g} m",
            f"{card.low_m:g}-{card.high_m:g} m",
            f"{card.carry} x, {card.payload_kg:g} kg",
            f"{card.battery_wh:g} Wh",
            ", ".join(card.skills),
        ),
    )


def skills() -> Output:
    """List the skills that are installed: what each needs, what it makes true, and who can."""
    from services.report.words import atom_words

    cards, kinds = skill_cards(), body_cards()
    able = {
        card.name: [kind.kind for kind in kinds if kind.skills.get(card.name)] for card in cards
    }
    return Output(
        {"skills": [card.model_dump(mode="json") | {"bodies": able[card.name]} for card in cards]},
        Rows(
            ("skill", "what it is", "given", "needs", "makes true", "about", "bodies"),
            [
                (
                    card.name,
                    card.title,
                    ", ".join(param.name for param in card.params),
                    "; ".join(map(atom_words, card.pre)),
                    "; ".join(map(atom_words, card.post)),
                    f"{card.base_s:g} s" if card.base_s else "",
                    ", ".join(able[card.name]),
                )
                for card in cards
            ],
        ),
    )


def body_cards() -> list[BodyCard]:
    """The cards of every installed kind of body that loads, by name of kind.

    A kind whose bodies bring their own cards has none to show.
    """
    from devices.contracts import BodyCard

    cards = [
        offer if isinstance(offer, BodyCard) else offer.card
        for offer in offers("devices").values()
        if isinstance(offer, BodyCard) or not offer.brings_card
    ]
    return sorted(cards, key=lambda card: card.kind)


def skill_cards() -> list[SkillCard]:
    """The cards of every installed skill that loads, by name."""
    cards = [offer.card for offer in offers("skills").values()]
    for file in offers("processes").values():
        cards += [card for process in file if (card := process.card()) is not None]
    return sorted(cards, key=lambda card: card.name)


def offers(kind: Kind) -> dict[str, Any]:
    """What is installed of a kind by name; what can not be used is said on standard error."""
    from services.plugins import discover

    plugins = discover(kind)
    for broken in plugins.broken:
        warn(str(broken))
    return plugins.of(kind)
