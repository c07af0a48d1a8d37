"""Exceptions that are said as a clause of their own."""

from __future__ import annotations

from dataclasses import replace

from brain.language.parsing.clauses import Clause


def bound(clauses: list[Clause]) -> list[Clause]:
    """Exceptions said as a clause of their own ("but not table 3") go to the clause before.

    One that is said first goes to the clause after it.
    """
    found: list[Clause] = []
    for index, clause in enumerate(clauses):
        only = clause.form == "verbless" and not (clause.items or clause.uncovered)
        if only and clause.unless and index + 1 < len(clauses):
            following = clauses[index + 1]
            unless = (*following.unless, *clause.unless)
            clauses[index + 1] = replace(following, unless=unless)
            continue
        if clause.form == "not" and found and clause.items and not clause.uncovered:
            nouns = tuple(np for item in clause.items for np in item.nouns)
            if all(np.refs for np in nouns):
                found[-1] = replace(found[-1], unless=(*found[-1].unless, *nouns))
                continue
        found.append(clause)
    return found
