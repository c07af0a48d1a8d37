"""How a clause is read: an order, a question, a need, a state to bring about, or a statement."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.clauses import Clause, ClauseReader, Draft
from brain.language.parsing.need_forms import NeedReader
from brain.language.parsing.noun_phrase import NounPhrase
from brain.language.parsing.question_forms import QuestionReader
from brain.language.parsing.rewriting import Rewriter
from brain.language.parsing.state_forms import StateReader
from brain.language.words.lexicon import Lexicon, Words, among
from brain.language.words.site import Site
from brain.language.words.tokens import Token

_SUBORDINATE = among("if when unless until once while before after as because since till whenever")


class FormReader:
    """Reads the clauses of a sentence, form by form."""

    def __init__(self, site: Site, lexicon: Lexicon) -> None:
        self.site = site
        self.lexicon = lexicon
        self.reader = ClauseReader(site, lexicon)
        self.nouns = self.reader.nouns
        self._states = lexicon.words["states"]
        self._actor: NounPhrase | None = None
        self.rewriter = Rewriter(self.reader)
        self.questions = QuestionReader(self.reader)
        self.states = StateReader(self.reader)
        self.needs = NeedReader(self.reader, self.states)

    def read(self, tokens: list[Token]) -> list[Clause]:
        """Every clause of the sentence, in the order spoken (as far as "before that" lets it)."""
        clauses: list[Clause] = []
        tokens = list(tokens)
        i = 0
        while True:
            before = self._comes_before(tokens, i)
            self._actor = None
            i = self._addressed(tokens, self.reader.skip(tokens, i))
            i = self.reader.skip(tokens, i)
            if i >= len(tokens):
                break
            tokens = self.rewriter.rewritten(tokens, i)
            clause = self._clause(tokens, i, clauses)
            if clause.end <= i:
                clause = replace(clause, end=i + 1)
            clause = replace(clause, start=i, actor=self._actor)
            if before and clauses:
                clauses.insert(len(clauses) - 1, clause)
            else:
                clauses.append(clause)
            i = clause.end
        for n in range(len(clauses) - 1):
            if clauses[n].before:
                clauses[n], clauses[n + 1] = (
                    replace(clauses[n + 1]),
                    replace(clauses[n], before=False),
                )
        return clauses

    # -- order and address -------------------------------------------------------------------

    def _comes_before(self, tokens: list[Token], i: int) -> bool:
        words = [t.text for t in tokens[i : i + 6]]
        text = " ".join(words)
        return any(
            mark in text for mark in ("but first", "but before that", "before that", "but do first")
        ) and not text.startswith("first")

    def _addressed(self, tokens: list[Token], i: int) -> int:
        """Past the name of a body that is spoken to ("waiter 1, ...", "have the drone ...")."""
        j = i
        if j < len(tokens) and tokens[j].text in ("let", "have", "get", "make", "ask", "tell"):
            j += 1
        found = self.nouns.known(tokens, j)
        if found is None or not found.refs or found.end >= len(tokens):
            return i
        best = found.refs[0].rank
        if not all(self.site.category(r) == "body" for r in found.refs if r.rank == best):
            return i
        k = found.end
        if j > i:
            k += tokens[k].text == "to"
            starts = self.reader.verb(tokens, k) is not None
            if starts and tokens[k].text not in ("know",):
                self._actor = found
                return k
            return i
        if tokens[k].text in among(", : please could can should must would will"):
            comma = tokens[k].text in (",", ":")
            k = self.reader.skip(tokens, k)
            while k < len(tokens) and tokens[k].text in among(
                "could can should must will would you please"
            ):
                k += 1
            starts = k < len(tokens) and self.reader.starts_clause(tokens, k)
            if starts or (comma and k < len(tokens)):
                self._actor = found
                return k
            return i
        asked = i > 0 and tokens[i - 1].text in ("can", "could", "would", "will", "please")
        if (asked or i == 0) and self.reader.starts_clause(tokens, k):
            self._actor = found
            return k
        return i

    # -- one clause --------------------------------------------------------------------------

    def _clause(self, tokens: list[Token], i: int, before: list[Clause]) -> Clause:
        if tokens[i].text in ("go", "come") and i + 1 < len(tokens):
            following = self.reader.verb(tokens, i + 1)
            if (
                following is not None
                and following not in ("go", "come", "meet")
                and tokens[i + 1].text == following
            ):
                i += 1
        for form in (
            self._negated,
            self.questions.question,
            self._subordinate,
            self.states.state_wanted,
            self.needs.needed,
            self.needs.told,
            self.states.lacking,
            self.states.spilled,
            self.states.there_is,
        ):
            clause = form(tokens, i)
            if clause is not None:
                return clause
        verb = self.reader.verb(tokens, i)
        if verb is not None and not self._is_only_noun(tokens, i):
            return self._order(tokens, i, verb)
        for other in (self.needs.somebody_needs, self.states.statement):
            clause = other(tokens, i)
            if clause is not None:
                return clause
        return self._verbless(tokens, i, before)

    def _is_only_noun(self, tokens: list[Token], i: int) -> bool:
        """Whether the word at `i`, though also a verb, is a noun here ("water for table 3")."""
        found = self.nouns.known(tokens, i)
        if found is None or not found.refs:
            return False
        if found.end > i + 1 and tokens[i].text not in ("clean", "open", "warm"):
            return True
        return not self.reader.starts_clause(tokens, i)

    def _order(self, tokens: list[Token], i: int, verb: str) -> Clause:
        draft = Draft()
        j = i + 1
        rest: Words = ()
        options = self.lexicon.verbs.get(verb, ())
        for words, _ in options:
            if words and tuple(t.text for t in tokens[j : j + len(words)]) == words:
                rest = words
                break
        # "on the table" after "put" is a place, not the particle of "put on".
        j += len(rest)
        j = self.reader.items(tokens, j, draft)
        readings = [a for words, a in options if words == rest] if rest else []
        if not rest:
            said = set(draft.particles)
            readings += [a for w, a in options if len(w) == 1 and w[0] in said]
            readings += [a for w, a in options if len(w) == 2 and set(w) <= said]
            readings += [a for w, a in options if not w]
        elif rest:
            readings += [a for w, a in options if not w]
        if verb in self.lexicon.beyond and not readings:
            readings = ["beyond"]
        if rest:
            draft.particles[:0] = rest
        return Clause(
            readings=tuple(dict.fromkeys(readings)),
            verb=" ".join((verb, *rest)),
            items=tuple(draft.items),
            particles=tuple(draft.particles),
            uncovered=tuple(draft.uncovered),
            unless=tuple(draft.unless),
            start=i,
            end=j,
        )

    def _negated(self, tokens: list[Token], i: int) -> Clause | None:
        words = [t.text for t in tokens[i : i + 3]]
        if words[:2] == ["no", "more"] and "left" in [t.text for t in tokens[i:]]:
            return None
        if words[:2] in (["do", "not"], ["you", "not"]) or words[:1] in (
            ["never"],
            ["not"],
            ["no"],
        ):
            size = 2 if words[0] in ("do", "you") else 1
            if words[:1] == ["no"] and self.nouns.read(tokens, i + 1) is None:
                return None
            verb = self.reader.verb(tokens, i + size)
            if verb is None:
                draft = Draft()
                end = self.reader.items(tokens, i + size, draft)
                return Clause((), "not", tuple(draft.items), form="not", end=end, negated=True)
            return replace(self._order(tokens, i + size, verb), negated=True, form="not")
        return None

    # -- questions ---------------------------------------------------------------------------

    # -- what somebody says is wanted --------------------------------------------------------

    def _subordinate(self, tokens: list[Token], i: int) -> Clause | None:
        word = tokens[i].text
        if word not in _SUBORDINATE:
            return None
        if word in ("after", "before", "once") and i + 1 < len(tokens):
            at = i + 1 + (tokens[i + 1].text in ("you", "we"))
            if at < len(tokens) and tokens[at].text in ("have", "had"):
                at += 1
            verb = self.reader.verb(tokens, at) or self.lexicon.forms.get(tokens[at].text)
            if verb is not None and (tokens[at].text.endswith("ing") or at > i + 1):
                clause = self._order(tokens, at, verb)
                return replace(clause, note=(word,), form="do", before=word == "before")
        draft = Draft()
        end = self.reader.items(tokens, i + 1, draft)
        return Clause((), word, tuple(draft.items), form="when", end=end, note=(word,))

    def _verb_last(self, tokens: list[Token], i: int, j: int, draft: Draft) -> Clause | None:
        """Such as "table 5 clear", "spill aisle 2 mop": an order with its verb at the end."""
        words = [t for t in tokens[i:j] if not t.is_mark]
        if len(words) < 2 or draft.uncovered not in ([], [words[-1].text]):
            return None
        verb = words[-1].text
        if verb not in self.lexicon.verbs:
            return None
        inner = Draft()
        k = self.reader.items(tokens[: words.index(words[-1]) + i], i, inner)
        if k < j - 1 or inner.uncovered or inner.particles or not inner.items:
            return None
        items = [inner.items[0]]
        items += [x if x.prep else replace(x, prep="in", word="in") for x in inner.items[1:]]
        readings = [a for w, a in self.lexicon.verbs[verb] if not w]
        return Clause(tuple(dict.fromkeys(readings)), verb, tuple(items), end=j)

    def _verbless(self, tokens: list[Token], i: int, before: list[Clause]) -> Clause:
        draft = Draft()
        j = self.reader.items(tokens, i, draft)
        final = self._verb_last(tokens, i, j, draft)
        if final is not None:
            return final
        start = tokens[i].text
        loose = draft.items and draft.items[0].nouns[0].unknown and draft.items[0].prep is None
        if loose and not draft.uncovered:
            words = draft.items[0].nouns[0].unknown or start
            if tokens[i].text not in ("the", "a", "an") and draft.items[0].nouns[0].det is None:
                draft.uncovered.append(words)
        return Clause(
            (),
            start,
            tuple(draft.items),
            tuple(draft.particles),
            tuple(draft.uncovered),
            unless=tuple(draft.unless),
            form="verbless",
            end=max(j, i + 1),
            gapped=True,
        )
