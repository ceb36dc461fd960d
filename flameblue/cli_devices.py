"""Arguments only, of the commands that look at what devices say: decode, profile, quarantine."""

import argparse
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from flameblue import config
from flameblue.domain.errors import BadInput, WorldFailed
from flameblue.domain.limits import QUARANTINE_KEYS_TOLD_MAX, QUARANTINE_SAMPLE_BYTES_MAX

SET_IN = 8  # columns, of the later lines of a row: behind its number
ROWS = 50


def add(commands: Any) -> None:
    """The commands with their arguments."""
    tell = commands.add_parser("decode", help="tell what bytes mean: one JSON object a frame")
    tell.add_argument(
        "protocol", help="such as gb26875, mqtt:PROFILE or http-push:PROFILE; any other word names them all"
    )
    tell.add_argument(
        "data", metavar="HEX|FILE", help="hexadecimal digits, or a file of them or of the bytes"
    )
    tell.add_argument(
        "--topic", default="", help="with mqtt:PROFILE, of the message (default: the usual one)"
    )
    tell.set_defaults(run=_decode)
    kept = commands.add_parser("quarantine", help="list what could not be read, and who is unknown")
    kept.add_argument("--rows", type=int, default=ROWS, help=f"how many of each, the latest (default {ROWS})")
    kept.set_defaults(run=_quarantine)
    _add_profiles(commands)


def _add_profiles(commands: Any) -> None:
    """A device model is drafted, written and tried before it is relied on."""
    model = commands.add_parser(
        "profile", help="draft and check a device model, and try it on what a device says"
    )
    deeds = model.add_subparsers(required=True, metavar="WHAT")
    new = deeds.add_parser("new", help="draft a model from what a device has sent")
    new.add_argument(
        "--from-quarantine",
        dest="number",
        metavar="ID",
        required=True,
        help="as `flameblue quarantine` and the page of quarantine show it, such as 17 or u3",
    )
    new.add_argument("--out", type=Path, help="NAME.yaml to write; the message goes beside it, NAME.sample")
    new.set_defaults(run=_new)
    look = deeds.add_parser("check", help="say what is wrong with a model's file, or what it reads")
    attempt = deeds.add_parser("try", help="print the readings of a frame, or of a device that is asked once")
    for one in (look, attempt):
        one.add_argument("model", help="the model's YAML file, or the name of one that is there")
        one.set_defaults(run=_profile, is_tried=one is attempt)
    source = attempt.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--frame",
        help="hexadecimal, or a file: frames of Modbus (RTU or TCP), DL/T 645 or GB/T 26875.3; or a payload",
    )
    source.add_argument(
        "--line",
        "--tcp",
        dest="tcp",
        help="HOST:PORT, rtu://HOST:PORT or serial:/dev/ttyUSB0; a meter's with ?meter= and its 12 digits, in quotes",
    )
    attempt.add_argument("--unit", type=int, help="the device's address (default: the model's)")
    attempt.add_argument("--topic", default="", help="of the message (default: the usual one)")


def _decode(arguments: argparse.Namespace) -> int:
    from flameblue.domain.clock import SystemClock
    from flameblue.intake import telling
    from flameblue.profiles.loader import Shelf, package_folder

    said = telling.Given(arguments.data, arguments.topic)
    if arguments.protocol.startswith((telling.MQTT, telling.PUSHED)):
        profiles = Shelf(package_folder(), config.from_environment(os.environ).data / "profiles").current()
        profile = telling.named(arguments.protocol, profiles)
        objects = telling.told_message(profile, said, SystemClock().now_ns())
    else:
        objects = telling.told(arguments.protocol, telling.given(said.data))
    status = 0
    for told in objects:
        print(json.dumps(told, ensure_ascii=False))
        status = 1 if "error" in told else status
    return status


def _quarantine(arguments: argparse.Namespace) -> int:
    kept = _kept()
    rows, unknown = kept.rows(limit=arguments.rows), kept.unknown_devices(limit=arguments.rows)
    keys = kept.keys(rows)
    for row in rows:
        what = f"{row.device or '-'}  {row.reason}  {row.topic}  {row.detail}{_told(keys.get(row.id, []))}"
        print(_wrapped(f"{row.id:>6}  {_when(row.last_ns)}  {row.count:>6} x  {what}"))
    for one in unknown:
        what = f"{one.name}  unknown  {one.topic}"
        print(_wrapped(f"{f'u{one.id}':>6}  {_when(one.last_ns)}  {one.count:>6} x  {what}"))
    if not rows and not unknown:
        print("Empty: everything that came could be read, and nobody unknown has spoken.")
    return 0


