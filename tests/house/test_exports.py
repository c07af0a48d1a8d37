"""What each package shows to the world is what it says it shows."""

import ast
import importlib

import pytest

PACKAGES = ("brain", "cerebellum", "devices", "services", "sim_worlds", "stem_memory")


def _imported_names(source: str) -> set[str]:
    """Public names that a package's __init__ takes in by `from ... import ...`."""
    return {
        alias.asname or alias.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
        if not (alias.asname or alias.name).startswith("_")
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_complete(root, package):
    source = (root / package / "__init__.py").read_text(encoding="utf-8")
    exported = getattr(importlib.import_module(package), "__all__", [])
    assert set(exported) == _imported_names(source)


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_has_no_doubles(package):
    # Constants, classes, functions: the order that `ruff` (RUF022) writes.
    exported = list(getattr(importlib.import_module(package), "__all__", []))
    rank = {True: 0, False: 1}

    def place(name: str) -> tuple[int, int, str]:
        return rank[name.isupper()], rank[name[:1].isupper()], name

    assert exported == sorted(set(exported), key=place)
