"""What a device may subscribe to, and what it is answered at once: asked of the payload formats."""

import logging
from collections.abc import Sequence
from functools import lru_cache

from flameblue import plugins
from flameblue.intake import payloads
from flameblue.intake.decode import route
from flameblue.intake.protocols.mqtt import filters
from flameblue.intake.samples import Payload

log = logging.getLogger("flameblue.intake")
_FORMATS: tuple[Payload, ...] = tuple(plugins.find(payloads).values())


def may_subscribe(device: str, wanted: str) -> bool:
    """Whether everything that the filter `wanted` matches is the device's own."""
    return any(filters.covers(own, wanted) for own in _own(device))


def is_data(topic: str) -> bool:
    """Whether messages on `topic` are readings of some format."""
    return route(topic)[0] is not None


def replies(topic: str, payload: bytes) -> Sequence[tuple[str, bytes]]:
    """What is answered at once to a message: by the format whose data it is, else by whoever knows the topic."""
    try:
        return replies_of_formats(topic, payload)
    except Exception:  # a fault of ours in one answer must not cost every other device its own
        log.exception("A message on %s could not be answered.", topic)
        return ()


def replies_of_formats(topic: str, payload: bytes) -> Sequence[tuple[str, bytes]]:
    """The same, and what a format raises: none may raise anything."""
    data_of = route(topic)[0]
    if data_of is not None:
        return data_of.replies(topic, payload)
    return next((found for one in _FORMATS if (found := one.replies(topic, payload))), ())


@lru_cache(maxsize=4096)
def _own(device: str) -> tuple[str, ...]:
    """Nothing where the name can't stand in a topic."""
    if not device or set(device) & set("/+#"):
        return ()
    return tuple(own for one in _FORMATS for own in _commands(one, device))


def _commands(payload: Payload, device: str) -> Sequence[str]:
    try:
        return payload.commands(device)
    except Exception:  # likewise: the others' topics are still a device's own
        log.exception("%s can't say where %s listens.", type(payload).__name__, device)
        return ()
