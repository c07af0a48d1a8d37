"""Files that only their owner may read, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from services.errors import UserError
from stem_memory.log.disk import sentence


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read.

    Raises:
        UserError: It can not be written.
    """
    draft = path.with_name(path.name + ".new")
    try:
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise UserError(sentence(path, error)) from error
