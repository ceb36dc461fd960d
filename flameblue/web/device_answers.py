"""What a device has answered, as people read it: a line an object, by the standard's words."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from flameblue.fleet.models import DeviceCommand
from flameblue.fleet.shelf import profiles
from flameblue.intake.device_commands import Outcome
from flameblue.intake.protocols.gb26875 import orders
from flameblue.intake.protocols.gb26875.telling import told_unit


def lines(command: DeviceCommand) -> list[str]:
    """What came back on `command`; empty where nothing has yet."""
    if command.outcome != Outcome.DONE or command.answered_at is None:
        return []
    if command.kind == orders.DUTY_CHECK and command.sent_at is not None:
        seconds = round((command.answered_at - command.sent_at).total_seconds())
        return [_("the key was pressed after %(n)d s") % {"n": seconds}]
    if not command.answer:
        return [_("confirmed")]
    return [line for unit in command.answer for line in _of_unit(bytes.fromhex(unit), command)]


def _of_unit(unit: bytes, command: DeviceCommand) -> Iterator[str]:
    said = told_unit(unit)
    if "error" in said:
        yield _("It can't be read: %(hex)s") % {"hex": unit.hex(" ")}
    elif not said.get("objects"):
        yield _("nothing is recorded")
    for one in said.get("objects", ()):
        yield " · ".join(part for part in parts(one, command) if part)


def parts(one: Mapping[str, Any], command: DeviceCommand | None = None) -> Iterator[str]:
    """What an information object says, as `telling` tells it; `command`: that it was the answer to."""
    if "component_type" in one:
        yield f"{word(one, 'component_name')} {one['component_address_hex']}"
    if "text" in one:
        yield str(one["text"])
    for key in ("states", "operations"):
        if key in one:
            yield ", ".join(_words(one, key)) or _("no bit is set: not in normal operation, or a test")
    if "analogue_type" in one:
        known = one.get("value") is not None
        value = f"{one['value']:g} {one['unit']}" if known else _("%(raw)d, of the maker's own type %(type)d")
        yield f"{word(one, 'analogue_name')} " + (
            value if known else value % {"raw": one["raw"], "type": one["analogue_type"]}
        )
    if "version" in one:
        yield str(one["version"])
    if "operator" in one:
        yield _("operator %(n)d") % {"n": one["operator"]}
    if "time" in one:
        yield str(one["time"])
        if command is not None and command.kind == "device_time":
            yield _beside_ours(str(one["time"]), command)


def _beside_ours(time: str, command: DeviceCommand) -> str:
    """How far the device's clock is from ours, where its zone is known."""
    profile = profiles().get(command.device.profile)
    if profile is None or profile.utc_offset_min is None or command.answered_at is None:
        return ""
    ours = command.answered_at.replace(tzinfo=None) + timedelta(minutes=profile.utc_offset_min)
    try:
        off_s = round((datetime.fromisoformat(time) - ours).total_seconds())
    except ValueError:
        return _("no time that a calendar has")
    if abs(off_s) <= 1:
        return _("as ours")
    return (
        _("%(n)d s ahead of ours") % {"n": off_s} if off_s > 0 else _("%(n)d s behind ours") % {"n": -off_s}
    )


def word(one: Mapping[str, Any], key: str) -> str:
    """What the standard calls it, in the reader's language."""
    return str(one[key if _is_english() else f"{key}_zh"])


def _words(one: Mapping[str, Any], key: str) -> list[str]:
    return [str(word) for word in one[key if _is_english() else f"{key}_zh"]]


def _is_english() -> bool:
    return (get_language() or "").startswith("en")
