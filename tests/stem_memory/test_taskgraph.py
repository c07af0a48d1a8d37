"""Task graphs: no cycles, true rollback, and whoever works on what changed is told."""

import networkx as nx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stem_memory.belief.state import MemoryState
from stem_memory.contracts import GoalClosed, GoalPosted, GraphPlanned, StepEnded, StepStarted
from stem_memory.log.store import EventStore
from stem_memory.taskgraph.contracts import Cancel, Check, Claim, Put, Restore, TaskChanged
from stem_memory.taskgraph.desk import TaskDesk
from stem_memory.taskgraph.errors import TaskCycle, TaskFault
from stem_memory.taskgraph.graph import cycle_in, dependants
from stem_memory.taskgraph.projection import TaskProjection
from stem_memory.tasks import Goal, TaskStep
from stem_memory.testing import events_of


@pytest.fixture
def desk(tmp_path):
    with EventStore.writer(tmp_path / "memory.db", lambda: 0) as store:
        yield TaskDesk(store, "trip", "ann", lambda: 0.0)


def plan_trip(desk):
    desk.put("flight", "book a flight", {"to": "Seattle"})
    desk.put("hotel", "book a hotel", {"city": "Seattle"}, after=["flight"])
    desk.put("dinner", "book a table", after=["hotel"])
    desk.put("visa", "get a visa")


def test_tasks_become_ready_as_what_they_wait_for_is_checked(desk):
    plan_trip(desk)
    assert desk.ready() == ("flight", "visa")
    with pytest.raises(TaskFault, match="hotel waits for flight"):
        desk.check("hotel")
    desk.check("flight")
    assert desk.ready() == ("hotel", "visa")


def test_a_change_makes_what_depends_on_it_stale_and_tells_who_works_on_it(desk):
    plan_trip(desk)
    for task, who in (("flight", None), ("hotel", "agent-1"), ("dinner", "agent-2")):
        if who:
            desk.claim(task, who)
        desk.check(task)
    desk.claim("visa", "agent-3")
    assert desk.notices() == ()
    desk.put("flight", "book a flight", {"to": "Boston"}, reason="ann changed her mind")
    assert [t.id for t in desk.graph.tasks.values() if t.stale] == ["hotel", "dinner"]
    assert [(n.executor, n.task, n.why) for n in desk.notices()] == [
        ("agent-2", "dinner", "what the task depends on changed (ann changed her mind)"),
        ("agent-1", "hotel", "what the task depends on changed (ann changed her mind)"),
    ]
    desk.heed("dinner", "agent-2")
    assert [n.executor for n in desk.notices()] == ["agent-1"]
    assert desk.ready() == ("flight", "visa")
    desk.check("flight")
    desk.check("hotel")
    assert [t.id for t in desk.graph.tasks.values() if t.stale] == ["dinner"]


def test_cancelling_takes_what_depends_on_it_along(desk):
    plan_trip(desk)
    desk.claim("dinner", "agent-1")
    desk.cancel("hotel")
    status = {t.id: t.status for t in desk.graph.tasks.values()}
    assert status == {
        "flight": "open",
        "hotel": "cancelled",
        "dinner": "cancelled",
        "visa": "open",
    }
    assert [n.why for n in desk.notices("agent-1")] == ["the task is cancelled"]


def test_a_rollback_restores_everything_and_keeps_history(desk):
    plan_trip(desk)
    desk.check("flight")
    before = dict(desk.graph.tasks)
    mark = desk.graph.revision
    desk.put("flight", "book a flight", {"to": "Chicago"})
    desk.put("tour", "see the lake", after=["flight"])
    desk.cancel("visa")
    desk.claim("tour", "agent-1")
    desk.restore(mark)
    assert desk.graph.tasks == before
    assert desk.graph.revision == mark + 4
    assert [n.why for n in desk.notices("agent-1")] == ["the task is no more"]
    assert "tour" in desk.graph.revisions[-2]


def test_cycles_and_unknown_tasks_are_refused_and_nothing_is_recorded(desk):
    plan_trip(desk)
    with pytest.raises(TaskCycle, match="would wait for each other"):
        desk.put("flight", "book a flight", after=["dinner"])
    with pytest.raises(TaskCycle):
        desk.put("visa", "get a visa", after=["visa"])
    with pytest.raises(TaskFault, match="no task nowhere"):
        desk.put("visa", "get a visa", after=["nowhere"])
    assert desk.graph.revision == 4


def test_changes_of_one_event_hold_together_or_not_at_all():
    book = TaskProjection()
    both = TaskChanged(
        graph="g",
        by="x",
        changes=(Put(task="a", intent="a", after=("b",)), Put(task="b", intent="b")),
    )
    book.apply(both)
    assert sorted(book.graphs["g"].tasks) == ["a", "b"]
    book.apply(
        TaskChanged(
            graph="g",
            by="x",
            changes=(Put(task="c", intent="c"), Put(task="b", intent="b", after=("a",))),
        )
    )
    assert sorted(book.graphs["g"].tasks) == ["a", "b"]
    assert book.refused == ["g: these tasks would wait for each other: a -> b -> a"]


