"""What a model says of its registers is strict: a slip in a file is told with its place, and never guessed at."""

from pathlib import Path

import pytest

from flameblue.domain.errors import BadInput
from flameblue.intake import state_words
from flameblue.profiles.loader import load
from flameblue.profiles.registers import STATES, Asking, Register

GOOD = """\
name: relay
protocol: modbus
interval_s: 5
modbus:
  function: 4
  word_order: little
  registers_max: 40
  gap_max: 2
  pause_ms: 20
  timeout_ms: 300
  unit: 7
  line: {baud: 9600, parity: even, stop_bits: 1}
points:
  ir:
    quantity: residual_current_ma
    register: {address: 0x0010}
    states:
      - {address: 0x0020, function: 3, mask: 0x0006, shift: 1, warning: [1, 3], alarm: [2, 3]}
  e: {quantity: energy_kwh, scale: 0.001, offset: -2.5, register: {address: 100, type: i64, byte_order: little}}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "relay.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_model_is_read_with_what_holds_for_all_its_registers(tmp_path: Path) -> None:
    profile = load(write(tmp_path, GOOD))
    ir, e = profile.points["ir"], profile.points["e"]
    assert profile.payload == ""
    assert profile.modbus == Asking(40, 2, 20, 300, 7, 9600, "even", 1)
    assert ir.register == Register(4, 0x10, "u16", "little", "big", None, 0)
    assert e.register == Register(4, 100, "i64", "little", "little", None, 0)
    assert (e.offset, e.register.words) == (-2.5, 4)
    (state,) = ir.states
    assert state.register == Register(3, 0x20, "u16", "little", "big", 6, 1)
    assert state.meanings == {1: ("warning",), 2: ("alarm",), 3: ("warning", "alarm")}


def test_what_is_left_out_is_as_the_standard_has_it(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("modbus:\n")]
    points = "points:\n  ir: {quantity: residual_current_ma, register: {address: 0}}\n"
    profile = load(write(tmp_path, f"{head}modbus: {{}}\n{points}"))
    assert profile.modbus == Asking(125, 0, 0, 1000)
    assert profile.points["ir"].register == Register(3, 0, "u16", "big", "big", None, 0)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("function: 4", "function: 2", r"modbus/function: 2 is not one of \[3, 4\]"),
        ("registers_max: 40", "registers_max: 126", "modbus/registers_max: 126"),
        ("word_order: little", "word_order: swapped", "modbus/word_order: 'swapped'"),
        ("timeout_ms: 300", "timeout: 300", "modbus: .*'timeout' was unexpected"),
        ("baud: 9600, ", "", "modbus/line: 'baud' is a required property"),
        ("parity: even", "parity: E", "modbus/line/parity: 'E'"),
        ("unit: 7", "unit: 248", "modbus/unit: 248"),
        ("{address: 0x0010}", "{address: 65536}", "points/ir/register/address: 65536"),
        ("{address: 0x0010}", "{address: -1}", "points/ir/register/address: -1"),
        ("{address: 0x0010}", "{type: u16}", "points/ir/register: 'address' is a required property"),
        ("{address: 0x0010}", "{address: 16, type: f64}", "points/ir/register/type: 'f64'"),
        ("{address: 0x0010}", "{address: 16, type: i16, mask: 1}", "points/ir/register/mask: only u16"),
        ("{address: 0x0010}", "{address: 16, mask: 0x10000}", "points/ir/register/mask: 0x10000 has more"),
        ("{address: 0x0010}", "{address: 16, shift: 16}", "points/ir/register/shift: u16 has 16 bits"),
        ("address: 100", "address: 65533", "points/e/register/address: i64 takes 4 registers"),
        ("registers_max: 40", "registers_max: 2", "points/e/register/type: i64 takes 4 registers, more than"),
        (", warning: [1, 3], alarm: [2, 3]", "", "points/ir/states/0: it says no number"),
        ("warning: [1, 3]", "warning: [4]", "points/ir/states/0: 4 can never be read with the mask 0x6"),
        ("warning: [1, 3]", "warning: []", "points/ir/states/0/warning"),
        ("warning: [1, 3]", "warned: [1]", "points/ir/states/0: .*'warned' was unexpected"),
        ("function: 3, mask: 0x0006, shift: 1", "type: f32", "points/ir/states/0/type: a state is a whole"),
        ("    register: {address: 0x0010}\n", "", "points/ir: 'register' is missing"),
        ("protocol: modbus", "protocol: modbus\npayload: tasmota", "payload: what is asked"),
        ("protocol: modbus", "protocol: mqtt", "'payload' is a required property"),
        ("protocol: modbus", "protocol: mqtt\npayload: tasmota", "modbus: a model with the protocol 'mqtt'"),
        ("modbus:\n", "modbas:\n", "'modbas' was unexpected"),
        ("address: 100", "address: 100.0", "points/e/register/address: 100.0"),
        ("address: 100", "address: true", "points/e/register/address: True"),
        ("function: 4", "function: 4.0", "modbus/function: 4.0"),
        ("timeout_ms: 300", "timeout_ms: .nan", "modbus/timeout_ms: nan"),
        ("offset: -2.5", "offset: .inf", "points/e/offset: inf"),
        ("[1, 3]", "[1.0, 3]", "points/ir/states/0/warning/0: 1.0"),
    ],
)
def test_a_slip_is_told_with_its_place(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in GOOD
    with pytest.raises(BadInput, match=complaint):
        load(write(tmp_path, GOOD.replace(before, after, 1)))


def test_open_points_and_registers_on_other_models_are_refused(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("points:")]
    with pytest.raises(BadInput, match="open_points: nobody could know"):
        load(write(tmp_path, f"{head}open_points: true\n"))
    text = "name: relay\nprotocol: mqtt\npayload: flameblue\ninterval_s: 5\npoints:\n"
    with pytest.raises(BadInput, match="points/ir/register: only a model with the protocol 'modbus'"):
        load(write(tmp_path, text + "  ir: {quantity: residual_current_ma, register: {address: 1}}\n"))


def test_a_model_can_say_each_state_that_a_message_can() -> None:
    assert set(STATES) == set(state_words.STATES)
