"""The watch of another machine: what an answer is worth, who is told when, and what it knows after a restart."""

import json
import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from flameblue.config import Config, HttpSms, Messages, Smpp, Watch
from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.domain.limits import (
    PROVIDER_ANSWER_S_MAX,
    WATCH_AGAIN_S,
    WATCH_ANSWER_BYTES_MAX,
    WATCH_ANSWER_S,
    WATCH_EVERY_S,
    WATCH_FAILURES,
    WATCH_TELL_S,
    WATCH_WITHIN_S,
)
from flameblue.notices.channel import Outgoing, Sent
from flameblue.notices.channels import http_sms
from flameblue.notices.channels.smpp import line as smpp
from flameblue.runtime.watch import memory, rule, settings, telling, watcher
from flameblue.runtime.watch.rule import Answer, Standing, Word
from flameblue.runtime.watch.settings import Watched
from flameblue.runtime.watch.watcher import Watcher
from flameblue.web.health import BEAT_WITHIN_S

HEMU = Watched("禾木站", "https://hemu.example.org/healthz")
PHONES = ("+8613900000001", "+8613900000002")
GOOD, BAD = Answer(at="now"), Answer("it does not answer in time")


def body(**said: object) -> bytes:
    return json.dumps({"alive": True, "at": "2026-01-15T03:07:00"} | said).encode()


@pytest.mark.parametrize(
    ("status", "content", "before", "trouble"),
    [
        (200, body(), "", ""),
        (200, body(), "2026-01-15T03:06:45", ""),
        (200, body(), "2026-01-15T03:07:00", "its answer is still that of 2026-01-15T03:07:00"),
        (200, body(at=None), "", "its answer bears no date; it may be an old one"),
        (503, body(alive=False, dead=["detection"]), "", "it says that it does not work: detection"),
        (200, body(alive=False, dead=[]), "", "it says that it does not work"),
        (503, body(), "", "it says that it does not work"),
        (404, b"<html>", "", "something answers there (status 404), but no Flameblue; is the address right?"),
        (200, b"[]", "", "something answers there (status 200), but no Flameblue; is the address right?"),
        (200, b"\xff", "", "something answers there (status 200), but no Flameblue; is the address right?"),
    ],
)
def test_only_a_dated_new_answer_that_says_alive_counts(
    status: int, content: bytes, before: str, trouble: str
) -> None:
    assert rule.judged(status, content, before).trouble == trouble


def told(answers: str, every_s: float = WATCH_EVERY_S) -> list[tuple[int, Word]]:
    """What is told at which of `answers` (. good, x none)."""
    clock, standing, found = ManualClock(1), Standing(), []
    for number, answer in enumerate(answers, 1):
        clock.advance(every_s)
        now = watcher.to_datetime(clock.now_ns())
        standing, word = rule.step(standing, GOOD if answer == "." else BAD, now)
        found += [(number, word)] if word else []
    return found


def test_three_failures_in_a_row_are_told_and_three_answers_take_it_back() -> None:
    assert told("..xx.xx.xxx") == [(11, Word.DOWN)]
    assert told("xxx..x...") == [(3, Word.DOWN), (9, Word.BACK)]
    assert told("xxxxxx....") == [(3, Word.DOWN), (9, Word.BACK)]


def test_it_is_said_again_every_hour() -> None:
    looks = round(WATCH_AGAIN_S / WATCH_EVERY_S)
    assert told("x" * (2 * looks + 3)) == [(3 + looks * n, Word.DOWN) for n in range(3)]


def test_a_message_leaves_within_two_minutes_of_the_servers_death() -> None:
    """Whenever it dies between two looks, however slowly nothing answers, and by the second channel too."""
    looks = told("x" * WATCH_FAILURES)
    assert looks == [(WATCH_FAILURES, Word.DOWN)]
    last_look_s = WATCH_FAILURES * WATCH_EVERY_S  # it died just after it had answered
    assert WATCH_ANSWER_S < WATCH_EVERY_S  # a look does not hold up the next
    assert last_look_s + WATCH_ANSWER_S + 2 * WATCH_TELL_S <= WATCH_WITHIN_S
    assert (
        BEAT_WITHIN_S + last_look_s + WATCH_ANSWER_S + WATCH_TELL_S <= WATCH_WITHIN_S
    )  # its core alone dies
    assert smpp.BOUND_WITHIN_S + smpp.ANSWER_WITHIN_S <= WATCH_TELL_S
    assert PROVIDER_ANSWER_S_MAX + http_sms.TIMEOUT_S <= WATCH_TELL_S


