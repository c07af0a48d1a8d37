"""Comparisons: loads, tables, intervals, the command."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import app
from services.errors import UserError
from services.lab.simulator.chart import Line
from services.lab.simulator.chart import draw as draw_chart
from services.lab.simulator.comparison import Question, answer
from services.lab.simulator.experiment import OURS, STOCK, Setting, simulate
from services.lab.simulator.intervals import interval, quantile, ratio
from services.lab.simulator.laws import ENGINES
from services.lab.simulator.workloads import glasses


def test_intervals_are_students() -> None:
    found = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.mean == 3.0
    assert found.high - found.mean == pytest.approx(2.776 * 1.5811 / 5**0.5, rel=1e-3)
    assert interval([7.0]).low == 7.0


def test_ratios_are_paired_and_geometric() -> None:
    found = ratio([2.0, 8.0], [1.0, 1.0])
    assert found.mean == pytest.approx(4.0)
    assert quantile([1.0, 2.0, 3.0], 0.5) == 2.0
    assert quantile([], 0.5) == 0.0


def test_ours_beats_stock_where_memory_is_short_and_costs_nothing_where_it_is_not() -> None:
    setting = Setting(ENGINES["a100-8b"], tuple(glasses(random.Random(1), 200)), count=150)
    crowded = [simulate(setting, arm, 20.0, 0).jct_s for arm in (STOCK, OURS)]
    calm = [simulate(setting, arm, 0.2, 0).jct_s for arm in (STOCK, OURS)]
    assert crowded[1] < 0.9 * crowded[0]
    assert calm[1] < 1.01 * calm[0]


@pytest.mark.parametrize("load", ["", "x", "0.5x", "-1", "fast"])
def test_a_load_that_is_none_is_told_in_a_sentence(load: str) -> None:
    with pytest.raises(UserError, match="jobs per second"):
        answer(Question(workload="glasses", load=load), False)


def test_an_unknown_policy_is_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="no policy 'best'"):
        answer(Question(workload="glasses", load="5", policies=("best",)), False)


def test_an_unknown_engine_is_told_in_a_sentence() -> None:
    with pytest.raises(UserError, match="a100-8b"):
        answer(Question(workload="glasses", engine="abacus"), False)


@pytest.mark.slow
def test_the_command_prints_the_table_and_writes_json_and_a_picture(tmp_path: Path) -> None:
    data, png = tmp_path / "out.json", tmp_path / "out.png"
    setting = "--workload glasses --seeds 2 --jobs 20 --load 5 --policy ttl-5s"
    asked = ["llm", "simulate", *setting.split(" ")]
    result = CliRunner().invoke(app, [*asked, "--json", str(data), "--plot", str(png)])
    assert result.exit_code == 0, result.output
    assert "retinue" in result.output
    rows = json.loads(data.read_text(encoding="utf-8"))["rows"]
    assert {"stock", "ttl-5s"} <= {row["arm"]["policy"] for row in rows}
    assert any(row["tuned"] for row in rows)
    assert png.read_bytes().startswith(b"\x89PNG")


WORKERS = """
import os, time
from services.lab.simulator.experiment import Setting, workers
from services.lab.simulator.laws import ENGINES
with workers(Setting(ENGINES["a100-8b"], (), 1)) as pool:
    for _ in range(2):
        pool.submit(os.getpid)
    pool.submit(time.sleep, 300).result()
"""


def test_workers_end_with_a_command_that_is_killed() -> None:
    command = [sys.executable, "-c", WORKERS]
    # Whoever lives has the other end of the pipe open: the end of what it says is the end of all.
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as parent:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
        while len(children.read_text(encoding="ascii").split()) < 2:
            assert parent.poll() is None
        parent.kill()
        assert parent.stdout is not None
        assert parent.stdout.read() == b""


def test_a_chart_is_a_png() -> None:
    picture = draw_chart(
        [Line("stock", ((1.0, 10.0), (2.0, 500.0))), Line("ours", ((1.0, 9.0), (2.0, 12.0)))],
        "title",
        "load",
        "seconds",
    )
    assert picture.startswith(b"\x89PNG")
