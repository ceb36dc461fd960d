"""What a listener must make of a stream, read a second time: MQTT 3.1.1 and 5 from the standard's tables alone.

Nothing of the codec is used here, so that an error in it can't hide in both. What we ourselves allow (sizes, counts)
comes from domain/limits.py. Source: OASIS MQTT Version 3.1.1 and 5.0.
"""

from collections import Counter
from dataclasses import dataclass, field

from flameblue.domain.limits import (
    CONNECT_BYTES_MAX,
    INFLIGHT_PER_CONNECTION_MAX,
    PACKET_BYTES_MAX,
    PROPERTIES_MAX,
    SUBSCRIBE_TOPICS_MAX,
    TOPIC_ALIASES_MAX,
    TOPIC_BYTES_MAX,
)

TLS_HELLO = 0x16  # as a CONNECT its flags would be wrong; it ends before it is whole
CLIENT_TAKES_MIN = 64  # a client that takes less is told so and ends
# A property's letters: how long it is (or t a text, b bytes, p two texts, v a number of variable length).
PROPERTY = {
    0x01: "1", 0x02: "4", 0x03: "t", 0x08: "t", 0x09: "b", 0x0B: "v", 0x11: "4", 0x12: "t", 0x13: "2", 0x15: "t",
    0x16: "b", 0x17: "1", 0x18: "4", 0x19: "1", 0x1F: "t", 0x21: "2", 0x22: "2", 0x23: "2", 0x26: "p", 0x27: "4",
    0x29: "1", 0x2A: "1",
}  # fmt: skip
MAY_STAND = {  # what a client may say, and where
    "connect": {0x11, 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x26, 0x27},
    "will": {0x01, 0x02, 0x03, 0x08, 0x09, 0x18, 0x26},
    "publish": {0x01, 0x02, 0x03, 0x08, 0x09, 0x23, 0x26},
    "answer": {0x1F, 0x26},
    "subscribe": {0x0B, 0x26},
    "unsubscribe": {0x26},
    "disconnect": {0x11, 0x1F, 0x26},
}
ONE_OR_ZERO, NOT_ZERO = {0x01, 0x17, 0x19}, {0x21, 0x27, 0x0B}
PUBACK_CODES = {0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}
DISCONNECT_CODES = {0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99}


class Wrong(Exception):
    """The stream breaks the protocol here."""


class Finished(Exception):
    """Nothing after this is heard, and nothing is wrong."""


@dataclass(frozen=True)
class Heard:
    """A message that was published."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    again: bool


@dataclass
class Story:
    """One stream. `version` 0: nobody has presented himself whom we could speak with.

    `cut_off`: how many messages came before a packet whose answer is larger than the client takes: it ends there.
    """

    version: int = 0
    user: str = ""
    password: str | None = None
    clean: bool = False
    session_s: int = 0
    takes: int = 2**32 - 1
    wrong: bool = False
    cut_off: int | None = None
    heard: list[Heard] = field(default_factory=list)
    aliases: dict[int, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)


class Cut:
    """A body that is cut into fields."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        if len(self.data) < count:
            raise Wrong("too short")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def variable(self) -> int:
        taken = [self.number(1)]
        while taken[-1] & 0x80:
            if len(taken) == 4:
                raise Wrong("a number that goes on")
            taken.append(self.number(1))
        return sum((byte & 0x7F) * 128**place for place, byte in enumerate(taken))

    def blob(self) -> bytes:
        return self.take(self.number(2))

    def text(self) -> str:
        return text(self.blob())

    def identifier(self) -> int:
        number = self.number(2)
        if number == 0:
            raise Wrong("packet id 0")
        return number

    def done(self) -> None:
        if self.data:
            raise Wrong("too long")


def story(stream: bytes) -> Story:
    """What `stream` says until it ends, breaks the protocol or takes its leave."""
    told = Story()
    try:
        while packet := _packet(stream, told):
            head, body, stream = packet
            _hear(told, head >> 4, head & 15, Cut(body))
    except Wrong:
        told.wrong = True
    except Finished:
        pass
    return told


def _packet(stream: bytes, told: Story) -> tuple[int, bytes, bytes] | None:
    """The next head and body, and what follows; None: it is not there as a whole."""
    if not stream:
        return None
    if not told.version and (stream[0] >> 4 != 1 or stream[0] == TLS_HELLO):
        raise Wrong("no CONNECT")
    digits = stream[1:5]
    count = next((place for place, byte in enumerate(digits, 1) if byte < 0x80), 0)
    if not count:
        if len(digits) == 4:
            raise Wrong("a length that goes on")
        return None
    length = Cut(digits).variable()
    if length > (PACKET_BYTES_MAX if told.version else CONNECT_BYTES_MAX):
        raise Wrong("too large")
    body = stream[1 + count : 1 + count + length]
    return (stream[0], body, stream[1 + count + length :]) if len(body) == length else None