@dataclass
class Phones:
    """A channel; `refuses` are numbers that it can't reach, for ever where `for_ever`."""

    refuses: set[str] = field(default_factory=set)
    for_ever: bool = False
    handed: list[tuple[str, str]] = field(default_factory=list)
    deaf: float = 0.0

    def send(self, outgoing: Outgoing) -> Sent:
        if outgoing.to in self.refuses:
            raise DeliveryError("No.", permanent=self.for_ever)
        self.handed.append((outgoing.to, outgoing.text))
        return Sent()

    def deaf_s(self) -> float:
        return self.deaf

    def trouble(self) -> str:
        return "connection refused"

    def close(self) -> None:
        return None


def config(data: Path, **changes: Any) -> Config:
    asked = Watch(urls=(f"禾木站={HEMU.url}",), phones=PHONES, signature="喀纳斯消防站")
    made = Config(data=data, messages=Messages(sms_channel="smpp"), smpp=Smpp(host="smsc"), watch=asked)
    return replace(made, **changes)


def watching(data: Path, phones: Phones, clock: ManualClock) -> Watcher:
    return Watcher(config(data), clock, {"smpp": phones}, memory.read(data / memory.FILE))


async def looks(it: Watcher, clock: ManualClock, answers: str) -> None:
    for answer in answers:
        clock.advance(WATCH_EVERY_S)
        await it.look(HEMU, GOOD if answer == "." else BAD)


async def test_everybody_is_told_that_it_is_down_and_that_it_is_back(
    tmp_path: Path, clock: ManualClock
) -> None:
    phones = Phones()
    it = watching(tmp_path, phones, clock)
    await looks(it, clock, ".xxx")
    down = "【喀纳斯消防站】系统报警:禾木站的监控1分钟没有应答,那里的报警可能漏掉。请马上打电话核实"
    assert sorted(phones.handed) == [(phone, down) for phone in PHONES]
    await looks(it, clock, "x" * 10 + "...")
    back = "【喀纳斯消防站】恢复:禾木站的监控中断4分钟后又有应答"
    assert sorted(phones.handed[2:]) == [(phone, back) for phone in PHONES]


async def test_a_restart_neither_repeats_nor_forgets(tmp_path: Path, clock: ManualClock) -> None:
    phones = Phones()
    await looks(watching(tmp_path, phones, clock), clock, "xxx")
    assert len(phones.handed) == 2
    again = watching(tmp_path, phones, clock)
    await looks(again, clock, "xxxxx")
    assert len(phones.handed) == 2
    await looks(watching(tmp_path, phones, clock), clock, "...")
    assert ["恢复" in text for _, text in phones.handed] == [False, False, True, True]
    await looks(watching(tmp_path, phones, clock), clock, "...")
    assert len(phones.handed) == 4


async def test_who_was_not_reached_is_tried_at_each_look_over_a_restart_too(
    tmp_path: Path, clock: ManualClock
) -> None:
    phones = Phones(refuses={PHONES[0]})
    await looks(watching(tmp_path, phones, clock), clock, "xxxx")
    assert [to for to, _ in phones.handed] == [PHONES[1]]
    phones.refuses.clear()
    await looks(watching(tmp_path, phones, clock), clock, "x")
    assert [to for to, _ in phones.handed] == [PHONES[1], PHONES[0]]


async def test_who_never_heard_that_it_was_down_does_not_hear_that_it_is_back(
    tmp_path: Path, clock: ManualClock
) -> None:
    phones = Phones(refuses={PHONES[0]})
    it = watching(tmp_path, phones, clock)
    await looks(it, clock, "xxx")
    await looks(it, clock, "..")
    phones.refuses.clear()
    it.known[HEMU.url].left = (PHONES[0],)
    await looks(it, clock, ".")
    assert [to for to, _ in phones.handed] == [PHONES[1], PHONES[1]]


async def test_a_number_that_is_refused_for_ever_is_not_tried_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    phones = Phones(refuses=set(PHONES), for_ever=True)
    it = watching(tmp_path, phones, clock)
    await looks(it, clock, "xxx")
    assert it.known[HEMU.url].left == ()


async def test_the_second_channel_takes_what_the_first_does_not(tmp_path: Path, clock: ManualClock) -> None:
    first, second = Phones(refuses=set(PHONES)), Phones()
    it = watching(tmp_path, first, clock)
    it.lines = {"smpp": first, "http_sms": second}
    await looks(it, clock, "xxx")
    assert len(second.handed) == 2
    assert it.known[HEMU.url].left == ()


def test_a_state_that_cannot_be_read_or_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / memory.FILE
    for content in ("{", "[]", '{"u": {}}', '{"u": 1}'):
        path.write_text(content, encoding="utf-8")
        assert memory.read(path) == {}
    (tmp_path / "file").write_text("", encoding="utf-8")
    memory.write(tmp_path / "file" / memory.FILE, {})
    assert "after a restart people may be told twice" in caplog.text


