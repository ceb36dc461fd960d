"""What a model says of its DL/T 645 items is strict: a slip in a file is told with its place, and never guessed at."""

from pathlib import Path

import pytest

from flameblue.domain.errors import BadInput
from flameblue.profiles.items import Item, Metering, told
from flameblue.profiles.loader import load

GOOD = """\
name: meter
protocol: dlt645
interval_s: 60
dlt645: {error_word: one_lower, pause_ms: 50, timeout_ms: 900, line: {baud: 2400, parity: even, stop_bits: 1}}
points:
  ib: {quantity: current_a, phase: B, scale: 0.001, item: {identifier: "0202ff00", at: 3, bytes: 3, sign: drop}}
  ir:
    quantity: residual_current_ma
    item: {identifier: "02900100", bytes: 2}
    states:
      - {identifier: "04000501", mask: 0x1F, alarm: [2], fault: [2, 16]}
  n: {quantity: arc_count, item: {identifier: "03810002", bytes: 2, as: bin, mask: 0xFF00, shift: 8}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "meter.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_model_says_how_it_is_asked_and_where_its_values_stand(tmp_path: Path) -> None:
    profile = load(write(tmp_path, GOOD))
    assert (profile.payload, profile.modbus) == ("", None)
    assert profile.dlt645 == Metering("one_lower", 50, 900, 2400, "even", 1)
    assert profile.points["ib"].item == Item("0202FF00", 3, 3, "bcd", "drop")
    assert profile.points["n"].item == Item("03810002", 0, 2, "bin", "none", 0xFF00, 8)
    (state,) = profile.points["ir"].item_states
    assert state.item == Item("04000501", 0, 1, "bin", "none", 0x1F, 0)
    assert state.meanings == {2: ("alarm", "fault"), 16: ("fault",)}
    assert told([Item("0202FF00", 3, 3, "bcd", "drop"), state.item]) == [
        "0202FF00+3 3 bcd signed",
        "04000501+0 1 bin",
    ]


def test_what_is_left_out_is_as_the_standard_has_it(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("dlt645:")]
    point = '  u: {quantity: voltage_v, item: {identifier: "02010100", bytes: 2}}\n'
    profile = load(write(tmp_path, f"{head}dlt645: {{}}\npoints:\n{point}"))
    assert profile.dlt645 == Metering("standard", 0, 2000)
    assert profile.points["u"].item == Item("02010100", 0, 2, "bcd", "none", None, 0)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('"02900100"', "02010100", "points/ir/item/identifier: put it in quotes"),
        ('"02900100"', '"2900100"', "points/ir/item/identifier: '2900100' does not match"),
        ('"02900100"', '"029001XX"', "points/ir/item/identifier: '029001XX' does not match"),
        ('"02900100", bytes: 2', '"02900100"', "points/ir/item: 'bytes' is a required property"),
        ("bytes: 2}", "bytes: 9}", "points/ir/item/bytes: 9"),
        ("at: 3", "at: 1000", "points/ib/item/at: 1000"),
        ("sign: drop", "sign: true", "points/ib/item/sign: True"),
        ("sign: drop", "mask: 1", "points/ib/item/mask: only a number as 'bin'"),
        (
            "as: bin, mask: 0xFF00, shift: 8",
            "as: bin, sign: keep",
            "points/n/item/sign: only a number as 'bcd'",
        ),
        ("mask: 0xFF00", "mask: 0x1FF00", "points/n/item/mask: 0x1ff00 has more than the 16 bits"),
        ("shift: 8", "shift: 16", "points/n/item/shift: its bytes have 16 bits"),
        (
            "alarm: [2], fault: [2, 16]",
            "alarm: [34]",
            "points/ir/states/0: 34 can never be read with the mask",
        ),
        (", alarm: [2], fault: [2, 16]", "", "points/ir/states/0: it says no number"),
        ("alarm: [2]", "alarmed: [2]", "points/ir/states/0: .*'alarmed' was unexpected"),
        (
            '{identifier: "04000501", mask',
            "{address: 1, mask",
            "points/ir/states/0: .*'address' was unexpected",
        ),
        ("error_word: one_lower", "error_word: other", "dlt645/error_word: 'other'"),
        ("baud: 2400, ", "", "dlt645/line: 'baud' is a required property"),
        ("timeout_ms: 900", "registers_max: 9", "dlt645: .*'registers_max' was unexpected"),
        ('    item: {identifier: "02900100", bytes: 2}\n', "", "points/ir: 'item' is missing"),
        (
            "protocol: dlt645",
            "protocol: dlt645\npayload: tasmota",
            "payload: what is asked by DL/T 645 has none",
        ),
        ("protocol: dlt645", "protocol: mqtt\npayload: tasmota", "points/ir/states/0"),
        ("dlt645: {error", "dtl645: {error", "'dtl645' was unexpected"),
    ],
)
def test_a_slip_is_told_with_its_place(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in GOOD
    with pytest.raises(BadInput, match=complaint):
        load(write(tmp_path, GOOD.replace(before, after, 1)))


def test_the_section_is_needed_and_belongs_to_the_protocol_alone(tmp_path: Path) -> None:
    line = next(one for one in GOOD.splitlines() if one.startswith("dlt645: "))
    with pytest.raises(BadInput, match="'dlt645' is a required property"):
        load(write(tmp_path, GOOD.replace(f"{line}\n", "")))
    other = "name: meter\nprotocol: mqtt\npayload: flameblue\ninterval_s: 5\n"
    item = '  ir: {quantity: residual_current_ma, item: {identifier: "02900100", bytes: 2}}\n'
    with pytest.raises(BadInput, match="points/ir/item: only a model with the protocol 'dlt645'"):
        load(write(tmp_path, f"{other}points:\n{item}"))
    with pytest.raises(BadInput, match="dlt645: a model with the protocol 'mqtt' is not asked by it"):
        load(write(tmp_path, f"{other}dlt645: {{}}\npoints:\n  ir: {{quantity: residual_current_ma}}\n"))
    with pytest.raises(BadInput, match="open_points: nobody could know which identifiers"):
        load(write(tmp_path, f"{GOOD[: GOOD.index('points:')]}open_points: true\n"))
