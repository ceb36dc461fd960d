"""The GB/T 26875.3 codec: every message both ways, any split, garbage between frames, bytes that mean nothing."""

import itertools
import random
import struct
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import GB26875_UNIT_BYTES_MAX
from flameblue.intake.protocols.gb26875 import codec, fields, objects
from flameblue.intake.protocols.gb26875.codec import FRAME_BYTES_MAX, Frame, Heartbeat, Refused, Session
from flameblue.intake.protocols.gb26875.objects import KINDS, BadUnit, Kind, Raw, Unit
from flameblue.intake.protocols.gb26875.telling import told

PROOF_BYTES = 10_000_000
TIME = fields.time_label(datetime.fromisoformat("2024-01-15 03:01:40"))
RANGES = {"B": (0, 255), "H": (0, 65_535), "h": (-32_768, 32_767)}

bytes_of_a_label = st.binary(min_size=6, max_size=6).filter(lambda label: not label.endswith(b"##"))
addresses = st.binary(min_size=6, max_size=6)


def objects_of(kind: Kind) -> st.SearchStrategy[Any]:
    """Any object of a type: its numbers and bytes by the layout, and what the layout does not say."""
    layout = kind.fixed.format.removeprefix("<").removesuffix("0s")
    parts: list[st.SearchStrategy[Any]] = []
    digits = ""
    for sign in layout[:-1] if kind.is_variable else layout:
        if sign.isdigit():
            digits += sign
        elif sign == "s":
            parts.append(st.binary(min_size=int(digits), max_size=int(digits)))
            digits = ""
        else:
            parts.append(st.integers(*RANGES[sign]))
    parts.append(st.binary(max_size=255) if kind.is_variable else st.just(b""))
    return st.tuples(*parts).map(lambda found: kind.item(*found))


@st.composite
def units(draw: st.DrawFn, flag: int) -> Unit:
    kind = KINDS.get(flag)
    if kind is None:
        return Unit(flag, draw(st.integers(0, 255)), [Raw(draw(st.binary(max_size=200)))])
    most = min(kind.count_max, 8)
    return objects.unit(flag, *draw(st.lists(objects_of(kind), min_size=1, max_size=most)))


@st.composite
def frames(draw: st.DrawFn, unit: bytes) -> Frame:
    numbers = [draw(st.integers(0, top)) for top in (65_535, 255, 255)]
    ends = draw(addresses), draw(addresses)
    return Frame(*numbers, draw(bytes_of_a_label), *ends, draw(st.integers(0, 255)), unit)


def items_of(*pieces: bytes) -> list[codec.Item]:
    session = Session()
    return [item for piece in pieces for item in session.feed(piece)]


def frame(unit: bytes = b"", serial: int = 1) -> Frame:
    return Frame(serial, 1, 1, TIME, fields.address(889), fields.address(88_888), 2, unit)


def good(unit: bytes = b"", serial: int = 1) -> bytes:
    return codec.encode(frame(unit, serial))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:stop] for start, stop in itertools.pairwise(places)]


@pytest.mark.parametrize("flag", [*KINDS, 0, 9, 127, 128, 204, 255])
@given(data=st.data())
def test_every_type_is_read_as_it_was_written(flag: int, data: st.DataObject) -> None:
    unit = data.draw(units(flag))
    sent = data.draw(frames(objects.written(unit)))
    (received,) = items_of(codec.encode(sent))
    assert received == sent
    assert isinstance(received, Frame)
    read = objects.read(received.unit)
    assert read == Unit(*unit[:2], list(unit.objects))


@given(st.binary(min_size=8, max_size=8))
def test_a_heartbeat_is_read_as_it_was_written(body: bytes) -> None:
    assert items_of(codec.encode_heartbeat(Heartbeat(body))) == [Heartbeat(body)]


def test_every_type_of_the_standard_is_there_with_its_size() -> None:
    sizes = {
        1: 10, 2: 46, 3: 16, 4: 10, 5: 4, 6: 3, 7: 38, 8: 8, 21: 7, 24: 8, 25: 2, 26: 1, 28: 6,
        61: 2, 62: 6, 63: 6, 64: 9, 65: 2, 66: 2, 67: 6, 68: 2, 81: 1, 84: 7, 85: 1, 86: 1, 88: 1, 89: 1, 90: 6, 91: 1,
    }  # fmt: skip
    assert {flag: kind.fixed.size for flag, kind in KINDS.items()} == sizes
    for flag, kind in KINDS.items():  # the standard's largest counts fit into its largest unit
        assert 2 + kind.count_max * sizes[flag] <= GB26875_UNIT_BYTES_MAX


