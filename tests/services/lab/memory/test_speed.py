"""The bench measures what it says, at a small scale."""

from services.lab.memory.speed import measure


def test_every_figure_is_measured(tmp_path):
    figures = list(measure(tmp_path, events=200, facts=400, seeds=(1, 2)))
    assert len(figures) == 7
    assert all(figure.value > 0 and figure.n > 0 for figure in figures)
    assert all(figure.low <= figure.value <= figure.high for figure in figures)
