"""Which Ray is joined: the one that is named, or none but a new one."""

import pytest

from services.runtime import ray_runtime


@pytest.mark.parametrize(("named", "joined"), [(None, "local"), ("auto", "auto")])
def test_a_cluster_that_somebody_left_behind_is_nobodys(monkeypatch, named, joined):
    asked = []
    monkeypatch.setattr(ray_runtime.ray, "init", lambda **options: asked.append(options["address"]))
    ray_runtime._join(named)
    assert asked == [joined]