@given(st.data())
def test_any_split_gives_the_same_items_and_no_byte_is_lost(data: st.DataObject) -> None:
    parts = st.one_of(
        st.sampled_from([good(), good(b"\x1c\1" + TIME), codec.encode_heartbeat(Heartbeat(b"12345678"))]),
        st.sampled_from(
            [b"@", b"@@", b"##", good()[:-1], good()[:20], b"@" * 40, b"@@" + bytes(22) + b"\0\4\2"]
        ),
        st.binary(max_size=40),
    )
    stream = bytearray(b"".join(data.draw(st.lists(parts, min_size=1, max_size=8))) or b"@")
    for place in data.draw(st.lists(st.integers(0, len(stream) - 1), max_size=4)):
        stream[place] = data.draw(st.sampled_from([0, 4, 0x23, 0x40, 0xFF]))
    one, many = Session(), Session()
    whole = one.feed(bytes(stream))
    cut = [
        item
        for piece in pieces(bytes(stream), data.draw(st.lists(st.integers(0), max_size=9)))
        for item in many.feed(piece)
    ]
    assert whole == cut
    assert one.held_bytes() == many.held_bytes() <= FRAME_BYTES_MAX
    left = one.give_up()
    assert left == many.give_up()
    assert one.held_bytes() == 0
    assert sum(map(codec.size_of, whole + left)) == len(stream)


@given(st.binary(max_size=60), st.lists(st.tuples(st.integers(0, 77), st.integers(1, 255)), max_size=5))
def test_after_a_broken_frame_and_garbage_the_next_frame_is_taken(
    junk: bytes, errors: list[tuple[int, int]]
) -> None:
    broken = bytearray(good(b"\2\1" + bytes(46)))
    for place, change in errors:
        broken[place] ^= change
    session = Session()
    items = session.feed(bytes(broken) + junk + good(serial=7))
    items += session.feed(good(serial=8)) + session.give_up()
    assert [item.serial for item in items if isinstance(item, Frame)][-2:] == [7, 8]


def test_a_wrong_length_that_hits_the_end_of_the_next_frame_swallows_nothing() -> None:
    first, second = bytearray(good(bytes(48))), good(b"\x1c\1" + TIME)
    struct.pack_into("<H", first, 24, 48 + len(second))
    refused, found = items_of(bytes(first) + second)
    assert found == frame(b"\x1c\1" + TIME)
    assert isinstance(refused, Refused)
    assert refused.data == bytes(first)


def test_an_end_mark_inside_a_frame_ends_nothing() -> None:
    unit = b"\x80\1##@@##"
    assert items_of(good(unit)) == [frame(unit)]


def test_what_never_ends_is_refused_in_parts_with_one_reason() -> None:
    session = Session()
    items = session.feed(b"GET /index.html HTTP/1.1\r\n" + b"x" * 5_000)
    assert [len(item.data) for item in items if isinstance(item, Refused)] == [FRAME_BYTES_MAX] * 4
    assert {item.why for item in [*items, *session.give_up()] if isinstance(item, Refused)} == {
        "looks like HTTP"
    }


def test_half_a_frame_does_not_hold_back_what_follows_it_for_ever() -> None:
    session = Session()
    begun = bytearray(good()[:27])
    struct.pack_into("<H", begun, 24, 1_000)
    assert session.feed(bytes(begun) + good(serial=9)) == []
    refused, found = session.give_up()
    assert isinstance(refused, Refused)
    assert "breaks off" in refused.why
    assert found == frame(serial=9)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x16\x03\x01\x02\0", "TLS"),
        (b"POST / HTTP/1.1", "HTTP"),
        (b"\x10\x14\0\4MQTT\4", "MQTT"),
        (b"\x55\xaa\1", "55 aa"),
        (b"\x68\1\2", "DL/T 645"),
        (good()[:-2] + b"\x35\x35", "decimal 35"),
        (b"@@" + bytes(22) + b"\xff\xff\2", "65535 bytes"),
    ],
)
def test_look_alikes_are_refused_with_their_reason(data: bytes, why: str) -> None:
    (said,) = told(data)
    assert why in str(said["error"])


@pytest.mark.parametrize(
    ("unit", "why", "at"),
    [
        (b"\2", "ends before the number of objects", 1),
        (b"\2\1" + bytes(45), "1 objects of 46 bytes make 46; the unit has 45", 2),
        (b"\2\0" + bytes(46), "0 objects", 1),
        (b"\1\2" + bytes(21), "21 bytes are no 2 objects", 22),
        (b"\2\1" + bytes(50), "CRT", 2),
        (b"\6\1\0\0\5abc", "the text of object 1 has 5 bytes; 3 are left", 4),
        (b"\6\2\0\0\1a", "ends before object 2 of 2", 6),
        (b"\x1a\1\1ab", "1 bytes follow the last object", 4),
    ],
)
def test_a_unit_that_is_not_what_it_says_is_refused_at_its_byte(unit: bytes, why: str, at: int) -> None:
    with pytest.raises(BadUnit, match=why) as caught:
        objects.read(unit)
    assert caught.value.at == at
    (said,) = told(good(unit))
    assert said["error"] == {"at": 27 + at, "why": str(caught.value)}


