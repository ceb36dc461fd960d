"""Everything that is looked at, in the order in which a reading meets it."""

from collections.abc import Callable, Iterator

from flameblue.config import Config, is_installed
from flameblue.domain.clock import Clock, SystemClock, to_datetime
from flameblue.runtime.backends import is_written
from flameblue.runtime.checking import mistakes
from flameblue.runtime.set_up import findings
from flameblue.runtime.set_up.broker import look_at_broker
from flameblue.runtime.set_up.findings import Finding, fine, wrong
from flameblue.runtime.set_up.home import look_at_home
from flameblue.runtime.set_up.lines import look_at_lines
from flameblue.runtime.set_up.places import (
    look_at_certificate,
    look_at_client_ca,
    look_at_plug_ins,
    look_at_ports,
    look_at_profiles,
)
from flameblue.runtime.set_up.registered import look_at_missing_models, look_at_stations
from flameblue.runtime.set_up.storage import (
    look_at_clock,
    look_at_database,
    look_at_disk,
    look_at_journal,
)
from flameblue.runtime.set_up.uplink import look_at_uplink
from flameblue.runtime.set_up.ways_out import look_at_channels, look_at_watchers


def run(config: Config, tell: Callable[[str], None], *, strict: bool) -> int:
    """Looks, tells each finding as it is made, and returns the exit status for a script."""
    found = []
    for finding in look(config, SystemClock(), running=is_written(config)):
        tell(findings.line(finding))
        found.append(finding)
    tell(f"\n{findings.total(found)}")
    return findings.exit_status(found, strict=strict)


def look(config: Config, clock: Clock, *, running: bool) -> Iterator[Finding]:
    """The findings, one after the other as they are made; `running`: a core holds this installation now."""
    found = mistakes(config)
    yield from (wrong("settings", mistake) for mistake in found)
    if not found:
        yield fine("settings", "They can be read, and name nothing that is not there.")
    yield from look_at_plug_ins()
    yield from look_at_profiles(config)
    yield from look_at_ports(config, running=running)
    yield from look_at_certificate(config, to_datetime(clock.now_ns()))
    yield from look_at_client_ca(config, to_datetime(clock.now_ns()))
    yield from look_at_broker(config, clock)
    yield from look_at_home(config)
    yield from look_at_disk(config, clock)
    yield from look_at_journal(config)
    yield from look_at_database(config, installed=is_installed(config))
    yield from look_at_missing_models(config, installed=is_installed(config))
    yield from look_at_stations(to_datetime(clock.now_ns()), installed=is_installed(config))
    yield from look_at_lines(config, clock, installed=is_installed(config), running=running)
    yield from look_at_clock(config, clock)
    yield from look_at_channels(config, clock, running=running)
    yield from look_at_uplink(config, clock, installed=is_installed(config), running=running)
    yield from look_at_watchers(config)
