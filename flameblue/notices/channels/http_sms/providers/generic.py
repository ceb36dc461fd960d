"""Any provider that takes a text over HTTP, described by a TOML file: what is asked, and which answer means yes.

The file is data: its texts may hold the fields {to} {national} {text} {notice} {language} {key_id} {secret}
{sign_name} {app_id} {sender}, and nothing else is worked out.
"""

import json
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flameblue.config import HttpSms
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import CARRIER_WORDS_LENGTH_MAX, MESSAGE_ID_LENGTH_MAX
from flameblue.notices.carrier_answers import kept, object_in
from flameblue.notices.channel import Sent
from flameblue.notices.channels.http_sms.provider import (
    MAINLAND,
    Message,
    Request,
    may_pass,
    refused,
)

FIELD = re.compile(r"\{(\w+)\}")
FIELDS = frozenset(
    ["to", "national", "text", "notice", "language", "key_id", "secret", "sign_name", "app_id", "sender"]
)
IN_NO_HEADER = frozenset({"text", "sign_name"})  # headers hold ASCII
METHODS = ("GET", "POST", "PUT")
AS = {"json": "application/json; charset=utf-8", "form": "application/x-www-form-urlencoded"}
KNOWN = frozenset({"method", "url", "as", "headers", "body", "id", "success"})
CREATED = range(200, 300)


class Generic:
    """A provider as its file says."""

    NEEDS = ("request",)
    TAKES_TEMPLATES = False

    def __init__(self, settings: HttpSms) -> None:
        self._settings = settings
        self._said = _read(Path(settings.request))
        self.url = settings.endpoint or self._said["url"]

    def request(self, message: Message, now: datetime) -> Request:
        del now
        fields = self._fields(message)
        body = _filled(self._said["body"], fields)
        if self._said["as"] == "json":
            content = json.dumps(body, ensure_ascii=False).encode()
        else:
            content = urlencode(body).encode()
        headers = {"Content-Type": AS[self._said["as"]], **_filled(self._said["headers"], fields)}
        method, url = self._said["method"], self.url
        if method == "GET":
            return Request(method, f"{url}?{urlencode(body)}", _filled(self._said["headers"], fields), b"")
        return Request(method, url, headers, content)

    def _fields(self, message: Message) -> dict[str, str]:
        to = message.to[0]
        own = {name: str(getattr(self._settings, name)) for name in FIELDS if hasattr(self._settings, name)}
        return {
            **own,
            "to": to,
            "national": to.removeprefix(MAINLAND).removeprefix("+"),
            "text": message.text,
            "notice": str(message.notice),
            "language": message.language,
        }

    def understood(self, status: int, body: bytes) -> Sent:
        if status not in CREATED:
            raise refused("The SMS provider", f"status {status}", permanent=not may_pass(status))
        answer, success = object_in(body), self._said["success"]
        if success.get("path"):
            found = _at(answer, success["path"])
            if found != str(success["is"]):
                never = found in [str(one) for one in success.get("never", ())]
                raise refused("The SMS provider", f"{success['path']} {found or 'nothing'}", permanent=never)
        one = _at(answer, self._said["id"])
        if self._said["id"] and not one and not success.get("path"):
            raise refused("The SMS provider", f"no {self._said['id']}", permanent=False)
        return Sent((one[:MESSAGE_ID_LENGTH_MAX],) if one else ())

    @staticmethod
    def placeholder(name: str, position: int) -> str:
        del position
        return f"{{{name}}}"


def _read(path: Path) -> dict[str, Any]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"http_sms.request {path} can't be read: {error}.") from error
    whole = {"method": "POST", "as": "json", "headers": {}, "body": {}, "id": "", "success": {}, **said}
    if problem := _problem(whole):
        raise BadInput(f"http_sms.request {path}: {problem}.")
    return whole


def _problem(said: dict[str, Any]) -> str:
    """What is wrong with a description; empty where nothing is."""
    if unknown := set(said) - KNOWN:
        return f"there is no setting {', '.join(sorted(unknown))}"
    if not str(said.get("url", "")).startswith(("http://", "https://")):
        return "url should be an http(s) address"
    if said["method"] not in METHODS or said["as"] not in AS:
        return f"method is one of {', '.join(METHODS)}, as one of {', '.join(AS)}"
    if not all(isinstance(said[part], dict) for part in ("headers", "body", "success")):
        return "headers, body and success are tables"
    if said["success"].get("path") and "is" not in said["success"]:
        return "success.path needs success.is"
    for part, fields in (("body", FIELDS), ("headers", FIELDS - IN_NO_HEADER)):
        if unknown := set(FIELD.findall(json.dumps(said[part], default=str))) - fields:
            return f"{part}: no field {', '.join(sorted(unknown))}; there are {', '.join(sorted(fields))}"
    return "" if json.dumps(said["headers"], ensure_ascii=False).isascii() else "headers hold ASCII alone"


def _filled(said: Any, fields: dict[str, str]) -> Any:
    """`said` with its fields put in, in tables and lists too."""
    if isinstance(said, dict):
        return {name: _filled(value, fields) for name, value in said.items()}
    if isinstance(said, list):
        return [_filled(value, fields) for value in said]
    return FIELD.sub(lambda match: fields[match[1]], said) if isinstance(said, str) else said


def _at(answer: Any, path: str) -> str:
    """What stands at a path of names and numbers such as data.0.id; empty where nothing does."""
    if not path:
        return ""
    for name in path.split("."):
        if isinstance(answer, list) and name.isdigit() and int(name) < len(answer):
            answer = answer[int(name)]
        elif isinstance(answer, dict):
            answer = answer.get(name)
        else:
            return ""
    return (
        ""
        if answer is None or isinstance(answer, dict | list)
        else kept(str(answer), CARRIER_WORDS_LENGTH_MAX)
    )


PROVIDER = Generic
