"""What each kind of instruction comes to, once it is known what is meant by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from brain.language.instructing.about import About, Naming
from brain.language.instructing.bodies import bodies_of
from brain.language.instructing.changes import Reworded, Rewording
from brain.language.instructing.goals import Choice, Goals, Named
from brain.language.parsing.clauses import ClauseReader
from brain.language.words.lexicon import lexicon
from brain.language.words.plural import listed
from brain.language.words.site import Site
from brain.language.words.tokens import Token
from stem_memory.instructions import (
    Cancel,
    Change,
    Instruction,
    Pause,
    Release,
    Resume,
    Stop,
)
from stem_memory.tasks import GoalRecord
from stem_memory.view import MemoryView

_MOST = 6


@dataclass(frozen=True)
class Act:
    """What a piece of words comes to: instructions and what is said of them, or why none.

    `alone`: without an instruction it counts only if nothing else is said.
    """

    instructions: tuple[Instruction, ...] = ()
    reply: str = ""
    alone: bool = False

    @property
    def is_done(self) -> bool:
        """Whether it is clear what to do."""
        return bool(self.instructions)


class Acts:
    """Makes instructions of what is named, for one speaker at one time (seconds)."""

    def __init__(self, view: MemoryView, who: str, now: float) -> None:
        words = lexicon().taught(view.skills())
        self.site = Site(view, words)
        self.reader = ClauseReader(self.site, words)
        self.naming = Naming(self.site, words)
        self.goals = Goals(self.naming, self.reader, view.goals(), who)
        self._view = view
        self._now = now

    def is_wish(self, tokens: Sequence[Token]) -> bool:
        """Whether the tokens begin a wish, rather than name more of what was named before."""
        if tokens[0].text in ("just", "only") or self.reader.starts_clause(list(tokens), 0):
            return True
        named = self.goals.read(tokens)
        return named is not None and any(part.new for part in named.parts)

    # -- ending ------------------------------------------------------------------------------

    def cancel(self, named: Named, *, sure: bool, roll_back: bool = False) -> Act | None:
        """Goals end, or lose the part that is named."""
        if not sure and self._is_device(named):
            return None
        choice = self.goals.choose(named, self.goals.open)
        if choice.why:
            return self._failed(choice, named, sure=sure)
        whole = [g for g in choice.goals if not self._is_part(named, g)]
        acts = [self._cancelled(whole, choice.others, roll_back=roll_back)] if whole else []
        acts += [self._left_out(named, g) for g in choice.goals if g not in whole]
        unclear = next((act for act in acts if not act.is_done), None)
        return unclear or joined(acts)

    def cancel_latest(self, *, sure: bool, roll_back: bool = False) -> Act | None:
        """The speaker's last goal ends; before others, one that was asked about."""
        goal = self.asked() or self.goals.latest(self.goals.open)
        if goal is not None:
            return self._cancelled([goal], roll_back=roll_back)
        return Act(reply=self._nothing_own("cancel")) if sure else None

    def asked(self) -> str | None:
        """The goal of the speaker that a question was asked about last."""
        pool = {g: r for g, r in self.goals.open.items() if r.status == "needs_answer"}
        return self.goals.latest(pool)

    def _cancelled(
        self, goals: Sequence[str], others: Sequence[str] = (), *, roll_back: bool
    ) -> Act:
        back = " and put back what was moved for it" if roll_back else ""
        told = Cancel(goals=tuple(goals), roll_back=roll_back)
        left = ""
        if others:
            names = self.goals.titles(others)
            left = (
                f' Others asked for {names}: say "cancel {" and ".join(others)}" to end that, too.'
            )
        return Act((told,), f"I cancel {self.goals.titles(goals)}{back}.{left}")

    def _is_part(self, named: Named, goal: str) -> bool:
        """Whether only some of the goal's conditions are about what is named."""
        conditions = self.goals.records[goal].conditions
        if len(conditions) < 2 or not all(part.content for part in named.parts):
            return False
        covered = [self.goals.covers(named, self.naming.condition(c)) for c in conditions]
        return any(covered) and not all(covered)

    def _left_out(self, named: Named, goal: str) -> Act:
        def is_meant(about: About) -> bool:
            return self.goals.covers(named, about)

        found = self._rewording(goal).without(is_meant)
        if found.why:
            return Act(reply=found.why)
        change = Change(goal=goal, text=found.text)
        return Act((change,), f'I leave {named.text} out of {goal}. It is now "{found.text}".')

    # -- pausing -----------------------------------------------------------------------------

    def pause(self, named: Named, *, sure: bool) -> Act | None:
        """Nothing is done for the goals for now."""
        choice = self.goals.choose(named, self.goals.open)
        if choice.why:
            return self._failed(choice, named, sure=sure)
        return self._paused(choice.goals)

    def pause_latest(self) -> Act | None:
        """The speaker's last goal that goes on is paused."""
        goal = self.goals.latest(self._going)
        return self._paused((goal,)) if goal is not None else None

    @property
    def _going(self) -> dict[str, GoalRecord]:
        return {g: r for g, r in self.goals.open.items() if r.status in ("posted", "planned")}

    @property
    def _halted(self) -> dict[str, GoalRecord]:
        return {g: r for g, r in self.goals.open.items() if r.status == "paused"}

    def _paused(self, goals: Sequence[str]) -> Act:
        going = tuple(g for g in goals if g in self._going)
        if not going:
            status = self.goals.records[goals[0]].status
            why = "is paused already" if status == "paused" else "waits for your answer"
            return Act(reply=f"{self.goals.title(goals[0])} {why}.")
        return Act(
            (Pause(goals=going),),
            f'I pause {self.goals.titles(going)}. Say "go on" when it may go on.',
        )

    def resume(self, named: Named, *, sure: bool) -> Act | None:
        """Paused goals go on."""
        choice = self.goals.choose(named, self.goals.open)
        if choice.why:
            return self._failed(choice, named, sure=sure)
        halted = tuple(g for g in choice.goals if g in self._halted)
        if halted:
            hint = ' The robots are stopped: say "go on".' if self._all_stopped() else ""
            return Act((Resume(goals=halted),), f"I go on with {self.goals.titles(halted)}.{hint}")
        name = self.goals.title(choice.goals[0])
        hint = ' The robots are stopped: say "go on".' if self._all_stopped() else ""
        return Act(reply=f"{name} is not paused.{hint}")

    def _all_stopped(self) -> bool:
        return bool(self._stopped) and len(self._stopped) == len(self._view.bodies())

    # -- stopping ----------------------------------------------------------------------------

    @property
    def _stopped(self) -> tuple[str, ...]:
        return tuple(b for b, record in self._view.bodies().items() if record.stopped)

    def stop(self, tokens: Sequence[Token]) -> Act | None:
        """Robots halt; None where no robots are named."""
        bodies = bodies_of(tokens, self.site)
        return None if bodies is None else stopped(bodies)

    def release(self, tokens: Sequence[Token]) -> Act | None:
        """Robots may move again; None where no robots are named."""
        bodies = bodies_of(tokens, self.site)
        if bodies is None:
            return None
        if not bodies:
            return self.go_on() or Act(reply="Nobody is stopped and nothing is paused.")
        held = tuple(b for b in bodies if b in self._stopped)
        if not held:
            return Act(reply=f"{listed(bodies)} {_verb(bodies, 'is', 'are')} not stopped.")
        freed = () if set(held) == set(self._view.bodies()) else held
        return Act((Release(bodies=freed),), f"{listed(held)} may move again.")

    def go_on(self) -> Act | None:
        """Everybody who is stopped may move, and everything that is paused goes on; None: nothing is."""
        told: list[Instruction] = []
        words: list[str] = []
        if self._stopped:
            told.append(Release())
            words.append("Everybody may move again.")
        if self._halted:
            goals = tuple(self._halted)
            own = tuple(g for g in goals if self._halted[g].goal.who == self.goals.who)
            goals = goals if self._stopped else own or goals
            told.append(Resume(goals=goals))
            words.append(f"I go on with {self.goals.titles(goals)}.")
        return Act(tuple(told), " ".join(words)) if told else None

    def nothing_to_go_on(self) -> Act | None:
        """Said where "go on" has nothing to act on; None: it may answer a question."""
        if self.asked() is not None:
            return None
        return Act(reply="Nobody is stopped and nothing is paused.", alone=True)

    # -- time and urgency --------------------------------------------------------------------

    def hurry(self, named: Named, *, sure: bool, first: bool) -> Act | None:
        """The goals are more urgent from now on."""
        # "Water first" names a goal, "bring water first" may be a wish.
        sorts = first and not any(w.actions for w in named.content)
        choice = self._definite(named, sure=sure, sorts=sorts)
        if choice.why:
            return self._failed(choice, named, sure=sure)
        return self._hurried(choice.goals, first=first)

    def hurry_latest(self) -> Act | None:
        """The speaker's last goal is more urgent from now on."""
        goal = self.goals.latest(self.goals.open)
        return self._hurried((goal,), first=False) if goal is not None else None

    def _hurried(self, goals: Sequence[str], *, first: bool) -> Act:
        others = [r.goal.priority for g, r in self.goals.open.items() if g not in goals]
        floor = max(others, default=0) + 1 if first else 1
        told = [
            Change(goal=g, priority=min(_MOST, max(floor, 1, self.goals.records[g].goal.priority)))
            for g in goals
        ]
        how = "comes first" if first else "is urgent"
        several = {"comes first": "come first", "is urgent": "are urgent"}[how]
        return Act(
            tuple(told), f"{self.goals.titles(goals)} {how if len(goals) == 1 else several} now."
        )

    def slow(self, named: Named, *, sure: bool) -> Act | None:
        """There is time for the goals."""
        choice = self._definite(named, sure=sure)
        return self._failed(choice, named, sure=sure) if choice.why else self._slowed(choice.goals)

    def slow_latest(self) -> Act | None:
        """There is time for the speaker's last goal."""
        goal = self.goals.latest(self.goals.open)
        return self._slowed((goal,)) if goal is not None else None

    def _slowed(self, goals: Sequence[str]) -> Act:
        told = [
            Change(goal=g, priority=min(-1, self.goals.records[g].goal.priority)) for g in goals
        ]
        return Act(tuple(told), f"There is time for {self.goals.titles(goals)}.")

    def due(self, named: Named, within_s: float, priority: int | None) -> Act | None:
        """The goals must be reached within this many seconds; None: no open goal is meant."""
        choice = self._definite(named, sure=False)
        return None if choice.why else self.due_for(choice.goals, within_s, priority)

    def due_for(self, goals: Sequence[str], within_s: float, priority: int | None) -> Act:
        """These goals must be reached within this many seconds."""
        due_s = round(self._now + within_s, 3)
        told = [Change(goal=g, deadline_s=due_s, priority=priority) for g in goals]
        must = _verb(goals, "is", "are")
        return Act(tuple(told), f"{self.goals.titles(goals)} {must} due within {within_s:g} s.")

    def _definite(self, named: Named, *, sure: bool, sorts: bool = False) -> Choice:
        """The goals named, where the words may as well be a wish for something new.

        `sorts`: a sort of thing may be named without "the".
        """
        fits = not any(part.new for part in named.parts) if sorts else named.is_definite
        if not sure and not fits:
            return Choice(why="These words name something new.", nothing=True)
        return self.goals.choose(named, self.goals.open)

    # -- other words -------------------------------------------------------------------------

    def change(self, named: Named, text: str, *, sure: bool) -> Act | None:
        """The goal has these words, or these instead of what is named of it."""
        told_apart = named.content or named.is_by_id
        if not sure and (not told_apart or any(part.new for part in named.parts)):
            return None
        choice = self.goals.choose(named, self.goals.open)
        if choice.why:
            return self._failed(choice, named, sure=sure)
        if len(choice.goals) > 1:
            return Act(reply=f"Change one at a time: {self.goals.titles(choice.goals)}.")
        (goal,) = choice.goals

        def is_meant(about: About) -> bool:
            return self.goals.covers(named, about)

        generic = named.is_by_id or not named.content
        found = self._rewording(goal).otherwise(text, None if generic else is_meant)
        return self._changed(goal, found, sure)

    def change_latest(self, text: str, tokens: Sequence[Token]) -> Act | None:
        """A goal of the speaker has these words instead of those of their kind; None: it has none.

        It is the one about the same, else the last of those that can be changed so. Where the last one
        waits for an answer it is none: the words may be that.
        """
        latest = self.goals.latest(self.goals.open)
        if latest is None or self.goals.records[latest].status == "needs_answer":
            return None
        unclear: Act | None = None
        goals = self.goals.spoken_of(tokens)
        tries = [(goal, True) for goal in goals] + [(goal, False) for goal in goals[:1]]
        for goal, alike in tries:
            found = self._rewording(goal).otherwise(text, alike=alike, anything=False)
            act = self._changed(goal, found, sure=False)
            if act is not None and act.is_done:
                return act
            unclear = unclear or act
        return unclear

    def _changed(self, goal: str, found: Reworded | None, sure: bool) -> Act | None:
        if found is None:
            how = f'Say the whole wish, as in "change {goal} to ...".'
            return Act(reply=f"I do not see what to change. {how}") if sure else None
        if found.why:
            return Act(reply=found.why)
        return Act((Change(goal=goal, text=found.text),), f'{goal} is now "{found.text}".')

    def _rewording(self, goal: str) -> Rewording:
        record = self.goals.records[goal]
        return Rewording(record, self._view, self.naming, self.reader, self.goals.title(goal))

    # -- what is no goal ---------------------------------------------------------------------

    def _failed(self, choice: Choice, named: Named, *, sure: bool) -> Act | None:
        """Why nothing is done; None where the words may be no instruction."""
        if choice.nothing and (not sure or self._is_device(named)):
            return None
        return Act(reply=choice.why)

    def _is_device(self, named: Named) -> bool:
        """Whether what is named is a thing here that can be switched ("stop the radio")."""
        refs = [word.refs for word in named.content]
        things = [r.id for found in refs for r in found if r.kind == "thing"]
        return (
            bool(refs)
            and all(refs)
            and bool(things)
            and all("power" in self.site.states_of(t) for t in things)
        )

    def is_place(self, named: Named) -> bool:
        """Whether a place, a door or a person is named, as in "hold the door"."""
        first = named.content[0].refs if named.content else ()
        kinds = {self.site.category(r) for r in first}
        return bool(kinds) and kinds <= {"door", "room", "fixture", "person"}

    def _nothing_own(self, verb: str) -> str:
        if not self.goals.open:
            return "Nothing is under way."
        last = list(self.goals.open)[-1]
        listed = self.goals.titles(list(self.goals.open)[-4:])
        return f'Nothing that you asked for is under way. Under way: {listed}. Say "{verb} {last}".'


