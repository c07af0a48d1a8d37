"""What no test may do: sleep, leave this machine, or start Ray unasked."""

from __future__ import annotations

import getpass
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from devices.child import run, start

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("brain", "cerebellum", "devices", "services", "sim_worlds", "stem_memory")

# The contracts a stranger subclasses live outside tests: their failures should show values too.
pytest.register_assert_rewrite(*(f"{package}.testing" for package in PACKAGES))

# Hypothesis also tries what stands in the source of modules that happen to be loaded, so that examples
# would depend on which tests ran before.
providers._get_local_constants = lambda: providers._local_constants
# The same examples on every run, and nothing that takes too long: the machine may be busy with
# something else.
settings.register_profile(
    "house",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

_ours = tuple(f"{ROOT / folder}{os.sep}" for folder in (*PACKAGES, "tests"))
_real_sleep = time.sleep


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the Ray tests in one worker: one cluster at a time on a small machine."""
    for item in items:
        if item.get_closest_marker("ray"):
            item.add_marker(pytest.mark.xdist_group("ray"))


def _sleep(seconds: float) -> None:
    caller = sys._getframe(1).f_code.co_filename
    if caller.startswith(_ours):
        pytest.fail("time.sleep in a test: pass a clock in, or wait on an event")
    # The standard library polls with it, for example in subprocess.Popen.wait(timeout).
    _real_sleep(seconds)


def _is_loopback(host: object) -> bool:
    if not isinstance(host, str) or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _loopback_only(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            pytest.fail(f"a test connects to {address[0]}: tests stay on loopback")
        return connect(self, address)

    return guarded


def _forbidden_init(*_: object, **__: object) -> None:
    pytest.fail("ray.init in a test that is not marked `ray`")


def _ray_is_up() -> bool:
    ray = sys.modules.get("ray")
    return ray is not None and bool(ray.is_initialized())


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """One Ray for all tests of a worker: whoever finds Ray up joins it and ends only its own actors."""
    from services.runtime.ray_runtime import RayRuntime

    runtime = RayRuntime()
    yield
    runtime.close()


@pytest.fixture(autouse=True)
def _house_rules(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forbid sleeping, the network and Ray; the marker `ray` lifts all three.

    Ray's own Python code asks for the host's address and polls, so nothing here suits its tests.
    """
    if request.node.get_closest_marker("ray"):
        request.getfixturevalue("cluster")
        yield
        return
    monkeypatch.setattr(time, "sleep", _sleep)
    monkeypatch.setattr(socket.socket, "connect", _loopback_only(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", _loopback_only(socket.socket.connect_ex))
    was_up = _ray_is_up()
    if "ray" in sys.modules:
        monkeypatch.setattr(sys.modules["ray"], "init", _forbidden_init)
        # The Ray that this worker's other tests share is none of its business.
        monkeypatch.setattr(sys.modules["ray"], "is_initialized", lambda: False)
    yield
    monkeypatch.undo()
    # A test that imported ray itself got past the guard above.
    if not was_up and _ray_is_up():
        sys.modules["ray"].shutdown()
        _forbidden_init()


@pytest.fixture
def retinue(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str, str]]:
    """Runs the command: its exit code, what it printed, and what on standard error."""
    from services.cli import main

    def run_(*words: object) -> tuple[Any, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        return ended.value.code, *capsys.readouterr()

    return run_


@pytest.fixture(scope="session")
def marked_table() -> Callable[..., str]:
    """Writes a trace of glasses that look at a red thing on a table with the mark 3.

    Takes the folder, the thing (id and names), where the mark is, the seconds, and fields of the trace.
    """
    import numpy as np

    from devices.camera import VideoOutput
    from services.alpha.recording import Trace
    from services.alpha.vision import opencv as cv

    def write(
        folder: Path, id_: str, name: str, place: str, seconds: float, /, **fields: Any
    ) -> str:
        picture = np.zeros((160, 160, 4), np.uint8)
        cv.disc(picture, (80, 80), 70, (30, 40, 220, 255))
        table = np.full((720, 960, 3), (120, 150, 165), np.uint8)
        table[60:220, 400:560] = 250
        table[80:200, 420:540] = cv.mark(3, 120)[..., None]
        solid = picture[..., 3] > 0
        table[400:560, 200:360][solid] = picture[..., :3][solid]
        film = VideoOutput(folder / "video.mp4", 10.0, (960, 720))
        for _ in range(round(seconds * 10)):
            film.write(table)
        film.close()
        (folder / "thing.png").write_bytes(cv.encoded(picture))
        things = [{"id": id_, "names": [name], "picture": "thing.png"}]
        (folder / "things.json").write_text(json.dumps(things), encoding="utf-8")
        skill = {"things": "./things.json", "places": f"3={place}"}
        trace = Trace(
            video="video.mp4",
            duration_s=seconds,
            skills=("where-is-it",),
            configuration={"where-is-it": skill},
            **fields,
        )
        (folder / "trace.json").write_text(trace.model_dump_json(), encoding="utf-8")
        return str(folder)

    return write


def _postgres_tools() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return found[-1] if found else None


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    """The address of a PostgreSQL server of our own that listens on a socket only."""
    pytest.importorskip(
        "psycopg", reason="psycopg is not installed: pip install 'retinue[postgres]'"
    )
    tools = _postgres_tools()
    if tools is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="retinue-postgres-"))
    data, user, as_user = folder / "data", getpass.getuser(), []
    if os.geteuid() == 0:
        # The server refuses to run as root; Debian's package brings a user for it.
        user = "postgres"
        try:
            shutil.chown(folder, user)
        except LookupError:
            pytest.skip("PostgreSQL does not run as root and there is no user postgres")
        # It ends with this process. What `devices.child` asks for ends where the user changes.
        as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        as_user += ["--pdeathsig=KILL"]
    initdb = [tools / "initdb", "-D", data, "-A", "trust", "-U", user, "--no-sync"]
    run([*as_user, *map(str, initdb)], check=True, cwd=folder)
    server_settings = (
        "listen_addresses=",
        f"unix_socket_directories={folder}",
        "max_connections=20",
    )
    options = [word for setting in (*server_settings, "lc_messages=C") for word in ("-c", setting)]
    command = [*as_user, str(tools / "postgres"), "-D", str(data), *options]
    with start(command, cwd=folder, stderr=subprocess.PIPE) as server:
        told = b""
        for line in server.stderr:
            told += line
            if b"ready to accept connections" in line:
                break
        else:
            pytest.fail(f"PostgreSQL did not start: {told.decode(errors='replace')}")
        # Its log is read on, or it would wait for somebody to.
        reader = threading.Thread(target=server.stderr.read)
        reader.start()
        yield f"host='{folder}' dbname=postgres user={user}"
        server.send_signal(signal.SIGQUIT)
        reader.join()
    shutil.rmtree(folder, ignore_errors=True)
