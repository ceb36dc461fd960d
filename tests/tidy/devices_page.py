"""docs/devices.md, from the device models and the payloads' pages: `python -m tests.tidy.devices_page` writes it."""

import re
from collections.abc import Iterator
from pathlib import Path

from flameblue.intake import payloads
from flameblue.profiles.loader import Profile, Shelf, package_folder

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/devices.md"
FOLDER = Path(payloads.__file__).parent
HEAD = """# Devices

Generated from `flameblue/profiles/devices/*.yaml` and the payloads' pages; after a change run
`python -m tests.tidy.devices_page`. A model of your own is a file in `DATA/profiles/`, live without a restart.

A device stands in the registry with its name, its profile, the points that it really sends, and a credential, which it
presents over MQTT (user: its name; or the token alone). Behind an existing broker the topic names the device, and
`[broker] topics` in the configuration says what is subscribed. A device behind a gateway is called `GATEWAY>name` and
has no credential ([decision 0010](decisions/0010-a-device-behind-a-gateway-bears-its-name.md)).
"""


def page() -> str:
    """The page as it should be."""
    profiles = Shelf(package_folder()).current().values()
    parts = [HEAD]
    for folder in sorted(path.parent for path in FOLDER.glob("*/README.md")):
        text = (folder / "README.md").read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ")
        where = f"../flameblue/intake/payloads/{folder.name}/README.md"
        parts.append(f"## {title}\n\n[Messages and limits]({where})\n\n{_connect(text, folder.name)}\n")
        models = sorted((one for one in profiles if one.payload == folder.name), key=lambda one: one.name)
        parts += ["\n".join(_model(one)) + "\n" for one in models]
    return "\n".join(parts)


def _connect(text: str, name: str) -> str:
    section = re.search(r"(?ms)^## (?:Connect|Try it)$\n(.+?)(?=^## )", text)
    assert section is not None, f"{name}'s page does not say how to connect"
    return section[1].strip().replace("](../../../../docs/", "](")


def _model(profile: Profile) -> Iterator[str]:
    often = "on change, at least " if profile.on_change else ""
    yield f"### `{profile.name}`"
    yield ""
    yield f"{profile.maker[:1].upper()}{profile.maker[1:]}; {often}every {profile.interval_s:g} s. {profile.source}"
    yield ""
    if profile.points:
        yield "| key | quantity | phase |"
        yield "|---|---|---|"
        for key, point in profile.points.items():
            yield f"| `{key}` | {point.quantity.name} | {point.phase} |"
        yield ""
    yield from (f"- {caveat}" for caveat in profile.caveats)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
