"""Answers over HTTP that no documentation shows: each is an accepted message or a DeliveryError that can be kept."""

import json
from typing import Any

import httpx
import pytest

from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import CARRIER_WORDS_LENGTH_MAX, MESSAGE_ID_LENGTH_MAX
from flameblue.notices.channel import Sent
from tests.hostile.outside import MESSAGE, carriers

HALF = "\ud800"


Lines = dict[str, Any]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return carriers(tmp_path_factory.mktemp("carriers"))


def said_by(lines: Lines, name: str, body: bytes, status: int = 200) -> Sent:
    line = lines[name]
    line._client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)))
    sent: Sent = line.send(MESSAGE)
    return sent


def refusal(lines: Lines, name: str, body: bytes, status: int = 200) -> DeliveryError:
    with pytest.raises(DeliveryError) as refused:
        said_by(lines, name, body, status)
    str(refused.value).encode()
    return refused.value


@pytest.mark.parametrize("code", [["OK"], {"OK": 1}, True, 7, f"isv.{HALF}", "x" * 9_000])
def test_a_code_of_aliyun_that_is_no_word_refuses_for_now(lines: Lines, code: Any) -> None:
    error = refusal(lines, "aliyun", json.dumps({"Code": code, "Message": f"{HALF}\0" * 300}).encode())
    assert not error.permanent
    assert "\0" not in str(error)
    assert len(str(error)) <= 2 * CARRIER_WORDS_LENGTH_MAX + 30


@pytest.mark.parametrize("statuses", [["Ok"], [7], [None], {"Code": "Ok"}, "Ok", 0.5, [[{"Code": "Ok"}]]])
def test_statuses_of_tencent_that_are_none_refuse_for_now(lines: Lines, statuses: Any) -> None:
    body = json.dumps({"Response": {"SendStatusSet": statuses}}).encode()
    assert not refusal(lines, "tencent", body).permanent


def test_an_error_of_tencent_that_is_a_list_refuses_for_now(lines: Lines) -> None:
    assert not refusal(lines, "tencent", b'{"Response":{"Error":["InvalidParameter"]}}').permanent


@pytest.mark.parametrize(
    "code", ["1e999", "-1e999", "NaN", "0.5", "false", "null", "[0]", '"zero"', '""', "{}"]
)
@pytest.mark.parametrize("name", ["wecom", "dingtalk", "feishu"])
def test_a_robot_s_code_that_is_no_whole_number_is_no_acceptance(lines: Lines, name: str, code: str) -> None:
    error = refusal(lines, name, f'{{"errcode":{code},"code":{code}}}'.encode())
    assert "can't be read" in str(error)
    assert not error.permanent


@pytest.mark.parametrize("code", ["0", "0.0", '"0"', "-0.0"])
def test_a_robot_s_zero_is_an_acceptance_however_it_is_written(lines: Lines, code: str) -> None:
    assert said_by(lines, "wecom", f'{{"errcode":{code}}}'.encode()) == Sent()


@pytest.mark.parametrize("body", [b"[" * 10_000, b'{"a":' * 5_000, b"9" * 5_000, b"\xff", b"", b"[]"])
@pytest.mark.parametrize("name", ["aliyun", "tencent", "twilio", "generic", "wecom"])
def test_an_answer_that_is_no_object_refuses_for_now(lines: Lines, name: str, body: bytes) -> None:
    assert not refusal(lines, name, body).permanent


@pytest.mark.parametrize("body", [b"[" * 10_000, b"\xff", b"", b"[]", b'{"id":null}', b'{"id":["x"]}'])
def test_a_call_is_accepted_by_its_status_whatever_the_body(lines: Lines, body: bytes) -> None:
    assert said_by(lines, "voice", body) == Sent()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("aliyun", {"Code": "OK", "BizId": None}),
        ("tencent", {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": None}]}}),
        ("twilio", {"sid": None}),
        ("generic", {"code": 0, "data": [{"id": None}]}),
        ("voice", {"id": None}),
    ],
)
def test_an_id_is_kept_as_a_row_can_hold_it(lines: Lines, name: str, answer: Any) -> None:
    """A message that was accepted is never sent again for an odd id."""
    body = json.dumps(answer).replace("null", json.dumps(f"{HALF}\0" + "7" * 9_000)).encode()
    (kept,) = said_by(lines, name, body).message_ids
    assert kept == ("??" + "7" * 9_000)[:MESSAGE_ID_LENGTH_MAX]
