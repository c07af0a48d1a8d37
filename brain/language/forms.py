"""How a clause is read: an order, a question, a need, a state to bring about, or a statement."""

from __future__ import annotations

from dataclasses import replace

from brain.language.clauses import Clause, ClauseReader, Draft, Item
from brain.language.lexicon import Lexicon, Words, said
from brain.language.nouns import NounPhrase
from brain.language.site import Site
from brain.language.tokens import Token, make

_STATE_LINKS = frozenset(
    [
        "is",
        "are",
        "be",
        "should",
        "must",
        "has",
        "have",
        "needs",
        "need",
        "ought",
        "to",
        "gets",
        "get",
        "been",
    ]
)
_NEARLY = frozenset(
    [
        "is",
        "are",
        "nearly",
        "almost",
        "all",
        "running",
        "getting",
        "has",
        "have",
        "been",
        "looks",
        "look",
        "seem",
        "seems",
        "pretty",
        "so",
        "too",
        "half",
        "practically",
        "going",
    ]
)
_GONE = frozenset(["gone", "low", "out", "sold", "finished", "short", "depleted", "bare"])
_IFS = frozenset(["if", "whether", "that"])
_SUBORDINATE = frozenset(
    [
        "if",
        "when",
        "unless",
        "until",
        "once",
        "while",
        "before",
        "after",
        "as",
        "because",
        "since",
        "till",
        "whenever",
    ]
)
_TELL_LINKS = frozenset(["that", ":", ","])