def test_the_brains_plans_are_task_graphs_too():
    def step(id_, skill, *after, **args):
        return TaskStep(id=id_, skill=skill, after=after, args=args, title=f"{skill} {id_}")

    def event(kind, who, step_id, **fields):
        return kind(
            request=f"r-{step_id}-{who}", goal="g1", step=step_id, skill="pick", body=who, **fields
        )

    first = (step("s1", "pick"), step("s2", "place", "s1"), step("s3", "wipe", "s2"))
    second = (first[0], step("s2", "place", "s1", to="shelf-2"), first[2])
    log = [
        GoalPosted(goal=Goal(id="g1", text="tidy up", who="ann", t=0.0)),
        GraphPlanned(goal="g1", revision=1, steps=first),
        event(StepStarted, "w-1", "s1", deadline_s=9.0),
        event(StepEnded, "w-1", "s1", outcome="done", duration_s=1.0, evidenced=True),
        event(StepStarted, "w-2", "s3", deadline_s=9.0),
        GraphPlanned(goal="g1", revision=2, steps=second, reason="the shelf is full"),
    ]
    book = MemoryState.of(events_of(log)).projections.tasks
    tasks = book.graphs["g1"].tasks
    assert (tasks["s1"].status, bool(tasks["s3"].stale)) == ("checked", True)
    assert [(n.executor, n.task) for n in book.notices()] == [("w-2", "s3")]
    assert book.refused == []
    closed = MemoryState.of(
        events_of([*log, GoalClosed(goal="g1", status="cancelled", reason="never mind")])
    ).projections.tasks
    assert {t.status for t in closed.graphs["g1"].tasks.values()} == {"checked", "cancelled"}
    assert [n.why for n in closed.notices("w-2")] == ["the task is cancelled (never mind)"]


NAMES = st.sampled_from("abcde")


class GraphMachine(RuleBasedStateMachine):
    """A task graph against networkx and a list of all states it ever had."""

    @initialize()
    def start(self):
        self.book = TaskProjection()
        self.model = {}
        self.states = [{}]

    def act(self, *changes):
        self.book.apply(TaskChanged(graph="g", by="x", changes=changes))

    def valid(self, model):
        graph = nx.DiGraph([(n, t) for t, (_, after, _) in model.items() for n in after])
        missing = {n for _, after, _ in model.values() for n in after} - model.keys()
        return not missing and nx.is_directed_acyclic_graph(graph)

    def settle(self, model, refused):
        if refused:
            assert len(self.book.refused) == self.refusals + 1
        else:
            assert len(self.book.refused) == self.refusals
            self.model = model
            self.states.append(dict(model))

    @property
    def refusals(self):
        return getattr(self, "_refusals", 0)

    @rule(task=NAMES, value=st.integers(0, 2), after=st.sets(NAMES, max_size=2))
    def put(self, task, value, after):
        self._refusals = len(self.book.refused)
        model = dict(self.model)
        old = model.get(task)
        same = old is not None and (old[0], old[1]) == (value, frozenset(after))
        kept = old[2] if same and old[2] in ("open", "checked") else "open"
        model[task] = (value, frozenset(after), kept)
        self.act(Put(task=task, intent=task, values={"v": value}, after=tuple(after)))
        if self.valid(model):
            changed = {task} if not same or old[2] not in ("open", "checked") else set()
            model = self.ripple(model, changed)
        self.settle(model, not self.valid(model))

    @rule(task=NAMES)
    def check(self, task):
        self._refusals = len(self.book.refused)
        model = dict(self.model)
        good = task in model and model[task][2] != "cancelled"
        good = good and all(model[n][2] == "checked" for n in model[task][1])
        if good:
            was = model[task][2]
            model[task] = (*model[task][:2], "checked")
            if was.startswith("stale"):
                model = self.ripple(model, {task})
        self.act(Check(task=task))
        self.settle(model, not good)

    @rule(task=NAMES, below=st.booleans())
    def cancel(self, task, below):
        self._refusals = len(self.book.refused)
        model = dict(self.model)
        if task in model:
            off = {task} | (self.below(model, task) if below else set())
            changed = {t for t in off if model[t][2] != "cancelled"}
            for t in off:
                model[t] = (*model[t][:2], "cancelled")
            model = self.ripple(model, changed)
        self.act(Cancel(task=task, below=below))
        self.settle(model, task not in self.model)

    @rule(back=st.integers(0, 6))
    def restore(self, back):
        self._refusals = len(self.book.refused)
        revision = max(0, len(self.states) - 1 - back)
        self.act(Restore(revision=revision))
        self.settle(dict(self.states[revision]), False)

    @rule(task=NAMES, who=st.sampled_from(["w", None]))
    def claim(self, task, who):
        self.act(Claim(task=task, executor=who))

    def below(self, model, task):
        graph = nx.DiGraph([(n, t) for t, (_, after, _) in model.items() for n in after])
        return nx.descendants(graph, task) if task in graph else set()

    def ripple(self, model, changed):
        for task in changed:
            for user in self.below(model, task) - changed:
                value, after, status = model[user]
                if status != "cancelled":
                    model[user] = (value, after, "stale-" + status.removeprefix("stale-"))
        return model

    @invariant()
    def equal(self):
        if not hasattr(self, "book") or "g" not in self.book.graphs:
            return
        graph = self.book.graphs["g"]
        held = {
            t.id: (
                dict(t.values)["v"],
                frozenset(t.after),
                ("stale-" if t.stale else "") + t.status,
            )
            for t in graph.tasks.values()
        }
        assert held == self.model
        assert cycle_in(graph.tasks) is None
        assert graph.revision == len(self.states) - 1
        for notice in self.book.notices():
            assert graph.executors[notice.task] == notice.executor
        for task in graph.tasks:
            assert dependants(graph.tasks, {task}) == self.below(self.model, task)


TestGraph = GraphMachine.TestCase
TestGraph.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
