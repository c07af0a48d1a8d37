"""The bench measures what it says, at a small scale."""

from stem_memory.bench import measure


def test_every_figure_is_measured(tmp_path):
    figures = list(measure(tmp_path, events=200, facts=400))
    assert len(figures) == 7
    assert all(figure.value > 0 for figure in figures)
