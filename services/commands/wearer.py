"""Who wears the glasses, as a file that commands take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click

if TYPE_CHECKING:
    from services.alpha.contracts import WearerProfile

Wearer = Annotated[
    Path | None,
    click.Path(dir_okay=False, path_type=Path),
    "--wearer FILE: Who wears the glasses, as JSON: id (who they are in the world), name, quiet, "
    "per_hour, known, sizes, preferences and more.",
]


def wearer_of(file: Path) -> WearerProfile:
    """The wearer whom the file describes.

    Raises:
        UserError: it describes none, in one sentence.
    """
    from pydantic import ValidationError

    from services.alpha.contracts import WearerProfile
    from services.errors import UserError

    try:
        return WearerProfile.model_validate_json(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"the wearer file {file} can not be read: {error.strerror}") from None
    except (ValidationError, UnicodeDecodeError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else str(error)
        raise UserError(f"the wearer file {file} can not be used: {why}") from None
