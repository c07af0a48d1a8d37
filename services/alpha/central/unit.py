"""The central unit: from what was noticed and said to looks, tool calls and speech, or silence.

A state machine run from the time it is given: the same news in the same order give the same orders,
byte for byte. Words of the wearer are handled first in every step, before anything that video or a
tool brought, and nothing queues before them.
"""

from __future__ import annotations

from devices.glasses.contracts import Fault, Recovered, Words
from services.alpha.catalogue import make_skills
from services.alpha.central.desk import Desk
from services.alpha.central.policy import Policy, outcome_name
from services.alpha.central.words import (
    Control,
    control,
    goes_on,
    is_question,
    is_wish,
    personal,
    stops_all,
)
from services.alpha.contracts import Gone, Heard, Notice, Reaction, ToolResult, Trigger, WishPosted
from services.alpha.orders import CentralNews, CentralStep, GlassesConfig
from services.alpha.output.wording import speech_s

# Where there are robots, a skill that is less sure than this leaves the words to them.
SURE = 0.5
# For how long what robots have to say is of use, its words not counted.
TOLD_S = 30.0
# Not worth words: the display tells it.
_UNSPOKEN = {"no_voice", "no_hearing", "no_network", "overload"}


class CentralUnit:
    """Decides. Give it all news of an instant with `step`; call it again at `wake_s`."""

    def __init__(self, config: GlassesConfig) -> None:
        self._skills = make_skills(config.skills, config.settings)
        self._policy = Policy(config.starts_s)
        self._wearer = config.wearer
        self._fleet = config.fleet
        self._desk = Desk(self._skills, self._policy, config.wearer, config.costs)
        self._versions: dict[str, int] = {}
        self._faults: set[str] = set()
        # The last that the wearer said to the robots was stop; the last that they said, a question.
        self._stopped = self._is_asked = False
        self._told_by = 0.0
        self._now = 0.0

    def restore(self, outcomes: tuple[tuple[str, str, float], ...]) -> None:
        """Learn from outcomes of earlier sessions: (skill, outcome, how often)."""
        for skill, outcome, times in outcomes:
            self._policy.learn(skill, outcome, times)

    def step(self, news: CentralNews) -> CentralStep:
        """Take the news of one instant; answer with what is to be done now."""
        self._now = news.now
        if news.wearer is not None:
            self._wearer = news.wearer
        desk = self._desk
        desk.begin_step(news.now, self._wearer, "camera_lost" in self._faults)
        for words in news.words:
            self._hear(words)
        for text in news.told:
            self._tell(text)
        for signal in news.signals:
            self._signal(signal)
        desk.end_speech()
        for notice in news.notices:
            self._notice(notice)
        for look in news.looks:
            desk.looked(look)
        for result in news.results:
            self._network(result)
            desk.answered(result)
        desk.expire()
        desk.begin_jobs()
        return desk.orders()

    def _hear(self, words: Words) -> None:
        """Decide whom the words are for: the glasses, a skill, or the robots, if there are any."""
        if words.by not in ("", self._wearer.id):
            self._desk.record(Heard(words=words, taken_for="talk"))
            return
        told = control(words.text)
        if told == "stop" or (told is not None and not self._is_asked):
            self._control(told, words)
            return
        wish = is_wish(words.text)
        trigger = None if wish and self._fleet else self._claimed(words)
        if trigger is not None:
            self._desk.record(Heard(words=words, taken_for="question"))
            self._ask(trigger)
        elif wish:
            self._desk.record(Heard(words=words, taken_for="wish", passed_on=self._fleet))
            self._wish(words.text)
        elif not is_question(words.text) and self._desk.take_answer(words):
            self._desk.record(Heard(words=words, taken_for="answer"))
        else:
            taken_for = "question" if self._fleet and is_question(words.text) else "talk"
            heard = {"words": words, "taken_for": taken_for, "passed_on": self._fleet}
            self._desk.record(Heard.model_validate(heard))
            if self._fleet:
                self._pass_on(words.text)

    def _control(self, told: Control, words: Words) -> None:
        """Words for the glasses themselves; some of them are for the robots, too."""
        more = self._more(words) if told == "more" else None
        to_all = told == "stop" and stops_all(words.text)
        further = goes_on(words.text) and (self._stopped or more is None)
        passed_on = self._fleet and (to_all or further)
        self._desk.record(Heard(words=words, taken_for=told, passed_on=passed_on))
        self._react(told, words)
        if more is not None:
            self._ask(more)
        if passed_on:
            self._pass_on(words.text)
            self._stopped = to_all

    def _pass_on(self, text: str) -> None:
        """Let the robots have the words."""
        self._is_asked = False
        plain = personal(text, self._wearer.preferences)
        self._desk.record(WishPosted(t=self._now, who=self._wearer.id, text=plain))

    def _tell(self, text: str) -> None:
        """Say what the robots have to say."""
        self._is_asked = text.rstrip().endswith("?")
        length_s = speech_s(text, self._wearer.words_per_minute)
        # What came first is said first, so its time is over first.
        self._told_by = max(self._now + TOLD_S, self._told_by) + length_s
        self._desk.tell(
            (text,), "the robots", "the robots have something to say", True, self._told_by
        )

    def _claimed(self, words: Words) -> Trigger | None:
        """The skill that is surest that the words are for it, if any is."""
        claims = [skill.hear(words, self._wearer) for skill in self._skills.values()]
        sure = SURE if self._fleet else 0.0
        heard = (claim for claim in claims if claim is not None and claim.score >= sure)
        return max(heard, key=lambda claim: claim.score, default=None)

    def _more(self, words: Words) -> Trigger | None:
        """What the skill that spoke last has to add, if it has."""
        latest = self._desk.voice.latest(self._now)
        skill = self._skills.get(latest.skill) if latest is not None else None
        return skill.hear(words, self._wearer) if skill is not None else None

    def _ask(self, trigger: Trigger) -> None:
        """A new question ends what is being said and the questions before it."""
        self._desk.cut("a new question")
        self._desk.void(lambda case: case.trigger.asked, "superseded", "a new question came")
        self._desk.open(trigger)

    def _react(self, told: str, words: Words) -> None:
        latest = self._desk.voice.latest(self._now)
        outcome = outcome_name(told)
        if told in ("stop", "not_now"):
            self._desk.cut(f"the wearer said {words.text!r}")
            skill = latest.skill if latest is not None else None
            if told == "stop":
                self._desk.void(lambda case: True, "stopped", "the wearer said stop")
            else:
                self._desk.void(
                    lambda case: case.spec.name == skill, "stopped", "the wearer said not now"
                )
        if latest is not None and outcome is not None and latest.skill in self._skills:
            self._desk.note_outcome(latest, outcome)

    def _wish(self, text: str) -> None:
        if self._fleet:
            self._pass_on(text)
            self._desk.tell(
                ("I will have that done.", "Yes."), "a wish", f"the wearer said {text!r}", True
            )
        else:
            self._desk.tell(
                ("There is no robot here that I could ask.", "No robots here."),
                "a wish",
                f"the wearer said {text!r}",
                True,
            )

    def _signal(self, signal: Fault | Recovered) -> None:
        """Record what went missing or came back, each once, and tell it."""
        lost = isinstance(signal, Fault)
        if lost == (signal.fault in self._faults):
            return
        if lost:
            self._faults.add(signal.fault)
        else:
            self._faults.discard(signal.fault)
        self._desk.record(signal)
        self._desk.retract(signal.fault)
        if signal.fault not in _UNSPOKEN:
            self._desk.tell((signal.sentence,), signal.fault, "something is missing or back")

    def _network(self, result: ToolResult) -> None:
        """Whether remote tools answer; an asked question says it anyway, so this stays unspoken."""
        if not result.remote:
            return
        if result.status in ("unavailable", "timeout"):
            self._signal(Fault(t=self._now, fault="no_network", sentence=result.why))
        elif result.status == "ok":
            answers = "What needs the network answers again."
            self._signal(Recovered(t=self._now, fault="no_network", sentence=answers))

    def _notice(self, notice: Notice) -> None:
        if notice.skill not in self._skills:
            return
        if notice.version > self._versions.get(notice.skill, 0):
            self._versions[notice.skill] = notice.version
            self._outdate(notice)
        if isinstance(notice, Reaction):
            about = self._desk.voice.last_about(notice.skill, notice.subject)
            if about is not None:
                self._desk.note_outcome(about, "acted_on" if notice.acted else "ignored")
        elif isinstance(notice, Trigger):
            self._desk.open(notice)

    def _outdate(self, notice: Notice) -> None:
        """The world seems to have changed: what is under way about the old one is void.

        What is being said about it ends now if that is gone, and else once a look has confirmed
        the change: a hand that passes over the table must not cut off a sentence that holds.
        """
        skill, version = notice.skill, notice.version
        why = notice.reason if isinstance(notice, Gone) else "the world changed"
        self._desk.void(
            lambda case: (
                case.spec.name == skill
                and case.trigger.version < version
                and not case.trigger.asked
            ),
            "superseded",
            why,
        )
        speaking = self._desk.voice.speaking
        if isinstance(notice, Gone) and speaking is not None and speaking.skill == skill:
            self._desk.cut(why)
