"""The words of wishes as data (lexicon.yaml), read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import yaml

from devices.facts import Value
from devices.skill import SkillCard

Words = tuple[str, ...]

# Irregular forms of verbs in the lexicon; regular ones are formed by rule.
_IRREGULAR = {
    "brought": "bring",
    "fetched": "fetch",
    "got": "get",
    "gotten": "get",
    "gave": "give",
    "given": "give",
    "took": "take",
    "taken": "take",
    "sent": "send",
    "put": "put",
    "set": "set",
    "left": "leave",
    "kept": "keep",
    "laid": "lay",
    "hung": "hang",
    "stuck": "stick",
    "threw": "throw",
    "thrown": "throw",
    "swept": "sweep",
    "cut": "cut",
    "shut": "shut",
    "lit": "light",
    "told": "tell",
    "said": "say",
    "went": "go",
    "gone": "go",
    "came": "come",
    "found": "find",
    "sought": "seek",
    "saw": "see",
    "seen": "see",
    "made": "make",
    "did": "do",
    "done": "do",
    "ran": "run",
    "drew": "draw",
    "drawn": "draw",
    "topped": "top",
    "hidden": "hide",
}
_VOWELS = "aeiou"


@dataclass(frozen=True)
class Lexicon:
    """What lexicon.yaml holds, indexed for the parser.

    `verbs` maps the first word of a verb to its readings: (the following words, action), longest
    first. `forms` maps an inflected verb to its base.
    """

    contractions: dict[str, Words]
    aliases: dict[str, Words]
    openers: frozenset[Words]
    fillers: frozenset[Words]
    empty_adjectives: frozenset[str]
    verbs: dict[str, tuple[tuple[Words, str], ...]]
    beyond: frozenset[str]
    forms: dict[str, str]
    rewrites: tuple[tuple[Words, Words], ...]
    phrases: dict[Words, Words]
    words: dict[str, Any]

    def taught(self, skills: Mapping[str, SkillCard]) -> Lexicon:
        """This lexicon and what the skills bring along: verbs, each meaning its skill, and the
        states that these change as adjectives ("ironed", "unironed").
        """
        verbs = {head: list(readings) for head, readings in self.verbs.items()}
        states: dict[str, tuple[str, Value]] = {}
        new: list[str] = []
        for name, card in skills.items():
            for atom in card.post if card.verbs else ():
                if atom.pred == "be" and isinstance(atom.value, bool):
                    attr = atom.args[1]
                    states |= {attr: (attr, True), f"un{attr}": (attr, False)}
            for phrase in card.verbs:
                first, *rest = phrase.lower().split()
                verbs.setdefault(first, []).insert(0, (tuple(rest), name))
                new.append(first)
        if not new:
            return self
        forms = {form: head for head in new for form in _inflected(head)}
        return replace(
            self,
            verbs={
                head: tuple(sorted(dict.fromkeys(readings), key=lambda r: -len(r[0])))
                for head, readings in verbs.items()
            },
            beyond=self.beyond - frozenset(new),
            forms={**self.forms, **forms},
            words={**self.words, "states": {**states, **self.words["states"]}},
        )

    def all_words(self) -> frozenset[str]:
        """Every word the lexicon knows."""
        return self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        known: set[str] = set(self.forms) | set(self.verbs) | set(self.beyond)
        for phrases in (self.openers, self.fillers):
            known |= {word for phrase in phrases for word in phrase}
        for readings in self.verbs.values():
            known |= {word for rest, _ in readings for word in rest}
        for pattern, _ in self.rewrites:
            known |= {word for word in pattern if word.isalpha()}
        for phrase, result in self.phrases.items():
            known |= {*phrase, *result}
        for name in ("needs", "somebody_needs", "make_sure", "whether", "lost", "lacks"):
            known |= {word for phrase in said(name) for word in phrase}
        known |= self.empty_adjectives | set(self.aliases) | set(self.contractions)
        known |= _strings(self.words)
        return frozenset(known)


def _strings(data: Any) -> set[str]:
    if isinstance(data, dict):
        return {w for k, v in data.items() for w in (_strings(k) | _strings(v))}
    if isinstance(data, list):
        return {word for item in data for word in _strings(item)}
    return set(data.split()) if isinstance(data, str) else set()


@cache
def lexicon() -> Lexicon:
    """The lexicon of this package."""
    data = yaml.load(_source("lexicon.yaml"), Loader=yaml.CBaseLoader)
    verbs: dict[str, list[tuple[Words, str]]] = {}
    for action, phrases in data["verbs"].items():
        for phrase in phrases:
            first, *rest = phrase.replace("-", " ").split()
            verbs.setdefault(first, []).append((tuple(rest), action))
    beyond = frozenset(phrase for phrase in data["beyond"] if " " not in phrase)
    heads = [*verbs, *sorted(beyond)]
    forms = {form: head for head in heads for form in _inflected(head)}
    forms.update({form: head for form, head in _IRREGULAR.items() if head in verbs})
    return Lexicon(
        contractions=_phrases(data["contractions"]),
        aliases=_phrases(data["aliases"]),
        openers=frozenset(tuple(p.split()) for p in data["openers"]),
        fillers=frozenset(tuple(p.split()) for p in data["fillers"]),
        empty_adjectives=frozenset(data["empty_adjectives"]),
        verbs={
            head: tuple(sorted(dict.fromkeys(readings), key=lambda r: -len(r[0])))
            for head, readings in verbs.items()
        },
        beyond=beyond,
        forms=forms,
        rewrites=tuple((tuple(p.split()), tuple(q.split())) for p, q in data["rewrites"]),
        phrases={tuple(p.split()): tuple(q.split()) for p, q in data["phrases"].items()},
        words=_typed(yaml.load(_source("words.yaml"), Loader=yaml.CBaseLoader)),
    )


@cache
def among(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


@cache
def said(name: str) -> tuple[Words, ...]:
    """The phrases of phrases.yaml under this name, the longest first."""
    lists = yaml.load(_source("phrases.yaml"), Loader=yaml.CBaseLoader)
    return tuple(sorted((tuple(p.split()) for p in lists[name]), key=lambda p: (-len(p), p)))


def _typed(words: dict[str, Any]) -> dict[str, Any]:
    """Numbers and truth values; everything is read as text, since YAML takes "on" for true."""
    for table in ("ordinals", "quantities"):
        words[table] = {word: int(value) for word, value in words[table].items()}
    truth = {"true": True, "false": False}
    words["states"] = {w: (attr, truth.get(v, v)) for w, (attr, v) in words["states"].items()}
    return words


def _source(name: str) -> str:
    return (files("brain.language.words") / name).read_text(encoding="utf-8")


def _phrases(table: dict[str, str]) -> dict[str, Words]:
    return {short: tuple(str(long).split()) for short, long in table.items()}


def _inflected(verb: str) -> list[str]:
    """The -ing, -ed and -s forms, with English spelling rules."""
    if verb.endswith("e") and not verb.endswith("ee"):
        stems = [verb[:-1] + "ing", verb + "d"]
    elif verb.endswith("y") and verb[-2] not in _VOWELS:
        stems = [verb + "ing", verb[:-1] + "ied"]
    elif (
        sum(letter in _VOWELS for letter in verb) == 1
        and verb[-1] not in "wxyaeiou"
        and verb[-2] in _VOWELS
    ):
        stems = [verb + verb[-1] + "ing", verb + verb[-1] + "ed"]
    else:
        stems = [verb + "ing", verb + "ed"]
    third = verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in _VOWELS else verb + "s"
    return [*stems, third]
