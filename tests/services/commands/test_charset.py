"""A terminal that lacks a character shows a plain one."""

import io
import os
import subprocess
import sys

import pytest

from services.commands.charset import write_plainly


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", '+ "a cafe" ... 3x -> ?'),
        ("latin-1", '+ "a café" ... 3× -> ?'),
        ("utf-8", "✓ “a café” … 3× → 杯"),
    ],
)
def test_what_an_encoding_lacks_is_written_plainly(encoding, written):
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding)
    write_plainly(stream, io.StringIO())
    stream.write("✓ “a café” … 3× → 杯")
    stream.flush()
    assert data.getvalue().decode(encoding) == written


@pytest.mark.parametrize("words", [["skills"], ["worlds", "show", "household"]])
def test_commands_need_no_unicode(words):
    command = [sys.executable, "-m", "services.cli", *words]
    env = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("latin-1")