async def test_a_deaf_channel_is_told_to_the_log_once(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    phones = Phones(deaf=61.0)
    it = watching(tmp_path, phones, clock)
    await it._listen()
    await it._listen()
    assert caplog.text.count("nobody can be told by it: connection refused") == 1
    phones.deaf = 0.0
    await it._listen()
    assert "The line of smpp is up again." in caplog.text


@pytest.mark.parametrize(
    ("given", "name", "url"),
    [
        ("https://hemu.example.org", "hemu.example.org", "https://hemu.example.org/healthz"),
        ("http://10.0.0.7:8000/", "10.0.0.7:8000", "http://10.0.0.7:8000/healthz"),
        ("禾木站=https://hemu.example.org/healthz", "禾木站", HEMU.url),
        ("https://hemu.example.org/fire/", "hemu.example.org", "https://hemu.example.org/fire/healthz"),
        (
            "https://me:secret@hemu.example.org",
            "hemu.example.org",
            "https://me:secret@hemu.example.org/healthz",
        ),
    ],
)
def test_an_address_is_a_url_with_or_without_a_name(given: str, name: str, url: str) -> None:
    assert settings.watched([given], Config()) == [Watched(name, url)]


@pytest.mark.parametrize(
    "given", ["hemu", "ftp://hemu", "https://", "禾木站=hemu", "http://h:port", "http://[::1"]
)
def test_a_wrong_address_is_said(given: str) -> None:
    with pytest.raises(BadInput, match="is no address to watch"):
        settings.watched([given], Config())


def test_each_address_is_watched_once_and_there_must_be_one(tmp_path: Path) -> None:
    assert len(settings.watched([HEMU.url, f"again={HEMU.url}"], Config())) == 1
    assert settings.watched([], config(tmp_path)) == [HEMU]
    with pytest.raises(BadInput, match="nothing to watch"):
        settings.watched([], Config())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"watch": Watch()}, "There is nobody to call"),
        ({"watch": Watch(phones=("139",))}, "watch.phones has '139'"),
        ({"watch": Watch(phones=PHONES, every_s=16)}, "watch.every_s is 16"),
        ({"watch": Watch(phones=PHONES, every_s=float("nan"))}, "watch.every_s is nan"),
        ({"messages": Messages()}, "'console', which reaches nobody's phone"),
        ({"messages": Messages(sms_channel="wecom")}, "'wecom', which reaches nobody's phone"),
        ({"messages": Messages(sms_channel="smp")}, "messages.sms_channel is 'smp'; there are:"),
    ],
)
def test_a_watch_that_could_tell_nobody_does_not_begin(
    tmp_path: Path, wrong: dict[str, object], sentence: str
) -> None:
    settings.check(config(tmp_path))
    with pytest.raises(BadInput, match=sentence):
        settings.check(config(tmp_path, **wrong))


def test_a_provider_of_approved_templates_gets_one(tmp_path: Path) -> None:
    templates = tmp_path / "templates.toml"
    templates.write_text('[zh-hans]\nwatch_down = "SMS_1"\n', encoding="utf-8")
    aliyun = HttpSms(provider="aliyun", sign_name="喀纳斯消防站", templates=str(templates))
    made = config(tmp_path, http_sms=aliyun, language="en")
    news = telling.News(Word.DOWN, "hemu.example.org", timedelta(seconds=45))
    said = telling.message(news, PHONES[0], "http_sms", made)
    assert said.carried is not None
    assert (said.carried.form, said.language) == ("watch_down", "zh-hans")
    assert dict(said.carried.variables) == {"site": "hemu…example…org", "age": "1分钟"}


def served(answer: httpx.Response | Exception) -> httpx.AsyncClient:
    def handle(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(transport=httpx.MockTransport(handle), timeout=5.0)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.Response(200, content=body()), ""),
        (
            httpx.Response(301, headers={"Location": "https://x/"}),
            "it sends us to https://x/; watch that address",
        ),
        (
            httpx.Response(200, content=b"x" * (WATCH_ANSWER_BYTES_MAX + 1)),
            "its answer does not end; is the address right?",
        ),
        (httpx.ConnectError("refused"), "it can't be reached: refused"),
        (httpx.ConnectTimeout(""), "it can't be reached: ConnectTimeout"),
    ],
)
async def test_whatever_comes_is_an_answer(answer: httpx.Response | Exception, trouble: str) -> None:
    async with served(answer) as client:
        assert (await watcher.ask(client, HEMU, "")).trouble == trouble
