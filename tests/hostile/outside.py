"""What comes from elsewhere than devices: announcements behind a broker, and what carriers of messages answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from flameblue.config import HttpSms, Robot
from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.domain.limits import ANNOUNCED_PARTS_MAX
from flameblue.intake import discovery
from flameblue.intake.discovery import NAME_LENGTH_MAX, SENTENCES, Announced
from flameblue.notices import robots
from flameblue.notices.channel import Carried, Outgoing, Sent
from flameblue.notices.channels import dingtalk, feishu, wecom
from flameblue.notices.channels.http_sms import HttpSmsLine, find_providers
from flameblue.notices.channels.voice import Voice
from tests.hostile.mutations import Mutator
from tests.hostile.streams import VECTORS

PREFIX = "homeassistant"
DEEP = b'{"Code":' * 3_000  # deeper than Python reads, and no longer than an answer may be
URL = "https://carrier.example/send"
KIND = {"sensor", "binary_sensor", "device"}
STATUSES = (200, 200, 200, 200, 201, 204, 302, 400, 401, 404, 429, 500, 503)
MESSAGE = Outgoing(1, 1, "x", "+8613800000000", "报警", "zh-hans", Carried("first", (("place", "3组"),)))
DESCRIBED = """url = "https://carrier.example/send"
id = "data.0.id"
body = {to = "{to}", text = "{text}"}
success = {path = "code", is = 0, never = [22, 23]}
"""


def announcements(seed: int) -> Callable[[], str]:
    """Home Assistant's discovery: one sensor, or a device with all of its own; the topic is broken too."""
    vector = json.loads((VECTORS / "discovery" / "ha-disc.json").read_text(encoding="utf-8"))
    one = json.loads(vector["payload"])
    taken = {**one, "state_topic": "flameblue/v1/D0217/readings", "value_template": "{{ value_json.v.ib }}"}
    short = {
        "~": "zigbee2mqtt",
        "stat_t": "~/w",
        "dev_cla": "temperature",
        "val_tpl": "{{ value_json['t'] }}",
    }
    parts = {"a": {"platform": "sensor", **one}, "b": {"p": "binary_sensor", **short}, "c": {"p": "switch"}}
    whole = {"dev": one["device"], "o": {"name": "bridge"}, "cmps": parts}
    mutator = Mutator(seed, [json.dumps(each).encode() for each in (one, taken, short, whole)])
    topics = [vector["topic"], f"{PREFIX}/device/0x01/config", f"{PREFIX}/binary_sensor/a/b/config"]
    broken_topics = Mutator(seed + 1, [topic.encode() for topic in topics])

    def throw() -> str:
        draw = mutator.random
        topic = draw.choice(topics)
        if draw.random() < 0.1:
            topic = broken_topics.message().decode("utf-8", "replace")
        if (kind := discovery.component(topic, PREFIX)) is not None:
            assert discovery.is_wanted(topic, PREFIX) == (kind in KIND)
        try:
            found = discovery.read(topic, b"" if draw.random() < 0.02 else mutator.json(), PREFIX)
        except BadInput as error:
            str(error).encode()
            return "refused"
        assert len(found) <= ANNOUNCED_PARTS_MAX
        for each in found:
            is_fit(each)
        return "taken back" if not found else "a row" if found[0].trouble is None else str(found[0].trouble)

    return throw


def is_fit(one: Announced) -> None:
    """Every text can be shown and written, and a row of the registry is whole."""
    texts = [
        one.topic,
        one.name,
        one.label,
        one.model,
        one.maker,
        one.state_topic,
        one.unit,
        one.device,
        one.key,
    ]
    for text in texts:
        assert isinstance(text, str)
        text.encode()
    assert all(text.isprintable() for text in texts[:7]), one
    if one.trouble is None:
        assert one.device
        assert one.key
        assert one.quantity
        assert one.payload
        assert len(one.device) <= NAME_LENGTH_MAX
        assert len(one.key) <= NAME_LENGTH_MAX
    else:
        assert one.trouble in SENTENCES


def carriers(folder: Path) -> dict[str, Any]:
    """Everyone whose answer comes over HTTP, by name; whoever is added to the providers is among them."""
    described = folder / "described.toml"
    described.write_text(DESCRIBED, encoding="utf-8")
    settings = HttpSms(
        key_id="k", secret="s", sign_name="某", app_id="1", sender="+1", request=str(described)
    )
    ids = {"zh-hans": {"first": "1110"}}
    clock = ManualClock()
    providers = {name: HttpSmsLine(made(settings), ids, clock) for name, made in find_providers().items()}
    dialects: tuple[robots.Dialect, ...] = (wecom.WeCom(), dingtalk.DingTalk(), feishu.Feishu())
    of_groups = {one.name: robots.opened(one, Robot(url=URL, secret="s"), clock) for one in dialects}
    return {**providers, **of_groups, "voice": Voice(URL, "token")}


def answered() -> list[bytes]:
    """The answers that are told in the vectors, and those of the others."""
    told = [
        json.dumps(answer["body"], ensure_ascii=False).encode()
        for name in ("aliyun", "tencent")
        for answer in json.loads((VECTORS / "http_sms" / f"{name}.json").read_text(encoding="utf-8"))[
            "answers"
        ]
    ]
    codes = (0, 93_000, 45_009, 310_000, 130_101, 19_021, 11_232)
    said = [b'{"errcode":%d,"errmsg":"x","code":%d,"msg":"x"}' % (code, code) for code in codes]
    others = (
        b'{"sid":"SM1"}',
        b'{"code":21211,"message":"x"}',
        b'{"code":0,"data":[{"id":"m-1"}]}',
        b'{"id":7}',
    )
    return [*told, *said, *others]


def answers(seed: int, folder: Path) -> Callable[[], str]:
    """What a provider of messages or calls, or a chat's robot, says to what it was handed."""
    mutator, held = Mutator(seed, answered()), dict[str, Any]()

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(mutator.random.choice(STATUSES), content=held["body"])

    lines = carriers(folder)
    for line in lines.values():
        line._client = httpx.Client(transport=httpx.MockTransport(answer))

    def throw() -> str:
        held["body"] = DEEP if mutator.random.random() < 0.01 else mutator.json()
        try:
            sent: Sent = mutator.random.choice(list(lines.values())).send(MESSAGE)
        except DeliveryError as error:
            str(error)[:200].encode()
            return "refused for ever" if error.permanent else "refused for now"
        for one in sent.message_ids:
            one.encode()
        return "sent with its ids" if sent.message_ids else "sent"

    return throw
