"""Twilio (2010-04-01): Messages with any text, a form with basic authentication."""

import base64
from datetime import datetime
from urllib.parse import quote, urlencode

from flameblue.config import HttpSms
from flameblue.notices.carrier_answers import message_id, object_in, words
from flameblue.notices.channel import Sent
from flameblue.notices.channels.http_sms.provider import Message, Request, may_pass, refused

ENDPOINT = "https://api.twilio.com"
CREATED = range(200, 300)
OF_THE_ACCOUNT = frozenset({401, 402, 403, 404})  # said of who asks, not of this message
SERVICE = "MG"  # how the id of a messaging service begins


class Twilio:
    """An account, or a key of one, and the number or service that sends."""

    NEEDS = ("key_id", "secret", "sender")
    TAKES_TEMPLATES = False

    def __init__(self, settings: HttpSms) -> None:
        account = quote(settings.app_id or settings.key_id, safe="")
        self._settings = settings
        self.url = (
            f"{(settings.endpoint or ENDPOINT).rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        )

    def request(self, message: Message, now: datetime) -> Request:
        del now
        sender = self._settings.sender
        by = "MessagingServiceSid" if sender.startswith(SERVICE) else "From"
        body = urlencode({"To": message.to[0], by: sender, "Body": message.text})
        key = base64.b64encode(f"{self._settings.key_id}:{self._settings.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/x-www-form-urlencoded"}
        return Request("POST", self.url, headers, body.encode())

    def understood(self, status: int, body: bytes) -> Sent:
        answer = object_in(body)
        if status in CREATED and (sid := message_id(answer, "sid")):
            return Sent(sid)
        if not (code := words(answer, "code")):
            raise refused("Twilio", f"status {status}", permanent=False)
        why = f"{code}: {words(answer, 'message')}"
        raise refused("Twilio", why, permanent=not may_pass(status) and status not in OF_THE_ACCOUNT)

    @staticmethod
    def placeholder(name: str, position: int) -> str:
        del position
        return f"{{{name}}}"


PROVIDER = Twilio