def _hear(told: Story, kind: int, flags: int, body: Cut) -> None:
    names = {
        1: "connect",
        3: "publish",
        4: "puback",
        6: "pubrel",
        8: "subscribe",
        10: "unsubscribe",
        12: "ping",
    }
    name = names.get(kind, "disconnect" if kind == 14 else "")
    if not name or (kind != 3 and flags != (2 if kind in (6, 8, 10) else 0)):
        raise Wrong("no such packet")
    told.kinds[name] += 1
    match name:
        case "connect":
            _connect(told, body)
        case "publish":
            _publish(told, flags, body)
        case "puback" | "pubrel":
            body.identifier()
            _code(told, body, PUBACK_CODES if kind == 4 else {0, 0x92}, "answer")
        case "subscribe" | "unsubscribe":
            _filters(told, name, body)
        case "disconnect":
            found = _code(told, body, DISCONNECT_CODES, "disconnect")
            if found.get(0x11) and not told.session_s:
                raise Wrong("a session prolonged")
            raise Finished
    body.done()


def _connect(told: Story, body: Cut) -> None:
    if told.version:
        raise Wrong("a second CONNECT")
    if (body.blob(), version := body.number(1)) not in ((b"MQTT", 4), (b"MQTT", 5)):
        raise Wrong("another protocol")
    flags = body.number(1)
    body.number(2)
    user, password, will, clean = flags & 0x80, flags & 0x40, flags & 4, flags & 2
    if flags & 1 or flags & 0x18 == 0x18 or (flags & 0x38 and not will):
        raise Wrong("flags")
    if version == 4 and password and not user:
        raise Wrong("a password without a user")
    found = _properties(body, "connect") if version == 5 else {}
    if found.get(0x27, CLIENT_TAKES_MIN) < CLIENT_TAKES_MIN or {0x15, 0x16} & set(found):
        raise Wrong("what we do not do")
    client_id = body.text()
    if will:
        if version == 5:
            _properties(body, "will")
        topic(body.blob())
        body.blob()
    told.user = body.text() if user else ""
    told.password = body.blob().decode("utf-8", "backslashreplace") if password else None
    body.done()
    if version == 4 and not client_id and not clean:
        raise Wrong("nobody's session")
    told.version, told.clean = version, bool(clean)
    told.session_s, told.takes = found.get(0x11, 0), found.get(0x27, told.takes)


def _publish(told: Story, flags: int, body: Cut) -> None:
    qos, name = flags >> 1 & 3, body.blob()
    if qos == 3:
        raise Wrong("QoS 3")
    number = body.identifier() if qos else 0
    alias = _properties(body, "publish").get(0x23) if told.version == 5 else None
    if alias is not None and not 1 <= alias <= TOPIC_ALIASES_MAX:
        raise Wrong("an alias")
    if alias is not None and not name:
        if alias not in told.aliases:
            raise Wrong("an alias of nothing")
        spoken = told.aliases[alias]
    else:
        spoken = topic(name)
        told.aliases[alias or 0] = spoken
    told.heard.append(Heard(spoken, body.take(len(body.data)), qos, number, bool(flags & 8)))
    in_flight = {one.packet_id for one in told.heard} - {0}
    if told.version == 5 and told.clean and number and len(in_flight) > INFLIGHT_PER_CONNECTION_MAX:
        told.heard.pop()
        raise Wrong("too many in flight")


def _filters(told: Story, name: str, body: Cut) -> None:
    body.identifier()
    if told.version == 5 and 0x0B in _properties(body, name):
        raise Wrong("a subscription identifier")
    count = 0
    while body.data:
        count += 1
        body.text()
        if name == "subscribe":
            options = body.number(1)
            forbidden = 0xC0 if told.version == 5 else 0xFC
            if options & forbidden or options & 3 == 3 or options & 0x30 == 0x30:
                raise Wrong("options")
    if not 1 <= count <= SUBSCRIBE_TOPICS_MAX:
        raise Wrong("no filter, or too many")
    if told.version == 5 and 3 + count + (2 if 3 + count < 128 else 3) > told.takes:
        told.cut_off = len(told.heard) if told.cut_off is None else told.cut_off


def _code(told: Story, body: Cut, known: set[int], place: str) -> dict[int, int]:
    if told.version != 5 or not body.data:
        body.done()
        return {}
    if body.number(1) not in known:
        raise Wrong("a code")
    found = _properties(body, place) if body.data else {}
    body.done()
    return found


def _properties(body: Cut, place: str) -> dict[int, int]:
    """Those with a number for a value by that, all others by their length."""
    inner, found = Cut(body.take(body.variable())), dict[int, int]()
    for _ in range(PROPERTIES_MAX):
        if not inner.data:
            return found
        name = inner.variable()
        if name not in MAY_STAND[place] or (name in found and name != 0x26):
            raise Wrong("a property")
        found[name] = value = _value(inner, PROPERTY[name])
        if (name in ONE_OR_ZERO and value > 1) or (name in NOT_ZERO and not value):
            raise Wrong("a property's value")
    if inner.data:
        raise Wrong("too many properties")
    return found


def _value(inner: Cut, kind: str) -> int:
    match kind:
        case "t":
            return len(inner.text())
        case "b":
            return len(inner.blob())
        case "p":
            return len(inner.text()) + len(inner.text())
        case "v":
            return inner.variable()
    return inner.number(int(kind))


def text(data: bytes) -> str:
    try:
        found = data.decode()
    except UnicodeDecodeError as error:
        raise Wrong("no UTF-8") from error
    if "\0" in found:
        raise Wrong("a null character")
    return found


def topic(data: bytes) -> str:
    name = text(data)
    if not name or len(data) > TOPIC_BYTES_MAX or set(name) & set("+#"):
        raise Wrong("no topic")
    return name
