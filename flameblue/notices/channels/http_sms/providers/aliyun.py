"""Aliyun (阿里云 Dysmsapi, 2017-05-25): SendSms with approved templates.

Signed by the RPC style's version 1.0: base64(HMAC-SHA1(secret + "&", POST & %2F & sorted, encoded parameters)).
"""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

from flameblue.config import HttpSms
from flameblue.domain.clock import to_ns
from flameblue.domain.errors import DeliveryError
from flameblue.domain.limits import ALIYUN_NUMBERS_MAX
from flameblue.notices.carrier_answers import message_id, object_in, words
from flameblue.notices.channel import Sent
from flameblue.notices.channels.http_sms.provider import (
    MAINLAND,
    Message,
    Request,
    refused,
)

ENDPOINT = "https://dysmsapi.aliyuncs.com/"
REGION = "cn-hangzhou"
NEVER = frozenset(  # what is said of this message or number; the rest is said of the account or the moment
    {
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
        "isv.INVALID_JSON_PARAM",
        "isv.INVALID_PARAMETERS",
        "isv.MOBILE_COUNT_OVER_LIMIT",
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.PARAM_NOT_SUPPORT_URL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
    }
)


class Aliyun:
    """An account's key and its approved signature."""

    NEEDS = ("key_id", "secret", "sign_name", "templates")
    TAKES_TEMPLATES = True

    def __init__(self, settings: HttpSms) -> None:
        self._settings = settings
        self.url = settings.endpoint or ENDPOINT

    def request(self, message: Message, now: datetime) -> Request:
        asked = {
            "AccessKeyId": self._settings.key_id,
            "Action": "SendSms",
            "Format": "JSON",
            "OutId": str(message.notice),
            "RegionId": self._settings.region or REGION,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureNonce": f"flameblue-{message.attempt}-{to_ns(now)}",
            "SignatureVersion": "1.0",
            "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Version": "2017-05-25",
            **self.fields(message),
        }
        body = f"{canonical(asked)}&Signature={_encoded(signature(asked, self._settings.secret))}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", self.url, headers, body.encode())

    def fields(self, message: Message) -> dict[str, str]:
        """What is asked, without who asks."""
        if len(message.to) > ALIYUN_NUMBERS_MAX:
            raise DeliveryError(f"Aliyun takes {ALIYUN_NUMBERS_MAX} numbers at once.", permanent=True)
        said = json.dumps(dict(message.variables), ensure_ascii=False, separators=(",", ":"))
        return {
            "PhoneNumbers": ",".join(_number(one) for one in message.to),
            "SignName": self._settings.sign_name,
            "TemplateCode": message.template,
            "TemplateParam": said,
        }

    def understood(self, status: int, body: bytes) -> Sent:
        answer = object_in(body)
        code = words(answer, "Code")
        if code == "OK":
            return Sent(message_id(answer, "BizId"))
        if not code:
            raise refused("Aliyun", f"status {status}", permanent=False)
        raise refused("Aliyun", f"{code}: {words(answer, 'Message')}", permanent=code in NEVER)

    @staticmethod
    def placeholder(name: str, position: int) -> str:
        del position
        return f"${{{name}}}"


def canonical(parameters: Mapping[str, str]) -> str:
    """The parameters in the order and encoding in which they are signed."""
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(parameters.items()))


def signature(parameters: Mapping[str, str], secret: str, method: str = "POST") -> str:
    """The signature of the parameters."""
    signed = f"{method}&%2F&{_encoded(canonical(parameters))}"
    return base64.b64encode(hmac.digest(f"{secret}&".encode(), signed.encode(), "sha1")).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _number(phone: str) -> str:
    """A mainland number without its country, any other one with it, both without a plus."""
    return phone.removeprefix(MAINLAND).removeprefix("+")


PROVIDER = Aliyun
