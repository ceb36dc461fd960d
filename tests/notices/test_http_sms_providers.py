"""What SMS providers over HTTP are asked, how it is signed, and what their answers mean."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from flameblue.config import HttpSms
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices.channels.http_sms import find_providers
from flameblue.notices.channels.http_sms.provider import Message
from flameblue.notices.channels.http_sms.providers import aliyun, tencent
from flameblue.notices.channels.http_sms.providers.aliyun import Aliyun
from flameblue.notices.channels.http_sms.providers.generic import Generic
from flameblue.notices.channels.http_sms.providers.tencent import Signing, Tencent
from flameblue.notices.channels.http_sms.providers.twilio import Twilio

VECTORS = Path(__file__).parents[1] / "vectors/http_sms"
NOW = datetime(2026, 1, 15, 3, 7, tzinfo=UTC)
SETTINGS = HttpSms(key_id="key", secret="secret", sign_name="某某消防", app_id="1400000000", sender="+1555")
FOLDER = Path(aliyun.__file__).parent


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return found


def message(*to: str, text: str = "报警", **others: Any) -> Message:
    return Message(
        to=to or ("+8613800000000",), text=text, notice=17, attempt=3, language="zh-hans", **others
    )


VARIABLES = (("place", "3组12号箱"), ("value", "520"))
ANSWERS = [(name, answer) for name in ("aliyun", "tencent") for answer in vector(name)["answers"]]


def test_every_file_is_a_provider() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert set(find_providers()) == files == {"aliyun", "tencent", "twilio", "generic"}
    assert {name for name, one in find_providers().items() if one.TAKES_TEMPLATES} == {"aliyun", "tencent"}


def test_aliyun_is_asked_as_its_documentation_says() -> None:
    asked = message("+8613800000000", "+8613900000000", template="SMS_123456789", variables=VARIABLES)
    assert Aliyun(SETTINGS).fields(asked) == vector("aliyun")["request"]
    sent = parse_qs(Aliyun(SETTINGS).request(asked, NOW).body.decode(), strict_parsing=True)
    assert {name: sent[name][0] for name in vector("aliyun")["request"]} == vector("aliyun")["request"]
    assert sent["Timestamp"] == ["2026-01-15T03:07:00Z"]


def test_tencent_is_asked_as_its_documentation_says() -> None:
    asked = message("+8613800000000", template="1110", variables=VARIABLES)
    assert Tencent(SETTINGS).fields(asked, "ev-1") == vector("tencent")["request"]
    assert list(Tencent(SETTINGS).fields(asked, "ev-1")) == list(vector("tencent")["request"])


@pytest.mark.parametrize("provider", [Aliyun, Tencent])
def test_more_numbers_than_a_provider_takes_are_refused_here(provider: type[Aliyun] | type[Tencent]) -> None:
    limit = vector(provider.__name__.lower())["limit_numbers"]
    assert limit == {Aliyun: 1000, Tencent: 200}[provider]
    provider(SETTINGS).request(message(*["+8613800000000"] * limit), NOW)
    with pytest.raises(DeliveryError, match=str(limit)) as refused:
        provider(SETTINGS).request(message(*["+8613800000000"] * (limit + 1)), NOW)
    assert refused.value.permanent


def test_aliyun_s_signature_is_that_of_its_published_example() -> None:
    published = {
        "AccessKeyId": "testId",
        "Action": "SendSms",
        "Format": "XML",
        "OutId": "123",
        "PhoneNumbers": "15300000001",
        "RegionId": "cn-hangzhou",
        "SignName": "阿里云短信测试专用",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "45e25e9b-0a6f-4070-8c85-2956eda1b466",
        "SignatureVersion": "1.0",
        "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"customer":"test"}',
        "Timestamp": "2017-07-12T02:42:19Z",
        "Version": "2017-05-25",
    }
    assert aliyun.signature(published, "testSecret", "GET") == "zJDF+Lrzhj/ThnlvIToysFRq6t4="
    assert aliyun.signature(published, "testSecret") != "zJDF+Lrzhj/ThnlvIToysFRq6t4="


def test_tencent_s_signature_is_that_of_its_published_example() -> None:
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    at = datetime.fromtimestamp(1551113065, UTC)
    signed = Signing("cvm", "cvm.tencentcloudapi.com", body, at)
    assert signed.canonical == "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031"
    header = signed.authorization("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE")
    assert header == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host, "
        "Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def test_two_tries_of_one_notice_have_two_nonces() -> None:
    nonces = set()
    for attempt in (3, 4):
        asked = Message(("+8613800000000",), "", 17, attempt, "zh-hans", "SMS_1")
        nonces.add(parse_qs(Aliyun(SETTINGS).request(asked, NOW).body.decode())["SignatureNonce"][0])
    assert len(nonces) == 2


@pytest.mark.parametrize(("name", "answer"), ANSWERS)
def test_what_an_answer_means(name: str, answer: dict[str, Any]) -> None:
    provider = {"aliyun": Aliyun, "tencent": Tencent}[name](SETTINGS)
    body = json.dumps(answer["body"], ensure_ascii=False).encode()
    if "ids" in answer:
        assert list(provider.understood(answer["status"], body).message_ids) == answer["ids"]
        return
    with pytest.raises(DeliveryError) as refused:
        provider.understood(answer["status"], body)
    assert refused.value.permanent is answer["permanent"]
    codes = [
        word for word in body.decode().replace('"', " ").split() if "." in word or word.endswith("Match")
    ]
    assert all(code in str(refused.value) for code in codes[:1])


@pytest.mark.parametrize("name", sorted(find_providers()))
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"Response": 7}', b"\xff\xfe"])
@pytest.mark.parametrize("status", [302, 404, 429, 500, 503])
def test_an_answer_that_is_none_of_the_provider_s_says_nothing_of_the_message(
    name: str, body: bytes, status: int, described: Path
) -> None:
    """Of a described provider nothing else than its status is known."""
    made = find_providers()[name](HttpSms(key_id="k", secret="s", request=str(described)))
    with pytest.raises(DeliveryError, match=str(status)) as refused:
        made.understood(status, body)
    assert refused.value.permanent is (name == "generic" and status == 404)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"Response": {}}'])
@pytest.mark.parametrize("name", sorted(find_providers()))
def test_a_yes_that_says_nothing_is_no_yes(name: str, body: bytes, described: Path) -> None:
    """So answers the page of a hotel's network, too."""
    made = find_providers()[name](HttpSms(key_id="k", secret="s", request=str(described)))
    with pytest.raises(DeliveryError) as refused:
        made.understood(200, body)
    assert not refused.value.permanent


