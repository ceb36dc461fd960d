"""The uplink: can the centre be reached, what is an alarm to it, and what waits? Nothing is sent."""

import socket
from collections.abc import Iterator

from django.db import DatabaseError

from flameblue.config import Config
from flameblue.domain.clock import Clock, to_datetime
from flameblue.domain.errors import BadInput
from flameblue.domain.limits import UPLINK_DOWN_S
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong
from flameblue.runtime.uplinking import centre_of
from flameblue.uplink import following, outbox
from flameblue.uplink.mapping import Mapping

SUBJECT = "uplink"
ANSWER_S = 5.0
ALARMS = {1: "a fire report (bit 1)", 4: "supervisory (bit 4)"}


def look_at_uplink(config: Config, clock: Clock, *, installed: bool, running: bool) -> Iterator[Finding]:
    """Nothing where no centre is told. Whether it takes what we say shows only in use."""
    settings = config.uplink
    if not settings.host:
        return
    try:
        agreed = centre_of(config).agreed
    except BadInput:
        return  # told with the settings
    alarm = ALARMS.get(agreed.alarm_bit if isinstance(agreed.alarm_bit, int) else 0, "not reported")
    warning = "supervisory (bit 4)" if agreed.warning_bit == 4 else "not reported"
    yield fine(SUBJECT, f"To the centre an alarm is {alarm}; a warning is {warning}.")
    where = f"{settings.host}:{settings.port}"
    if running:
        yield fine(
            SUBJECT, f"The line to {where} is held by the Flameblue that runs now; its health page shows it."
        )
    else:
        yield _reached(settings.host, settings.port)
    if installed:
        try:
            yield from _standing(agreed, clock)
        except DatabaseError:
            return  # told with the database


def _reached(host: str, port: int) -> Finding:
    try:
        socket.create_connection((host, port), ANSWER_S).close()
    except OSError as error:
        return wrong(SUBJECT, f"The centre {host}:{port} can't be reached: {error}.")
    return fine(SUBJECT, f"The centre {host}:{port} can be reached; nothing was sent.")


def _standing(agreed: Mapping, clock: Clock) -> Iterator[Finding]:
    waiting, now = outbox.waiting(), to_datetime(clock.now_ns())
    if waiting.oldest_at is not None and (now - waiting.oldest_at).total_seconds() > UPLINK_DOWN_S:
        since = f"{waiting.oldest_at:%Y-%m-%d %H:%M:%S} UTC"
        yield wrong(SUBJECT, f"{waiting.count} reports wait for the centre, the oldest since {since}.")
    points = following.wanted(agreed).filter(retired=False)
    without = (
        sum(following.place_of(point, agreed).address is None for point in points) if agreed.addresses else 0
    )
    if without:
        yield unsure(SUBJECT, f"{without} points have no address in the agreement: they are not reported.")
