"""A group robot of Feishu (飞书)."""

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from flameblue.config import Robot
from flameblue.domain.limits import FEISHU_BYTES_MAX, SECOND_NS
from flameblue.notices import robots

EVERYBODY = '<at user_id="all"></at>'


class Feishu:
    """Its key stands in the address, time and signature in the body."""

    name = "feishu"
    forms = frozenset({"text"})
    code = "code"
    later = frozenset({11232})
    words: Mapping[int, str] = {
        9499: "bad request",
        11232: "throttled",
        19001: "the webhook's key is wrong, or the robot was removed",
        19021: "signature or time is wrong",
        19022: "the address of this machine is not allowed",
        19024: "the robot's keyword is missing",
    }

    def request(self, text: str, robot: Robot, now_ns: int) -> robots.Request:
        said = robots.cut(text, FEISHU_BYTES_MAX)
        body = plain(f"{EVERYBODY} {said}" if "@all" in robot.mention else said)
        if not robot.secret:
            return robots.Request(body)
        timestamp = str(now_ns // SECOND_NS)
        return robots.Request({"timestamp": timestamp, "sign": sign(timestamp, robot.secret), **body})


def sign(timestamp_s: str, secret: str) -> str:
    """The signature: HMAC-SHA256 of nothing, with time and secret as its key (not the other way round)."""
    signed = hmac.digest(f"{timestamp_s}\n{secret}".encode(), b"", "sha256")
    return base64.b64encode(signed).decode()


def plain(text: str) -> dict[str, Any]:
    """A text message."""
    return {"msg_type": "text", "content": {"text": text}}


PLUGIN = robots.Plugin(Feishu())