def test_longer_objects_keep_what_is_too_much() -> None:
    unit = b"\1\2" + b"".join(struct.pack("<BBH6s3s", 1, n, 2, TIME, b"abc") for n in (4, 5))
    read = objects.read(unit)
    assert read is not None
    assert [(one.system_address, one.extra) for one in read.objects] == [(4, b"abc"), (5, b"abc")]
    assert objects.written(read) == unit


def test_what_has_no_room_is_not_written() -> None:
    with pytest.raises(BadUnit, match="1025"):
        codec.encode(frame(bytes(1025)))
    with pytest.raises(BadUnit, match="no room"):
        codec.encode(frame(serial=70_000))
    with pytest.raises(BadUnit, match="no room"):
        objects.written(objects.unit(91, objects.DutyCheck(256)))
    with pytest.raises(BadUnit, match="heartbeat"):
        codec.encode(frame()._replace(time=b"\0\0\0\1##"))
    with pytest.raises(BadUnit, match="six bytes"):
        codec.encode(frame()._replace(source=b"12345"))
    with pytest.raises(BadUnit, match="says 2 objects has 1"):
        objects.written(Unit(91, 2, [objects.DutyCheck(10)]))


@given(st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2099-12-31")))
def test_a_time_label_says_its_second(at: datetime) -> None:
    assert fields.time(fields.time_label(at)) == at.replace(microsecond=0)


def test_a_label_that_no_calendar_has_is_no_time() -> None:
    assert fields.time(bytes(6)) is None
    assert fields.time(bytes((0, 0, 53, 18, 15, 15))) is None
    assert fields.time(bytes((0, 0, 0, 1, 1, 100))) is None
    with pytest.raises(BadInput, match="2100"):
        fields.time_label(datetime.fromisoformat("2100-01-01"))


@given(st.binary(min_size=6, max_size=6))
def test_an_address_is_a_number_low_byte_first(data: bytes) -> None:
    assert fields.address(fields.number(data)) == data


@pytest.mark.parametrize("padding", [b" " * 27, b"\0" * 27, b" " * 26 + b"\0"])
def test_a_text_is_read_without_its_padding(padding: bytes) -> None:
    assert fields.text("走廊".encode("gb18030") + padding) == "走廊"


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_a_text_is_cut_between_characters(said: str) -> None:
    data = fields.padded_text(said)
    assert len(data) == fields.TEXT_BYTES
    assert said.strip(" ").startswith(fields.text(data).strip(" ")) or said.startswith(fields.text(data))
    assert "\ufffd" not in fields.text(data) or "\ufffd" in said


def soup(chance: random.Random, size: int) -> bytes:
    """Random bytes, more of them marks and small numbers than there should be, and mutated frames between."""
    parts = []
    left = size
    while left > 0:
        if chance.random() < 0.5:
            part = bytearray(good(chance.randbytes(chance.randrange(60)), chance.randrange(65_536)))
            for _ in range(chance.randrange(3)):
                part[chance.randrange(len(part))] = chance.randrange(256)
        else:
            part = bytearray(chance.choices(b"@@##\0\1\2\4\x40\xff", k=chance.randrange(1, 200)))
        parts.append(bytes(part))
        left -= len(part)
    return b"".join(parts)


def swallow(seed: int, size: int) -> None:
    """No byte raises, none is lost, little is held, and a right frame behind it all is found."""
    chance = random.Random(seed)
    session = Session()
    data = soup(chance, size)
    at = seen = 0
    while at < len(data):
        stop = at + chance.randrange(1, 3_000)
        items = session.feed(data[at:stop])
        seen += sum(map(codec.size_of, items))
        for item in items:
            if isinstance(item, Frame):
                assert codec.encode(item)
        assert session.held_bytes() <= FRAME_BYTES_MAX
        at = stop
    seen += sum(map(codec.size_of, session.give_up()))
    assert seen == len(data)
    assert session.feed(good(serial=3)) == [frame(serial=3)]


def test_a_hundred_thousand_bytes_of_anything() -> None:
    swallow(1, 100_000)
    assert (
        sum(len(bytes.fromhex(str(said["hex"]))) for said in told(soup(random.Random(2), 20_000))) >= 20_000
    )


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(10))
def test_ten_million_bytes_of_anything(seed: int) -> None:
    swallow(seed, PROOF_BYTES // 10)
