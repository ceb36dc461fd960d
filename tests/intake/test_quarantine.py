"""Quarantine: counted, bounded, without secrets, readable from elsewhere."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.domain.errors import WorldFailed
from flameblue.domain.limits import QUARANTINE_SAMPLE_BYTES_MAX, UNKNOWN_DEVICES_MAX, UNKNOWN_PARTS_MAX
from flameblue.intake import redact
from flameblue.intake.quarantine import Quarantine, Quarantined, Unknown
from flameblue.intake.reasons import SENTENCES, Reason

Opener = Callable[..., Quarantine]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens quarantines and closes them at the end."""
    with ExitStack() as stack:
        yield lambda path, **more: stack.enter_context(closing(Quarantine(path, **more)))


def message(**changes: Any) -> Quarantined:
    kept = Quarantined("D0217", "t", Reason.MALFORMED, "not JSON", b'{"v":', 1_000)
    return replace(kept, **changes)


def unknown(name: str, at_ns: int) -> Unknown:
    return Unknown(name, "client", "10.0.0.1", "hash", "t", b'{"v":{"ir":1}}', at_ns)


def test_repeats_are_one_row_with_a_count_and_the_latest_sample(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([message(), message(at_ns=2_000)])
    quarantine.add([message(at_ns=3_000, payload=b"later", detail="other"), message(reason=Reason.EMPTY)])
    first, second = quarantine.rows()
    assert (first.count, first.first_ns, first.last_ns) == (3, 1_000, 3_000)
    assert (first.sample, first.detail, first.payload_bytes) == ("later", "other", 5)
    assert (second.reason, second.count) == ("empty", 1)
    assert quarantine.totals() == {"malformed": 3, "empty": 1}


def test_a_row_differs_by_device_topic_and_reason(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([message(), message(device="D2"), message(topic="u"), message(reason=Reason.EMPTY)])
    assert len(quarantine.rows()) == 4
    assert len(quarantine.rows(limit=3)) == 3
    assert len(quarantine.rows(limit=3, offset=3)) == 1


def test_it_is_there_after_a_restart_and_counts_on(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([message()])
    quarantine.close()
    again = opened(tmp_path / "q.sqlite3")
    again.add([message(at_ns=5_000)])
    assert [row.count for row in again.rows()] == [2]


def test_another_process_reads_while_it_is_open(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "q.sqlite3"
    quarantine = opened(path)
    quarantine.add([message(), unknown("D9999", 7)])
    code = (
        "import sys; from pathlib import Path; from flameblue.intake.quarantine import Quarantine;"
        "q = Quarantine(Path(sys.argv[1]), reader_only=True);"
        "sys.stdout.write(q.rows()[0].reason + ' ' + q.unknown_devices()[0].name)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout == "malformed D9999"


def test_a_reader_finds_nothing_where_nothing_is_yet(tmp_path: Path, opened: Opener) -> None:
    reader = opened(tmp_path / "q.sqlite3", reader_only=True)
    assert (reader.rows(), reader.unknown_devices(), reader.totals()) == ([], [], {})
    assert not (tmp_path / "q.sqlite3").exists()


def test_beyond_its_size_the_oldest_go_first(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3", bytes_max=20_000)
    for number in range(200):
        quarantine.add([message(topic=f"t{number}", payload=b"x" * 500, at_ns=number)])
    kept = [int(row.topic[1:]) for row in quarantine.rows()]
    assert kept == list(range(199, 199 - len(kept), -1))
    assert 10 <= len(kept) <= 20_000 // 500


def test_repeats_do_not_push_others_out(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3", bytes_max=20_000)
    quarantine.add([message(topic="old", at_ns=0)])
    for number in range(300):
        quarantine.add([message(payload=b"x" * 500, at_ns=number)])
    assert [(row.topic, row.count) for row in quarantine.rows()] == [("t", 300), ("old", 1)]


def test_unknown_devices_are_listed_with_what_they_sent_and_bounded(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([unknown(f"D{number}", number) for number in range(1, UNKNOWN_DEVICES_MAX + 3)])
    quarantine.add([unknown("D5", 10_000)])
    rows = quarantine.unknown_devices(limit=UNKNOWN_DEVICES_MAX + 10)
    assert len(rows) == UNKNOWN_DEVICES_MAX
    assert (rows[0].name, rows[0].count, rows[0].sample) == ("D5", 2, '{"v":{"ir":1}}')
    assert [row.name for row in quarantine.unknown_devices(since_ns=9_999)] == ["D5"]


def test_a_file_that_can_not_be_written_is_the_worlds_failure(tmp_path: Path, opened: Opener) -> None:
    with pytest.raises(WorldFailed):
        opened(tmp_path / "missing" / "q.sqlite3")
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.close()
    with pytest.raises(WorldFailed):
        quarantine.add([message()])


def test_a_failed_addition_leaves_nothing_behind(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "q.sqlite3"
    quarantine = opened(path)
    with sqlite3.connect(path) as other:
        other.execute(
            "create trigger no before insert on unknown_device begin select raise(abort, 'no'); end"
        )
    other.close()
    with pytest.raises(WorldFailed):
        quarantine.add([message(), unknown("D1", 1)])
    assert quarantine.rows() == []
    quarantine.add([message()])
    assert len(quarantine.rows()) == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"password":"hunter2-x","v":{}}',
        '{"Password" : "hunter2-x"}',
        '{"wifi_pwd":"hunter2-x"}',
        '{"accessToken":"a\\"hunter2-x"}',
        '{"api_key":"hunter2-x"}',
        '{"client-secret":"hunter2-x',
        "{'credentials': 'hunter2-x'}",
        "token=hunter2-x&v=1",
        "password: hunter2-x",
        '{"token":hunter2-x}',
    ],
)
def test_secrets_are_taken_out_of_samples(text: str, tmp_path: Path, opened: Opener) -> None:
    assert "hunter2-x" not in redact.sample(text.encode())
    assert "(redacted)" in redact.sample(text.encode())
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([message(payload=text.encode(), detail=text, topic=text)])
    quarantine.close()
    for path in tmp_path.iterdir():
        assert b"hunter2-x" not in path.read_bytes()


def test_what_is_no_secret_stays_readable() -> None:
    text = '{"v":{"ir":12.5},"note":"门口 panel 2"}'
    assert redact.sample(text.encode()) == text


@given(st.binary(max_size=300) | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_can_be_shown(payload: bytes) -> None:
    shown = redact.sample(payload)
    assert "\0" not in shown
    shown.encode("utf-8")


def test_a_sample_is_cut_and_its_length_is_kept(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([message(payload=b"x" * 100_000)])
    (row,) = quarantine.rows()
    assert (len(row.sample), row.payload_bytes) == (QUARANTINE_SAMPLE_BYTES_MAX, 100_000)


def test_text_that_no_database_takes_is_written_out(tmp_path: Path, opened: Opener) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add([message(detail="key \ud800 \0", device="D\ud800")])
    assert quarantine.rows()[0].detail == "key \\ud800 \\0"


def test_every_reason_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Reason)


def test_a_damaged_file_is_put_aside_and_intake_goes_on(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "quarantine.sqlite3"
    path.write_bytes(b"this is no database" * 500)
    quarantine = opened(path)
    assert quarantine.rows() == []
    assert path.with_suffix(".damaged").read_bytes().startswith(b"this is no database")


def test_the_parts_that_an_unknown_device_says_are_gathered_up_to_a_limit(
    tmp_path: Path, opened: Opener
) -> None:
    quarantine = opened(tmp_path / "q.sqlite3")
    quarantine.add(
        [replace(unknown("T1", at_ns), part=f"p{at_ns}") for at_ns in range(1, UNKNOWN_PARTS_MAX + 6)]
    )
    quarantine.add([replace(unknown("T1", 1_000), part="p50", payload=b"new"), unknown("T2", 2_000)])
    found = quarantine.unknown_messages()
    assert (len(found["T1"]), len(found["T2"])) == (UNKNOWN_PARTS_MAX, 1)
    assert [one.last_ns for one in found["T1"]][:2] == [6, 7], "the oldest went first"
    assert [one.sample for one in found["T1"] if one.last_ns == 1_000] == ["new"]
    (row,) = [one for one in quarantine.unknown_devices() if one.name == "T1"]
    assert (row.count, row.first_ns, row.last_ns) == (UNKNOWN_PARTS_MAX + 6, 1, 1_000)
