"""The blackjack skill: exact advice from cards that were read, silence or a question otherwise."""

import pytest

from devices.glasses.contracts import Words
from services.alpha.central.unit import CentralUnit
from services.alpha.contracts import (
    Draft,
    LookResult,
    Silence,
    ToolCall,
    ToolResult,
    Trigger,
    WearerProfile,
)
from services.alpha.orders import CentralNews, GlassesConfig
from services.alpha.skill import Case
from services.alpha.skills.blackjack import Blackjack
from services.alpha.testing import GlassesSkillContract, evidence, settled
from services.errors import UserError


class TestContract(GlassesSkillContract):
    factory = Blackjack


def _case(hand=("10h", "6c"), dealer=("10d",), subject="cards-1", **more) -> Case:
    trigger = Trigger(
        skill="blackjack", subject=subject, t=1.0, since_s=0.6, score=0.9, reason="cards at rest"
    )
    found = {"hand": hand, "dealer": dealer, **more}
    seen = {slot: evidence(slot, value) for slot, value in found.items() if value is not None}
    return Case(trigger, 1.5, WearerProfile(), seen, {})


@pytest.mark.parametrize(
    ("hand", "dealer", "action"),
    [
        (("9h", "3c"), ("4d",), "stand"),
        (("10h", "2c"), ("2d",), "hit"),
        (("10h", "5c"), ("6d",), "stand"),
        (("10h", "5c"), ("7d",), "hit"),
        (("8h", "8c"), ("10d",), "split"),
        (("6h", "5c"), ("6d",), "double"),
        (("Ah", "7c"), ("9d",), "hit"),
        (("Kh", "Qc"), ("5d",), "stand"),
    ],
)
def test_it_tells_the_exact_play(hand, dealer, action):
    said = settled(_case(hand, dealer), Blackjack())
    assert isinstance(said, Draft)
    assert said.answer == action
    assert all(text.lower().startswith(action) for text in said.wordings)


def test_without_the_dealers_card_it_asks_and_never_guesses():
    said = settled(_case(dealer=()), Blackjack())
    assert isinstance(said, Draft)
    assert said.answer == ""
    assert said.wordings[0].endswith("?")
    assert isinstance(settled(_case(hand=None), Blackjack()), Silence)


@pytest.mark.parametrize(
    ("hand", "dealer"), [(("Ah", "Kc"), ("5d",)), (("10h", "6c"), ("5d", "9c"))]
)
def test_where_there_is_nothing_to_decide_it_is_silent(hand, dealer):
    assert isinstance(settled(_case(hand, dealer), Blackjack()), Silence)


def test_the_same_cards_are_not_told_twice_in_a_round():
    table = Table()
    assert [said.answer for said in table.show(1.0, ("10h", "6c"), ("10d",))] == ["hit"]
    assert table.show(4.0, ("10h", "6c"), ("10d",)) == ()
    assert table.ledger[-1].code == "repeated"
    assert [said.answer for said in table.show(7.0, ("10h", "6c", "4s"), ("10d",))] == ["stand"]
    again = table.show(10.0, ("10h", "6c", "4s"), ("10d",), round_=1)
    assert [said.answer for said in again] == ["stand"], "the next round may bring the same cards"


class Table:
    """A central unit that is shown cards, with the skill's own arithmetic."""

    def __init__(self):
        self.unit = CentralUnit(
            GlassesConfig(skills=("services.alpha.skills.blackjack:Blackjack",))
        )
        self.skill = Blackjack()
        self.ledger = []
        self.version = 0

    def show(self, t, hand, dealer, round_=0):
        """What is said once these cards came to rest and were read."""
        self.version += 1
        subject = f"cards-{self.version}"
        trigger = Trigger(
            skill="blackjack",
            subject=subject,
            t=t,
            since_s=t,
            score=0.9,
            reason="cards at rest",
            version=self.version,
        )
        (request,) = self._news(t, notices=(trigger,)).looks
        found = {"hand": hand, "dealer": dealer, "round": round_}
        read = tuple(evidence(slot, value, t=t) for slot, value in found.items())
        look = LookResult(
            request=request.id, case=request.case, skill="blackjack", t=t, evidence=read
        )
        (ordered,) = self._news(t + 0.1, looks=(look,)).calls
        call = ordered.call
        value = dict(self.skill.tools()[call.tool](**call.args))
        result = ToolResult(call=call.id, case=call.case, tool=call.tool, value=value)
        return self._news(t + 0.2, results=(result,)).says

    def _news(self, t, **fields):
        step = self.unit.step(CentralNews(now=t, **fields))
        self.ledger += step.ledger
        return step


def test_the_wearer_may_name_the_dealers_card():
    heard = Blackjack().hear(Words(t=3, text="The dealer has a nine."), WearerProfile())
    assert heard.asked
    assert heard.evidence[0].value == ("9",)
    spoken = settled(_case(dealer="it's a king"), Blackjack())
    assert spoken.answer == "hit"


def test_text_against_the_exact_play_is_vetoed():
    skill = Blackjack()
    case = _case()
    call = skill.plan(case)
    assert isinstance(call, ToolCall)
    value = skill.tools()[call.tool](**call.args)
    case.results[call.tool] = ToolResult(call="c", case="c", tool=call.tool, value=dict(value))
    assert skill.check("You should stand here.", case)
    assert not skill.check("Hit, it is close.", case)


def test_rules_of_the_table_change_the_advice():
    skill = Blackjack()
    skill.configure({"surrender": True})
    assert settled(_case(), skill).answer == "surrender"
    with pytest.raises(UserError, match="knows no setting"):
        skill.configure({"side_bets": True})
    with pytest.raises(UserError, match="no rules"):
        skill.configure({"decks": -3})


def test_how_much_to_bet_needs_the_money_first():
    skill = Blackjack()
    heard = skill.hear(Words(t=3, text="how much should I bet?"), WearerProfile())
    poor = Case(heard, 3.0, WearerProfile(), {}, {})
    assert "bankroll" in settled(poor, skill).wordings[0]
    rich = WearerProfile(preferences={"bankroll": 300.0, "minimum": 10.0})
    said = settled(Case(heard, 3.0, rich, {}, {}), skill)
    assert said.answer == "10"
