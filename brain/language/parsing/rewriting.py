"""Set phrases put in plainer words before a clause is read."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.clauses import ClauseReader, Draft
from brain.language.words.lexicon import Words
from brain.language.words.tokens import Token, make


class Rewriter:
    """Applies the rewrites of the lexicon."""

    def __init__(self, reader: ClauseReader) -> None:
        self.reader = reader
        self.nouns = reader.nouns
        self.site = reader.site
        self.lexicon = reader.lexicon
        self._states = reader.lexicon.words["states"]

    def rewritten(self, tokens: list[Token], i: int) -> list[Token]:
        """The tokens with the first rewrite of the lexicon that fits at `i` applied."""
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
                return [*tokens[:i], *new, *tokens[end:]]
        return tokens

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
        # "have we got" asks: it is no order to get.
        base = self.lexicon.forms.get(word) if word != "got" else None
        if base is None or base not in verbs or word.endswith("s"):
            return None
        if ending == "ing":
            return base if word.endswith("ing") else None
        return None if word.endswith("ing") else base

    def _is_nouns(self, tokens: list[Token]) -> bool:
        draft = Draft()
        end = self.reader.items(list(tokens), 0, draft, first_loose=True)
        return end == len(tokens) and not draft.uncovered and bool(draft.items)
