"""`spBv1.0/<group>/<NBIRTH|NDATA|NDEATH|DBIRTH|DDATA|DDEATH>/<node>[/<device>]` with a protobuf payload.

A node is a gateway, called `<group>:<node>`. It sends names in its births only, aliases afterwards: what births have
said is remembered, and asked for anew when one, or any message, was missed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flameblue.intake.payloads.sparkplug_b import wire
from flameblue.intake.payloads.sparkplug_b.births import Births, Node
from flameblue.intake.samples import NOTHING, Sample

HEAD = "spBv1.0/"
SEPARATOR = ":"  # between group and node
ONLINE = {"BIRTH": True, "DATA": None, "DEATH": False, "CMD": None}
DEATH_NUMBER = "bdSeq"
REBIRTH = "Node Control/Rebirth"


class _Address(NamedTuple):
    group: str
    node: str
    device: str  # "": the node itself
    kind: str  # BIRTH, DATA, DEATH or CMD

    @property
    def name(self) -> str:
        return f"{self.group}{SEPARATOR}{self.node}"


class SparkplugB:
    """Knows the topics and shapes, and what births have told."""

    strict = False
    line_decides = False  # what a birth says must come from that node: nobody renames another's values

    def __init__(self) -> None:
        self._births = Births()

    def matches(self, topic: str) -> bool:
        """The messages of nodes and devices; STATE of a host is not one."""
        return _address(topic) is not None

    def device(self, topic: str, /) -> str:
        """The node, with its group: a node's name alone is not unique."""
        address = _address(topic)
        return address.name if address is not None else ""

    def parse(self, topic: str, payload: bytes, /) -> list[Sample]:
        """A sample for each time that the payload holds; a birth or death also says who is there."""
        address = _address(topic)
        if address is None or address.kind == "CMD":
            return [NOTHING]
        content = wire.decode(payload)
        node = self._births.of(address.name)
        node.t_ms = content.t_ms or node.t_ms
        if address.kind == "DEATH":
            return [_death(address, node, content)]
        if address.kind == "BIRTH":
            self._birth(address, node, content)
        else:
            node.follows(content.seq)
        return _samples(address, node, content)

    def commands(self, device: str, /) -> tuple[str, ...]:
        """Where a node listens; we send it nothing but the request for a rebirth."""
        group, separator, node = device.partition(SEPARATOR)
        return (f"{HEAD}{group}/NCMD/{node}", f"{HEAD}{group}/DCMD/{node}/#") if separator else ()

    def example(self, _device: str, _values: Mapping[str, float], /) -> None:
        """It is binary."""
        return

    def replies(self, topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """The request for a rebirth, where something was missed."""
        address = _address(topic)
        if address is None or address.kind == "CMD":
            return ()
        node = self._births.of(address.name)
        if not node.asks():
            return ()
        return ((f"{HEAD}{address.group}/NCMD/{address.node}", wire.command(REBIRTH, node.t_ms)),)

    def _birth(self, address: _Address, node: Node, content: wire.Content) -> None:
        if address.device:
            node.follows(content.seq)
        else:
            node.seq, node.missed, node.quiet = content.seq, False, 0
            numbers = [metric.value for metric in content.metrics if metric.name == DEATH_NUMBER]
            node.birth = numbers[0] if numbers else None
        node.forget(address.device)
        node.learn(address.device, content.metrics)
        self._births.keep_within_bounds()


def _address(topic: str) -> _Address | None:
    head, *levels = topic.split("/")
    if head + "/" != HEAD or len(levels) not in (3, 4) or "" in levels or SEPARATOR in levels[0] + levels[2]:
        return None
    group, kind, node, *device = levels
    if kind[0] != ("D" if device else "N") or kind[1:] not in ONLINE:
        return None
    return _Address(group, node, device[0] if device else "", kind[1:])


def _death(address: _Address, node: Node, content: wire.Content) -> Sample:
    """A node's death counts for the birth of the same number: the will of an older connection may come late."""
    if address.device:
        node.follows(content.seq)
    else:
        numbers = [metric.value for metric in content.metrics if metric.name == DEATH_NUMBER]
        if numbers and node.birth is not None and numbers[0] != node.birth:
            return NOTHING
        node.end()
    return NOTHING._replace(device=address.device, online=False)


def _samples(address: _Address, node: Node, content: wire.Content) -> list[Sample]:
    values: dict[int | None, dict[str, Any]] = {}
    unknown: list[str] = []
    for metric in content.metrics:
        key: int | str = metric.name or (-1 if metric.alias is None else metric.alias)
        known = node.names.get((address.device, key))
        if known is None and not metric.name:
            unknown.append(f"alias {metric.alias}")
            node.missed = True
            continue
        name, datatype = known or (metric.name, 0)
        at = metric.t_ms if metric.t_ms is not None else content.t_ms
        values.setdefault(at, {})[name] = wire.signed(metric.value, metric.datatype or datatype)
    samples = [Sample(at, found, {}, device=address.device) for at, found in values.items()]
    first, *others = samples or [NOTHING._replace(device=address.device)]
    return [first._replace(unknown=tuple(unknown), online=ONLINE[address.kind]), *others]
