"""Whatever is started ends with who started it: there is one place that starts programs and workers."""

import ast

# Where processes begin, and how they end with their parent.
STARTERS = {
    "devices/child.py": "the place",
    "services/llm/engines/server_process.py": "ends with its input, and then deletes what people said",
    "services/lab/memory/trials/kills.py": "a copy that dies with its parent",
}
STARTS = {
    "subprocess": {"Popen", "run", "call", "check_call", "check_output", "getoutput"},
    "os": {"fork", "forkpty", "system", "popen", "posix_spawn", "posix_spawnp", "spawnv", "spawnl"},
    "multiprocessing": {"Process", "Pool", "Manager", "get_context"},
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
    "concurrent.futures": {"ProcessPoolExecutor"},
}


def _starts(source):
    """Whether a process is started, by the module's name or by a name taken from it."""
    if not any(module in source for module in STARTS if module != "os"):
        return "os." in source and _calls(ast.parse(source), {f"os.{n}" for n in STARTS["os"]})
    tree = ast.parse(source)
    names = {f"{module}.{name}" for module, starts in STARTS.items() for name in starts}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            taken = [a for a in node.names if a.name in STARTS.get(node.module or "", ())]
            names.update(alias.asname or alias.name for alias in taken)
    return _calls(tree, names)


def _calls(tree, names):
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(ast.unparse(call.func) in names for call in calls)


def test_processes_are_started_in_one_place(root, tracked, packages):
    code = [p for p in tracked if p.suffix == ".py" and p.parts[0] in packages]
    found = {str(p) for p in code if _starts((root / p).read_text(encoding="utf-8"))}
    assert found == set(STARTERS)
