"""The demo's phones: what was sent to each number with its length, a reply, and a hand on the switch."""

import json
from pathlib import Path

import pytest
from django.conf import LazySettings

from flameblue.cases import actions
from flameblue.cases.models import Case
from flameblue.config import Config
from flameblue.notices.models import InboundMessage, Notice
from flameblue.people.models import Person
from flameblue.web import switches
from tests.cases.bench import Bench, another_room
from tests.cast import Cast
from tests.web.readers import Reader

LONG = "【禾木消防站】" + "长" * 64  # one unit more than a single message holds


@pytest.fixture
def demo(tmp_path: Path, settings: LazySettings) -> Path:
    settings.CONFIG = Config(data=tmp_path, demo=True)
    return tmp_path


@pytest.fixture
def visitor(cast: Cast, demo: Path) -> Reader:
    return Reader.of(cast.bolat)


def send(bench: Bench, to: Person, text: str, template: str = "owner_alarm") -> None:
    Notice.objects.create(
        case=bench.case(),
        person=to,
        to=to.phone,
        channel="console",
        template=template,
        language="zh-hans",
        text=text,
        reason="first_notice",
        state=Notice.State.SENT,
        created_at=bench.now,
        due_at=bench.now,
        sent_at=bench.now,
    )


@pytest.fixture(autouse=True)
def alarmed(bench: Bench) -> None:
    bench.alarm(bench.cast.tb)


def test_each_message_shows_its_units_and_parts(bench: Bench, visitor: Reader) -> None:
    send(bench, bench.cast.ailin, "【禾木消防站】报警")
    send(bench, bench.cast.yeerlan, LONG)
    page = visitor.sees("/phone/")
    assert "【禾木消防站】报警 03:07:00 · 9 units, 1 part" in page
    assert f"{LONG} 03:07:00 · 71 units, 2 parts" in page


def test_a_voice_call_has_no_units(bench: Bench, visitor: Reader) -> None:
    send(bench, bench.cast.bolat, "这里是禾木消防站", template="officer_voice_plain")
    assert "这里是禾木消防站 03:07:00 · voice call" in visitor.sees("/phone/bubbles/")


def test_what_was_not_sent_yet_is_on_no_phone(bench: Bench, visitor: Reader) -> None:
    send(bench, bench.cast.ailin, "soon")
    Notice.objects.update(sent_at=None)
    assert "No message yet." in visitor.sees("/phone/")


def test_a_reply_goes_the_way_of_every_reply(bench: Bench, visitor: Reader) -> None:
    send(bench, bench.cast.ailin, "【禾木消防站】报警")
    page = visitor.presses("/phone/reply/", sender=bench.cast.ailin.phone, text="1")
    assert InboundMessage.objects.get().person == bench.cast.ailin
    assert "1 03:07:00" in page


@pytest.mark.parametrize("deed", ["isolate", "repair", "restore"])
def test_a_hand_on_the_switch_is_one_line_for_the_simulation(
    deed: str, cast: Cast, demo: Path, visitor: Reader
) -> None:
    for _ in range(2):
        visitor.presses("/phone/world/", do=deed, circuit=cast.circuit.pk)
    lines = (demo / "simulation/commands.jsonl").read_text(encoding="utf-8").splitlines()
    order = {"do": deed, "premises": "松林客栈", "circuit": "203房暖气"}
    assert [json.loads(line) for line in lines] == [order, order]


def test_each_deed_is_said_and_a_pulled_switch_stands_in_the_form(cast: Cast, visitor: Reader) -> None:
    def does(deed: str) -> str:
        return visitor.presses("/phone/world/", do=deed, circuit=cast.circuit.pk)

    off = "203房暖气 (3号开关) – switched off"
    assert off not in visitor.sees("/phone/")
    for deed, said, is_off in (
        ("isolate", "Switch pulled: ", True),
        ("repair", "Repaired: ", True),
        ("restore", "Switched on: ", False),
        ("repair", "Repaired: ", False),
    ):
        page = does(deed)
        assert f"{said}{cast.circuit}" in page
        assert (off in page) == is_off


def test_what_is_no_order_is_passed_over_and_only_the_newest_are_read(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = demo / "simulation/commands.jsonl"
    assert switches.switched_off(path) == set()
    switches.order(path, "isolate", ("老店", "灯"))
    with path.open("ab") as orders:
        orders.write(b'[1]\n{"do": "isolate"}\n\xff{\n')
    switches.order(path, "isolate", ("新店", "灯"))
    assert switches.switched_off(path) == {("老店", "灯"), ("新店", "灯")}
    monkeypatch.setattr(switches, "SWITCH_ORDERS_BYTES_MAX", 80)
    assert switches.switched_off(path) == {("新店", "灯")}


def test_a_deed_that_is_none_does_nothing(cast: Cast, demo: Path, visitor: Reader) -> None:
    visitor.presses("/phone/world/", do="explode", circuit=cast.circuit.pk)
    visitor.presses("/phone/world/", do="isolate", circuit=0)
    assert not (demo / "simulation").exists()


def test_circuits_with_a_case_are_offered_first(bench: Bench, visitor: Reader) -> None:
    options = visitor.html("/phone/").split("<option")[1:]
    assert "● 松林客栈 · 2号箱 · 203房暖气 (3号开关)" in options[0]


def test_the_case_leads_to_its_cabin_and_the_cabin_back_to_the_case(bench: Bench, visitor: Reader) -> None:
    visitor.presses("/cases/4001/take/")
    circuit = bench.cast.tb.circuit_id
    way = f"/phone/?circuit={circuit}&case=4001"
    assert way.replace("&", "&amp;") in visitor.html("/cases/4001/")
    page = visitor.html(way)
    assert f'<option value="{circuit}" selected>' in page
    assert 'href="/cases/4001/"' in page
    order = [
        page.index(f"{n}. {deed}") for n, deed in ((1, "Pull the switch"), (2, "Repair"), (3, "Switch on"))
    ]
    assert order == sorted(order)
    done = {"do": "isolate", "circuit": circuit, "case": "4001"}
    assert "Back to case 4001" in visitor.presses("/phone/world/", **done)
    assert visitor.client.get("/phone/?circuit=x&case=%00").status_code == 200


def test_the_circuit_of_the_case_that_the_reader_has_taken_is_chosen_and_else_none(
    bench: Bench, visitor: Reader
) -> None:
    """What is chosen unasked may be the wrong switch: a newer case, or one of a device that is silent."""
    room, _ = another_room(bench.cast)
    bench.silent(room)
    assert "selected>" not in visitor.html("/phone/").split('name="sender"')[0]
    assert "choose a circuit" in visitor.sees("/phone/")
    for case in Case.objects.all():
        actions.take(case.pk, bench.cast.bolat, bench.now)
    page = visitor.html("/phone/")
    assert f'<option value="{bench.cast.tb.circuit_id}" selected>' in page
    assert "choose a circuit" not in page
