"""DL/T 645 frames: recorded ones, every message there and back, any split, and bytes that mean nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flameblue.intake.protocols.dlt645 import codec, controls, identifiers, values
from flameblue.intake.protocols.dlt645.controls import ANSWERS, EDITION_1997, EDITION_2007, OF_1997, REQUESTS
from flameblue.intake.protocols.dlt645.identifiers import BREAKER, METER, Variant
from flameblue.intake.protocols.dlt645.telling import told
from flameblue.intake.protocols.dlt645.values import Item
from flameblue.intake.protocols.layouts import REST, Misfit, Part
from tests.intake.captured import (
    VECTORS,
    about,
    check_told,
    pieces,
    recorded,
    runs,
    swallow_ten_million_mutated_bytes,
    vectors,
)

METER_ADDRESS = "000000000161"
READ_VOLTAGE = bytes.fromhex("00010102")
VOLTAGE = bytes.fromhex("68610100000000681104333434351716")

addresses = st.one_of(
    st.text("0123456789", min_size=12, max_size=12),
    st.sampled_from(["aa" * 6, "99" * 6, "aaaaaa000161", "f" * 12]),
)
frames = st.builds(codec.encode, addresses, st.integers(0, 255), st.binary(max_size=255), st.integers(0, 4))


def drawn(part: Part) -> st.SearchStrategy[Any]:
    """Any value of `part`."""
    if part.size == REST:
        return st.binary(max_size=30)
    if part.kind is controls.BCD:
        return st.text("0123456789", min_size=2 * part.size, max_size=2 * part.size)
    if part.kind is controls.IDENTIFIER:
        return st.binary(min_size=part.size, max_size=part.size).map(lambda data: data.hex().upper())
    return st.integers(0, 255) if part.size == 1 else st.binary(min_size=part.size, max_size=part.size)


def messages() -> list[tuple[int, tuple[Part, ...]]]:
    """Every control code in each direction, normal and abnormal, with each layout of its data."""
    requests = [(code, parts) for code, layouts in REQUESTS.items() for parts in layouts]
    answers = [(code | 0x80, parts) for code, layouts in ANSWERS.items() for parts in layouts]
    old = [(code | way, parts) for code, layouts in OF_1997.items() for parts in layouts for way in (0, 0x80)]
    refusals = [(code | 0xC0, (controls.ERROR_WORD,)) for code in ANSWERS]
    more = [
        (0x11 | 0xA0, ANSWERS[0x11][0]),
        (0x12 | 0xA0, ANSWERS[0x12][0]),
        (0xDC, (controls.SECURITY_ERROR,)),
    ]
    return requests + answers + old + refusals + more


@pytest.mark.parametrize("path", vectors("dlt645", "decoded"), ids=lambda path: path.stem)
def test_a_frame_of_others_decodes_as_listed_and_encodes_to_the_same_bytes(path: Path) -> None:
    listed, data = about(path), recorded(path)
    expected = listed["decoded"]
    (said,) = check_told(told, data)
    assert said["edition"] == ("1997" if path.stem.startswith("97") else "2007")
    assert said["address"] == expected["addr"]
    assert said["control_code"]["code"] == expected["ctrl"]
    assert said["data_length"] == expected["len"]
    assert said["data"] == expected["data_minus33"]
    assert said["check_sum"]["right"] == listed["checksum_ok"] == ("error" not in said)
    if "dir" in expected:
        assert said["preamble_fe"] == expected["preamble_fe"]
        assert said["control_code"]["from"] == expected["dir"].split("->")[0]
        assert said["control_code"]["abnormal"] == expected["abnormal"]
        assert said["control_code"]["more_frames_follow"] == expected["follow"]
        assert said["data_identifier"] == expected["DI"]
        assert said["check_sum"]["given"] == expected["checksum_given"].lower()
        assert said["check_sum"]["calculated"] == expected["checksum_calc"].lower()
    if "value" in expected:
        assert said["digits"] == expected["bcd"]
        identifier = identifiers.find(expected["DI"], Variant.METER)
        assert identifier is not None
        (value,) = identifiers.read(identifier, bytes.fromhex(said["content"]))
        assert value.value == expected["value"]
    written = codec.encode(
        said["address"], int(expected["ctrl"], 16), bytes.fromhex(said["data"]), said["preamble_fe"]
    )
    wrong = (
        data
        if listed["checksum_ok"]
        else data[:-2] + bytes.fromhex(said["check_sum"]["calculated"]) + data[-1:]
    )
    assert written == wrong


@pytest.mark.parametrize("path", vectors("dlt645", "runs"), ids=lambda path: path.stem)
def test_a_recorded_stream_is_told_frame_by_frame(path: Path) -> None:
    assert runs(check_told(told, recorded(path))) == about(path)["runs"]


def test_a_block_of_voltages_of_a_meter_on_a_bench() -> None:
    (said,) = told(recorded(VECTORS / "dlt645" / "forum_voltages_answer.hex"))
    values_of_phases = said["readings"][0]["values"]
    assert [(one["name"], one["value"]) for one in values_of_phases] == [
        ("voltage A", 0.0),
        ("voltage B", 0.0),
        ("voltage C", 239.4),
    ]


def test_the_old_edition_s_voltage_is_whole_volts() -> None:
    (said,) = told(bytes.fromhex("6803000000000068810444e93334ec16"))
    assert said["edition"] == "1997"
    assert said["readings"][0]["values"] == [
        {"name": "voltage A", "digits": "0100", "value": 100, "unit": "V"}
    ]


@pytest.mark.parametrize("message", messages(), ids=lambda value: f"{value[0]:02x}-{len(value[1])}")
@given(data=st.data())
def test_what_was_written_is_read_again(message: tuple[int, tuple[Part, ...]], data: st.DataObject) -> None:
    code, parts = message
    fields = {part.name: data.draw(drawn(part), part.name) for part in parts}
    wire = codec.encode(METER_ADDRESS, code, controls.encode(code, fields), preamble=2)
    session = codec.Session()
    (frame,) = session.feed(wire)
    read_again = controls.decode(frame.control, frame.data)
    assume(
        list(read_again) == list(fields)
    )  # a command of any form may happen to have the usual one's length
    assert read_again == fields
    assert (frame.address, frame.control, frame.size, session.held_bytes()) == (
        METER_ADDRESS,
        code,
        len(wire),
        0,
    )


def test_every_control_code_is_written_and_read() -> None:
    assert {code & 0x1F for code, _ in messages()} >= set(EDITION_2007)
    assert not set(EDITION_2007) & set(EDITION_1997)
    assert set(REQUESTS) == set(EDITION_2007)
    assert set(ANSWERS) == set(EDITION_2007) - {controls.TIME_TO_ALL}


@given(st.lists(frames, max_size=6), st.lists(st.integers(0, 2000), max_size=10))
def test_any_split_gives_the_same_frames(sent: list[bytes], cuts: list[int]) -> None:
    session = codec.Session()
    found = [frame for piece in pieces(b"".join(sent), cuts) for frame in session.feed(piece)]
    assert [codec.encode(one.address, one.control, one.data, one.preamble) for one in found] == sent


@given(
    st.lists(
        st.one_of(st.binary(max_size=40), frames, st.sampled_from([b"\x68", b"\xfe", VOLTAGE[:9]])),
        max_size=8,
    ),
    st.lists(st.integers(0, 3), max_size=3),
    st.lists(st.integers(0, 2000), max_size=8),
)
def test_no_soup_of_bytes_raises_and_any_split_of_it_gives_the_same(
    parts: list[bytes], spoilt: list[int], cuts: list[int]
) -> None:
    soup = bytearray(b"".join(parts))
    for place in spoilt:
        if soup:
            soup[place * 97 % len(soup)] ^= 0x41
    session, whole = codec.Session(), codec.Session()
    found = []
    for piece in pieces(bytes(soup), cuts):
        found += session.feed(piece)
        assert session.held_bytes() <= codec.FRAME_BYTES_MAX
    assert found == whole.feed(bytes(soup))
    assert session.give_up() == whole.give_up()
    check_told(told, bytes(soup))


@given(st.binary(max_size=600))
def test_after_garbage_the_next_frame_is_found(garbage: bytes) -> None:
    session = codec.Session()
    found = [*session.feed(garbage + VOLTAGE * 2), *session.give_up()]
    assert found[-1].data == READ_VOLTAGE
    assert found[-1].at == len(garbage) + len(VOLTAGE)


def test_a_garbled_frame_costs_only_itself() -> None:
    for place in range(len(VOLTAGE)):
        spoilt = bytearray(VOLTAGE)
        spoilt[place] ^= 0xFF
        session = codec.Session()
        found = [*session.feed(bytes(spoilt) + VOLTAGE), *session.give_up()]
        assert [frame.at for frame in found] == [len(VOLTAGE)]


@given(addresses, st.binary(max_size=60), st.integers(0, 4))
def test_a_frame_may_hold_any_mark(address: str, data: bytes, preamble: int) -> None:
    wire = codec.encode(address, 0x91, b"\x35\xe3\x33" + data + b"\x35\xe3", preamble)  # 68H, 16H on the wire
    (frame,) = codec.Session().feed(wire)
    assert (frame.address, frame.data, frame.preamble) == (
        address,
        b"\x35\xe3\x33" + data + b"\x35\xe3",
        preamble,
    )


@pytest.mark.parametrize("table", [METER, BREAKER], ids=["meter", "breaker"])
@given(data=st.data())
def test_every_item_of_the_tables_is_written_and_read(table: dict[str, Any], data: st.DataObject) -> None:
    identifier = table[data.draw(st.sampled_from(sorted(table)))]
    wire, expected = b"", []
    for item in identifier.items:
        value = data.draw(value_of(item))
        wire += values.write(item, value)
        expected.append(value)
    assert [one.value for one in identifiers.read(identifier, wire)] == expected


def value_of(item: Item) -> st.SearchStrategy[Any]:
    if item.kind == "raw":
        return st.binary(min_size=max(item.size, 1), max_size=item.size if item.size > 0 else 30).map(
            bytes.hex
        )
    if item.kind == "bin":
        return st.integers(0, 256**item.size - 1)
    if item.kind != "bcd":
        return st.text("0123456789", min_size=2 * item.size, max_size=2 * item.size)
    most = 10 ** (2 * item.size) * (8 if item.signed else 10) // 10 - 1
    numbers = st.integers(-most if item.signed else 0, most)
    return st.one_of(
        st.none(), numbers.map(lambda number: number / 10**item.decimals if item.decimals else number)
    )


def test_a_value_that_has_no_room_is_not_written() -> None:
    current = METER["02020100"].items[0]
    for value in (800.0, -800.0, 1_000.0):
        with pytest.raises(ValueError, match="does not fit"):
            values.write(current, value)
    with pytest.raises(ValueError, match="does not fit"):
        values.write(METER["02010100"].items[0], -1)


def test_the_scale_of_a_current_is_the_caller_s_and_never_guessed() -> None:
    raw = bytes.fromhex("150200")
    meter, breaker = (identifiers.find("02020100", variant) for variant in Variant)
    assert meter is not None
    assert breaker is not None
    assert identifiers.read(meter, raw)[0].value == 0.215
    assert identifiers.read(breaker, raw)[0].value == 21.5
    (said,) = told(codec.encode(METER_ADDRESS, 0x91, bytes.fromhex("00010202") + raw))
    assert said["digits"] == "000215"
    assert "depends on the model" in said["note"]
    assert [(one["variant"], one["values"][0]["value"]) for one in said["readings"]] == [
        ("meter", 0.215),
        ("breaker", 21.5),
    ]


def test_a_negative_current_has_the_sign_bit() -> None:
    item = METER["02020100"].items[0]
    assert values.read(item, bytes.fromhex("994980")) == -4.999
    assert values.write(item, -4.999) == bytes.fromhex("994980")
    breaker = BREAKER["02020100"].items[0]
    assert values.read(breaker, bytes.fromhex("150080")) == 80001.5  # it has no sign


def answered(identifier: str, content: str) -> dict[str, Any]:
    data = bytes.fromhex(identifier)[::-1] + bytes.fromhex(content)
    (said,) = told(codec.encode(METER_ADDRESS, 0x91, data))
    return dict(said)


def test_what_is_not_bcd_is_told_with_its_place_and_what_is_missing_is_not_an_error() -> None:
    said = answered("0201ff00", "2222ffffaa22")
    voltages = said["readings"][0]["values"]
    assert [one["value"] for one in voltages] == [222.2, None, None]
    assert "no value" in voltages[1]["why"]
    assert said["error"] == {"at": 18, "why": "voltage C: AAH is not BCD"}
    assert "error" not in answered("0201ff00", "2222ffffffff")
    assert len(answered("0201ff00", "2222")["readings"][0]["values"]) == 1


@pytest.mark.parametrize(
    ("word", "alarm", "position", "cause"),
    [
        ("00", False, "closed", "normal"),
        ("c2", True, "open, waiting to close again", "residual current"),
        ("6f", False, "open and locked", "lock-out"),
        ("3f", False, "not defined", "not defined"),
    ],
)
def test_a_status_word_of_a_breaker(word: str, alarm: bool, position: str, cause: str) -> None:
    (value,) = answered("04000501", word)["readings"][0]["values"]
    assert (value["alarm"], value["position"], value["cause"]) == (alarm, position, cause)


def test_records_and_counters_of_a_breaker() -> None:
    (record,) = answered("03880001", "01" + "3500" + "595923311226" + "000000010127")["readings"]
    assert [one["value"] for one in record["values"]] == [1, 35, "261231235959", "270101000000"]
    (counters,) = answered("038100ff", "1000" * 12)["readings"]
    assert {one["value"] for one in counters["values"]} == {10}
    assert len(counters["values"]) == 12
    (baud,) = answered("04000703", "08")["readings"][0]["values"]
    assert baud["baud"] == 2400
    assert answered("02900100", "0002")["readings"][0]["values"][0]["unit"] == "mA"


def test_an_abnormal_answer_is_told_by_both_customs() -> None:
    (said,) = told(codec.encode(METER_ADDRESS, 0xD1, b"\x02"))
    assert said["control_code"]["abnormal"]
    assert said["error_word"] == {
        "code": "02",
        "by_the_standard": ["no such data"],
        "one_bit_lower": ["password wrong or not authorised"],
    }
    assert controls.errors(0x7F) == {
        "by_the_standard": list(controls.ERRORS_STANDARD),
        "one_bit_lower": list(controls.ERRORS_ONE_LOWER),
    }
    (said,) = told(codec.encode(METER_ADDRESS, 0xC1, b"\x02"))  # of the old edition, whose bits are others
    assert said["error_word"] == 2


def test_data_that_is_not_laid_out_as_its_control_code_says_has_its_place() -> None:
    (said,) = told(codec.encode(METER_ADDRESS, 0x11, b"\x00\x01", preamble=4))
    assert said["check_sum"]["right"]
    assert said["error"] == {"at": 14, "why": "data_identifier does not fit: 2 bytes are left"}
    said = answered("02010100", "222222")
    assert said["error"] == {"at": 16, "why": "voltage A has 2 bytes, and 3 are here"}
    said = answered("02020100", "2222")
    assert said["error"] == {"at": 14, "why": "current A has 3 bytes, and 2 are left"}


def test_what_is_written_to_a_device_is_read_at_its_place() -> None:
    data = bytes.fromhex("01130004" + "02111111" + "44444444" + "00aa")
    (said,) = told(codec.encode(METER_ADDRESS, 0x14, data))
    assert (said["password"], said["operator_code"]) == ("02111111", "44444444")
    assert said["error"] == {"at": 22, "why": "over-voltage setting: AAH is not BCD"}


def test_a_part_of_a_longer_answer_is_given_as_it_is() -> None:
    for code, data in ((0xB1, "00ff0102" + "2222"), (0x92, "00ff0102" + "2222" + "01")):
        (said,) = told(codec.encode(METER_ADDRESS, code, bytes.fromhex(data)))
        assert said["content"] == "2222"
        assert "readings" not in said
        assert "error" not in said
    assert said["sequence"] == 1


@pytest.mark.parametrize(
    ("address", "meaning"),
    [
        ("a" * 12, "any device"),
        ("9" * 12, "all devices"),
        ("000000000161", "one device"),
        ("aaaaaaaa0161", "ends in 0161"),
        ("0161aaaaaaaa", "not BCD"),
        ("00000000f161", "not BCD"),
    ],
)
def test_what_an_address_means(address: str, meaning: str) -> None:
    (said,) = told(codec.encode(address, 0x11, READ_VOLTAGE))
    assert meaning in said["address_meaning"]


def test_more_than_four_waking_bytes_are_no_part_of_the_frame() -> None:
    first, second = check_told(told, b"\xfe" * 6 + VOLTAGE)
    assert (first["hex"], second["preamble_fe"]) == ("fefe", 4)


def test_damaged_frames_are_told_one_by_one() -> None:
    wrong = VOLTAGE[:-2] + b"\x00\x16"
    said = check_told(told, wrong + b"\x00" + wrong + VOLTAGE[:9] + VOLTAGE)
    assert [(one["at"], "check_sum" in one, "error" in one) for one in said] == [
        (0, True, True),
        (16, False, True),
        (17, True, True),
        (33, False, True),
        (42, True, False),
    ]


def test_fields_that_no_layout_has_are_not_written() -> None:
    with pytest.raises(ValueError, match="no layout"):
        controls.encode(0x11, {"data": b""})
    with pytest.raises(Misfit):
        controls.decode(0x08, b"")
    with pytest.raises(Misfit):
        controls.decode(0x08, b"\xaa" * 6)


@pytest.mark.proof
def test_ten_million_mutated_bytes() -> None:
    good = [recorded(path) for path in vectors("dlt645", "about")]
    swallow_ten_million_mutated_bytes(codec.Session(), codec.FRAME_BYTES_MAX, told, good, frames=100)
