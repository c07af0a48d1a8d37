"""The doctor tells what is missing and how to get it."""

import importlib
from importlib import metadata

import pytest

from services.commands import doctor


def test_this_installation_works_and_each_lack_has_a_remedy():
    checks = doctor.examine()
    assert doctor.works(checks)
    assert {"Python", "SQLite", "ray", "plug-ins"} <= {check.name for check in checks}
    assert [check.name for check in checks if check.state != "ok" and not check.fix] == []


@pytest.mark.parametrize(("needed", "extra"), [(True, None), (False, "vllm")])
def test_a_missing_library_is_named_with_its_command(monkeypatch, needed, extra):
    line = "no-such-library>=1" + (f"; extra == '{extra}'" if extra else "")
    monkeypatch.setattr(metadata, "requires", lambda name: [line])
    found = next(c for c in doctor.examine() if c.name.startswith("no-such-library"))
    assert (found.state, found.needed) == ("missing", needed)
    target = f"'retinue[{extra}]'" if extra else "no-such-library"
    assert found.fix == f"pip install {target}"
    assert doctor.works(doctor.examine()) is not needed


def test_a_library_that_does_not_import_is_wrong(monkeypatch):
    real = importlib.import_module

    def broken(name, package=None):
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", broken)
    found = next(c for c in doctor.examine() if c.name == "opencv-python")
    assert found.state == "wrong"
    assert "libgl1" in found.fix


def test_an_unsafe_sqlite_is_wrong(monkeypatch):
    import pysqlite3

    monkeypatch.setattr(pysqlite3, "sqlite_version_info", (3, 40, 1))
    found = next(c for c in doctor.examine() if c.name == "SQLite")
    assert (found.state, found.needed) == ("wrong", True)
    assert "3.40.1" in found.detail
