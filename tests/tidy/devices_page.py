"""docs/devices.md, from the device models and the payloads' pages: `python -m tests.tidy.devices_page` writes it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from flameblue.intake import asking, payloads
from flameblue.intake.protocols import dlt645, http_push
from flameblue.profiles.loader import Profile, ProfilePoint, Shelf, package_folder
from tests.tidy.tables import head, row
from tests.tidy.words import LANGUAGES, Say, chinese_where_known, english

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/devices.md"
FOLDER = Path(payloads.__file__).parent
ASKED = Path(asking.__file__).parent
METERED = Path(dlt645.__file__).parent
PUSHED = Path(http_push.__file__).parent
FIRE = ("residual_current_ma", "temperature_c")
SHOWN = {
    "residual_current_ma": "residual current",
    "temperature_c": "temperature",
    "current_a": "current",
    "voltage_v": "voltage",
    "power_w": "power",
}
TRANSMITTER = (
    "To connect: its address in the registry's column `device_address`; it has no credential, so keep its line to "
    "a private network."
)
UNKNOWN_LINE = "Modbus TCP, or RS-485 as it is set at the device"
HEAD = """Generated from `flameblue/profiles/devices/*.yaml` and the payloads' pages; after a change run
`python -m tests.tidy.devices_page`. A model of your own is a file in `DATA/profiles/`, live without a restart.

A device stands in the registry with its name, its profile, the points that it really sends, and a credential, which it
presents over MQTT (user: its name; or the token alone). Behind an existing broker the topic names the device, and
`[broker] topics` in the configuration says what is subscribed. A device behind a gateway is called `GATEWAY>name` and
has no credential ([decision 0010](decisions/0010-a-device-behind-a-gateway-bears-its-name.md)).
"""


def page(say: Say = english) -> str:
    """The page as it should be, in one language."""
    profiles = Shelf(package_folder()).current().values()
    parts = [f"# {say('Devices')}\n\n{say(HEAD)}", "\n".join(_overview(profiles, say))]
    for folder in (*sorted(path.parent for path in FOLDER.glob("*/README.md")), ASKED, METERED, PUSHED):
        text = (folder / "README.md").read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ")
        where = f"../{(folder / 'README.md').relative_to(ROOT)}"
        how = _known(_connect(text, folder.name), say)
        parts.append(f"## {say(title)}\n\n[{say('Messages and limits')}]({where})\n\n{how}\n")
        models = sorted((one for one in profiles if _folder(one) == folder), key=lambda one: one.name)
        parts += ["\n".join(_model(one, say)) + "\n" for one in models]
    return "\n".join(parts)


def _folder(profile: Profile) -> Path:
    """Where the page of its messages is."""
    if profile.modbus is not None:
        return ASKED
    if profile.dlt645 is not None:
        return METERED
    return PUSHED if profile.push is not None else FOLDER / profile.payload


def _overview(profiles: Iterable[Profile], say: Say) -> Iterator[str]:
    """What each model measures: how many points of a quantity; those that the registry names are open."""
    yield f"## {say('At a glance')}\n"
    yield say("Points of each quantity; “open”: the registry names them.") + "\n"
    yield head(say("model"), say("maker"), *(say(word) for word in SHOWN.values()), say("others"))
    for one in sorted(profiles, key=lambda one: (not _measures_fire(one), one.name)):
        counts = Counter(point.quantity.name for point in one.points.values())
        shown = [str(counts.pop(name, "") or "") for name in SHOWN]
        others = say("open") if one.open_points else str(counts.total() or "")
        yield row(f"[`{one.name}`](#{one.name})", _known(one.maker, say), *shown, others)
    yield ""


def _measures_fire(profile: Profile) -> bool:
    """Whether it has what a fire begins with: a residual current or a temperature."""
    return any(point.quantity.name in FIRE for point in profile.points.values())


def _needs(profile: Profile, say: Say) -> str:
    """What a device of this model needs beside what its section says; empty where that is all."""
    one = profile.modbus or profile.dlt645
    if one is None:
        return say(TRANSMITTER) if profile.protocol == "gb26875" else ""
    unit = say("the address that is set at it") if profile.modbus else say("its twelve digits")
    if profile.modbus and profile.modbus.unit:
        unit = say("address {unit}").format(unit=profile.modbus.unit)
    line = say(UNKNOWN_LINE)
    if one.baud:
        form = f"8{(one.parity or 'none')[0].upper()}{one.stop_bits or 1}"
        line = say("RS-485, {baud} baud, {form} as delivered").format(baud=one.baud, form=form)
    return say("To connect: {line}; {unit}.").format(line=line, unit=unit)


def _connect(text: str, name: str) -> str:
    section = re.search(r"(?ms)^## (?:Connect|Try it)$\n(.+?)(?=^## )", text)
    assert section is not None, f"{name}'s page does not say how to connect"
    return section[1].strip().replace("](../../../../docs/", "](")


def _known(text: str, say: Say) -> str:
    """What a maker's page says: where it is not translated it stands in English."""
    return text if say is english else chinese_where_known(text)


def _model(profile: Profile, say: Say) -> Iterator[str]:
    often = say("on change, at least every {n} s" if profile.on_change else "every {n} s")
    maker = _known(profile.maker, say)
    yield f"### `{profile.name}`"
    yield ""
    yield (
        f"{maker[:1].upper()}{maker[1:]}{say('; ')}{often.format(n=f'{profile.interval_s:g}')}{say('. ')}"
        f"{_known(profile.source, say)}"
    )
    yield ""
    if needs := _needs(profile, say):
        yield f"{needs}\n"
    if profile.points:
        places = [say("function"), say("register"), say("type")] if profile.modbus else []
        places = [say("identifier"), say("bytes")] if profile.dlt645 else places
        yield head(say("key"), say("quantity"), say("phase"), *places)
        for key, point in profile.points.items():
            yield row(f"`{key}`", point.quantity.name, point.phase, *_place(point))
        yield ""
    yield from (f"- {_known(caveat, say)}" for caveat in profile.caveats)


def _place(point: ProfilePoint) -> list[str]:
    """Where a point of a device that is asked stands."""
    if point.item is not None:
        return [point.item.identifier, f"{point.item.at + 1}–{point.item.end}"]
    one = point.register
    return [] if one is None else [str(one.function), f"{one.address:#06x}", one.type]


if __name__ == "__main__":
    for ending, language in LANGUAGES:
        PAGE.with_suffix(f"{ending}.md").write_text(page(language), encoding="utf-8")
