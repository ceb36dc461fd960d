"""What robots of group chats are posted: the vectors, the signatures, the limits in bytes, and no key in the open."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.config import Config, Robot
from flameblue.domain.clock import ManualClock
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices import robots
from flameblue.notices.channel import Ears, Outgoing
from flameblue.notices.channels import dingtalk, feishu, wecom

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[1] / "vectors/webhooks/robots.json").read_text("utf-8"))
}
NOW_NS = 1_700_000_000 * 1_000_000_000
DIALECTS: tuple[robots.Dialect, ...] = (wecom.WeCom(), dingtalk.DingTalk(), feishu.Feishu())


def payload(name: str) -> Any:
    return json.loads(VECTORS[name]["payload"])


def test_no_vector_is_forgotten() -> None:
    assert set(VECTORS) == {
        "ding-sign",
        "feishu-sign",
        "wecom-text",
        "wecom-md",
        "ding-md",
        "feishu-text",
    }


def test_dingtalk_signs_milliseconds_with_the_secret_as_key() -> None:
    said = payload("ding-sign")
    sign = dingtalk.sign(said["timestamp_ms"], said["secret"])
    assert quote(sign, safe="") == VECTORS["ding-sign"]["decoded"]["sign_urlencoded"]
    asked = dingtalk.DingTalk().request("报警", Robot(secret=said["secret"]), NOW_NS)
    assert asked.query == {"timestamp": said["timestamp_ms"], "sign": sign}


def test_feishu_signs_seconds_with_the_secret_in_the_key() -> None:
    said = payload("feishu-sign")
    assert (
        feishu.sign(said["timestamp_s"], said["secret"]) == VECTORS["feishu-sign"]["decoded"]["sign_base64"]
    )


def test_a_text_for_wecom_calls_members_and_numbers() -> None:
    robot = Robot(mention=("wangqing", "@all"), mention_phones=("13800001111", "@all"))
    asked = wecom.WeCom().request("广州今日天气：29度", robot, NOW_NS)
    assert asked.body == payload("wecom-text")
    assert VECTORS["wecom-text"]["decoded"]["max_bytes"] == 2048


def test_markdown_for_wecom() -> None:
    said = '**火警**\n>地点:<font color="warning">3组12号箱</font>'
    asked = wecom.WeCom().request(said, Robot(form="markdown"), NOW_NS)
    assert asked.body == payload("wecom-md")


def test_markdown_for_dingtalk_has_a_title_and_whom_it_calls() -> None:
    robot = Robot(form="markdown", mention_phones=("13800001111",))
    said = payload("ding-md")["markdown"]
    assert dingtalk.markdown(said["title"], said["text"], robot) == payload("ding-md")
    asked = dingtalk.DingTalk().request("剩余电流报警\n520 mA", robot, NOW_NS)
    assert asked.body["markdown"] == {"title": "剩余电流报警", "text": "剩余电流报警  \n520 mA"}


def test_a_text_for_feishu_bears_its_signature() -> None:
    asked = feishu.Feishu().request("剩余电流报警 520 mA", Robot(secret="SECabcdef"), NOW_NS)
    assert asked.body == payload("feishu-text")
    assert not asked.query


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
def test_without_a_secret_nothing_is_signed(dialect: robots.Dialect) -> None:
    asked = dialect.request("报警", Robot(), NOW_NS)
    assert "sign" not in {**asked.body, **asked.query}


@given(st.text(max_size=900), st.integers(3, 2_048))
def test_a_cut_text_has_room_and_no_half_character(text: str, room: int) -> None:
    said = robots.cut(text, room)
    assert len(said.encode()) <= room
    assert said == text or (said.endswith("…") and text.startswith(said[:-1]))
    assert said == text or len(said.encode()) > room - 4  # as much as there is room for


@pytest.mark.parametrize(("form", "room"), [("text", 2_048), ("markdown", 4_096)])
def test_wecoms_limit_counts_bytes(form: str, room: int) -> None:
    content = wecom.WeCom().request("险" * 3_000, Robot(form=form), 0).body[form]["content"]
    assert room - 3 < len(content.encode()) <= room


def judged(dialect: robots.Dialect, code: int, monkeypatch: pytest.MonkeyPatch) -> DeliveryError | None:
    """What `dialect` says when the provider answers `code`."""

    def answer(_client: object, _url: str, **_: object) -> httpx.Response:
        return httpx.Response(200, json={dialect.code: code})

    monkeypatch.setattr("httpx.Client.post", answer)
    line = robots.Line(dialect, Robot(url="http://127.0.0.1/"), ManualClock(NOW_NS))
    try:
        line.send(Outgoing(1, 1, dialect.name, "", "报警", "zh-hans"))
    except DeliveryError as error:
        return error
    return None


def test_feishus_codes_say_what_is_wrong_and_whether_it_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, why in VECTORS["feishu-text"]["decoded"]["errors"].items():
        error = judged(feishu.Feishu(), int(code), monkeypatch)
        assert error is not None
        assert error.permanent == (why != "throttled")
        assert "refused it: refused" not in str(error)


@pytest.mark.parametrize(
    ("dialect", "code", "permanent"),
    [
        (wecom.WeCom(), 45009, False),
        (wecom.WeCom(), 93000, True),
        (wecom.WeCom(), 123456, True),
        (dingtalk.DingTalk(), 130101, False),
        (dingtalk.DingTalk(), 410100, False),
        (dingtalk.DingTalk(), 310000, True),
    ],
)
def test_a_throttled_robot_is_asked_again_and_a_wrong_one_is_not(
    dialect: robots.Dialect, code: int, permanent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = judged(dialect, code, monkeypatch)
    assert error is not None
    assert error.permanent is permanent
    assert judged(dialect, 0, monkeypatch) is None


@pytest.mark.parametrize(
    ("robot", "said"),
    [
        (Robot(url="not an address"), "[feishu] url is no address of a webhook."),
        (Robot(url="ftp://example.org/key-of-it"), "[feishu] url is no address of a webhook."),
        (
            Robot(url="https://example.org/x", form="markdown"),
            "[feishu] form is 'markdown'; it may be: text.",
        ),
    ],
)
def test_what_is_set_wrongly_is_said_without_the_key(robot: Robot, said: str) -> None:
    with pytest.raises(BadInput) as told:
        feishu.PLUGIN.open(Config(feishu=robot), Ears(lambda *_: None, lambda *_: None))
    assert str(told.value) == said