def _told(keys: Sequence[Any]) -> str:
    """All keys of a row where its newest message does not name them all."""
    if len(keys) < 2:
        return ""
    told = ", ".join(f"{one.key} {one.times} x" for one in keys[:QUARANTINE_KEYS_TOLD_MAX])
    more = len(keys) - QUARANTINE_KEYS_TOLD_MAX
    return f"  {len(keys)} keys: {told}{f' and {more} more' if more > 0 else ''}"


def _kept() -> Any:
    """The quarantine of this installation, for reading."""
    from flameblue.intake.quarantine import Quarantine

    loaded = config.from_environment(os.environ)
    config.require_installation(loaded)
    return Quarantine(loaded.data / "quarantine.sqlite3", reader_only=True)


def _wrapped(row: str) -> str:
    """`row` without what a terminal obeys; there its later lines are set in, elsewhere it is one line for a program."""
    clean = "".join(sign if sign.isprintable() else "\ufffd" for sign in row).rstrip()
    if not sys.stdout.isatty():
        return clean
    columns = max(shutil.get_terminal_size().columns, 2 * SET_IN)
    return "\n".join(textwrap.wrap(clean, columns, subsequent_indent=" " * SET_IN, drop_whitespace=False))


def _when(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 10**9).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _new(arguments: argparse.Namespace) -> int:
    from flameblue.intake import drafting
    from flameblue.profiles.loader import Shelf, package_folder

    profiles = Shelf(package_folder(), config.from_environment(os.environ).data / "profiles").current()
    out: Path | None = arguments.out
    made = drafting.draft(_sent(arguments.number), profiles, out.stem if out else "")
    if out is None:
        print(made.text, end="")
        return 0
    for path, text in ((out, made.text), (out.with_suffix(".sample"), made.frame)):
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise BadInput(f"{path} is there already; it is not written over.") from None
        except OSError as error:
            raise WorldFailed(f"{path} can't be written: {error.strerror}.") from error
    print(f"{out} is a draft: read its comments, then flameblue profile check {out}.", file=sys.stderr)
    return 0


def _sent(said: str) -> Any:
    """What the row with the id `said` holds; BadInput where there is none."""
    from flameblue.intake.sent_messages import Sent

    digits = said.removeprefix("u")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else -1
    kept = _kept()
    if said.startswith("u"):
        one = kept.unknown_device(number)
        if one is not None:
            sent = Sent(one.name, one.topic, one.sample, one.count, one.first_ns, one.last_ns)
            return sent._replace(others=_others(kept.unknown_messages().get(one.name, ())))
    else:
        row = kept.row(number)
        if row is not None:
            cut = max(row.payload_bytes - QUARANTINE_SAMPLE_BYTES_MAX, 0)
            sent = Sent(row.device, row.topic, row.sample, row.count, row.first_ns, row.last_ns, cut)
            return sent._replace(others=_others(kept.messages_of(row.device) if row.device else ()))
    raise BadInput(f"There is no {said!r} in quarantine; `flameblue quarantine` lists what is there.")


def _others(messages: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((one.topic, one.sample) for one in messages)


def _profile(arguments: argparse.Namespace) -> int:
    from flameblue.domain.clock import SystemClock
    from flameblue.intake.asking import describing, trying
    from flameblue.profiles.loader import found, package_folder

    wish = None
    if arguments.is_tried:
        wish = trying.Wish(arguments.frame, arguments.topic, arguments.tcp, arguments.unit)
    own = config.from_environment(os.environ).data / "profiles"
    model = found(arguments.model, own, package_folder())
    said = trying.said_of(model, wish, SystemClock().now_ns())
    print(json.dumps(said, ensure_ascii=False))
    if wish is None:
        print("\n".join(describing.sentences(model)), file=sys.stderr)
    return 1 if "error" in said else 0
