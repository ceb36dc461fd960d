"""Every form and every query with what no page of ours sends: words for an answer, never a stumble."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from django.test import Client
from django.urls import reverse

from flameblue.cases import causes
from flameblue.cases.models import CaseEvent
from flameblue.inspections.models import Item
from tests.cases.bench import Bench, another_cabin
from tests.cast import Cast
from tests.web.addresses import NOBODYS, keyed, lists
from tests.web.readers import Reader, text_of

Fields = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"
PHONE = "+8613700000123"
FOUND = {"cause": next(iter(causes.CAUSES)), "action": "tightened", "without_proof_reason": "burnt down"}
EDIT = {
    "name": "新", "short_name": "新", "kind": "hotel", "address": "1", "key_holder": "E", "closed_until": "2026-05-01",
    "time_zone": "Asia/Shanghai", "isolator": "3", "rated_current_a": "20", "serial": "S", "place": "203",
    "number": PHONE, "language": "en", "reason": "moved", "confirmed": "20.0", "next": "/fleet/",
}  # fmt: skip
QUERY = (
    *(
        "after",
        "as",
        "before",
        "box",
        "case",
        "circuit",
        "days",
        "edit",
        "equipped",
        "family",
        "from",
        "kind",
        "level",
    ),
    *(
        "n",
        "next",
        "of",
        "on",
        "page",
        "period",
        "point",
        "premises",
        "profile",
        "q",
        "quantity",
        "raw",
        "series",
    ),
    *("show", "silent", "site", "span", "state", "to", "why"),
)
HOSTILE: Mapping[str, bytes] = {
    "nothing": b"",
    "blanks": b" \t\r\n",
    "giant": b"x" * 20_000,
    "nul": b"/a\0b",
    "lone surrogate": b"\xed\xa0\x80",
    "no utf-8": b"\xff\xfe\x80",
    "turned round": "\u202e3gpj.exe\u2066".encode(),
    "emoji": "🧯🔥👩‍🚒".encode(),
    "digits of elsewhere": "٣".encode(),
    "digits that are none": "²½".encode(),
    "markup": b"/<img src=x onerror=alert(1)>\"'",
    "less than nothing": b"-1",
    "more than 64 bits": b"9223372036854775808",
    "digits without end": b"9" * 5_000,
    "endless": b"1e999",
    "no number": b"nan",
    "last day": b"9999-12-31",
    "first day": b"0001-01-01",
    "last month": b"9999-12",
    "first month": b"0001-01",
    "last moment": b"9999-12-31T23:59:59Z",
    "no such day": b"2026-02-30",
    "a list": b"[1,2]",
    "percent": b"%s %(x)d {0} %",
    "wildcards": b"//%_\\*?' OR 1=1 --",
}
WORDS = tuple(HOSTILE.values())
EVERY = 9  # turns; the proof has all of them, in which each field gets each of the words
TURNS = [pytest.param(turn, marks=[pytest.mark.proof] if turn % EVERY else []) for turn in range(len(WORDS))]
Body = list[tuple[str, bytes]]


def forms(cast: Cast) -> Mapping[str, Fields]:
    """What an honest browser would send, by the view's name."""
    ticks = {item.value: "not_ok" for item in Item}
    place = {"latitude": "48.5", "longitude": "87.4"}
    return {
        "case-take": {},
        "case-give-back": {},
        "case-made-safe": {"how": next(iter(causes.MADE_SAFE)), "seen": "on"},
        "case-repaired": FOUND,
        "case-close": FOUND,
        "case-comment": {"text": "was there"},
        "case-assign": {"person": str(cast.chen.pk)},
        "case-shelve": {"reason": "works", "hours": "1"},
        "picture-change": {"picture": "no file"},
        "old-counts": {"file": "no file"},
        "visit": {"day": "2026-01-05", "tested": "on", "note": "fine"},
        "check": ticks | {f"{item}_text": "cable bare" for item in ticks},
        "fleet-edit": EDIT | {f"initial-{name}": text for name, text in EDIT.items()},
        "fleet-set-limits": {"warning": "55", "alarm": "65", "hold_s": "30", "reason": "summer", "step": "save",
            "shown": "alarm=65.0"},
        "fleet-files": {"file": "no file"},
        "fleet-import": {"hash": "0" * 64, "called": "fleet.csv", "shown": "0" * 64},
        "fleet-export": {},
        "start-site": place | {"site": "白哈巴", "station": "白哈巴站", "signature": "白哈巴",
            "time_zone": "Asia/Shanghai"},
        "start-premises": place | {"site": str(cast.site.pk), "name": "白桦", "owner": "Erlan", "number": PHONE,
            "language": "en", "panel": "1", "circuit": "2", "kind": "hotel", "isolator": "3",
            "rated_current_a": "16"},
        "start-device": {"circuit": str(cast.circuit.pk), "profile": "flameblue-generic", "name": "D9",
            "has_temperature_c": "on", "key_temperature_c": "temp", "has_current_a": "on", "key_current_a": "i"},
        "start-message": {"name": "Root", "number": PHONE, "language": "en", "on_duty": "on"},
        "start-credential": {},
        "pairing": {"minutes": "5"},
        "commissioning-test": {"minutes": "10"},
        "commissioning-apply": {},
        "commissioning-waive": {"point": str(cast.tb.pk), "reason": "no access"},
        "commissioning-bind": {"name": "D9", "profile": "flameblue-generic", "place": f"c{cast.circuit.pk}",
            "called": "D9", "unit": "3", "key-0": "temp", "quantity-0": "temperature_c", "phase-0": "A"},
        "scan-send": {"serial": "SN-1"},
        "accept": {"name": "Ainur", "role": "owner", "digest": "0" * 64, "drawn": "no file"},
        "device-address": {"address": "10.0.0.9"},
        "device-ask": {"kind": "duty_check", "minutes": "3"},
        "duty-answer": {},
        "reveal-phone": {},
        "presence": {"tab": "0" * 16, "state": "on"},
        "password": {"old_password": "a", "new_password1": "b", "new_password2": "b"},
        "sign-in": {"username": "root", "password": "x", "next": "/"},
        "sign-out": {"next": "/"},
        "theme": {"theme": "dark", "next": "/"},
        "language": {"language": "en", "next": "/"},
    }  # fmt: skip


