"""What births have told: the names and datatypes behind aliases, and whether anything was missed since.

Invariant: at most SPARKPLUG_METRICS_MAX names are remembered in all; beyond it the oldest node's go, which is then
asked for its birth again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flameblue.domain.limits import KEY_CHARACTERS_MAX, SPARKPLUG_METRICS_MAX, SPARKPLUG_QUIET_MESSAGES
from flameblue.intake.payloads.sparkplug_b.wire import Metric

SEQ_MAX = 255
OF_NO_INTEREST = ""  # a name too long for a point's key


@dataclass(slots=True)
class Node:
    """One edge node. `names`: by device and alias or name, the name and datatype."""

    seq: int | None = None
    birth: int | None = None  # bdSeq of its birth
    names: dict[tuple[str, int | str], tuple[str, int]] = field(default_factory=dict)
    missed: bool = False  # a message, or the birth itself
    quiet: int = 0  # messages until a birth may be asked for again
    t_ms: int = 0  # its own clock

    def follows(self, seq: int | None) -> None:
        """Takes `seq`; one that is not the next tells that messages were missed."""
        if seq is None:
            return
        if self.seq is None or seq != (self.seq + 1) % (SEQ_MAX + 1):
            self.missed = True
        self.seq = seq

    def end(self) -> None:
        """Its death: what it says before its next birth misses that birth."""
        self.seq = None

    def forget(self, device: str) -> None:
        """The births of `device`; of "" those of all."""
        self.names = {key: known for key, known in self.names.items() if device and key[0] != device}

    def learn(self, device: str, metrics: Sequence[Metric]) -> None:
        """What a birth says."""
        for metric in metrics:
            name = metric.name if len(metric.name) <= KEY_CHARACTERS_MAX else OF_NO_INTEREST
            if metric.alias is not None:
                self.names[device, metric.alias] = name, metric.datatype
            if name:
                self.names[device, name] = name, metric.datatype

    def asks(self) -> bool:
        """Whether to ask for a birth now: not with each message, until the node has had time to answer."""
        self.quiet = max(self.quiet - 1, 0)
        if not self.missed or self.quiet:
            return False
        self.quiet = SPARKPLUG_QUIET_MESSAGES
        return True


class Births:
    """All nodes, by group and node."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}

    def of(self, name: str) -> Node:
        """The node `name`; one that was never heard of has missed its birth."""
        return self._nodes.setdefault(name, Node())

    def keep_within_bounds(self) -> None:
        """The oldest nodes are forgotten."""
        count = sum(len(node.names) + 1 for node in self._nodes.values())
        while count > SPARKPLUG_METRICS_MAX:
            oldest = next(iter(self._nodes))
            count -= len(self._nodes.pop(oldest).names) + 1
