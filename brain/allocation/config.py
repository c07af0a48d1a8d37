"""Numbers of the allocator that a deployment may tune."""

from __future__ import annotations

from brain.allocation.workload import Effort, Weights
from devices.noun import Noun


class AllocatorConfig(Noun):
    """What a deployment may tune.

    `horizon_steps` is how many steps are planned together. A body is given no new work that would
    leave it less than `reserve` of its battery (0..1). A step that was promised to a body goes to
    another only if that saves more than the share `hysteresis` of what is left of its goal, for
    which each step counts `typical_way_s` of travel. CP-SAT is asked only where the list schedule
    may be more than `worth_solving` (a share) above the least possible cost; never if `solve` is
    False.
    """

    horizon_steps: int = 24
    reserve: float = 0.15
    hysteresis: float = 0.05
    typical_way_s: float = 5.0
    worth_solving: float = 0.02
    solve: bool = True
    weights: Weights = Weights()
    effort: Effort = Effort()