@pytest.fixture
def root(bench: Bench, cast: Cast, data: Path) -> Reader:
    """Chen, who may do everything; a case is open."""
    bench.alarm(cast.tb)
    assert cast.chen.user is not None
    cast.chen.user.is_superuser = True
    cast.chen.user.save()
    return Reader.of(cast.chen)


def test_every_form_is_sent_here(cast: Cast, root: Reader) -> None:
    asked = addresses(cast)
    takes = {name for name, each in asked.items() if root.client.post(each[0]).status_code != 405}
    assert takes == set(forms(cast))


@pytest.mark.parametrize("turn", TURNS)
def test_a_form_with_what_no_page_sends_is_answered_in_words(turn: int, cast: Cast, root: Reader) -> None:
    """One field left out, wrong alone, wrong before an honest one; all of them wrong; none at all."""
    asked = addresses(cast)
    for name, honest in forms(cast).items():
        for address in asked[name]:
            for body in bodies(honest, turn):
                if name in ("sign-out", "password"):
                    root = Reader.of(cast.chen)
                answers_in_words(root.client, address, body)


@pytest.mark.parametrize("turn", TURNS)
def test_a_query_with_what_no_page_asks_is_answered_in_words(turn: int, cast: Cast, root: Reader) -> None:
    query = sent([(field, word_at(turn, place)[:3_000]) for place, field in enumerate(QUERY)])
    for name, each in addresses(cast).items():
        for address in each:
            if name != "healthz":  # says in numbers, too, that there is no core
                answer = root.client.get(address + ("&" if "?" in address else "?") + query)
                assert answer.status_code < 500, (name, query)


def test_another_stations_keys_in_a_form_or_a_query_lead_nowhere(
    bench: Bench, cast: Cast, bolat: Reader, dana: Reader
) -> None:
    bench.alarm(cast.tb)
    before = CaseEvent.objects.count()
    bolat.presses("/cases/4001/assign/", person=cast.dana.pk)
    assert CaseEvent.objects.count() == before
    keys = {"site": cast.site, "premises": cast.premises, "circuit": cast.circuit, "point": cast.tb}
    query = "&".join(f"{name}={thing.pk}" for name, thing in keys.items())
    for name, each in lists().items():
        for address in each:
            if not name.startswith("live") and name != "styleguide":
                answer = dana.client.get(f"{address}?{query}", follow=True)
                said = answer.getvalue().decode("utf-8", "replace")  # some are streamed
                assert not {"松林客栈", "203房", "SN-0217", "Ailin"} & set(text_of(said).split()), address
    _other, foreign = another_cabin(cast, "白桦客栈")
    for address in (
        f"/premises/{cast.premises.pk}/series/?series=",
        f"/premises/{cast.premises.pk}/readings.csv?series=",
    ):
        answer = bolat.client.get(f"{address}{foreign.pk}")
        assert "白桦" not in b"".join(answer).decode(), address


def addresses(cast: Cast) -> dict[str, list[str]]:
    """All but the lines that stay open."""
    found = keyed(cast) | lists() | {name: [reverse(name)] for name in NOBODYS}
    found["fleet-set-limits"] = [f"{one}?circuit={cast.circuit.pk}" for one in found["fleet-set-limits"]]
    return {name: each for name, each in found.items() if not name.startswith("live")}


def bodies(honest: Fields, turn: int) -> Iterator[Body]:
    known = {field: text.encode() for field, text in honest.items()}
    yield []
    yield [(field, word_at(turn, place)) for place, field in enumerate(known)]
    for place, field in enumerate(known):
        wrong = (field, word_at(turn, place))
        yield [*(known | dict([wrong])).items()]
        if turn == 0:
            yield [(name, text) for name, text in known.items() if name != field]
            yield [wrong, *known.items()]


def answers_in_words(client: Client, address: str, body: Body) -> None:
    answer = client.post(address, sent(body), FORM)
    assert answer.status_code < 500, (address, body)
    assert answer.status_code in (204, 302) or b"".join(answer).strip(), (address, body)


def word_at(turn: int, place: int) -> bytes:
    """Within all turns, each field gets each word."""
    return WORDS[(turn + place) % len(WORDS)]


def sent(body: Body) -> str:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in body)
