"""The page in a real browser: it loads without network, shows its sections, and plays."""

import base64
import contextlib
import json
import os
import shutil
import subprocess

import pytest

from services.report.build import build

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),  # one browser for all of them
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)


class Browser:
    """Headless Chromium, driven by its DevTools protocol over a pipe."""

    def __init__(self, profile):
        reads, self._to = os.pipe()
        self._from, writes = os.pipe()
        # Chromium reads commands from descriptor 3 and answers on 4.
        shell = f'exec 3<&{reads} 4>&{writes}; exec "$@"'
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *command],
            pass_fds=(reads, writes),
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        self._rest, self._number, self._session = b"", 0, None
        self.events = []
        pages = self.call("Target.getTargets")["targetInfos"]
        target = next(page["targetId"] for page in pages if page["type"] == "page")
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, path):
        self.call("Page.navigate", url=path.as_uri())
        while not self.seen("Page.loadEventFired"):
            self.events.append(self._read())

    def evaluate(self, expression):
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def seen(self, method):
        return [event["params"] for event in self.events if event.get("method") == method]

    def close(self):
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _read(self):
        while b"\0" not in self._rest:
            piece = os.read(self._from, 1 << 20)
            assert piece, "Chromium went away"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture
def browser(chromium):
    chromium.events.clear()
    return chromium


@pytest.fixture
def page(run_dir):
    return build(run_dir, video=False)


def test_it_loads_without_network_and_without_errors(browser, page):
    browser.open(page)
    asked = [one["request"]["url"] for one in browser.seen("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    assert browser.seen("Runtime.exceptionThrown") == []
    assert [entry["entry"]["text"] for entry in browser.seen("Log.entryAdded")] == []


def test_sections_are_visible_and_fit_any_width(browser, page):
    browser.open(page)
    sections = "[...document.querySelectorAll('section')]"
    ids = ["wishes", "replay", "gantt", "plans", "why", "faults", "timeline", "numbers"]
    assert browser.evaluate(f"{sections}.map(s => s.id)") == ids
    assert browser.evaluate(f"{sections}.every(s => s.getBoundingClientRect().height > 60)")
    for width in (390, 800, 1600):
        browser.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        assert browser.evaluate("document.documentElement.scrollWidth") <= width


def test_the_replay_moves_bodies_and_things(browser, page):
    browser.open(page)
    where = "document.querySelectorAll('.layer-bodies .mover')[1].getAttribute('transform')"
    held = "document.querySelectorAll('.layer-bodies .mover')[1].querySelectorAll('.held').length"
    seek = (
        "(() => { const bar = document.querySelector('#seek'); bar.value = %d;"
        "bar.dispatchEvent(new Event('input')); })()"
    )
    start = browser.evaluate(where)
    browser.evaluate(seek % 750)  # 16.5 s
    assert browser.evaluate(where) != start
    assert browser.evaluate(held) == 1
    assert browser.evaluate("document.querySelectorAll('.mover.off').length") == 1
    assert browser.evaluate("document.querySelector('#doing').textContent") == (
        "waiter-2: put cup-1 on table-2"
    )
    browser.evaluate(seek % 0)
    assert browser.evaluate(where) == start
    assert browser.evaluate(held) == 0


def test_play_runs_to_the_end(browser, page):
    browser.open(page)
    browser.evaluate(
        "document.querySelector('#speed').value = '64'; document.querySelector('#play').click()"
    )
    done = browser.evaluate(
        "new Promise(end => { const look = () => document.querySelector('#clock').textContent"
        " === '0:22' ? end(true) : requestAnimationFrame(look); look(); })"
    )
    assert done


def test_the_timeline_filters_and_searches(browser, page):
    browser.open(page)
    shown = "[...document.querySelectorAll('#timeline tbody tr')].filter(r => !r.hidden).length"
    everything = browser.evaluate(shown)
    browser.evaluate("document.querySelector('#timeline input[value=steps]').click()")
    assert browser.evaluate(shown) == everything - 8
    browser.evaluate(
        "(() => { const box = document.querySelector('#timeline input[type=search]');"
        "box.value = 'dragon'; box.dispatchEvent(new Event('input')); })()"
    )
    assert browser.evaluate(shown) == 2


def test_a_click_on_a_bar_moves_the_replay(browser, page):
    browser.open(page)
    browser.evaluate(
        "document.querySelectorAll('.attempt')[3].dispatchEvent(new MouseEvent('click'))"
    )
    assert browser.evaluate("document.querySelector('#clock').textContent") == "0:15"


def test_the_theme_button_switches(browser, page):
    browser.open(page)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = browser.evaluate(ground)
    browser.evaluate("document.querySelector('#theme').click()")
    assert browser.evaluate(ground) != before


def test_the_video_plays_in_the_browser(browser, run_dir):
    browser.open(build(run_dir, video=True))
    size = browser.evaluate(
        "new Promise(end => { const v = document.querySelector('video');"
        "v.onloadedmetadata = () => end([v.videoWidth, v.duration > 1]);"
        "v.onerror = () => end(v.error.message); v.load(); })"
    )
    assert size == [960, True]


def test_it_can_be_seen(browser, page):
    browser.open(page)
    shot = base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])
    # A blank page of this size is a few kilobytes.
    assert len(shot) > 20_000
