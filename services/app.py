"""The composition root: from a `RunConfig` to a finished run in its folder.

The only place that joins concrete worlds, bodies, memory, brain and runtime.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from pathlib import Path

from brain.config import BrainConfig
from cerebellum.catalogue import skill_kinds
from devices.skill import SkillCard
from services.contracts import GoalOutcome, GoalResult, PostedWish, RunConfig, RunResult, Tick
from services.errors import UserError
from services.loop import AUTHOR, Crew, Diary, Loop
from services.nodes import BodyNode, BrainNode, MemoryNode, make_world
from services.privacy import declared, rules
from services.remembering import remembered
from services.runtime import Handle, LocalRuntime, Runtime
from services.scenarios import read_world
from services.tally import Tally, Ticker
from services.veil import veiled
from sim_worlds.contracts import Fault, Film, Says, Scenario, Survey
from sim_worlds.fault_specs import load_faults
from stem_memory.privacy.rules import PrivacyRules

FILM = "film.json.gz"
METRICS = "metrics.json"
CONFIG = "config.json"
MEMORY = "memory.db"


def run(
    config: RunConfig,
    on_tick: Callable[[Tick], None] | None = None,
    runtime: Runtime | None = None,
) -> RunResult:
    """Run a world to the end and write memory, film and metrics into the run folder.

    Args:
        config: What to run.
        on_tick: Told about what happens, while it happens.
        runtime: Where actors live, instead of what `config.runtime` names; closed at the end.

    Raises:
        UserError: bad input, in one sentence (also the errors of the packages that read it).
    """
    started = time.perf_counter()
    scenario = read_world(config.world)
    skills = skill_cards()
    known = [spec.id for spec in scenario.bodies]
    faults = (
        *scenario.faults,
        *load_faults(config.faults, known, [card.name for card in skills]),
    )
    if config.glasses:
        config = config.model_copy(update={"wishes": all_wishes(config, scenario)})
    privacy = rules(declared(config, scenario), scenario)
    bodies = scenario.bodies if config.bodies is None else scenario.bodies[: config.bodies]
    learnt = remembered(Path(config.remember), bodies) if config.remember else ()
    folder = run_folder(config)
    ticker = Ticker(config.speed, on_tick)
    runtime = runtime or open_runtime(config)
    try:
        crew, survey = assemble(config, scenario, faults, folder, runtime)
        says = tuple(h for h in scenario.happenings if isinstance(h, Says))
        loop = Loop(
            crew,
            survey,
            skills,
            config.wishes,
            () if config.wishes or config.glasses else says,
            scenario.limit_s,
            ticker.show,
            (*privacy, *learnt),
        )
        diary = loop.run()
        held = PrivacyRules.of(privacy)
        result = conclude(
            config, crew, diary, ticker.tally, len(survey.bodies), folder, started, held
        )
    finally:
        runtime.close()
    (folder / METRICS).write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return result


def all_wishes(config: RunConfig, scenario: Scenario) -> tuple[PostedWish, ...]:
    """The wishes typed, and those that the wearer of the glasses asks for.

    Raises:
        UserError: the source can not be used, or its wearer is nobody in this world.
    """
    from services.alpha.wishes import wishes_of

    people = tuple(person.id for person in scenario.people)
    return (*config.wishes, *wishes_of(config.glasses, people))


def skill_cards() -> tuple[SkillCard, ...]:
    """The cards of every installed skill, in order of name."""
    return tuple(skill.card for _, skill in sorted(skill_kinds().items()))


def run_folder(config: RunConfig) -> Path:
    """Make the folder of the run; without `out` the next free one under ./runs.

    Raises:
        UserError: the folder already holds a run, or can not be made.
    """
    if config.out is not None:
        folder = Path(config.out)
    else:
        name = Path(config.world).stem
        used = {path.name for path in Path("runs").glob(f"{name}-*")}
        folder = Path("runs") / next(
            f"{name}-{n}" for n in range(1, len(used) + 2) if f"{name}-{n}" not in used
        )
    if (folder / MEMORY).exists():
        raise UserError(f"{folder} already holds a run: choose another --out, nothing was changed")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).write_text(config.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"the run folder {folder} can not be written: {error.strerror}") from None
    return folder


def open_runtime(config: RunConfig) -> Runtime:
    """The runtime that the configuration names."""
    if config.runtime == "local":
        return LocalRuntime()
    from services.ray_runtime import RayRuntime

    return RayRuntime()


def assemble(
    config: RunConfig,
    scenario: Scenario,
    faults: tuple[Fault, ...],
    folder: Path,
    runtime: Runtime,
) -> tuple[Crew, Survey]:
    """Spawn every actor of the run."""
    world = runtime.spawn("world", make_world, scenario, config.seed, config.bodies, faults)
    survey: Survey = runtime.gather([world.call("survey")])[0]
    cards = {card.kind: card for card in survey.cards}
    bodies: dict[str, Handle] = {
        spec.id: runtime.spawn(spec.id, BodyNode, spec.id, cards[spec.kind], survey.plan)
        for spec in survey.bodies
    }

    def new_brain() -> Handle:
        return runtime.spawn("brain", BrainNode, BrainConfig(), config.model)

    crew = Crew(
        runtime=runtime,
        world=world,
        memory=runtime.spawn("memory", MemoryNode, str(folder / MEMORY)),
        brain=new_brain(),
        bodies=bodies,
        new_brain=new_brain,
    )
    return crew, survey


def conclude(
    config: RunConfig,
    crew: Crew,
    diary: Diary,
    tally: Tally,
    bodies: int,
    folder: Path,
    started: float,
    privacy: PrivacyRules,
) -> RunResult:
    """Ask world, memory and brain for the last word and put the result together."""
    film, (events, digest), brain_digest, llm = crew.runtime.gather(
        [
            crew.world.call("film"),
            crew.memory.call("digest"),
            crew.brain.call("digest"),
            crew.brain.call("llm_use"),
        ]
    )
    if digest != brain_digest:
        raise RuntimeError(
            "the log and the brain's memory differ: please report this run folder as a bug"
        )
    expired: int = crew.runtime.gather([crew.memory.call("expire", diary.now)])[0]
    if expired:
        events, digest = crew.runtime.gather([crew.memory.call("digest")])[0]
    if config.film:
        write_film(veiled(film, privacy), folder / FILM)
    return RunResult(
        goals=tuple(outcome(goal, diary) for goal in diary.goals),
        bodies=bodies,
        steps=tally.steps,
        virtual_seconds=round(diary.now, 3),
        wall_seconds=round(time.perf_counter() - started, 3),
        replans=tally.replans,
        reassigned=tally.reassigned,
        llm=llm,
        events=events,
        expired=expired,
        state_sha256=digest,
        run_dir=str(folder),
    )


def outcome(goal: str, diary: Diary) -> GoalResult:
    """What became of a goal. The world's truth overrules the brain's belief."""
    text = diary.goals[goal].text
    closed = diary.closed.get(goal)
    if closed is None:
        return GoalResult(
            text=text,
            status="needs_answer",
            checked_by_world=False,
            reason=diary.questions.get(goal, ""),
        )
    verdicts = [diary.verdicts[n] for n in (goal, goal + AUTHOR) if n in diary.verdicts]
    if closed.status != "satisfied":
        status: GoalOutcome = "refused" if closed.status == "refused" else "failed"
        return GoalResult(text=text, status=status, checked_by_world=False, reason=closed.reason)
    unmet = [reason for verdict in verdicts for reason in verdict.unmet]
    if unmet or not all(verdict.satisfied for verdict in verdicts):
        reason = "the world disagrees: " + "; ".join(unmet)
        return GoalResult(text=text, status="failed", checked_by_world=False, reason=reason)
    return GoalResult(
        text=text, status="satisfied", checked_by_world=bool(verdicts), reason=closed.reason
    )


def write_film(film: Film, path: Path) -> None:
    """Store the film for `retinue report`."""
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=3) as stream:
        stream.write(film.model_dump_json())
