"""Modbus RTU and TCP frames: recorded ones, every message there and back, any split, and bytes that mean nothing."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU
from pymodbus.pdu import DecodePDU

from flameblue.intake.protocols import modbus_pdu
from flameblue.intake.protocols.layouts import Misfit
from flameblue.intake.protocols.modbus_pdu import FUNCTIONS, Pdu
from flameblue.intake.protocols.modbus_rtu import codec as rtu
from flameblue.intake.protocols.modbus_rtu import telling as rtu_telling
from flameblue.intake.protocols.modbus_rtu.crc import Sums, crc
from flameblue.intake.protocols.modbus_tcp import codec as tcp
from flameblue.intake.protocols.modbus_tcp import telling as tcp_telling
from tests.intake.captured import (
    about,
    check_told,
    pieces,
    recorded,
    runs,
    swallow_ten_million_mutated_bytes,
    vectors,
)

READ = bytes.fromhex("0400000002")
REGISTERS = bytes.fromhex("03043f000000")
BOTH = [(rtu, rtu_telling), (tcp, tcp_telling)]
NAMES = ["rtu", "tcp"]

bytes_ = st.integers(0, 0xFF)
words = st.integers(0, 0xFFFF)
registers = st.lists(words, min_size=1, max_size=60).map(tuple)
bits = st.lists(st.lists(st.integers(0, 1), min_size=8, max_size=8), min_size=1, max_size=30).map(
    lambda groups: tuple(bit for group in groups for bit in group)
)
raw = st.binary(max_size=60)
objects = st.lists(st.tuples(bytes_, st.binary(max_size=20)), max_size=5).map(tuple)


def fields(**drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(drawn)


def counted(count: str, name: str, value: st.SearchStrategy[Any], unit: float, **first: Any) -> Any:
    """Fields of which `count` is the length of `name` in bytes, of which an item has `unit`; `more` are others."""

    def whole(drawn: dict[str, Any]) -> dict[str, Any]:
        size = int(len(drawn[name]) * unit)
        return {**{key: drawn[key] for key in first}, count: size, name: drawn[name]}

    return fields(**first, **{name: value}).map(whole)


SPAN = {"starting_address": words, "quantity": words}
READ_WRITE = ("read_starting_address", "quantity_to_read", "write_starting_address", "quantity_to_write")
BITS_READ = counted("byte_count", "status", bits, 1 / 8)
WORDS_READ = counted("byte_count", "register_values", registers, 2)
EVENTS = ("status", "event_count", "message_count")
IDENTIFIED = {"mei_type": st.just(14), "read_device_id_code": bytes_}
ALL: dict[tuple[int, bool], st.SearchStrategy[dict[str, Any]]] = {
    **{(function, False): fields(**SPAN) for function in (1, 2, 3, 4)},
    **{(function, True): BITS_READ for function in (1, 2)},
    **{(function, True): WORDS_READ for function in (3, 4, 23)},
    **{(5, way): fields(output_address=words, output_value=words) for way in (False, True)},
    **{(6, way): fields(register_address=words, register_value=words) for way in (False, True)},
    **{(8, way): fields(sub_function=words, data=words) for way in (False, True)},
    **{(function, False): st.just({}) for function in (7, 11, 12, 17)},
    (7, True): fields(output_data=bytes_),
    (11, True): fields(status=words, event_count=words),
    (12, True): raw.flatmap(
        lambda events: fields(
            byte_count=st.just(len(events) + 6), **dict.fromkeys(EVENTS, words), events=st.just(events)
        )
    ),
    (15, False): counted("byte_count", "outputs_value", bits, 1 / 8, **SPAN),
    (15, True): fields(**SPAN),
    (16, False): counted("byte_count", "register_values", registers, 2, **SPAN),
    (16, True): fields(**SPAN),
    (17, True): counted("byte_count", "server_data", raw, 1),
    (20, False): counted("byte_count", "sub_requests", raw, 1),
    (20, True): counted("response_data_length", "records", raw, 1),
    **{(21, way): counted("request_data_length", "records", raw, 1) for way in (False, True)},
    **{(22, way): fields(reference_address=words, and_mask=words, or_mask=words) for way in (False, True)},
    (23, False): counted(
        "byte_count", "write_register_values", registers, 2, **dict.fromkeys(READ_WRITE, words)
    ),
    (24, False): fields(fifo_pointer_address=words),
    (24, True): registers.map(
        lambda values: {"byte_count": 2 * len(values) + 2, "fifo_count": len(values), "fifo_values": values}
    ),
    (43, False): fields(**IDENTIFIED, object_id=bytes_),
    (43, True): objects.flatmap(
        lambda found: fields(
            **IDENTIFIED,
            conformity_level=bytes_,
            more_follows=bytes_,
            next_object_id=bytes_,
            number_of_objects=st.just(len(found)),
            objects=st.just(found),
        )
    ),
    **{(function | 0x80, True): fields(exception_code=bytes_) for function in FUNCTIONS},
}
pdus = st.sampled_from(sorted(ALL)).flatmap(
    lambda kind: ALL[kind].map(lambda drawn: Pdu(kind[0], kind[1], drawn))
)


def frame_of(codec: ModuleType, pdu: bytes) -> bytes:
    frame: bytes = codec.encode(7, pdu) if codec is rtu else codec.encode(513, 7, pdu)
    return frame


def is_shorter_by_chance(unit: bytes) -> bool:
    """Once in 65,536: the beginning of its frame is a frame too, read in the other direction."""
    frame = rtu.encode(7, unit)
    shorter = [size + 3 for size in modbus_pdu.sizes(unit) if size + 3 < len(frame)]
    return any(Sums(frame).bear(0, size) for size in shorter)


def test_every_function_is_tried_in_both_directions() -> None:
    assert {kind for kind in ALL if not kind[0] & 0x80} == {
        (f, way) for f in FUNCTIONS for way in (False, True)
    }


@pytest.mark.parametrize("path", vectors("modbus_rtu", "decoded"), ids=lambda path: path.stem)
def test_a_frame_of_others_decodes_as_listed_and_encodes_to_the_same_bytes(path: Path) -> None:
    listed, data = about(path), recorded(path)
    (said,) = check_told(rtu_telling.told, data)
    decoded = dict(listed["decoded"])
    assert said["address"] == decoded.pop("slave")
    assert said["function"]["code"] == decoded.pop("fc")
    assert said["crc"]["calculated"] == listed["crc_calculated"]
    assert said["crc"]["right"] == listed["checksum_ok"] == ("error" not in said)
    (reading,) = said["readings"]
    decoded.pop("float32_be", None)  # a profile's matter
    names = {
        "start": "starting_address",
        "count": "quantity",
        "bytes": "byte_count",
        "registers": "register_values",
    }
    if "values" in decoded:
        listed_values = [
            int(str(value), 16 if isinstance(value, str) else 10) for value in decoded.pop("values")
        ]
        assert reading["register_values"] == listed_values
    assert {name: reading[names[name]] for name in decoded} == decoded
    (pdu,), _ = modbus_pdu.readings(data[1:-2])
    assert data[:1] + modbus_pdu.encode(pdu) + data[-2:] == data
    assert rtu.encode(data[0], data[1:-2]) == data[:-2] + bytes.fromhex(listed["crc_calculated"])


@pytest.mark.parametrize(
    ("path", "telling"),
    [(path, rtu_telling) for path in vectors("modbus_rtu", "runs")]
    + [(path, tcp_telling) for path in vectors("modbus_tcp", "runs")],
    ids=lambda value: value.stem if isinstance(value, Path) else value.__name__.split(".")[-2],
)
def test_a_recorded_stream_is_told_frame_by_frame(path: Path, telling: ModuleType) -> None:
    assert runs(check_told(telling.told, recorded(path))) == about(path)["runs"]


@given(pdus)
def test_what_was_written_is_read_again(pdu: Pdu) -> None:
    data = modbus_pdu.encode(pdu)
    assert modbus_pdu.decode(data, answer=pdu.answer) == pdu
    assert pdu in modbus_pdu.readings(data)[0]
    assert len(data) in modbus_pdu.sizes(data)


@pytest.mark.parametrize("codec", [rtu, tcp], ids=NAMES)
@given(st.lists(pdus, min_size=1, max_size=6), st.lists(st.integers(0, 2000), max_size=10))
def test_any_split_gives_the_same_frames(codec: ModuleType, sent: list[Pdu], cuts: list[int]) -> None:
    units = [modbus_pdu.encode(pdu) for pdu in sent]
    data = b"".join(frame_of(codec, unit) for unit in units)
    session, whole = codec.Session(), codec.Session()
    found = [frame for piece in pieces(data, cuts) for frame in session.feed(piece)]
    assert found == whole.feed(data)
    assert session.give_up() == whole.give_up()
    assert codec is rtu or [frame.pdu for frame in found] == units


@given(st.lists(pdus, min_size=1, max_size=6))
def test_joined_rtu_frames_are_all_found(sent: list[Pdu]) -> None:
    units = [modbus_pdu.encode(pdu) for pdu in sent]
    assume(not any(is_shorter_by_chance(unit) for unit in units))
    session = rtu.Session()
    found = [*session.feed(b"".join(rtu.encode(7, unit) for unit in units)), *session.give_up()]
    assert [frame.pdu for frame in found] == units


@pytest.mark.parametrize(("codec", "telling"), BOTH, ids=NAMES)
@given(
    st.lists(st.one_of(st.binary(max_size=40), pdus), max_size=8), st.lists(st.integers(0, 999), max_size=8)
)
def test_no_soup_of_bytes_raises_and_any_split_of_it_gives_the_same(
    codec: ModuleType, telling: ModuleType, parts: list[bytes | Pdu], cuts: list[int]
) -> None:
    soup = b"".join(
        part if isinstance(part, bytes) else frame_of(codec, modbus_pdu.encode(part)) for part in parts
    )
    session, whole = codec.Session(), codec.Session()
    found = []
    for piece in pieces(soup, cuts):
        found += session.feed(piece)
        assert session.held_bytes() <= codec.FRAME_BYTES_MAX
    assert found == whole.feed(soup)
    assert session.give_up() == whole.give_up()
    assert session.held_bytes() == 0
    check_told(telling.told, soup)


@pytest.mark.parametrize("codec", [rtu, tcp], ids=NAMES)
@given(st.binary(max_size=600), st.sampled_from([READ, REGISTERS, bytes.fromhex("8302")]))
def test_after_garbage_frames_are_found_again(codec: ModuleType, garbage: bytes, unit: bytes) -> None:
    """What the garbage looks like may swallow as many bytes as a frame can have, and no more."""
    frame = frame_of(codec, unit)
    sent = codec.FRAME_BYTES_MAX // len(frame) + 3
    session = codec.Session()
    found = [*session.feed(garbage + frame * sent), *session.give_up()]
    assert [one.pdu for one in found[-2:]] == [unit] * 2
    assert found[-1].at == len(garbage) + (sent - 1) * len(frame)


@pytest.mark.parametrize(
    "garbage", ["00", "0103", "55aa", "0110ffff", "018302", "fe" * 30, "01041e" + "00" * 9]
)
def test_a_garbled_start_costs_no_rtu_frame(garbage: str) -> None:
    session = rtu.Session()
    found = [*session.feed(bytes.fromhex(garbage) + rtu.encode(1, READ)), *session.give_up()]
    assert [frame.pdu for frame in found] == [READ]
    assert found[0].at == len(garbage) // 2


def test_both_readings_are_told_where_both_fit_the_length() -> None:
    (said,) = rtu_telling.told(rtu.encode(1, bytes.fromhex("0103000001")))
    assert [reading["as"] for reading in said["readings"]] == ["request", "answer"]
    assert said["readings"][0]["starting_address"] == 768
    assert said["readings"][1]["byte_count"] == 3
    (said,) = tcp_telling.told(tcp.encode(1, 1, bytes.fromhex("0600010003")))
    assert [reading["as"] for reading in said["readings"]] == ["request", "answer"]


@pytest.mark.parametrize(
    ("pdu", "at", "why"),
    [
        ("03000000c8", 2, "quantity 200: 1 to 125"),
        ("0500011234", 2, "output_value 0x1234"),
        ("100004000304090c0105", 2, "quantity 3 takes 6 bytes"),
    ],
)
def test_what_the_standard_does_not_allow_is_told_with_its_place(pdu: str, at: int, why: str) -> None:
    (said,) = rtu_telling.told(rtu.encode(1, bytes.fromhex(pdu)))
    assert said["error"]["at"] == at
    assert why in said["error"]["why"]
    assert said["crc"]["right"]


def test_a_function_of_the_devices_own_is_told_by_its_crc() -> None:
    (said,) = rtu_telling.told(rtu.encode(1, bytes.fromhex("41aabbcc")))
    assert said["function"] == {"code": 65, "name": ""}
    assert said["data"] == "aabbcc"
    assert "error" not in said
    (said,) = rtu_telling.told(rtu.encode(1, bytes.fromhex("0eaa")))
    assert said["error"] == {"at": 1, "why": "function code 14 is not known"}
    assert [said["address"] for said in tcp_telling.told(b"")] == []


def test_frames_with_wrong_crcs_are_told_one_by_one_where_nothing_lies_between() -> None:
    """Both examples of a maker's manual."""
    request, answer = "01100004000306090c01050c00533f", "01100004000331c9"
    said = check_told(rtu_telling.told, bytes.fromhex(request + answer))
    assert [(one["hex"], one["crc"]["right"]) for one in said] == [(request, False), (answer, False)]
    (said_once,) = check_told(rtu_telling.told, bytes.fromhex(request + "ff" + answer))
    assert "CRC would be a330, and 533f stands there" in said_once["error"]["why"]


