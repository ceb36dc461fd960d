"""A group robot of DingTalk (钉钉)."""

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from flameblue.config import Robot
from flameblue.domain.limits import DINGTALK_BYTES_MAX
from flameblue.notices import robots

MS_NS = 1_000_000


class DingTalk:
    """Its key stands in the address, time and signature beside it."""

    name = "dingtalk"
    forms = frozenset({"text", "markdown"})
    code = "errcode"
    later = frozenset({-1, 130101, 410100})
    words: Mapping[int, str] = {
        -1: "it is busy",
        130101: "more than 20 messages a minute",
        410100: "more than 20 messages a minute",
        300001: "the webhook's key is wrong, or the robot was removed",
        310000: "keyword, signature or address of this machine is not what the robot demands",
        400013: "the group was dissolved",
        400101: "the webhook's key is wrong",
    }

    def request(self, text: str, robot: Robot, now_ns: int) -> robots.Request:
        said = markdown(robots.heading(text), _lines(text), robot) if robot.form == "markdown" else None
        body = said or plain(text, robot)
        if not robot.secret:
            return robots.Request(body)
        timestamp = str(now_ns // MS_NS)
        return robots.Request(body, {"timestamp": timestamp, "sign": sign(timestamp, robot.secret)})


def sign(timestamp_ms: str, secret: str) -> str:
    """The signature, not yet percent-encoded: HMAC-SHA256 by `secret` of time and secret."""
    signed = hmac.digest(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), "sha256")
    return base64.b64encode(signed).decode()


def plain(text: str, robot: Robot) -> dict[str, Any]:
    """A text message, with those who are called."""
    said = {"content": robots.cut(text, DINGTALK_BYTES_MAX)}
    return {"msgtype": "text", "text": said, "at": _called(robot)}


def markdown(title: str, text: str, robot: Robot) -> dict[str, Any]:
    """A Markdown message; `title` is what the list of chats shows."""
    said = {"title": title, "text": robots.cut(text, DINGTALK_BYTES_MAX)}
    return {"msgtype": "markdown", "markdown": said, "at": _called(robot)}


def _lines(text: str) -> str:
    """Two blanks at a line's end break the line."""
    return text.replace("\n", "  \n")


def _called(robot: Robot) -> dict[str, Any]:
    return {"atMobiles": list(robot.mention_phones), "isAtAll": "@all" in robot.mention}


PLUGIN = robots.Plugin(DingTalk())
