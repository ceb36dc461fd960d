"""What quarantine shows: bytes as hex with what they say, the reader's language, and tables that a phone can show."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.utils.translation import override

from flameblue.domain.clock import to_ns
from flameblue.domain.limits import QUARANTINE_KEYS_MAX, QUARANTINE_KEYS_TOLD_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake import redact
from flameblue.intake.payloads.gb26875_unit import codec
from flameblue.intake.quarantine import Quarantine, Quarantined
from flameblue.intake.reasons import Reason
from flameblue.web import quarantine_facts, quarantine_words, sentences
from tests.web.readers import text_of

VECTORS = Path(__file__).parents[1] / "vectors" / "gb26875"
FRAME = bytes.fromhex((VECTORS / "lee_ff_elec_analog14.hex").read_text(encoding="ascii"))
TEMPLATES = Path(__file__).parents[2] / "flameblue" / "web" / "templates"
STACKED = sorted(path for path in TEMPLATES.rglob("*.html") if "stacked" in path.read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Whatever language the page was in that a test before has read."""
    with override("en"):
        yield


@pytest.mark.parametrize("kept", [FRAME.hex(" ").encode(), FRAME])
def test_a_frame_is_shown_as_hex_with_what_it_says(kept: bytes) -> None:
    text = redact.sample(kept)
    assert quarantine_facts.sample(text, "gb26875/3").startswith("40 40 02 00 02 03 38 12  0f 0f 06 15")
    said = quarantine_facts.said(text, "gb26875/3")
    assert "residual current electrical fire detector 15270820" in said
    assert said.endswith("and 12 more")


def test_a_unit_without_its_frame_is_told_too() -> None:
    text = redact.sample(FRAME[27:-3])
    assert quarantine_facts.sample(text, "gb26875/3").startswith("03 0e 81 03 11 15 27 08")
    assert quarantine_facts.said(text, "gb26875/3").startswith("upload component analogue value")


@pytest.mark.parametrize("text", ['{"v": {"温度": 1}}', '{"a": "the end is cut \\xe6\\xb8', ""])
def test_a_text_stays_one(text: str) -> None:
    assert quarantine_facts.sample(text, "t") == text
    assert quarantine_facts.said(text, "t") == ""


def test_bytes_of_any_topic_are_hex() -> None:
    assert quarantine_facts.sample(redact.sample(bytes(range(10))), "t") == "00 01 02 03 04 05 06 07  08 09"
    assert quarantine_facts.said(redact.sample(bytes(range(10))), "t") == ""


def test_a_refused_source_is_named_by_its_address() -> None:
    detail = "CLOUD1>k2 (POST) from 10.0.0.8: No credential was sent."
    assert quarantine_facts.where("/intake/v1/", detail) == "/intake/v1/CLOUD1>k2"
    assert quarantine_facts.where("/intake/v1/CLOUD1", detail) == "/intake/v1/CLOUD1"
    assert quarantine_facts.where("/intake/v1/", "something else") == "/intake/v1/"


@pytest.mark.parametrize(
    ("detail", "chinese"),
    [
        ("zz (it has ir, tb)", "zz（它有 ir, tb）"),
        ("zz (it has ir, tb and 3 more)", "zz（它有 ir, tb，另有 3 个）"),
        (
            "D9 (no client id) from 10.0.0.8: No such device, and no pairing window is open.",
            "D9（没有客户端标识），来自 10.0.0.8：没有这台设备，配对窗口也没有打开。",
        ),
        ("address 062028251115 (1) from 10.0.0.8:5200", "地址 062028251115（1），来自 10.0.0.8:5200"),
        (
            "100 % (POST) from 10.0.0.8: No credential was sent.",
            "100 %（POST），来自 10.0.0.8：没有出示密码。",
        ),
        (
            "1.17.2db83201.130: gb26875-generic does not say under kinds what type 130 measures",
            "1.17.2db83201.130：型号 gb26875-generic 的 kinds 里没有写类型 130 测的是什么",
        ),
        ("as it was written", "as it was written"),
    ],
)
def test_what_is_noted_is_said_in_the_readers_language(detail: str, chinese: str) -> None:
    assert quarantine_words.detail(detail) == detail
    with override("zh-hans"):
        assert quarantine_words.detail(detail) == chinese


