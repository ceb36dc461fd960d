"""No detector hides another in quarantine: each key is kept, and a draft has them all. Nobody's keys fill a disk."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flameblue import cli_devices
from flameblue.cli import main
from flameblue.domain.limits import DRAFTED_KEYS_MAX, QUARANTINE_PARTS_MAX, QUARANTINE_SAMPLE_BYTES_MAX
from flameblue.intake import kept_parts
from flameblue.intake.decode import Message
from flameblue.intake.drafting import draft
from flameblue.intake.keeping import Item, Keeper
from flameblue.intake.quarantine import Quarantine, Quarantined
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Batch, Intake
from tests.intake.gb26875_endpoint import T889, kept, peer_of, serving, told
from tests.intake.transmitter import CONFIRM, Transmitter, state, value
from tests.intake.valley import D0217, TOPIC, directory

T_NS = 1_700_000_000_000_000_000
DETECTORS = ("00000001", "00000002", "00000003", "00000004")


@pytest.fixture
def quarantine(tmp_path: Path) -> Iterator[Quarantine]:
    with closing(Quarantine(tmp_path / "quarantine.sqlite3")) as opened:
        yield opened


def unread(*keys: str, at_ns: int = T_NS, **changes: Any) -> Quarantined:
    payload = json.dumps({"v": dict.fromkeys(keys, 1)}).encode()
    one = Quarantined("D1", "t", Reason.UNKNOWN_KEY, ", ".join(keys), payload, at_ns, keys=keys)
    return replace(one, **changes)


def names(found: Quarantine) -> list[list[str]]:
    rows = found.rows()
    return [[one.key for one in found.keys(rows).get(row.id, [])] for row in rows]


async def test_each_detector_that_was_tripped_is_named(desk: Intake) -> None:
    async with serving(desk) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        for one in DETECTORS:
            peer.send(device.frame(state(2, one)), device.frame(value(45, 3, one, 18)))
            assert [(await told(peer)).command for _ in range(2)] == [CONFIRM, CONFIRM]
        await kept(desk)
    assert names(desk.quarantine) == [
        [f"1.18.{one}.3" for one in DETECTORS],
        [f"1.17.{one}" for one in DETECTORS],
    ]
    assert [row.count for row in desk.quarantine.rows()] == [4, 4]


def taken_in(desk: Intake, *payloads: str) -> None:
    desk.directory = directory(D0217)
    desk.look_at_profiles()
    for payload in payloads:
        batch = Batch(T_NS)
        batch.take(desk, D0217, Message(TOPIC, payload.encode()))
        desk.quarantine.add(batch._items)


def test_keys_of_one_message_and_of_several_stand_side_by_side(desk: Intake) -> None:
    desk.shelf.current()
    taken_in(desk, *('{"v":{"ir":5,"volt":1,"leak":2}}', '{"v":{"key1":1}}', '{"v":{"key2":1}}'))
    taken_in(desk, '{"v":{"key1":7}}', '{"v":{"ir":"x"}}', '{"v":{"ir":"y","tb":"z"}}')
    assert names(desk.quarantine) == [["ir", "tb"], ["leak", "volt", "key1", "key2"]]
    (_, unknown) = desk.quarantine.rows()
    counts = {one.key: one.times for one in desk.quarantine.keys([unknown])[unknown.id]}
    assert counts == {"leak": 1, "volt": 1, "key1": 2, "key2": 1}
    messages = desk.quarantine.messages_of("D0217")
    assert '{"v":{"key1":7}}' in [one.sample for one in messages], "the newest of each"
    assert len(messages) == 5


def test_whatever_a_device_calls_its_keys_only_so_many_are_kept(quarantine: Quarantine) -> None:
    quarantine.add([unread("of another", device="D2")])
    for at in range(0, 3 * QUARANTINE_PARTS_MAX, 50):
        quarantine.add([unread(f"k{n}", at_ns=T_NS + n) for n in range(at, at + 50)])
    found = names(quarantine)
    newest = range(2 * QUARANTINE_PARTS_MAX, 3 * QUARANTINE_PARTS_MAX)
    assert found == [[f"k{n}" for n in newest], ["of another"]]
    assert quarantine.rows()[0].count == 3 * QUARANTINE_PARTS_MAX


def test_whoever_they_are_only_so_many_are_kept_in_all(
    quarantine: Quarantine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_parts, "QUARANTINE_PARTS_IN_ALL_MAX", 10)
    quarantine.add([unread(f"k{n}", device=f"D{n % 4}", at_ns=T_NS + n) for n in range(40)])
    assert sorted(key for keys in names(quarantine) for key in keys) == [f"k{n}" for n in range(30, 40)]


async def test_ever_new_keys_take_no_more_memory_while_they_wait() -> None:
    written: list[Item] = []
    keeper = Keeper(written.extend)
    many = [unread(f"k{n}") for n in range(5 * QUARANTINE_PARTS_MAX)]
    await keeper.keep([*many, unread("of another", device="D2")])
    assert len(written) == QUARANTINE_PARTS_MAX + 2
    assert sum(one.times for one in written) == len(many) + 1
    written.clear()
    keeper.keep([unread("later"), unread("later")])
    await keeper.flush()
    assert [(one.keys, one.times) for one in written if isinstance(one, Quarantined)] == [(("later",), 2)]


def test_a_key_goes_with_its_row_and_no_later_row_has_it(tmp_path: Path) -> None:
    with closing(Quarantine(tmp_path / "quarantine.sqlite3", bytes_max=4_000)) as small:
        for n in range(40):
            small.add([unread(f"k{n}", topic=f"t{n}", at_ns=T_NS + n)])
        rows = small.rows()
        assert 1 <= len(rows) < 20
        assert names(small) == [[f"k{row.topic[1:]}"] for row in rows]
    with closing(sqlite3.connect(tmp_path / "quarantine.sqlite3")) as file:
        assert file.execute("select count(*) from part").fetchone() == (len(rows),)


def test_no_key_brings_a_secret_or_breaks_the_list(tmp_path: Path, quarantine: Quarantine) -> None:
    odd = ('a"]', "ключ, 钥匙", "\ud800\0", "password: hunter2-x", "x" * 300)
    quarantine.add([unread(*odd, payload=b"{}", detail="")])
    assert names(quarantine)[0][:2] == ['a"]', "ключ, 钥匙"]
    assert [len(key) for key in names(quarantine)[0]][-1] == 64
    quarantine.close()
    assert all(b"hunter2-x" not in path.read_bytes() for path in tmp_path.iterdir())


def test_a_file_from_before_there_were_keys_is_read(tmp_path: Path, quarantine: Quarantine) -> None:
    quarantine.add([unread("k")])
    with closing(sqlite3.connect(tmp_path / "quarantine.sqlite3")) as file:
        file.execute("drop table part")
    assert (names(quarantine), quarantine.messages_of("D1")) == ([[]], [])
    quarantine.close()
    with closing(Quarantine(tmp_path / "quarantine.sqlite3")) as again:
        again.add([unread("k2")])
        assert names(again) == [["k2"]]


def new_draft(data: Path, number: str, monkeypatch: pytest.MonkeyPatch) -> str:
    (data / "secret_key").write_text("x", encoding="ascii")
    monkeypatch.setenv("FLAMEBLUE_DATA", str(data))
    return draft(cli_devices._sent(number), {}).text


async def test_a_draft_has_the_keys_of_all_that_the_device_has_sent(
    desk: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(desk, T889) as endpoint:
        peer, device = peer_of(endpoint), Transmitter()
        for one in DETECTORS:
            peer.send(device.frame(state(2, one)), device.frame(value(45, 130, one)))
            assert [(await told(peer)).command for _ in range(2)] == [CONFIRM, CONFIRM]
        await kept(desk)
    for row in desk.quarantine.rows():
        text = new_draft(tmp_path, str(row.id), monkeypatch)
        for one in DETECTORS:
            assert f"#   1.17.{one}\n" in text
            assert f"#   1.17.{one}.130\n" in text
        assert text.count('#   "130": {quantity: }') == 1
        assert "Drafted from 8 messages" in text


def test_a_draft_takes_no_more_than_it_may_and_leaves_out_what_is_another_format(
    quarantine: Quarantine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [unread(*(f"k{n}-{m}" for m in range(50)), topic=TOPIC, at_ns=T_NS + n) for n in range(6)]
    cut = unread("cut", topic=TOPIC, payload=_long(), at_ns=T_NS + 9)
    quarantine.add([*many, unread("other", topic="zigbee2mqtt/x"), cut])
    (number,) = [row.id for row in quarantine.rows() if row.topic == TOPIC]
    text = new_draft(tmp_path, str(number), monkeypatch)
    questions = [line.split(":")[0] for line in text.splitlines() if "{quantity: }" in line]
    assert len(questions) == len(set(questions)) == DRAFTED_KEYS_MAX
    assert {key[3:].split("-")[0] for key in questions} == {"k0", "k1", "k2", "k3"}
    assert "other" not in text


def _long() -> bytes:
    return b'{"v":{"cut":1' + b" " * QUARANTINE_SAMPLE_BYTES_MAX + b"}}"


def test_the_list_at_a_terminal_names_all_keys_or_says_that_it_is_empty(
    quarantine: Quarantine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "secret_key").write_text("x", encoding="ascii")
    monkeypatch.setenv("FLAMEBLUE_DATA", str(tmp_path))
    said = []
    for items in ([], [unread("k1")], [unread("k2"), unread("k2")]):
        quarantine.add(items)
        with pytest.raises(SystemExit) as left:
            main(["quarantine"])
        assert not left.value.code
        said.append(capsys.readouterr().out)
    assert said[0] == "Empty: everything that came could be read, and nobody unknown has spoken.\n"
    assert said[1].endswith("D1  unknown_key  t  k1\n")
    assert said[2].endswith("D1  unknown_key  t  k2  2 keys: k1 1 x, k2 2 x\n")
