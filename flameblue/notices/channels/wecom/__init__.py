"""A group robot of WeCom (企业微信)."""

from collections.abc import Mapping
from typing import Any

from flameblue.config import Robot
from flameblue.domain.limits import WECOM_MARKDOWN_BYTES_MAX, WECOM_TEXT_BYTES_MAX
from flameblue.notices import robots


class WeCom:
    """Its key stands in the address; it knows no signature."""

    name = "wecom"
    forms = frozenset({"text", "markdown"})
    code = "errcode"
    later = frozenset({-1, 45009, 45033})
    words: Mapping[int, str] = {
        -1: "it is busy",
        45009: "more than 20 messages a minute",
        45033: "too many at once",
        93000: "the webhook's key is wrong, or the robot was removed",
        40058: "bad request",
        45002: "the message is too long",
    }

    def request(self, text: str, robot: Robot, now_ns: int) -> robots.Request:
        del now_ns
        return robots.Request(markdown(text) if robot.form == "markdown" else plain(text, robot))


def plain(text: str, robot: Robot) -> dict[str, Any]:
    """A text message, with those who are called."""
    said: dict[str, Any] = {"content": robots.cut(text, WECOM_TEXT_BYTES_MAX)}
    if robot.mention:
        said["mentioned_list"] = list(robot.mention)
    if robot.mention_phones:
        said["mentioned_mobile_list"] = list(robot.mention_phones)
    return {"msgtype": "text", "text": said}


def markdown(text: str) -> dict[str, Any]:
    """A Markdown message; it calls nobody."""
    return {"msgtype": "markdown", "markdown": {"content": robots.cut(text, WECOM_MARKDOWN_BYTES_MAX)}}


PLUGIN = robots.Plugin(WeCom())
