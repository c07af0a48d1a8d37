"""KV files of processes that were killed do not stay."""

import subprocess
import sys
import tempfile

import pytest

from services.llm.engines.kv_folder import KvFolder


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_folder_goes_with_its_owner():
    folder = KvFolder()
    (folder.path / "key").write_bytes(b"kv")
    folder.close()
    assert not folder.path.exists()
    folder.close()


def test_what_a_killed_owner_left_is_taken_away_and_what_is_held_is_not(tmp_path):
    held = KvFolder()
    script = (
        "import os, signal, tempfile, sys; tempfile.tempdir = sys.argv[1]\n"
        "from services.llm.engines.kv_folder import KvFolder\n"
        "folder = KvFolder(); (folder.path / 'key').write_bytes(b'kv'); print(folder.path)\n"
        "sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == -9
    left = tmp_path / run.stdout.strip()
    assert (left / "key").exists()
    stranger = tmp_path / "retinue-kv-about-to-be-locked"
    stranger.mkdir()
    new = KvFolder()
    assert not left.exists()
    assert held.path.exists()
    assert stranger.exists()
    held.close()
    new.close()
