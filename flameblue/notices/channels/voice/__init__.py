"""Voice calls through a provider that is asked over HTTP: POST {to, text, language, notice} as JSON."""

import httpx

from flameblue.config import Config
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.notices.carrier_answers import message_id, object_in
from flameblue.notices.channel import Channel, Ears, Nature, Outgoing, Sent

TIMEOUT_S = 10.0
AGAIN = frozenset({408, 425, 429})  # and every 5xx
SERVER_ERROR = 500


class Voice:
    """One provider. A 2xx answer is an accepted call; its JSON may hold an `id`."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(timeout=TIMEOUT_S, headers=headers)

    def send(self, outgoing: Outgoing) -> Sent:
        said = {
            "to": outgoing.to,
            "text": outgoing.text,
            "language": outgoing.language,
            "notice": outgoing.notice,
        }
        again = {"Idempotency-Key": f"flameblue-notice-{outgoing.notice}"}  # a repeat need not ring twice
        try:
            answer = self._client.post(self._url, json=said, headers=again)
        except httpx.HTTPError as error:
            raise DeliveryError(f"The voice provider can't be reached: {type(error).__name__}.") from error
        if answer.is_success:
            return Sent(message_id(object_in(answer.content), "id"))
        later = answer.status_code in AGAIN or answer.status_code >= SERVER_ERROR
        raise DeliveryError(f"The voice provider answered {answer.status_code}.", permanent=not later)

    def deaf_s(self) -> float:
        return 0.0

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        self._client.close()


class Plugin:
    """Needs `voice.url`."""

    def open(self, config: Config, ears: Ears) -> Channel:
        del ears
        if not config.voice.url:
            raise BadInput("The voice channel needs [voice] url in the configuration.")
        return Voice(config.voice.url, config.voice.token)

    def nature(self, config: Config) -> Nature:
        del config
        return Nature(hears=False)

    def lacks(self, config: Config) -> list[str]:
        del config
        return []


PLUGIN = Plugin()
