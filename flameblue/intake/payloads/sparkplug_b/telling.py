"""A Sparkplug B payload for people: its metrics, as they are sent."""

from collections.abc import Iterator

from flameblue.domain.errors import BadInput
from flameblue.intake.payloads.sparkplug_b import wire

DATATYPES = (  # Eclipse Tahu, sparkplug_b.proto, enum DataType, from 0 on
    "Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double",
    "Boolean", "String", "DateTime", "Text",
)  # fmt: skip


def told(data: bytes) -> Iterator[dict[str, object]]:
    """The one payload that `data` is."""
    said: dict[str, object] = {"at": 0, "hex": data.hex(), "bytes": len(data)}
    try:
        content = wire.decode(data)
    except BadInput as error:
        yield said | {"error": {"at": wire.broken_at(data), "why": str(error)}}
        return
    yield said | {
        "timestamp": content.t_ms,
        "seq": content.seq,
        "metrics": [_metric(one) for one in content.metrics],
    }


def _metric(metric: wire.Metric) -> dict[str, object]:
    """Its fields; what only its birth says (the name, the datatype) is not there."""
    said: dict[str, object] = {"name": metric.name} if metric.name else {}
    if metric.alias is not None:
        said["alias"] = metric.alias
    if metric.t_ms is not None:
        said["timestamp"] = metric.t_ms
    if metric.datatype:
        known = metric.datatype < len(DATATYPES)
        said |= {"datatype": metric.datatype} | (
            {"datatype_name": DATATYPES[metric.datatype]} if known else {}
        )
    return said | {"value": wire.signed(metric.value, metric.datatype)}
