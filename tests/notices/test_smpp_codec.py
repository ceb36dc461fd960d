"""A text becomes submit_sm parts, and what comes back is understood: on the wire bytes of two other implementations."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.notices.channels.smpp import codec

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "smpp" / "smpp.json").read_text("utf-8"))
HEADER = 16
COMMANDS = {"submit_sm": 4, "deliver_sm": 5}
SINGLE_BYTES, HEADER_BYTES = 140, 6


def named(command: str) -> list[dict[str, Any]]:
    """The vectors of one command, by the id in the bytes themselves."""
    return [vector for vector in VECTORS if int(vector["hex"][8:16], 16) == COMMANDS[command]]


def carried(vector: dict[str, Any]) -> tuple[int, bytes, int]:
    """(esm_class, short message, data coding) of a submit_sm or deliver_sm, read field by field (SMPP 3.4 §4.4.1)."""
    body = bytes.fromhex(vector["hex"])[HEADER:]
    at = body.index(0) + 1  # service_type
    for _ in range(2):  # source, destination: type, plan, number
        at = body.index(0, at + 2) + 1
    esm_class = body[at]
    at = body.index(0, at + 3) + 1  # schedule_delivery_time
    at = body.index(0, at) + 1  # validity_period
    coding, length = body[at + 2], body[at + 4]
    return esm_class, body[at + 5 : at + 5 + length], coding


def joined(parts: list[codec.PartPdu]) -> str:
    if len(parts) == 1:
        return parts[0].message.decode("utf-16-be")
    return "".join(part.message[HEADER_BYTES:].decode("utf-16-be") for part in parts)


@pytest.mark.parametrize(
    ("units", "count"), [(1, 1), (69, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
)
def test_seventy_units_go_alone_and_sixty_seven_in_each_of_several(units: int, count: int) -> None:
    text = "漏" * units
    parts = codec.parts(text, 7)
    assert len(parts) == count
    assert joined(parts) == text
    assert all(len(part.message) <= SINGLE_BYTES for part in parts)


def test_a_part_says_its_reference_how_many_and_which() -> None:
    first, second = codec.parts("漏" * 71, 300)
    assert first.message[:HEADER_BYTES] == bytes([5, 0, 3, 300 & 0xFF, 2, 1])
    assert second.message[:HEADER_BYTES] == bytes([5, 0, 3, 300 & 0xFF, 2, 2])
    assert first.esm_class == second.esm_class == codec.WITH_HEADER
    assert codec.parts("漏", 300)[0].esm_class == 0


@pytest.mark.parametrize("before", range(60, 72))
def test_a_character_of_two_units_is_never_cut(before: int) -> None:
    text = "漏" * before + "🔥" * 10
    parts = codec.parts(text, 1)
    assert joined(parts) == text  # each part decodes by itself


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    parts = codec.parts(text, 1)
    assert joined(parts) == text
    assert all(len(part.message) <= SINGLE_BYTES for part in parts)


@pytest.mark.parametrize("vector", named("submit_sm"), ids=lambda vector: vector["id"])
def test_another_librarys_submit_sm_has_the_bytes_that_ours_has(vector: dict[str, Any]) -> None:
    esm_class, message, coding = carried(vector)
    assert coding == codec.UCS2
    if esm_class == 0:
        assert codec.parts(message.decode("utf-16-be"), 1) == [codec.PartPdu(0, message)]
        return
    assert esm_class == codec.WITH_HEADER
    reference, total, number = message[3:HEADER_BYTES]
    others = [carried(one)[1] for one in named("submit_sm")]
    whole = sorted(m for m in others if m[:5] == bytes([5, 0, 3, reference, total]))
    text = "".join(m[HEADER_BYTES:].decode("utf-16-be") for m in whole)
    if len(whole) == total:
        assert codec.parts(text, reference)[number - 1] == codec.PartPdu(esm_class, message)


def test_a_receipt_is_understood() -> None:
    receipts = [carried(vector) for vector in named("deliver_sm")]
    found = [codec.receipt(message) for esm_class, message, _ in receipts if esm_class & codec.IS_RECEIPT]
    assert found
    assert {receipt.state for receipt in found if receipt} == {"DELIVRD"}
    assert all(receipt is not None and receipt.message_id for receipt in found)


@pytest.mark.parametrize("state", ["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD"])
def test_every_state_of_a_receipt_is_told(state: str) -> None:
    said = (
        f"id:0a-9F sub:001 dlvrd:000 submit date:2601150307 done date:2601150308 stat:{state} err:034 text:x"
    )
    assert codec.receipt(said.encode()) == codec.Receipt("0a-9F", state)


@pytest.mark.parametrize(
    "content", [b"", b"1", "1 4823".encode("utf-16-be"), b"stat:DELIVRD", b"\xff\xfe\x00"]
)
def test_what_is_no_receipt_is_none(content: bytes) -> None:
    assert codec.receipt(content) is None


def test_an_answer_is_read_in_its_own_coding() -> None:
    assert codec.inbound_text("1 4823".encode("utf-16-be"), codec.UCS2) == "1 4823"
    assert codec.inbound_text(b"1 4823", 0) == "1 4823"
    assert codec.inbound_text(b"\x00", codec.UCS2)  # cut in the middle: no error
