"""The codec and the model, two readings of the same standard, agree about every stream."""

import pytest

from flameblue.intake.protocol import Broken
from flameblue.intake.protocols.mqtt import packets
from flameblue.intake.protocols.mqtt.codec import Session
from tests.hostile.model import Heard, story
from tests.hostile.mutations import Mutator
from tests.hostile.streams import recorded, spoken


def by_the_codec(stream: bytes) -> tuple[bool, bool, list[Heard]]:
    """Whether somebody has presented himself, whether it broke, and what was published."""
    frames = Session().feed(stream)
    heard = [
        Heard(frame.topic, frame.payload, _qos(frame), frame.packet_id, frame.duplicate)
        for frame in frames
        if isinstance(frame, packets.Publish)
    ]
    wrong = any(isinstance(frame, Broken | packets.Unacceptable) for frame in frames)
    return any(isinstance(frame, packets.Connect) for frame in frames), wrong, heard


def _qos(frame: packets.Publish) -> int:
    return 2 if isinstance(frame, packets.PublishOnce) else int(frame.packet_id > 0)


def by_the_model(stream: bytes) -> tuple[bool, bool, list[Heard]]:
    told = story(stream)
    return told.version > 0, told.wrong, told.heard


def test_recorded_and_spoken_streams_are_read_alike() -> None:
    for stream in recorded("mqtt") + spoken():
        assert by_the_codec(stream) == by_the_model(stream), stream.hex()


def test_what_clients_speak_is_right_and_holds_every_packet_of_both_versions() -> None:
    stories = [story(stream) for stream in spoken()]
    assert not any(told.wrong for told in stories)
    for version in (4, 5):
        kinds = sum(
            (told.kinds for told in stories if told.version == version), start=type(stories[0].kinds)()
        )
        common = {"connect", "publish", "pubrel", "subscribe", "unsubscribe", "ping", "disconnect"}
        assert set(kinds) == common | ({"puback"} if version == 5 else set())


@pytest.mark.parametrize("total", [20_000, pytest.param(1_000_000, marks=pytest.mark.proof)])
def test_mutated_streams_are_read_alike(total: int) -> None:
    mutator = Mutator(23, recorded("mqtt") + spoken())
    for number in range(total):
        stream = mutator.stream()
        assert by_the_codec(stream) == by_the_model(stream), f"{number}: {stream[:400].hex()}"
