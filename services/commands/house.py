"""`retinue topology` and `retinue doctor`: the program and the installation, looked at."""

from __future__ import annotations

from typing import Annotated

import click

from services.commands.output import Output, Rows


def topology(
    world: Annotated[str | None, "[WORLD_OR_YAML]"] = None,
    bodies: Annotated[int | None, click.IntRange(min=1)] = None,
    model: str = "embedded",
    up: bool = False,
) -> Output:
    """Show the program as data: its actors, how many, and who holds whose handle.

    Options:
        --bodies N: Only the first N bodies come.
        --model MODEL ($RETINUE_LLM): As in retinue run.
        --up: Of a site that stays up.
    """
    from services.runtime.topology import drawn
    from services.runtime.topology import topology as program_of

    names: tuple[str, ...] = ()
    if world is not None:
        from sim_worlds.loader import read_world

        names = tuple(spec.id for spec in read_world(world).bodies)[:bodies]
    program = program_of(names, model, up)
    return Output(program, drawn(program))


def doctor() -> Output:
    """Tell what is installed, what is missing and how to get it. Exits with 0 if the core works."""
    from services.commands.doctor import examine, works

    checks = examine()
    from rich.text import Text

    mark = {
        "ok": Text("✓", style="green"),
        "missing": Text("-", style="dim"),
        "wrong": Text("✗", style="red"),
    }
    rows = [
        (
            Text("✗", style="red") if c.needed and c.state != "ok" else mark[c.state],
            c.name,
            c.detail,
            c.fix,
        )
        for c in checks
    ]
    is_working = works(checks)
    return Output(
        {"works": is_working, "checks": checks},
        Rows(("", "what", "found", "how to get it"), rows, wide=2),
        "",
        "the core works" if is_working else "the core does not work: see ✗ above",
        code=int(not is_working),
    )
