"""What is decided about a broker's messages, without a broker (tests/live has one)."""

import pytest

from flameblue.config import Broker
from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import SECOND_NS
from flameblue.intake.broker import Address, BrokerSource, address
from flameblue.intake.decode import Message
from flameblue.intake.reception import Batch, Intake
from tests.intake.valley import TOPIC, MemorySink, directory

URL = "mqtt://127.0.0.1:1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker", Address("broker", 1883, False, None, None)),
        ("mqtts://broker", Address("broker", 8883, True, None, None)),
        ("mqtt://us%40er:p%3Aw@10.0.0.1:2883", Address("10.0.0.1", 2883, False, "us@er", "p:w")),
        ("mqtt://[::1]:1883", Address("::1", 1883, False, None, None)),
    ],
)
def test_an_address_says_where_and_who(url: str, expected: Address) -> None:
    assert address(url) == expected


@pytest.mark.parametrize("url", ["", "broker:1883", "http://broker", "mqtt://", "mqtt://broker:x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="mqtt"):
        address(url)


async def taken(desk: Intake, sink: MemorySink, *messages: Message) -> None:
    """What a connected broker's messages would do."""
    source = BrokerSource(desk, Broker(url=URL))
    batch = Batch(desk.clock.now_ns())
    for message in messages:
        source.take(batch, message)
    batch.start(desk)
    assert await batch.finished() is None


async def test_the_topic_names_the_device(desk: Intake) -> None:
    sink = desk.sink
    assert isinstance(sink, MemorySink)
    await taken(desk, sink, Message(TOPIC, b'{"v":{"ir":12.5}}'))
    assert sink.values(1) == [125]
    assert desk.quarantine.rows() == []


async def test_what_nobody_known_sent_is_kept_with_its_reason(desk: Intake) -> None:
    sink = MemorySink()
    desk.sink = sink
    strange = [
        Message("flameblue/v1/D9999/readings", b'{"v":{"ir":1}}'),
        Message("v1/devices/me/telemetry", b'{"ir":1}'),
        Message("some/other/topic", b"{}"),
        Message("", b""),
        Message(TOPIC, b'{"v":{"ir":1}}', True),
    ]
    await taken(desk, sink, *strange)
    assert sink.rows == []
    assert [(row.device, row.topic, row.reason) for row in reversed(desk.quarantine.rows())] == [
        ("", "flameblue/v1/D9999/readings", "unknown_device"),
        ("", "v1/devices/me/telemetry", "unknown_topic"),
        ("", "some/other/topic", "unknown_topic"),
        ("", "", "unknown_topic"),
        ("D0217", TOPIC, "unknown_age"),
    ]


async def test_in_the_pairing_window_an_unknown_device_is_listed(desk: Intake, clock: ManualClock) -> None:
    desk.directory = directory(pairing_until_ns=clock.now_ns() + SECOND_NS)
    await taken(desk, MemorySink(), Message("flameblue/v1/D9999/readings", b'{"v":{"ir":1}}'))
    assert [row.name for row in desk.quarantine.unknown_devices()] == ["D9999"]
    assert desk.quarantine.rows() == []
