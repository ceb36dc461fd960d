"""Our own endpoint for platforms that push over HTTP: a plain and a TLS port. 200 means "on disk"."""

import asyncio

from flameblue.config import HttpPush
from flameblue.domain.limits import HTTP_CONNECTIONS_MAX, HTTP_REQUEST_WITHIN_S
from flameblue.intake import tls
from flameblue.intake.http_push_conversation import HttpPushConversation
from flameblue.intake.lines import Line
from flameblue.intake.listener import Endpoint
from flameblue.intake.push.proxies import Proxies
from flameblue.intake.push.secrets import Secrets
from flameblue.intake.reception import Intake
from flameblue.profiles.pushing import PROTOCOL


class HttpPushListener(Endpoint):
    """`settings` says where, whose secrets are known, and which proxies are believed."""

    open_count = "http_push_connections_open"
    lines_max = HTTP_CONNECTIONS_MAX

    def __init__(self, intake: Intake, settings: HttpPush) -> None:
        secrets, proxies = Secrets(settings.secrets), Proxies(settings.trusted_proxies)
        super().__init__(intake, PROTOCOL, HttpPushConversation(intake, secrets, proxies))
        self.settings = settings

    def opened(self, line: Line) -> bool:
        """Likewise; a first request has longer than a greeting, and its answer may be a farewell."""
        if not super().opened(line):
            return False
        line.speak_by_s = self._intake.clock.monotonic_s() + HTTP_REQUEST_WITHIN_S
        line.welcome()
        return True

    async def _open(self) -> list[asyncio.Server]:
        settings = self.settings
        return await self._open_both(
            "HTTP push", settings, lambda: tls.own_context(settings.certificate, settings.key)
        )
