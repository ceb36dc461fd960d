"""Home Assistant's broker: does it let us in, and does it let us see what we have announced there?"""

from collections.abc import Iterator
from contextlib import closing

from flameblue import __version__
from flameblue.config import Broker, Config
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.intake.broker import address
from flameblue.runtime.home_assistant import Home
from flameblue.runtime.set_up.broker import Visit
from flameblue.runtime.set_up.findings import Finding, fine, unsure, wrong

SUBJECT = "home"


def look_at_home(config: Config) -> Iterator[Finding]:
    """Nothing where Home Assistant is shown nothing. Nothing is published; whether we may shows only in use."""
    settings = config.home_assistant
    if not settings.url:
        return
    try:
        where = address(settings.url)
    except BadInput as error:
        yield wrong(SUBJECT, f"{error} It is the setting home_assistant.url.")
        return
    home = Home(settings.prefix, settings.name, __version__, {})
    place = f"Home Assistant's broker {where.host}:{where.port}"
    try:
        with closing(Visit(Broker(url=settings.url), f"{settings.name}-check", keeps=False)) as visit:
            visit.open()
            refused = visit.subscribe([home.birth_topic, home.own_configs])
    except WorldFailed as error:
        yield wrong(SUBJECT, f"{place} {error}")
        return
    if refused:
        yield unsure(SUBJECT, f"{place} does not give us {', '.join(refused)}: what is gone stays there.")
    else:
        yield fine(SUBJECT, f"{place} lets us in.")