class FormReader:
    """Reads the clauses of a sentence, form by form."""

    def __init__(self, site: Site, lexicon: Lexicon) -> None:
        self.site = site
        self.lexicon = lexicon
        self.reader = ClauseReader(site, lexicon)
        self.nouns = self.reader.nouns
        self._states = lexicon.words["states"]
        self._actor: NounPhrase | None = None

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
            i, tokens = self._rewritten(tokens, i), tokens
            tokens = self._tokens
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
        if not all(self._is_body(ref.kind, ref.id) for ref in found.refs if ref.rank == best):
            return i
        k = found.end
        if j > i:
            k += tokens[k].text == "to"
            starts = self.reader.verb(tokens, k) is not None
            if starts and tokens[k].text not in ("know",):
                self._actor = found
                return k
            return i
        if tokens[k].text in (
            ",",
            ":",
            "please",
            "could",
            "can",
            "should",
            "must",
            "would",
            "will",
        ):
            comma = tokens[k].text in (",", ":")
            k = self.reader.skip(tokens, k)
            while k < len(tokens) and tokens[k].text in (
                "could",
                "can",
                "should",
                "must",
                "will",
                "would",
                "you",
                "please",
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

    def _is_body(self, kind: str, name: str) -> bool:
        if kind == "thing":
            return self.site.view.category(name) == "body"
        return self.site.category_of(name) == "body"

    def _rewritten(self, tokens: list[Token], i: int) -> int:
        """Apply the rewrites of the lexicon at `i`."""
        self._tokens = tokens
        for pattern, result in self.lexicon.rewrites:
            found = self._match(tokens, i, pattern)
            if found is not None:
                end, parts = found
                new: list[Token] = []
                for word in result:
                    at = parts.get(word)
                    if (at is not None and word == "~2") or at is not None:
                        new += at
                    else:
                        new.append(make(word, tokens[i].start, tokens[i].end))
                self._tokens = tokens[:i] + new + tokens[end:]
                return i
        return i

    def _match(
        self, tokens: list[Token], i: int, pattern: Words
    ) -> tuple[int, dict[str, list[Token]]] | None:
        parts: dict[str, list[Token]] = {}
        j = i
        for n, word in enumerate(pattern):
            if word == "~":
                rest = pattern[n + 1 :]
                for size in range(1, 11):
                    if j + size > len(tokens) or tokens[j + size - 1].text in (
                        ".",
                        ";",
                        "!",
                        "?",
                        ":",
                    ):
                        return None
                    inner = tokens[j : j + size]
                    if not rest:
                        return None
                    tail = self._match(tokens, j + size, rest)
                    if tail is not None and self._is_nouns(inner):
                        return tail[0], {**parts, "~": inner, **tail[1]}
                return None
            if j >= len(tokens):
                return None
            token = tokens[j]
            if word.startswith("%"):
                base = self._base(token.text, word[1:])
                if base is None:
                    return None
                parts["%"] = [replace(token, text=base, key=base)]
            elif token.text != word and token.key != word:
                return None
            j += 1
        return j, parts

    def _base(self, word: str, ending: str) -> str | None:
        verbs = self.lexicon.verbs
        if not ending:
            return word if word in verbs and word not in ("one", "set", "like") else None
        base = self.lexicon.forms.get(word)
        if base is None or base not in verbs or word.endswith("s"):
            return None
        if ending == "ing":
            return base if word.endswith("ing") else None
        return None if word.endswith("ing") else base

    def _is_nouns(self, tokens: list[Token]) -> bool:
        draft = Draft()
        end = self.reader.items(list(tokens), 0, draft, first_loose=True)
        return end == len(tokens) and not draft.uncovered and bool(draft.items)

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
            self._question,
            self._subordinate,
            self._state_wanted,
            self._needed,
            self._told,
            self._lacking,
            self._spilled,
            self._there_is,
        ):
            clause = form(tokens, i)
            if clause is not None:
                return clause
        verb = self.reader.verb(tokens, i)
        if verb is not None and not self._is_only_noun(tokens, i):
            return self._order(tokens, i, verb)
        for other in (self._somebody_needs, self._statement):
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

    def _question(self, tokens: list[Token], i: int) -> Clause | None:
        j = i
        asked = False
        for words in said("whether"):
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                k = i + len(words)
                if k < len(tokens) and tokens[k].text in (
                    *_IFS,
                    "where",
                    "what",
                    "how",
                    "who",
                    "which",
                ):
                    j, asked = k, True
                    if tokens[k].text in _IFS:
                        j += 1
                break
        found = self._asked(tokens, j)
        if found is not None:
            return found
        if not asked:
            return None
        return self._is_it(tokens, j, statement=True)

    def _asked(self, tokens: list[Token], j: int) -> Clause | None:
        words = [t.text for t in tokens[j : j + 4]]
        if not words:
            return None
        size = next((len(w) for w in said("lost") if tuple(words_of(tokens, j, len(w))) == w), 0)
        if size:
            return self._know(tokens, j + size, "location", "where")
        if words[0] == "where":
            k = j + 1
            while (
                k < len(tokens)
                and tokens[k].text
                in (
                    "is",
                    "are",
                    "did",
                    "i",
                    "we",
                    "have",
                    "do",
                    "can",
                    "find",
                    "left",
                    "put",
                    "the",
                    "my",
                    "has",
                    "be",
                    "could",
                    "to",
                )
                and tokens[k].text not in ("the", "my")
            ):
                k += 1
            return self._know(tokens, k, "location", "where")
        if words[0] == "any" and tokens[-1].text in ("?", "left"):
            return self._count(tokens, j)
        if words[0] == "which":
            noun = self.nouns.known(tokens, j + 1)
            if (
                noun is not None
                and noun.end < len(tokens)
                and tokens[noun.end].text in ("is", "are")
            ):
                return self._is_it(tokens, j + 1, statement=True)
        if words[0] in ("what", "who", "which", "whose", "how"):
            k = j + 1
            while k < len(tokens) and tokens[k].text in (
                "is",
                "are",
                "there",
                "things",
                "do",
                "we",
                "have",
                "many",
                "much",
                "on",
                "in",
                "at",
                "standing",
                "lying",
                "sitting",
                "currently",
                "still",
                "left",
            ):
                if tokens[k].text in ("on", "in", "at"):
                    return self._know(tokens, k, "contents", words[0])
                k += 1
            if words[0] in ("how",) and words[1:2] in (["many"], ["much"]):
                return self._count(tokens, j + 2)
            if words[0] == "what":
                return self._know(tokens, k, "contents", "what") if k < len(tokens) else None
            return self._count(tokens, k)
        asks = ("we", "you", "i", "they", "there", "the", "any", "someone")
        if words[0] in ("do", "did", "has", "have") and words[1:2] and words[1] not in asks:
            return None
        if words[0] in ("do", "have") and words[1:2] in (["the"], ["any"], ["someone"]):
            return None
        if words[0] in ("is", "are", "do", "did", "has", "have") and words[1:2] != ["not"]:
            return self._is_it(tokens, j, statement=False)
        return None

    def _know(self, tokens: list[Token], k: int, what: str, word: str) -> Clause:
        draft = Draft()
        end = self.reader.items(tokens, k, draft)
        extra = tuple(w for w in draft.uncovered if w not in ("is", "are", "left", "kept", "gone"))
        return Clause(
            ("know",), word, tuple(draft.items), tuple(draft.particles), extra, form=what, end=end
        )

    def _count(self, tokens: list[Token], k: int) -> Clause:
        draft = Draft()
        end = self.reader.items(tokens, k, draft)
        left = frozenset(
            [
                "there",
                "we",
                "have",
                "left",
                "are",
                "is",
                "do",
                "still",
                "got",
                "you",
                "in",
                "stock",
                "many",
                "much",
                "remain",
            ]
        )
        extra = tuple(w for w in draft.uncovered if w not in left)
        return Clause(
            ("know",),
            "how many",
            tuple(draft.items),
            tuple(draft.particles),
            extra,
            form="presence",
            end=end,
        )

    def _is_it(self, tokens: list[Token], j: int, *, statement: bool) -> Clause | None:
        """Such as "is the oven off", "is Lily in the kitchen", "are there any apples in the crate"."""
        k = j
        while (
            k < len(tokens)
            and tokens[k].text
            in (
                "is",
                "are",
                "there",
                "do",
                "we",
                "you",
                "have",
                "has",
                "any",
                "anyone",
                "did",
                "i",
                "leave",
                "left",
                "still",
                "some",
                "enough",
                "someone",
                "anything",
            )
            and not (tokens[k].text == "any" and False)
        ):
            k += 1
        noun = self.nouns.read(tokens, k, loose=True)
        if noun is None:
            draft = Draft()
            end = self.reader.items(tokens, k, draft)
            if draft.items and draft.items[0].prep in ("in", "on", "at"):
                return Clause(("know",), "is", tuple(draft.items), form="contents", end=end)
            return None
        m = noun.end
        while m < len(tokens) and tokens[m].text in (
            "is",
            "are",
            "still",
            "already",
            "now",
            "really",
            "been",
            "has",
            "have",
            "left",
            "currently",
            "turned",
            "switched",
            "all",
            "be",
        ):
            m += 1
        if m < len(tokens) and tokens[m].text in self._states:
            prep = self.reader.preposition(tokens, m)
            places = prep is not None and self.nouns.known(tokens, prep[2]) is not None
            if not places:
                attr, value = self._states[tokens[m].text]
                draft = Draft([Item((noun,))])
                end = self.reader.items(tokens, m + 1, draft)
                return Clause(
                    ("know",),
                    "is",
                    tuple(draft.items),
                    (),
                    tuple(draft.uncovered),
                    form="state",
                    note=(attr, value),
                    end=end,
                )
        draft = Draft([Item((noun,))])
        end = self.reader.items(tokens, m, draft)
        left = frozenset(
            ["left", "there", "here", "available", "out", "remaining", "we", "have", "any"]
        )
        extra = tuple(w for w in draft.uncovered if w not in left)
        return Clause(
            ("know",),
            "is",
            tuple(draft.items),
            tuple(draft.particles),
            extra,
            form="presence",
            end=end,
        )

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

    def _state_wanted(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "make sure the oven is off", "leave the door open", "i want the lamp off"."""
        for words in said("make_sure"):
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                found = self._be(tokens, i + len(words), i)
                if found is not None:
                    return found
        noun = self.nouns.known(tokens, i)
        if (
            noun is not None
            and noun.end < len(tokens)
            and (
                tokens[noun.end].text in ("should", "must", "has", "have", "needs", "need", "ought")
            )
        ):
            return self._be(tokens, i, i)
        return None

    def _be(self, tokens: list[Token], k: int, start: int) -> Clause | None:
        draft = Draft()
        while True:
            noun = self.nouns.known(tokens, k)
            if noun is None or noun.pronoun == "speaker":
                return None
            draft.items.append(Item((noun,)))
            k = noun.end
            prep = self.reader.preposition(tokens, k)
            if prep is not None and tokens[k].text in ("in", "on", "at", "of"):
                place = self.nouns.known(tokens, prep[2])
                if place is not None and place.end < len(tokens):
                    draft.items[-1:] = [Item((noun,)), Item((place,), prep[0], prep[1])]
                    k = place.end
            if k < len(tokens) and tokens[k].text == "and" and len(draft.items) == 1:
                k += 1
                continue
            break
        linked = False
        while k < len(tokens) and tokens[k].text in (
            *_STATE_LINKS,
            "all",
            "switched",
            "turned",
            "kept",
            "left",
            "nice",
            "nicely",
            "properly",
            "completely",
            "really",
        ):
            linked = True
            k += 1
        if k >= len(tokens) or tokens[k].text not in self._states:
            return None
        if tokens[k].text in ("on", "in", "off", "up") and self.nouns.known(tokens, k + 1):
            return None
        if not linked and tokens[start].text in ("i", "we") and tokens[k].text in ("cut",):
            return None
        attr, value = self._states[tokens[k].text]
        items = draft.items
        if len(items) > 1 and all(item.prep is None for item in items):
            items = [Item(tuple(n for item in items for n in item.nouns))]
        rest = Draft(list(items))
        end = self.reader.items(tokens, k + 1, rest)
        return Clause(
            ("be",),
            "be",
            tuple(rest.items),
            (),
            tuple(rest.uncovered),
            form="be",
            note=(attr, value),
            end=end,
        )

    def _needed(self, tokens: list[Token], i: int) -> Clause | None:
        for words in said("needs"):
            if tuple(t.text for t in tokens[i : i + len(words)]) == words:
                draft = Draft()
                end = self.reader.items(tokens, i + len(words), draft)
                if not draft.items:
                    return None
                return Clause(
                    ("need",),
                    " ".join(words),
                    tuple(draft.items),
                    tuple(draft.particles),
                    tuple(draft.uncovered),
                    unless=tuple(draft.unless),
                    end=end,
                    form="need",
                )
        return None

    def _somebody_needs(self, tokens: list[Token], i: int) -> Clause | None:
        noun = self.nouns.known(tokens, i)
        if noun is None:
            return None
        draft = Draft()
        k = noun.end
        prep = self.reader.preposition(tokens, k)
        who = noun
        if prep is not None and prep[0] in ("at", "in", "on", "near"):
            place = self.nouns.known(tokens, prep[2])
            if place is not None:
                who = replace(
                    noun, posts=((prep[0], place),), text=f"{noun.text} {prep[1]} {place.text}"
                )
                k = place.end
        if k < len(tokens) and tokens[k].text in ("just", "also", "still", "really"):
            k += 1
        for words in said("somebody_needs"):
            if tuple(t.text for t in tokens[k : k + len(words)]) == words:
                state = self._be(tokens, k + len(words), i)
                if state is not None:
                    return state
                end = self.reader.items(tokens, k + len(words), draft)
                if not draft.items:
                    return None
                items = (*draft.items, Item((who,), "to", "to"))
                return Clause(
                    ("need",),
                    " ".join(words),
                    items,
                    tuple(draft.particles),
                    tuple(draft.uncovered),
                    end=end,
                    form="need",
                )
        return None

    def _told(self, tokens: list[Token], i: int) -> Clause | None:
        """A message to a person: its words stay as they were said."""
        words = [t.text for t in tokens[i : i + 3]]
        verb = self.reader.verb(tokens, i)
        actions = {a for _, a in self.lexicon.verbs.get(verb or "", ())}
        if words[:1] == ["let"]:
            noun = self.nouns.read(tokens, i + 1)
            if noun is None or noun.end >= len(tokens) or tokens[noun.end].text != "know":
                return None
            return self._message(tokens, (noun,), noun.end + 1, "let know", i)
        if words == ["pass", "on", "to"] or words[:2] == ["pass", "on"]:
            noun = self.nouns.read(tokens, i + 2 + (words[2:] == ["to"]), loose=True)
            return self._message(tokens, (noun,), noun.end, "tell", i) if noun else None
        if "tell" not in actions or verb is None:
            return None
        if verb in ("say", "announce", "report", "explain", "mention", "relay", "whisper", "shout"):
            return self._say(tokens, i + 1, verb)
        if verb in ("pass", "give", "advise", "convey"):
            return None
        k = i + 1
        if k < len(tokens) and tokens[k].text in ("to", "out", "in"):
            k += 1
        nouns: list[NounPhrase] = []
        while True:
            noun = self.nouns.read(tokens, k, loose=True)
            if noun is None:
                break
            posts = list(noun.posts)
            end = noun.end
            prep = self.reader.preposition(tokens, end)
            if prep is not None and prep[0] in ("at", "in", "near") and noun.refs:
                place = self.nouns.known(tokens, prep[2])
                if place is not None:
                    posts, end = [(prep[0], place)], place.end
            nouns.append(replace(noun, posts=tuple(posts), end=end))
            k = end
            if k < len(tokens) and tokens[k].text == "and":
                following = self.nouns.known(tokens, k + 1)
                if following is not None and not self.reader.starts_clause(tokens, k):
                    k += 1
                    continue
            break
        if not nouns:
            return None
        return self._message(tokens, tuple(nouns), k, verb, i)

    def _say(self, tokens: list[Token], k: int, verb: str) -> Clause | None:
        """Such as "say hello to Ana", "say to Ana that dinner is ready"."""
        if k < len(tokens) and tokens[k].text == "to":
            noun = self.nouns.read(tokens, k + 1, loose=True)
            if noun is not None:
                return self._message(tokens, (noun,), noun.end, verb, k)
        for j in range(len(tokens) - 1, k, -1):
            if tokens[j].text == "to":
                noun = self.nouns.known(tokens, j + 1)
                if noun is not None and noun.end >= len(tokens) - 1:
                    first = k + (tokens[k].text == "that")
                    return Clause(
                        ("tell",),
                        verb,
                        (Item((noun,), "to", "to"),),
                        form="tell",
                        note=(tokens[first].start, tokens[j - 1].end),
                        end=len(tokens),
                    )
        return None

    def _message(
        self, tokens: list[Token], nouns: tuple[NounPhrase, ...], k: int, verb: str, i: int
    ) -> Clause:
        while k < len(tokens) and tokens[k].text in _TELL_LINKS:
            k += 1
        end = k
        while end < len(tokens):
            size = self.reader.joint(tokens, end) or (1 if tokens[end].text == "," else 0)
            if size and end > k and self._new_order(tokens, end + size, tokens[k].text == "to"):
                break
            end += 1
        last = end
        while last > k and (
            tokens[last - 1].is_mark or tokens[last - 1].text in ("please", "thanks")
        ):
            last -= 1
        note: tuple[object, ...] = (tokens[k].start, tokens[last - 1].end) if last > k else ()
        return Clause(
            ("tell",),
            verb,
            (Item(nouns, "to", "to"),),
            form="tell",
            note=note,
            end=end,
        )

    def _new_order(self, tokens: list[Token], i: int, inside: bool) -> bool:
        """Whether an order to the fleet begins at `i`, rather than more of the message."""
        j = self.reader.skip(tokens, i)
        verb = self.reader.verb(tokens, j)
        if verb is None or tokens[j].text not in self.lexicon.verbs:
            return False
        draft = Draft()
        self.reader.items(tokens, j + 1, draft)
        return bool(draft.items) and not draft.uncovered and not inside

    def _lacking(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "we are out of milk", "there is no bread left", "the apples are nearly gone"."""
        size = next((len(w) for w in said("lacks") if tuple(words_of(tokens, i, len(w))) == w), 0)
        draft = Draft()
        end = i
        if size:
            end = self.reader.items(tokens, i + size, draft)
        else:
            noun = self.nouns.known(tokens, i)
            k = noun.end if noun is not None else len(tokens)
            while k < len(tokens) and tokens[k].text in _NEARLY:
                k += 1
            gone = noun is not None and k > noun.end and k < len(tokens) and tokens[k].text in _GONE
            if noun is None or not gone:
                return None
            draft.items.append(Item((noun,)))
            end = self.reader.items(tokens, k + 1, draft)
        if not draft.items:
            return None
        left = tuple(w for w in draft.uncovered if w not in ("left", "remaining", "again", "soon"))
        return Clause(("statement",), "lack", tuple(draft.items), (), left, form="lack", end=end)

    def _spilled(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "somebody spilled juice in aisle 2"."""
        for k in range(i, min(i + 6, len(tokens))):
            if tokens[k].is_mark:
                return None
            if (
                tokens[k].text in ("spilled", "spilt", "spills", "spill")
                and k > i
                and tokens[k - 1].text not in ("the", "a", "another", "this", "that", "is")
            ):
                draft = Draft()
                end = self.reader.items(tokens, k + 1, draft)
                places = [x for x in draft.items if x.prep is not None]
                places += [
                    Item((p,), w, w) for x in draft.items for n in x.nouns for w, p in n.posts
                ]
                return Clause(("statement",), "spilled", tuple(places), form="spilled", end=end)
        return None

    def _there_is(self, tokens: list[Token], i: int) -> Clause | None:
        words = [t.text for t in tokens[i : i + 2]]
        if words in (
            ["there", "is"],
            ["there", "are"],
            ["here", "is"],
            ["someone", "spilled"],
            ["somebody", "spilled"],
        ):
            draft = Draft()
            end = self.reader.items(tokens, i + 2, draft)
            if not draft.items:
                return None
            return Clause(
                ("statement",),
                "there is",
                tuple(draft.items),
                tuple(draft.particles),
                tuple(draft.uncovered),
                form="there",
                end=end,
            )
        return None

    def _statement(self, tokens: list[Token], i: int) -> Clause | None:
        """Such as "table 4 is dirty", "the soup has gone cold"."""
        noun = self.nouns.known(tokens, i)
        if noun is None or noun.end >= len(tokens):
            return None
        draft = Draft([Item((noun,))])
        k = noun.end
        prep = self.reader.preposition(tokens, k)
        if prep is not None:
            place = self.nouns.known(tokens, prep[2])
            if (
                place is not None
                and place.end < len(tokens)
                and tokens[place.end].text in ("is", "are", "looks")
            ):
                draft.items.append(Item((place,), prep[0], prep[1]))
                k = place.end
        if tokens[k].text not in ("is", "are", "looks", "look", "has", "have", "seems", "got"):
            if tokens[k].text in ("on", "off", "open", "closed", "shut", "dirty") and (
                k + 1 >= len(tokens) or self.nouns.known(tokens, k + 1) is None
            ):
                return self._state_clause(tokens, k, draft, "be")
            return None
        while k < len(tokens) and tokens[k].text in (
            "is",
            "are",
            "looks",
            "look",
            "has",
            "have",
            "gone",
            "got",
            "getting",
            "very",
            "so",
            "too",
            "really",
            "all",
            "quite",
            "a",
            "bit",
            "completely",
            "pretty",
            "seems",
            "still",
            "again",
            "become",
            "not",
            "stone",
            "totally",
            "absolutely",
            "nearly",
            "almost",
            "rather",
            "running",
            "half",
            "practically",
        ):
            k += 1
        if k >= len(tokens) or tokens[k].text not in self._states:
            return self._remark(tokens, k, draft)
        if "not" in [t.text for t in tokens[noun.end : k]]:
            return self._state_clause(tokens, k, draft, "isnt")
        return self._state_clause(tokens, k, draft, "statement")

    def _remark(self, tokens: list[Token], k: int, draft: Draft) -> Clause:
        """Something said of a thing that is no state we know."""
        end = self.reader.items(tokens, k, draft)
        words = tuple(t.text for t in tokens[k:end] if not t.is_mark) or ("what",)
        return Clause(
            (), words[-1], tuple(draft.items[:1]), (), words, form="remark", end=max(end, k)
        )

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

    def _state_clause(self, tokens: list[Token], k: int, draft: Draft, form: str) -> Clause:
        note = self._states[tokens[k].text]
        end = self.reader.items(tokens, k + 1, draft)
        return Clause(
            (form,),
            form,
            tuple(draft.items),
            (),
            tuple(draft.uncovered),
            form=form,
            note=note,
            end=end,
        )

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


def words_of(tokens: list[Token], i: int, size: int) -> list[str]:
    """The words from `i` on, at most `size` of them."""
    return [t.text for t in tokens[i : i + size]]