def test_a_counter_keeps_its_tenths() -> None:
    steps = QUANTITIES["energy_kwh"].steps(1234.5)
    assert sentences.measured(steps, "energy_kwh") == "1234.5 kWh"
    assert sentences.measured(QUANTITIES["power_w"].steps(1234.5), "power_w") == "1234 W"


def test_each_key_that_nobody_registered_is_shown(data: Path, now: datetime, admin: Client) -> None:
    kept = Quarantine(data / "quarantine.sqlite3")
    one = Quarantined("GB1", "gb26875/2", Reason.UNKNOWN_KEY, "b", b"", to_ns(now), keys=("1.17.00000001",))
    other = replace(one, keys=("1.17.00000002",))
    kept.add([one, other, other, replace(one, device="alone")])
    many = [replace(one, device="many", keys=tuple(f"k{n}-{m}" for m in range(60))) for n in range(2)]
    assert QUARANTINE_KEYS_MAX >= 60
    kept.add(many)
    kept.close()
    page = text_of(admin.get("/quarantine/").content.decode())
    assert "2 keys 1.17.00000001 1 × · 01-15 03:07:00 1.17.00000002 2 × · 01-15 03:07:00" in page
    assert "1 key" not in page, "the detail names it"
    assert "120 keys k0-0 1 × · 01-15 03:07:00" in page
    assert f"and {120 - QUARANTINE_KEYS_TOLD_MAX} more" in page


def test_a_coarse_current_is_told_in_the_readers_language() -> None:
    unit = "1.17.2db83201.9: it comes in A, and the point is residual_current_ma"
    detail = f"{unit}; {codec._COARSE[9]}"
    assert quarantine_words.detail(detail).startswith(
        "1.17.2db83201.9: it comes in A, and the point measures Residual current; its step is 0.1 A"
    )
    with override("zh-hans"):
        chinese = quarantine_words.detail(detail)
    assert chinese.startswith("1.17.2db83201.9：发来的单位是 A，而测点测的是剩余电流；它的一步是 0.1 A；")
    assert "declared" not in chinese


class Cells(HTMLParser):
    """The heads of each stacked table of a template, and the labels of the cells of its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.is_stacked = False
        self.tables: list[tuple[list[str], list[list[str]]]] = []
        self.is_head = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "table":
            self.is_stacked = "stacked" in (said.get("class") or "").split()
            if self.is_stacked:
                self.tables.append(([], []))
        elif self.is_stacked and tag == "tr":
            self.tables[-1][1].append([])
        elif self.is_stacked and tag == "td" and "data-label" in said:
            self.tables[-1][1][-1].append(named(said["data-label"] or ""))
        self.is_head = tag == "th" and said.get("scope") == "col"

    def handle_data(self, data: str) -> None:
        if self.is_stacked and self.is_head and data.strip():
            self.tables[-1][0].append(named(data))
            self.is_head = False


def named(text: str) -> str:
    """The text that a template's tag says."""
    found = re.search(r"translate [\"'](.+?)[\"']", text)
    return found[1] if found else re.sub(r"[\"'\s]", "", text)


def tables() -> Iterator[tuple[str, list[str], list[list[str]]]]:
    for path in STACKED:
        cells = Cells()
        cells.feed(path.read_text(encoding="utf-8"))
        yield from ((path.name, heads, rows) for heads, rows in cells.tables)


def test_a_row_that_becomes_a_block_on_a_phone_says_what_each_cell_is() -> None:
    found = list(tables())
    assert len(found) >= 9
    for name, heads, rows in found:
        labelled = [row for row in rows if row]
        assert labelled, name
        for row in labelled:
            assert len(row) >= len(heads) - 2, (name, heads, row)
            assert set(row) <= set(heads), (name, heads, row)
