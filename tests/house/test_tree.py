"""Where things may stand, how long they may be, and what they may not say."""

import ast
import re
import sys
from pathlib import Path

LONGEST_FILE, LONGEST_OF_ONE_STATE = 500, 700
DOOR_LIBRARIES = {"cv2", "openai", "ortools", "py_trees", "ray", "sqlite_utils", "xllamacpp"}
NOBODYS_NOUN = {"base", "common", "core", "helper", "helpers", "manager", "misc", "util", "utils"}
# Tests that belong to no single package.
TEST_KINDS = {"bench", "hardware", "house", "ray", "scenarios"}
# Written as patterns that do not match themselves.
MACHINE_WORDS = re.compile(
    r"/wor[k]/|/far[m]/|/hom[e]/\w|/roo[t]/|/tm[p]/[a-z]"
    r"|pythonhoste[d]|pyp[i]\.org|registry\.npmj[s]|deb\.debia[n]"
)


def _read(path: Path) -> str:
    """Text of a file, or nothing where it holds bytes."""
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode()


def test_only_the_six_packages_tests_and_docs_stand_at_the_root(tracked, packages):
    folders = {path.parts[0] for path in tracked if len(path.parts) > 1}
    assert folders <= {*packages, "tests", "docs", ".ci"}


def test_every_package_says_it_is_typed_and_what_it_is(root, packages):
    for package in packages:
        assert (root / package / "py.typed").is_file()
        assert (root / package / "__init__.py").read_text(encoding="utf-8").startswith('"""')


def test_no_init_under_tests(tracked):
    # One would make `import brain` mean the tests of brain.
    inits = [str(p) for p in tracked if p.parts[0] == "tests" and p.name == "__init__.py"]
    assert inits == []


def test_test_folders_mirror_packages(tracked, packages):
    folders = {p.parts[1] for p in tracked if p.parts[0] == "tests" and len(p.parts) > 2}
    assert folders <= {*packages, *TEST_KINDS}


def _longest(source: str, name: str) -> int:
    """How many lines a file may have: more where one class, so one state, is most of it."""
    lines = len(source.splitlines())
    if lines <= LONGEST_FILE or not name.endswith(".py"):
        return LONGEST_FILE
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    largest = max(((node.end_lineno or 0) - node.lineno for node in classes), default=0)
    return LONGEST_OF_ONE_STATE if largest > lines / 2 else LONGEST_FILE


def test_code_files_fit_in_a_head(root, tracked):
    code = {str(p): _read(root / p) for p in tracked if p.suffix in {".py", ".js", ".css"}}
    lengths = {name: len(source.splitlines()) for name, source in code.items()}
    assert {name: n for name, n in lengths.items() if n > _longest(code[name], name)} == {}


def test_files_are_named_after_their_noun(tracked, packages):
    modules = [p for p in tracked if p.suffix == ".py" and p.parts[0] in packages]
    assert [str(p) for p in modules if NOBODYS_NOUN & {p.stem, *p.parts[:-1]}] == []


def test_no_module_shadows_a_library(tracked, packages):
    # Run as a script, such a file would be imported in the library's place.
    modules = [p for p in tracked if p.suffix == ".py" and p.parts[0] in packages]
    # `site` is loaded before a script's folder is looked into, so it cannot be shadowed.
    taken = DOOR_LIBRARIES | (sys.stdlib_module_names - {"site"})
    assert [str(p) for p in modules if p.stem in taken] == []


def test_nothing_names_this_machine_or_a_registry(root, tracked):
    found = {str(p): MACHINE_WORDS.findall(_read(root / p)) for p in tracked}
    assert {name: words for name, words in found.items() if words} == {}


def test_pins_are_versions_not_addresses(root):
    for name in ("constraints.txt", "models.txt"):
        lines = (
            line.split("#")[0].strip()
            for line in (root / name).read_text(encoding="utf-8").splitlines()
        )
        assert [x for x in lines if x and not re.fullmatch(r"[\w.-]+==[\w.]+", x)] == []
