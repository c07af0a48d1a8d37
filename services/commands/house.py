"""`retinue topology` and `retinue doctor`: the program and the installation, looked at."""

from __future__ import annotations

import click

from services.commands.output import json_option, print_json, print_table


@click.command()
@click.argument("world", required=False, metavar="[WORLD_OR_YAML]")
@click.option(
    "--bodies", type=click.IntRange(min=1), metavar="N", help="Only the first N bodies come."
)
@click.option(
    "--model",
    default="embedded",
    envvar="RETINUE_LLM",
    show_default=True,
    show_envvar=True,
    metavar="MODEL",
    help="As in retinue run.",
)
@json_option
def topology(world: str | None, bodies: int | None, model: str, as_json: bool) -> None:
    """Show the program as data: its actors, how many, and who holds whose handle."""
    from services.runtime.topology import drawn
    from services.runtime.topology import topology as program_of

    names: tuple[str, ...] = ()
    if world is not None:
        from services.session.scenarios import read_world

        names = tuple(spec.id for spec in read_world(world).bodies)[:bodies]
    program = program_of(names, model)
    if as_json:
        print_json(program.model_dump(mode="json"))
    else:
        click.echo(drawn(program))


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Tell what is installed, what is missing and how to get it. Exits with 0 if the core works."""
    from services.commands.doctor import examine, works

    checks = examine()
    if as_json:
        print_json({"works": works(checks), "checks": [c.model_dump(mode="json") for c in checks]})
        return int(not works(checks))
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
    print_table(("", "what", "found", "how to get it"), rows, wide=2)
    click.echo()
    click.echo("the core works" if works(checks) else "the core does not work: see ✗ above")
    return int(not works(checks))