def test_an_answer_that_begins_like_a_request_is_read_as_one() -> None:
    """A known limit, once in 65,536 where the lengths differ: the bytes alone do not say which it is."""
    answer = rtu.encode(7, bytes.fromhex("03045a60004c"))
    assert [said["hex"] for said in rtu_telling.told(answer)] == [answer[:8].hex(), answer[8:].hex()]


@pytest.mark.parametrize(
    ("address", "meaning"), [(0, "broadcast"), (1, None), (247, None), (248, "reserved")]
)
def test_an_address_that_is_no_device_is_told(address: int, meaning: str | None) -> None:
    (said,) = rtu_telling.told(rtu.encode(address, READ))
    assert said.get("address_meaning") == meaning


def test_a_refusal_names_its_reason() -> None:
    (said,) = tcp_telling.told(tcp.encode(1, 1, bytes.fromhex("8302")))
    assert said["readings"] == [{"as": "answer", "exception_code": 2, "exception": "Illegal Data Address"}]


@pytest.mark.parametrize("cut", range(1, 8))
def test_bytes_that_break_off_say_so(cut: int) -> None:
    (said,) = rtu_telling.told(rtu.encode(1, READ)[:cut])
    assert said["error"]["at"] in (0, cut)
    (said,) = tcp_telling.told(tcp.encode(1, 1, READ)[:cut])
    assert said["error"]["at"] == cut


