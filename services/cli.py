"""The command. It starts fast: every command imports what it needs when it runs.

Exit codes: 0 every goal satisfied, rightly refused or answered with a question; 1 a goal failed, or
a process died that a run can not do without; 2 bad input, told in one sentence; 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import TextIO

import click

from services.commands.charset import write_plainly
from services.commands.menu import Menu, Shelf
from services.errors import ActorDied, BrokeOff, sentence_of

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
# The files, and their commands in the order of help.
_TABLE = (
    ("commands.run", "run"),
    (
        "commands.site",
        "up say goals answer cancel pause resume change restrict retry whatif stop release drain activate "
        "decommission watch down sites",
    ),
    ("commands.people", "people"),
    ("commands.device", "device"),
    ("commands.worlds", "worlds"),
    ("commands.fleet", "bodies skills"),
    ("commands.glasses", "glasses"),
    ("commands.report", "report"),
    ("commands.memory.table", "memory"),
    ("commands.house", "topology doctor"),
    ("commands.llm", "llm"),
    ("lab.commands.bench", "bench"),
    ("lab.commands.fleet", "fleet"),
)


@click.group(
    cls=Menu,
    commands=Shelf("services", _TABLE),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="retinue", message="%(prog)s %(version)s")
def app() -> None:
    """One brain, many bodies: say what you want, and a team of robots carries it out.

    Start with: retinue run restaurant --do "bring two coffees to table 4, then clear table 2"
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with its code. Mistakes of the user end in one sentence."""
    write_plainly(sys.stdout, sys.stderr)
    try:
        code = app.main(args=arguments, prog_name="retinue", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        # Nothing was asked for: that is no mistake, and help has lines.
        click.echo(error.ctx.get_help())
        code = 0
    except click.ClickException as error:
        _complain(_usage_sentence(error))
        code = BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        _complain("stopped")
        code = INTERRUPTED
    except BrokenPipeError:
        if not _is_unread(sys.stdout):
            raise
        # Whoever read the output has seen enough (`retinue skills | head`).
        sys.stderr.close()
        code = 0
    except (ActorDied, BrokeOff) as error:
        _complain(str(error))
        code = FAILED
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        _complain(sentence)
        code = BAD_INPUT
    sys.exit(code if isinstance(code, int) else 0)


def _is_unread(stream: TextIO) -> bool:
    """Whether nobody is left who reads a stream: other pipes may break, too, and that is an error."""
    try:
        stream.flush()
    except (OSError, ValueError):
        return True
    return False


def _usage_sentence(error: click.ClickException) -> str:
    sentence = " ".join(error.format_message().split()).rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None:
        return sentence
    return f"{sentence} (see {context.command_path} --help)"


def _complain(sentence: str) -> None:
    click.echo(f"retinue: {sentence}", err=True)


if __name__ == "__main__":
    main()
