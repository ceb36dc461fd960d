"""Tencent Cloud (腾讯云 SMS, 2021-01-11): SendSms with approved templates, signed by TC3-HMAC-SHA256."""

import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flameblue.config import HttpSms
from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import TENCENT_NUMBERS_MAX
from flameblue.notices.carrier_answers import message_id, object_in, words
from flameblue.notices.channel import Sent
from flameblue.notices.channels.http_sms.provider import Message, Request, refused

ENDPOINT = "https://sms.tencentcloudapi.com/"
REGION = "ap-guangzhou"
SERVICE = "sms"
CONTENT_TYPE = "application/json; charset=utf-8"
NEVER = (  # how codes begin that are said of this message or number; the rest is of the account or the moment
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    "FailedOperation.TemplateUnapprovedOrNotExist",
    "InvalidParameter",
    "LimitExceeded.PhoneNumberCountLimit",
    "MissingParameter",
    "UnsupportedOperation",
)


class Tencent:
    """An account's key, its SMS application and its approved signature."""

    NEEDS = ("key_id", "secret", "app_id", "sign_name", "templates")
    TAKES_TEMPLATES = True

    def __init__(self, settings: HttpSms) -> None:
        self._settings = settings
        self.url = settings.endpoint or ENDPOINT

    def request(self, message: Message, now: datetime) -> Request:
        body = json.dumps(self.fields(message, f"notice-{message.notice}"), ensure_ascii=False).encode()
        host = urlsplit(self.url).netloc
        signed = Signing(SERVICE, host, body, now)
        headers = {
            "Authorization": signed.authorization(self._settings.key_id, self._settings.secret),
            "Content-Type": CONTENT_TYPE,
            "Host": host,
            "X-TC-Action": "SendSms",
            "X-TC-Region": self._settings.region or REGION,
            "X-TC-Timestamp": str(int(now.timestamp())),
            "X-TC-Version": "2021-01-11",
        }
        return Request("POST", self.url, headers, body)

    def fields(self, message: Message, context: str) -> dict[str, Any]:
        """What is asked, without who asks; `context` comes back with the answer."""
        if len(message.to) > TENCENT_NUMBERS_MAX:
            raise DeliveryError(f"Tencent takes {TENCENT_NUMBERS_MAX} numbers at once.", permanent=True)
        return {
            "PhoneNumberSet": list(message.to),
            "SmsSdkAppId": self._settings.app_id,
            "SignName": self._settings.sign_name,
            "TemplateId": message.template,
            "TemplateParamSet": [value for _, value in message.variables],
            "SessionContext": context,
        }

    def understood(self, status: int, body: bytes) -> Sent:
        answer = object_in(body).get("Response")
        if not isinstance(answer, dict):
            raise refused("Tencent", f"status {status}", permanent=False)
        said = _statuses(answer)
        for one in said:
            code = words(one, "Code") or "nothing that is known"
            if code != "Ok":
                why = f"{code}: {words(one, 'Message')}"
                raise refused("Tencent", why, permanent=code.startswith(NEVER))
        return Sent(tuple(found for one in said for found in message_id(one, "SerialNo")))

    @staticmethod
    def placeholder(name: str, position: int) -> str:
        del name
        return f"{{{position}}}"


def _statuses(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """What is said of each number, or of all of them; something in any case."""
    said = answer.get("SendStatusSet") or [answer.get("Error")]
    return [one if isinstance(one, dict) else {} for one in said] if isinstance(said, list) else [{}]


class Signing:
    """A request's TC3-HMAC-SHA256 signature; its content type and host are signed."""

    def __init__(self, service: str, host: str, body: bytes, now: datetime) -> None:
        self._service = service
        self._day = now.strftime("%Y-%m-%d")
        asked = f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\n\ncontent-type;host\n{_hash(body)}"
        self.canonical = _hash(asked.encode())
        self._scope = f"{self._day}/{service}/tc3_request"
        self._signed = f"TC3-HMAC-SHA256\n{int(now.timestamp())}\n{self._scope}\n{self.canonical}"

    def authorization(self, key_id: str, secret: str) -> str:
        """The header of that name."""
        key = f"TC3{secret}".encode()
        for part in (self._day, self._service, "tc3_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.new(key, self._signed.encode(), "sha256").hexdigest()
        return (
            f"TC3-HMAC-SHA256 Credential={key_id}/{self._scope}, "
            f"SignedHeaders=content-type;host, Signature={signature}"
        )


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


PROVIDER = Tencent