def test_twilio_is_asked_with_a_form_and_a_key() -> None:
    asked = Twilio(replace(SETTINGS, app_id="")).request(
        message("+8613800000000", text="ALARM 松林 & 1+1"), NOW
    )
    assert asked.url == "https://api.twilio.com/2010-04-01/Accounts/key/Messages.json"
    assert parse_qs(asked.body.decode()) == {
        "To": ["+8613800000000"],
        "From": ["+1555"],
        "Body": ["ALARM 松林 & 1+1"],
    }
    assert base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")) == b"key:secret"
    service = Twilio(HttpSms(key_id="key", app_id="AC1", sender="MG9")).request(message(), NOW)
    assert b"MessagingServiceSid=MG9" in service.body
    assert "/Accounts/AC1/" in service.url


@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (400, b'{"code": 21211, "message": "Invalid To"}', True),
        (401, b'{"code": 20003, "message": "Authenticate"}', False),
        (429, b'{"code": 20429, "message": "Too Many Requests"}', False),
        (404, b'{"code": 20404, "message": "no such account"}', False),
        (503, b"", False),
    ],
)
def test_which_of_twilio_s_refusals_may_pass(status: int, body: bytes, permanent: bool) -> None:
    with pytest.raises(DeliveryError) as refused:
        Twilio(SETTINGS).understood(status, body)
    assert refused.value.permanent is permanent
    assert Twilio(SETTINGS).understood(201, b'{"sid": "SM1"}').message_ids == ("SM1",)