def stopped(bodies: tuple[str, ...], rest: str = "") -> Act:
    """These robots halt; empty: all. `rest` is what else was said, and is not heeded."""
    whom = listed(bodies) if bodies else "Everybody"
    again = f"{bodies[0]}, go on" if len(bodies) == 1 else "go on"
    stop = "stop" if len(bodies) > 1 else "stops"
    them = "it" if len(bodies) == 1 else "them"
    late = f' I did not take in "{rest}".' if rest else ""
    told = Stop(bodies=bodies)
    return Act((told,), f'{whom} {stop}. Say "{again}" to let {them} move again.{late}')


def joined(acts: Sequence[Act]) -> Act:
    """Several acts in one; who says the same twice means it once."""
    told: list[Instruction] = []
    replies: list[str] = []
    ended: set[str] = set()
    for act in acts:
        again = [i for i in act.instructions if isinstance(i, Cancel) and ended.issuperset(i.goals)]
        new = [i for i in act.instructions if i not in again and i not in told]
        ended |= {g for i in new if isinstance(i, Cancel) for g in i.goals}
        told += new
        if new or not act.instructions:
            replies.append(act.reply)
    return Act(tuple(told), " ".join(replies))


def _verb(of: Sequence[str], one: str, several: str) -> str:
    return one if len(of) == 1 else several
