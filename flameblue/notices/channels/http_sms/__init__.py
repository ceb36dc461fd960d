"""SMS through a provider that is asked over HTTP: as a text, or as an approved template and its variables."""

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from flameblue.config import Config, HttpSms
from flameblue.domain.clock import Clock, SystemClock, to_datetime
from flameblue.domain.errors import BadInput, DeliveryError
from flameblue.domain.limits import PROVIDER_ANSWER_BYTES_MAX, PROVIDER_ANSWER_S_MAX
from flameblue.notices.channel import Channel, Ears, Nature, Outgoing, Sent
from flameblue.notices.channels.http_sms import providers
from flameblue.notices.channels.http_sms.approved import Approved, approved, lacking
from flameblue.notices.channels.http_sms.provider import Message, Provider, Request
from flameblue.notices.texts.catalogue import LANGUAGES

TIMEOUT_S = 10.0  # of the connection, and of each silence
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@cache
def find_providers() -> dict[str, type[Provider]]:
    """Every file of `providers` is one, named after the file."""
    names = [module.name for module in pkgutil.iter_modules(providers.__path__)]
    return {name: import_module(f"{providers.__name__}.{name}").PROVIDER for name in names}


class HttpSmsLine:
    """One provider. `ids`: of the templates that it has approved."""

    def __init__(self, provider: Provider, ids: Approved, clock: Clock) -> None:
        self._provider = provider
        self._ids = ids
        self._clock = clock
        self._client = httpx.Client(timeout=TIMEOUT_S)

    def send(self, outgoing: Outgoing) -> Sent:
        request = self._provider.request(self._message(outgoing), to_datetime(self._clock.now_ns()))
        try:
            status, body = self._asked(request)
        except httpx.HTTPError as error:
            raise DeliveryError(f"The SMS provider can't be reached: {type(error).__name__}.") from error
        return self._provider.understood(status, body)

    def _message(self, outgoing: Outgoing) -> Message:
        carried = outgoing.carried
        template = ""
        if self._provider.TAKES_TEMPLATES:
            if carried is None:
                raise DeliveryError(
                    "It was written as a text; this provider carries approved templates alone.",
                    permanent=True,
                )
            template = self._ids.get(outgoing.language, {}).get(carried.form, "")
            if not template:
                raise DeliveryError(
                    f"The provider has approved no template {carried.form} ({outgoing.language}).",
                    permanent=True,
                )
        return Message(
            to=(outgoing.to,),
            text=outgoing.text,
            notice=outgoing.notice,
            attempt=outgoing.attempt,
            language=outgoing.language,
            template=template,
            variables=carried.variables if carried is not None else (),
        )

    def _asked(self, request: Request) -> tuple[int, bytes]:
        until_s = self._clock.monotonic_s() + PROVIDER_ANSWER_S_MAX
        body = b""
        with self._client.stream(
            request.method, request.url, headers=dict(request.headers), content=request.body
        ) as answer:
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > PROVIDER_ANSWER_BYTES_MAX or self._clock.monotonic_s() > until_s:
                    raise httpx.ReadTimeout("The answer does not end.")
            return answer.status_code, body

    def deaf_s(self) -> float:
        return 0.0

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        self._client.close()


class Plugin:
    """Needs `http_sms.provider`, and what that provider needs."""

    def open(self, config: Config, ears: Ears) -> Channel:
        del ears
        settings = config.http_sms
        provider = _provider(settings)
        missing = [name for name in provider.NEEDS if not getattr(settings, name)]
        if missing:
            raise BadInput(
                f"The http_sms channel needs [http_sms] {', '.join(missing)} for {settings.provider}."
            )
        if not (settings.key_id + settings.secret).isascii():
            raise BadInput(
                "[http_sms] key_id and secret hold ASCII alone; one of them has another character."
            )
        made = provider(settings)
        if not made.url.startswith(("http://", "https://")):
            raise BadInput(f"[http_sms] endpoint is {settings.endpoint!r}; it should be an http(s) address.")
        ids = approved(Path(settings.templates)) if provider.TAKES_TEMPLATES else {}
        return HttpSmsLine(made, ids, SystemClock())

    def nature(self, config: Config) -> Nature:
        settings = config.http_sms
        provider = find_providers().get(settings.provider)
        if provider is None or not provider.TAKES_TEMPLATES:
            return Nature(hears=False, signature=settings.sign_name)
        return Nature(hears=False, signature=settings.sign_name, carries=_languages(config))

    def lacks(self, config: Config) -> list[str]:
        settings = config.http_sms
        provider = _provider(settings)
        said = lacking(approved(Path(settings.templates))) if provider.TAKES_TEMPLATES else []
        there = urlsplit(provider(settings).url)
        if there.scheme == "http" and there.hostname not in LOOPBACK:
            said.append(f"{there.hostname} is asked by http: texts and numbers can be read on the way.")
        return said


def _provider(settings: HttpSms) -> type[Provider]:
    known = find_providers()
    if settings.provider not in known:
        raise BadInput(f"The http_sms channel needs [http_sms] provider: one of {', '.join(sorted(known))}.")
    return known[settings.provider]


def _languages(config: Config) -> tuple[str, ...]:
    """Those that have approved templates, the installation's own first."""
    try:
        found = [language for language, ids in approved(Path(config.http_sms.templates)).items() if ids]
    except BadInput:
        found = []  # told where the channel is opened
    return tuple(sorted(found, key=lambda one: (one != config.language, one))) or LANGUAGES[:1]


PLUGIN = Plugin()
