"""What a healthy peer waits beside hostile ones, against the same load on another endpoint in the same run."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tests.live.endpoint import Endpoint

ROUNDS = 5
BESIDE_MAX = 2.0  # of the larger of the p99 alone and beside a load elsewhere
POURING_MAX = (
    8.0  # measured 3–4.5: good readings wait for a commit, and the next is 5 ms away once others write too
)
SMALL_BESIDE_MAX = 50.0  # in the normal tier, one short round on a shared machine; without turns it was 680


@dataclass
class Pair:
    """The endpoint that is looked at, and another one that takes the same load elsewhere."""

    own: Endpoint
    other: Endpoint


def assert_waits_little_longer(
    kind: str, pair: Pair, alone: Callable[[], float], beside: Callable[[Endpoint], float]
) -> None:
    """By the medians of ROUNDS; `alone`, `beside`: the p99 without hostile peers, and with them at an endpoint."""
    rounds = [(alone(), beside(pair.other), beside(pair.own)) for _ in range(ROUNDS)]
    medians = [statistics.median(waits) for waits in zip(*rounds, strict=True)]
    told = " / ".join(f"{ms:.2f}" for ms in medians)
    print(f"\n{kind}: p99 alone / elsewhere / beside: {told} ms")
    assert medians[2] <= (POURING_MAX if kind == "pouring" else BESIDE_MAX) * max(medians[:2])
