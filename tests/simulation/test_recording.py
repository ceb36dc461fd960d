"""Recordings as meters and data sets have them: their times, separators, gaps and broken rows."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flameblue.domain.errors import BadInput
from flameblue.simulation.recording import Column, Moment, Wanted, columns_of, open_recording, time_of

T0_MS = 1_166_289_840_000  # 2006-12-16 17:24:00 UTC


def recorded(path: Path, text: str, wanted: Wanted | None = None) -> list[Moment]:
    path.write_text(text, encoding="utf-8")
    return list(open_recording(path, wanted or Wanted()).moments())


@pytest.mark.parametrize(
    "said",
    [
        "2006-12-16 17:24:00",
        "2006-12-16T17:24:00Z",
        "2006-12-16T18:24:00+01:00",
        "16/12/2006 17:24:00",
        "2006/12/16 17:24",
        "16.12.2006 17:24:00",
        "1166289840",
        "1166289840.0",
        "1166289840000",
        "1166289840000000",
        "1166289840000000000",
    ],
)
def test_a_time_is_read_as_files_write_it(said: str) -> None:
    assert time_of(said) == T0_MS


@pytest.mark.parametrize("said", ["", "yesterday", "nan", "2006-13-16 17:24:00", "inf"])
def test_what_is_no_time_is_told(said: str) -> None:
    with pytest.raises(BadInput, match="is no time like"):
        time_of(said)


def test_the_household_file_with_two_time_columns_and_question_marks_is_read(tmp_path: Path) -> None:
    text = (
        "Date;Time;Voltage;Global_intensity\n16/12/2006;17:24:00;234.840;18.400\n"
        "16/12/2006;17:25:00;?;?\n16/12/2006;17:26:00;;23.0\n"
    )
    assert recorded(tmp_path / "uci.txt", text) == [
        Moment(T0_MS, {"Voltage": 234.84, "Global_intensity": 18.4}),
        Moment(T0_MS + 60_000, {}),
        Moment(T0_MS + 120_000, {"Global_intensity": 23.0}),
    ]


def test_columns_are_renamed_and_scaled_and_the_others_left_out(tmp_path: Path) -> None:
    wanted = Wanted(columns=columns_of("power_kw=pa*1000, Voltage=ua"))
    text = "timestamp,power_kw,Voltage,note\n2006-12-16 17:24:00,1.5,230,x\n"
    assert recorded(tmp_path / "m.csv", text, wanted) == [Moment(T0_MS, {"pa": 1500.0, "ua": 230.0})]


def test_a_name_alone_is_its_own_key() -> None:
    assert columns_of("ia,ib=b") == {"ia": Column("ia"), "ib": Column("b")}


@pytest.mark.parametrize("said", ["=ua", "Voltage=*2", "Voltage=ua*x", "Voltage=ua*inf"])
def test_a_column_that_makes_no_sense_is_told(said: str) -> None:
    with pytest.raises(BadInput, match="is no column like"):
        columns_of(said)


def test_parquet_is_told_by_its_content_and_its_null_is_no_zero(tmp_path: Path) -> None:
    at = [datetime(2006, 12, 16, 17, 24, tzinfo=UTC), datetime(2006, 12, 16, 17, 24, 1, tzinfo=UTC)]
    pq.write_table(pa.table({"time": at, "power": [5, None], "device": ["a", "a"]}), tmp_path / "file.bin")
    moments = list(open_recording(tmp_path / "file.bin", Wanted()).moments())
    assert moments == [Moment(T0_MS, {"power": 5.0}), Moment(T0_MS + 1000, {})]


def test_a_row_without_a_time_is_counted_and_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("time,v\n2006-12-16 17:24:00,1\nbroken,2\n2006-12-16 17:25:00,3\n", encoding="utf-8")
    recording = open_recording(path, Wanted())
    assert (recording.rows, recording.span_ms) == (2, 60_000)
    assert [moment.values["v"] for moment in recording.moments()] == [1.0, 3.0]
    assert recording.unread == 1


def test_a_part_is_chosen_by_its_times(tmp_path: Path) -> None:
    wanted = Wanted(from_ms=T0_MS + 60_000, until_ms=T0_MS + 120_000)
    rows = "".join(f"{T0_MS // 1000 + 60 * minute},{minute}\n" for minute in range(5))
    assert [moment.values["v"] for moment in recorded(tmp_path / "m.csv", "t,v\n" + rows, wanted)] == [1, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,v\n", "no column of numbers"),
        ("time,v\nx,1\ny,2\n", "nothing to publish in .*: none of its 2 times can be read"),
        ("when,v\n2006-12-16 17:24:00,1\n", "Which column"),
        ("time,note\n2006-12-16 17:24:00,hello\n", "no column of numbers"),
        ("", "Which column"),
    ],
)
def test_what_can_not_be_published_is_told_in_words(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        recorded(tmp_path / "m.csv", text)


def test_a_missing_file_a_picture_and_an_unknown_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="can't be read"):
        open_recording(tmp_path / "none.csv", Wanted())
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(BadInput, match="neither Parquet nor CSV"):
        open_recording(tmp_path / "picture.png", Wanted())
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and nothing")
    with pytest.raises(BadInput, match="neither Parquet nor CSV"):
        open_recording(tmp_path / "cut.parquet", Wanted())
    with pytest.raises(BadInput, match="no column 'ua'; it has time, v"):
        recorded(tmp_path / "m.csv", "time,v\n2006-12-16 17:24:00,1\n", Wanted(columns=columns_of("ua")))
