"""Whole MQTT streams to be mutated: those recorded, and 3.1.1 and 5 as clients speak them."""

from pathlib import Path

from tests.intake import mqtt5_packets as five
from tests.intake import mqtt_packets as packets
from tests.intake.valley import CREDENTIAL, TOKEN, TOPIC

VECTORS = Path(__file__).parents[1] / "vectors"
READING = b'{"t":1768417620000,"v":{"ir":12.5}}'
RPC = "v1/devices/me/rpc/request/+"
ATTRIBUTES = "v1/devices/me/attributes/response/+"
ASKED = "v1/devices/me/attributes/request/1"
RECEIVE_MAX, ALIAS, SESSION_S, TAKES, WILL_DELAY_S, EXPIRY_S, USER = 0x21, 0x23, 0x11, 0x27, 0x18, 0x02, 0x26


def recorded(name: str) -> list[bytes]:
    """The recorded streams of a protocol."""
    return [
        bytes.fromhex(path.read_text(encoding="ascii")) for path in sorted((VECTORS / name).glob("*.hex"))
    ]


def spoken() -> list[bytes]:
    """MQTT of both versions, each stream beginning with its CONNECT."""
    return [*_of_version_3(), *_of_version_5()]


def _of_version_3() -> list[bytes]:
    hello = packets.Client("D0217", "D0217", CREDENTIAL).connect()
    stays = packets.Client("stays", "D0217", CREDENTIAL, clean=False).connect()
    token = packets.Client("thing", TOKEN).connect()
    will = packets.Client("c", "D0217", CREDENTIAL, will=("flameblue/v1/D0217/state", b"off")).connect()
    readings = packets.publish(TOPIC, READING, 1)
    return [
        hello + readings * 3 + packets.DISCONNECT,
        will + packets.publish(TOPIC, b"x" * 20_000, 2) + packets.PING,
        hello + packets.subscribe(3, "a", "b/#") + packets.packet(0xA2, b"\0\4" + packets.text("a")),
        hello + packets.packet(0x34, packets.text(TOPIC) + b"\0\7{}") + packets.packet(0x62, b"\0\7"),
        hello + b"".join(packets.publish(TOPIC, b'{"v":{"ir":1}}', number) for number in range(1, 40)),
        stays + _once(7) + five.pubrel(7) + _once(7, again=True) + _once(8) + _once(8, again=True),
        token + packets.subscribe(1, ATTRIBUTES, RPC) + packets.publish(ASKED, b'{"clientKeys":"a"}'),
    ]


def _of_version_5() -> list[bytes]:
    stays = five.connect("stays", {SESSION_S: 3_600, RECEIVE_MAX: 5}, clean=False)
    small = five.connect("small", {TAKES: 64, USER: [("model", "EFM-8"), ("model", "二")]})
    will = five.connect("w", will=("flameblue/v1/D0217/state", b"off", {WILL_DELAY_S: 5, EXPIRY_S: 60}))
    readings = five.publish(TOPIC, READING, 1, {EXPIRY_S: 60, 0x03: "application/json", USER: [("a", "b")]})
    aliased = five.publish(TOPIC, READING, 2, {ALIAS: 3}) + five.publish("", READING, 3, {ALIAS: 3})
    return [
        stays + five.subscribe(1, ("flameblue/v1/D0217/commands", 1), (RPC, 2), ("$share/a/#", 0)),
        stays + readings * 2 + aliased + five.disconnect(0, {SESSION_S: 60}),
        stays + _once_5(9) + five.pubrel(9) + _once_5(9, again=True) + five.pubrel(10) + packets.PING,
        stays + b"".join(_once_5(number) for number in range(1, 30)) + five.disconnect(4),
        five.connect() + b"".join(five.publish(TOPIC, READING, number) for number in range(1, 64)),
        will + aliased + five.unsubscribe(2, "a", "b/+") + five.puback(5) + five.puback(6, 0x97),
        small + five.subscribe(1, *[(f"a/{number}", 1) for number in range(40)]) + readings,
        small + five.subscribe(1, *[(f"a/{number}", 1) for number in range(63)]) + readings,
        five.connect("", {SESSION_S: 2**32 - 1}, keep_alive_s=0) + five.disconnect(0, {0x1F: "bye"}),
    ]


def _once(number: int, *, again: bool = False) -> bytes:
    body = packets.text(TOPIC) + number.to_bytes(2, "big") + READING
    return packets.packet(0x3C if again else 0x34, body)


def _once_5(number: int, *, again: bool = False) -> bytes:
    return five.publish(TOPIC, READING, number, {ALIAS: 1}, flags=4 | 8 * again)
