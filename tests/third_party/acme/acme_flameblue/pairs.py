"""The payload: `ir=12.5 ta=41.2`, a number for each of the device's keys."""

from collections.abc import Mapping, Sequence

from flameblue.domain.errors import BadInput
from flameblue.intake.samples import OWN_TOPIC, Sample

TOPIC = "acme/pairs"


class AcmePairs:
    """The plug-in."""

    strict = True  # a key that no point is for goes to quarantine
    line_decides = True

    def matches(self, topic: str) -> bool:
        """Its only topic."""
        return topic == TOPIC

    def device(self, _topic: str, /) -> str:
        """The line says who speaks."""
        return OWN_TOPIC

    def parse(self, _topic: str, payload: bytes, /) -> list[Sample]:
        """One sample, of now."""
        values: dict[str, float] = {}
        for pair in payload.decode("utf-8", "replace").split():
            key, separator, number = pair.partition("=")
            try:
                values[key] = float(number)
            except ValueError as error:
                raise BadInput(f"{pair[:40]!r} is no key=number") from error
            if not (key and separator):
                raise BadInput(f"{pair[:40]!r} is no key=number")
        return [Sample(None, values, {})]

    def commands(self, _device: str, /) -> tuple[str, ...]:
        """It subscribes to nothing."""
        return ()

    def example(self, _device: str, values: Mapping[str, float], /) -> tuple[str, str]:
        """As a person would type it."""
        return TOPIC, " ".join(f"{key}={value:g}" for key, value in values.items())

    def replies(self, _topic: str, _payload: bytes, /) -> Sequence[tuple[str, bytes]]:
        """Answering is the protocol's."""
        return ()


PLUGIN = AcmePairs()
