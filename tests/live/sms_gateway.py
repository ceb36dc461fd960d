"""SMS providers on a loopback port: they check the signature in their own way and put the text together themselves.

Nothing of the channel is used here: a mistake would have to be made twice to go unseen.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.live.installation import HOST

KEY, SECRET, SIGN = "key-1", "secret&/+ 1", "某某消防"
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


@dataclass
class Gateway:
    """`approved`: the texts as they were handed in, by id; `phones`: what each number got."""

    url: str = ""
    approved: dict[str, str] = field(default_factory=dict)
    phones: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)  # path, headers, body
    variables: list[list[str]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)  # the next ones, in the place of its own

    def arrived(self, to: str, text: str) -> str:
        self.phones.setdefault(to, []).append(text)
        return f"id-{sum(map(len, self.phones.values()))}"


def escaped(text: str) -> str:
    return "".join(chr(b) if b in UNRESERVED else f"%{b:02X}" for b in text.encode())


def aliyun(gateway: Gateway, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    pairs = sorted(pair for pair in body.decode("ascii").split("&") if not pair.startswith("Signature="))
    (given,) = (unquote(p[10:]) for p in body.decode("ascii").split("&") if p.startswith("Signature="))
    signed = "POST&%2F&" + escaped("&".join(pairs))
    wanted = base64.b64encode(
        hmac.new(f"{SECRET}&".encode(), signed.encode(), hashlib.sha1).digest()
    ).decode()
    asked = {name: unquote(value) for name, value in (pair.split("=") for pair in pairs)}
    if given != wanted or asked["AccessKeyId"] != KEY:
        return 400, {"Code": "SignatureDoesNotMatch", "Message": signed}
    if asked["TemplateCode"] not in gateway.approved or asked["SignName"] != SIGN:
        return 200, {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": asked["TemplateCode"]}
    values = json.loads(asked["TemplateParam"])
    gateway.variables.append(list(values.values()))
    text = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], gateway.approved[asked["TemplateCode"]])
    one = gateway.arrived("+86" + asked["PhoneNumbers"], f"【{SIGN}】{text}")
    return 200, {"Code": "OK", "Message": "OK", "BizId": one}


def tencent(gateway: Gateway, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    at = int(headers["X-TC-Timestamp"])
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    canonical = "\n".join(
        (
            f"POST\n/\n\ncontent-type:{headers['Content-Type']}",
            f"host:{headers['Host']}\n",
            "content-type;host",
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{day}/sms/tc3_request"
    signed = f"TC3-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"TC3" + SECRET.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    given = f"Credential={KEY}/{scope}, SignedHeaders=content-type;host, Signature="
    given += hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()
    if headers["Authorization"] != f"TC3-HMAC-SHA256 {given}":
        return 200, {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": canonical}}}
    asked = json.loads(body)
    said = gateway.approved.get(asked["TemplateId"])
    if said is None or asked["SignName"] != SIGN:
        one = {"Code": "FailedOperation.TemplateIncorrectOrUnapproved", "Message": "", "SerialNo": ""}
        return 200, {"Response": {"SendStatusSet": [one]}}
    values = asked["TemplateParamSet"]
    gateway.variables.append(values)
    text = re.sub(r"\{(\d+)\}", lambda match: values[int(match[1]) - 1], said)
    serial = gateway.arrived(asked["PhoneNumberSet"][0], f"【{SIGN}】{text}")
    return 200, {"Response": {"SendStatusSet": [{"Code": "Ok", "Message": "", "SerialNo": serial}]}}


def twilio(gateway: Gateway, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    if headers.get("Authorization") != "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode():
        return 401, {"code": 20003, "message": "Authenticate"}
    asked = {name: values[0] for name, values in parse_qs(body.decode("ascii"), strict_parsing=True).items()}
    return 201, {"sid": gateway.arrived(asked["To"], asked["Body"]), "status": "queued"}


def generic(gateway: Gateway, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    if headers.get("Authorization") != f"Bearer {SECRET}":
        return 401, {}
    asked = json.loads(body)
    (one,) = asked["messages"]
    return 200, {"code": 0, "data": [{"id": gateway.arrived("+86" + one["mobile"], one["content"])}]}


PLAYS = {"/": None, "/2010-04-01/Accounts/key-1/Messages.json": twilio, "/send": generic}


class Answering(BaseHTTPRequestHandler):
    gateway: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = dict(self.headers)
        self.gateway.asked.append((self.path, headers, body))
        if self.gateway.answers:
            self._answer(*self.gateway.answers.pop(0))
            return
        plays = PLAYS[self.path] or (tencent if "X-TC-Action" in self.headers else aliyun)
        status, said = plays(self.gateway, headers, body)
        self._answer(status, json.dumps(said).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing: tests look at what arrived."""


@contextmanager
def sms_gateway() -> Iterator[Gateway]:
    """All four providers at one address."""
    gateway = Gateway()
    server = ThreadingHTTPServer((HOST, 0), type("AnsweringFor", (Answering,), {"gateway": gateway}))
    gateway.url = f"http://{HOST}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, name="sms-gateway")
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