@given(st.binary(max_size=300), st.integers(0, 300), st.integers(0, 256))
def test_every_run_bears_its_crc_where_it_does(data: bytes, start: int, size: int) -> None:
    stop = min(start + size, len(data))
    start = min(start, stop)
    signed = data[:stop] + crc(data[start:stop])
    assert stop + 2 - start > rtu.FRAME_BYTES_MAX or Sums(signed).bear(start, stop + 2)
    if stop - start >= 3:
        assert Sums(data).bear(start, stop) == (crc(data[start : stop - 2]) == data[stop - 2 : stop])


def test_only_its_own_layout_decodes_a_unit() -> None:
    for pdu, answer in (("", False), ("0e", False), ("8302", False), ("2b0d", True), ("030301", True)):
        with pytest.raises(Misfit):
            modbus_pdu.decode(bytes.fromhex(pdu), answer=answer)
    with pytest.raises(ValueError, match="no layout"):
        modbus_pdu.encode(Pdu(14, False, {}))


@given(pdus)
def test_pymodbus_reads_the_same_registers_bits_and_addresses(pdu: Pdu) -> None:
    """The field's library, written by others: where it knows the message, it reads the same from our bytes."""
    data = modbus_pdu.encode(pdu)
    theirs = DecodePDU(is_server=not pdu.answer).decode(data)
    said = pdu.fields
    if theirs is None or modbus_pdu.fault(pdu):
        return  # it decodes nothing that the standard does not allow
    if "register_values" in said:
        assert list(theirs.registers) == list(said["register_values"])
    if "status" in said and pdu.function in (1, 2):
        assert [int(bit) for bit in theirs.bits] == list(said["status"])
    if "starting_address" in said:
        assert (theirs.address, theirs.count) == (said["starting_address"], said["quantity"])
    if "exception_code" in said:
        assert theirs.exception_code == said["exception_code"]


@given(pdus)
def test_pymodbus_finds_our_rtu_frame_right(pdu: Pdu) -> None:
    unit = modbus_pdu.encode(pdu)
    assert FramerRTU(DecodePDU(is_server=False)).encode(unit, 7, 0) == rtu.encode(7, unit)


@pytest.mark.proof
@pytest.mark.parametrize(("codec", "telling"), BOTH, ids=NAMES)
def test_ten_million_mutated_bytes(codec: ModuleType, telling: ModuleType) -> None:
    good = [frame_of(codec, READ), frame_of(codec, REGISTERS), frame_of(codec, bytes.fromhex("8302"))]
    swallow_ten_million_mutated_bytes(codec.Session(), codec.FRAME_BYTES_MAX, telling.told, good, frames=200)