DESCRIBED = """
method = "POST"
url = "https://sms.example.org/send"
as = "json"
id = "data.0.id"
[headers]
Authorization = "Bearer {secret}"
[body]
apikey = "{key_id}"
unicode = true
messages = [{mobile = "{national}", content = "{text}", ref = "{notice}"}]
[success]
path = "code"
is = 0
never = [22, "23"]
"""


@pytest.fixture
def described(tmp_path: Path) -> Path:
    file = tmp_path / "sms.toml"
    file.write_text(DESCRIBED, encoding="utf-8")
    return file


def test_a_described_provider_is_asked_as_described(described: Path) -> None:
    provider = Generic(HttpSms(key_id="key", secret='sec"ret', request=str(described)))
    asked = provider.request(message(text='报警"{secret}'), NOW)
    assert (asked.method, asked.url) == ("POST", "https://sms.example.org/send")
    assert asked.headers["Authorization"] == 'Bearer sec"ret'
    assert json.loads(asked.body) == {
        "apikey": "key",
        "unicode": True,
        "messages": [{"mobile": "13800000000", "content": '报警"{secret}', "ref": "17"}],
    }
    assert provider.understood(200, b'{"code": 0, "data": [{"id": "m-1"}]}').message_ids == ("m-1",)
    assert provider.understood(200, b'{"code": "0"}').message_ids == ()
    for body, permanent in ((b'{"code": 22}', True), (b'{"code": 23}', True), (b'{"code": 5}', False)):
        with pytest.raises(DeliveryError) as refused:
            provider.understood(200, body)
        assert refused.value.permanent is permanent


def test_a_described_provider_may_be_asked_by_a_form_or_an_address(described: Path) -> None:
    form = 'url = "http://sms.example.org/"\nas = "form"\n[body]\nto = "{to}"\ntext = "{text}"\n'
    described.write_text(form, encoding="utf-8")
    asked = Generic(HttpSms(request=str(described))).request(message(text="报 警"), NOW)
    assert parse_qs(asked.body.decode()) == {"to": ["+8613800000000"], "text": ["报 警"]}
    described.write_text('method = "GET"\n' + form, encoding="utf-8")
    got = Generic(HttpSms(request=str(described))).request(message(text="报 警"), NOW)
    assert got.body == b""
    assert parse_qs(got.url.partition("?")[2]) == {"to": ["+8613800000000"], "text": ["报 警"]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("url = 'ftp://x'", "http"),
        ("url = 'http://x'\nmethod = 'DELETE'", "method"),
        ("url = 'http://x'\n[body]\na = '{text}{phone}'", "no field phone"),
        ("url = 'http://x'\n[success]\npath = 'code'", "success.is"),
        ("url = 'http://x'\n[headers]\nX = '报警'", "ASCII"),
        ("url = 'http://x'\n[headers]\nX = '{text}'", "no field text"),
        ("url = 'http://x'\nbody = 'text'", "tables"),
        ("url = 'http://x'\ncode = 1", "no setting code"),
        ("url = ", "can't be read"),
    ],
)
def test_a_description_that_makes_no_sense_is_told(described: Path, said: str, told: str) -> None:
    described.write_text(said, encoding="utf-8")
    with pytest.raises(BadInput, match=told):
        Generic(HttpSms(request=str(described)))


def test_tencent_s_host_is_the_one_that_is_signed() -> None:
    asked = Tencent(HttpSms(endpoint="http://127.0.0.1:81/", key_id="k", secret="s")).request(message(), NOW)
    assert asked.headers["Host"] == "127.0.0.1:81"
    assert tencent.ENDPOINT == "https://sms.tencentcloudapi.com/"
