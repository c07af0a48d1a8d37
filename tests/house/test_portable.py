"""No code takes this machine for granted: which letters its files are in, how long it has been up."""

import ast

import pytest

TEXT_OF_FILES = {"read_text": 0, "write_text": 1}


def _takes_for_granted(source):
    """Lines that read or write text in whatever encoding the machine is set to."""
    if not any(word in source for word in ("_text(", "open(", "text=", "universal_newlines=")):
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if "encoding" in given:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        flags = [given.get("text"), given.get("universal_newlines")]
        if (
            (name in TEXT_OF_FILES and len(node.args) <= TEXT_OF_FILES[name])
            or (name == "open" and _is_text(node, given))
            or any(isinstance(flag, ast.Constant) and flag.value is True for flag in flags)
        ):
            yield node.lineno


def _is_text(call, given):
    """Whether this opens a file as text: `open(path, "w")`, `path.open("w")`, not `thing.open()`."""
    modes = [given["mode"]] if "mode" in given else call.args[isinstance(call.func, ast.Name) :][:1]
    mode = modes[0].value if modes and isinstance(modes[0], ast.Constant) else None
    if isinstance(call.func, ast.Name):
        return mode is None or "b" not in str(mode)
    return isinstance(mode, str) and set(mode) <= set("rwaxt+") and "b" not in mode


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("p.read_text()", True),
        ("p.read_text(encoding='utf-8')", False),
        ("p.write_text(x)", True),
        ("p.open('w')", True),
        ("p.open('rb')", False),
        ("p.open()", False),
        ("wave.open(str(path), 'rb')", False),
        ("open(p)", True),
        ("open(p, 'wb')", False),
        ("run(words, text=True)", True),
        ("run(words, text=True, encoding='utf-8')", False),
    ],
)
def test_the_test_knows_text_from_bytes(code, told):
    assert bool(list(_takes_for_granted(code))) == told


def test_text_is_utf_8_whatever_the_machine_is_set_to(root, tracked, packages):
    found = [
        f"{path}:{line}"
        for path in tracked
        if path.suffix == ".py" and path.parts[0] in (*packages, "tests")
        for line in _takes_for_granted((root / path).read_text(encoding="utf-8"))
    ]
    assert found == []
