"""Arguments only: each command hands a Config to the room that does the work."""

import argparse
import json
import logging
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flameblue import __version__, config
from flameblue.domain.errors import BadInput, FlameblueError

PRIVATE = 0o077  # names, phone numbers and keys: what we write is for our own user only


def main(argv: Sequence[str] | None = None) -> None:
    """The `flameblue` command. An error for people is one sentence on stderr, and exit status 1."""
    arguments = menu().parse_args(argv)
    os.umask(PRIVATE)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    if arguments.config:
        os.environ["FLAMEBLUE_CONFIG"] = str(arguments.config)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flameblue.settings")
    try:
        sys.exit(arguments.run(arguments))
    except FlameblueError as error:
        print(f"flameblue: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def menu() -> argparse.ArgumentParser:
    """The commands with their arguments."""
    parser = argparse.ArgumentParser(prog="flameblue", description="Electrical-fire monitoring.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("--config", type=Path, help="a TOML file (default: FLAMEBLUE_CONFIG, else defaults)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="start Flameblue: the core and the pages")
    run.set_defaults(run=_run)
    for name, action in (("core", _core), ("web", _web)):
        part = commands.add_parser(name, help=f"the {name} process alone (the supervisor starts it)")
        part.set_defaults(run=action)

    demo = commands.add_parser("demo", help="a false valley on this machine, to look at and to learn")
    demo.add_argument("--port", type=int, default=8000, help="of the pages (default 8000)")
    demo.add_argument(
        "--mqtt-port", type=int, help="of the devices (default 1883, another where that is taken)"
    )
    demo.add_argument("--premises", type=int, default=50, help="how many (default 50)")
    demo.add_argument("--seed", type=int, default=1, help="the same seed, the same valley (default 1)")
    demo.add_argument("--speed", type=float, default=1.0, help="world seconds a second (default 1)")
    demo.add_argument("--data", type=Path, help="where everything is kept (default: a temporary folder)")
    demo.set_defaults(run=_demo)

    _add_registry(commands)
    _add_looking_after(commands)
    return parser


def _add_registry(commands: Any) -> None:
    """Who is watched, who is called, who may ask."""
    ready = commands.add_parser("prepare", help="make or update the tables and the first administrator")
    ready.set_defaults(run=_prepare)
    bring = commands.add_parser(
        "import", help="read premises, devices and people from a CSV file or workbook"
    )
    bring.add_argument("file", type=Path, help="a .csv or .xlsx file; its columns: docs/registry.md")
    bring.add_argument("--dry-run", action="store_true", help="print what would change, change nothing")
    bring.add_argument("--format", choices=("text", "json"), default="text", help="of what is printed")
    bring.set_defaults(run=_import)
    take = commands.add_parser("export", help="write the same file back")
    take.add_argument("file", type=Path, help="the .csv or .xlsx file to write")
    take.set_defaults(run=_export)
    heard = commands.add_parser("discovered", help="what the devices of an existing broker announce")
    heard.add_argument(
        "--format", choices=("text", "csv"), default="text", help="csv: what an import would take"
    )
    heard.add_argument("--site", default="", help="where the devices hang")
    heard.add_argument("--premises", default="", help="where the devices hang")
    heard.set_defaults(run=_discovered)
    for one in (bring, take, heard):
        one.add_argument(
            "--language", choices=("en", "zh-hans"), default="en", help="of headings, words and errors"
        )

    token = commands.add_parser("token", help="make an API token for a user; it is printed once")
    token.add_argument("user", help="the name that the user signs in with")
    token.add_argument(
        "--scope", action="append", default=[], help="read (the default) or act; may be repeated"
    )
    token.set_defaults(run=_token)


def _add_looking_after(commands: Any) -> None:
    """A set-up is tried before it counts."""
    sure = commands.add_parser("check", help="say in words what is wrong with a set-up; nothing is changed")
    sure.add_argument("--config", type=Path, default=argparse.SUPPRESS, help="the TOML file")
    sure.add_argument("--strict", action="store_true", help="what is only worth a look fails too")
    sure.set_defaults(run=_check)

    play = commands.add_parser("replay", help="publish recorded readings to an MQTT endpoint")
    play.add_argument("file", type=Path, help="a CSV or Parquet file: a time and numbers in each row")
    play.add_argument("--to", required=True, help="mqtt[s]://DEVICE:CREDENTIAL@host:port")
    play.add_argument(
        "--speed", type=float, default=1.0, help="recorded seconds a second; 0: at once (default 1)"
    )
    play.add_argument(
        "--columns", default="", help="such as Voltage=ua,power_kw=pa*1000 (default: all numbers)"
    )
    play.add_argument("--time", default="", help="the column of the time, or two: Date,Time (default: found)")
    play.add_argument("--from", dest="begin", default="", help="the first time that is taken")
    play.add_argument("--until", default="", help="the last time that is taken")
    play.add_argument(
        "--device", default="", help="whose readings they are (default: the user of the address)"
    )
    play.add_argument("--squeeze", action="store_true", help="readings bear the time of their sending")
    play.set_defaults(run=_replay)

    tell = commands.add_parser("decode", help="tell what bytes mean: one JSON object a frame")
    tell.add_argument("protocol", help="such as gb26875, or mqtt:PROFILE; any other word names them all")
    tell.add_argument(
        "data", metavar="HEX|FILE", help="hexadecimal digits, or a file of them or of the bytes"
    )
    tell.add_argument(
        "--topic", default="", help="with mqtt:PROFILE, of the message (default: the usual one)"
    )
    tell.set_defaults(run=_decode)

    _add_profiles(commands)

    short = commands.add_parser("sms", help="what an SMS provider is to approve")
    kinds = short.add_subparsers(required=True, metavar="WHAT")
    texts = kinds.add_parser("templates", help="print the texts to submit for approval")
    texts.add_argument("--language", default="zh-hans", help="of the texts (default zh-hans)")
    texts.add_argument("--provider", default="", help="such as aliyun (default: http_sms.provider)")
    texts.add_argument(
        "--as-file", action="store_true", help="print the empty file for http_sms.templates instead"
    )
    texts.set_defaults(run=_sms_templates)

    other = commands.add_parser("watch", help="tell people by SMS when another machine's Flameblue is down")
    other.add_argument(
        "urls", nargs="*", metavar="URL", help="such as https://board.example.org, or NAME=URL"
    )
    other.add_argument("--once", action="store_true", help="look once, tell nobody; exit status 3: not alive")
    other.set_defaults(run=_watch)

    again = commands.add_parser("rebuild", help="replay the journal from its start into an empty database")
    again.set_defaults(run=_rebuild)


def _add_profiles(commands: Any) -> None:
    """A device model is written and tried before it is relied on."""
    model = commands.add_parser("profile", help="check a device model, and try it on what a device says")
    deeds = model.add_subparsers(required=True, metavar="WHAT")
    look = deeds.add_parser("check", help="say what is wrong with a model's file, or what it reads")
    attempt = deeds.add_parser("try", help="print the readings of a frame, or of a device that is asked once")
    for one in (look, attempt):
        one.add_argument("file", type=Path, help="the model's YAML file")
        one.set_defaults(run=_profile, is_tried=one is attempt)
    source = attempt.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--frame", help="hexadecimal, or a file: frames of Modbus (RTU or TCP) or DL/T 645; or a payload"
    )
    source.add_argument(
        "--line", "--tcp", dest="tcp", help="HOST:PORT, rtu://HOST:PORT or serial:/dev/ttyUSB0"
    )
    attempt.add_argument("--unit", type=int, help="the device's address (default: the model's)")
    attempt.add_argument("--topic", default="", help="of the message (default: the usual one)")


def _settings() -> config.Config:
    """Sets Django up and returns its Config; the tables are made or brought up to date."""
    import django
    from django.conf import settings

    django.setup()
    loaded: config.Config = settings.CONFIG
    return loaded


def _existing() -> config.Config:
    """The same, of an installation that has been started before."""
    config.require_installation(config.from_environment(os.environ))
    return _settings()


def _run(_: argparse.Namespace) -> int:
    loaded = _settings()
    from flameblue.runtime import installation

    return installation.run(loaded)


def _core(_: argparse.Namespace) -> int:
    loaded = _settings()
    from flameblue.runtime import pipeline

    return pipeline.run(loaded)


def _web(_: argparse.Namespace) -> int:
    loaded = _settings()
    from flameblue.asgi import application
    from flameblue.runtime import web_process

    web_process.serve(loaded, application)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from flameblue.runtime import demo
    from flameblue.simulation import registry

    wishes = demo.Wishes(
        port=arguments.port,
        premises=arguments.premises,
        seed=arguments.seed,
        speed=arguments.speed,
        data=arguments.data,
        mqtt_port=arguments.mqtt_port,
    )
    return demo.run(wishes, registry.valley(arguments.premises, arguments.seed))


def _prepare(_: argparse.Namespace) -> int:
    loaded = _settings()
    from flameblue.runtime import installation

    installation.prepare(loaded)
    return 0


def _import(arguments: argparse.Namespace) -> int:
    loaded = _existing()
    from flameblue.people import registry_diff
    from flameblue.runtime import installation

    look = registry_diff.Look(arguments.language, is_coloured=_has_colours())
    report = installation.import_registry(arguments.file, look.language, dry_run=arguments.dry_run)
    if arguments.format == "json":
        print(json.dumps(registry_diff.as_json(report, is_dry_run=arguments.dry_run), ensure_ascii=False))
        return 1 if report.errors else 0
    for note in report.notes:
        print(note, file=sys.stderr)
    if report.errors:
        told = [*registry_diff.errors(report, look), registry_diff.of_refused(look)]
        print("\n".join(told), file=sys.stderr)
        return 1
    print("\n".join(registry_diff.lines(report, look)))
    if arguments.dry_run:
        print(registry_diff.of_dry_run(look))
    elif report.changes and installation.wait_until_known(loaded):
        print(registry_diff.of_done(look))
    return 0


def _has_colours() -> bool:
    """Whether who reads stdout wants colours: at a terminal, and without NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _export(arguments: argparse.Namespace) -> int:
    _existing()
    from flameblue.runtime import installation

    for note in installation.export_registry(arguments.file, arguments.language):
        print(note, file=sys.stderr)
    return 0


def _discovered(arguments: argparse.Namespace) -> int:
    loaded = _existing()
    from flameblue.people import registry_discovered, registry_writing

    devices, refused = registry_discovered.discovered(loaded.data, loaded.broker.discovery_prefix)
    if arguments.format == "text":
        print("\n".join(registry_discovered.lines(loaded, devices, refused)))
        return 0
    place = (arguments.site, arguments.premises)
    exported = registry_discovered.table(devices, *place, language=arguments.language)
    sys.stdout.buffer.write(registry_writing.csv_bytes(exported))
    for note in exported.notes:
        print(note, file=sys.stderr)
    return 0


def _token(arguments: argparse.Namespace) -> int:
    _existing()
    from flameblue.runtime import installation

    print(installation.make_token(arguments.user, arguments.scope))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    loaded = config.from_environment(os.environ)
    with tempfile.TemporaryDirectory() as elsewhere:
        if not config.is_installed(loaded):
            os.environ["FLAMEBLUE_DATA"] = elsewhere  # Django makes secrets; a check leaves none behind
        _settings()
        from flameblue.runtime.set_up import looking

        return looking.run(loaded, print, strict=arguments.strict)


def _replay(arguments: argparse.Namespace) -> int:
    from flameblue.domain.clock import SystemClock
    from flameblue.simulation import recording, replaying

    wanted = recording.Wanted(
        time=tuple(filter(None, arguments.time.split(","))),
        columns=recording.columns_of(arguments.columns),
        from_ms=recording.time_of(arguments.begin) if arguments.begin else -math.inf,
        until_ms=recording.time_of(arguments.until) if arguments.until else math.inf,
    )
    if not (math.isfinite(arguments.speed) and arguments.speed >= 0):
        raise BadInput(f"--speed is {arguments.speed}; it should be 0 (at once) or more, such as 60.")
    course = replaying.Course(arguments.device, arguments.speed, arguments.squeeze)
    found = recording.open_recording(arguments.file, wanted)
    print(replaying.run(found, arguments.to, course, SystemClock()))
    return 0


def _decode(arguments: argparse.Namespace) -> int:
    from flameblue.domain.clock import SystemClock
    from flameblue.intake import telling
    from flameblue.profiles.loader import Shelf, package_folder

    said = telling.Given(arguments.data, arguments.topic)
    if arguments.protocol.startswith(telling.MQTT):
        name = arguments.protocol.removeprefix(telling.MQTT)
        profiles = Shelf(package_folder(), config.from_environment(os.environ).data / "profiles").current()
        if name not in profiles:
            speaking = sorted(known for known, profile in profiles.items() if profile.payload)
            raise BadInput(f"There is no profile {name!r}. There are: {', '.join(speaking)}.")
        objects = telling.told_message(profiles[name], said, SystemClock().now_ns())
    else:
        objects = telling.told(arguments.protocol, telling.given(said.data))
    status = 0
    for told in objects:
        print(json.dumps(told, ensure_ascii=False))
        status = 1 if "error" in told else status
    return status


def _profile(arguments: argparse.Namespace) -> int:
    from flameblue.domain.clock import SystemClock
    from flameblue.intake.asking import trying
    from flameblue.profiles.loader import load

    wish = None
    if arguments.is_tried:
        wish = trying.Wish(arguments.frame, arguments.topic, arguments.tcp, arguments.unit)
    said = trying.said_of(load(arguments.file), wish, SystemClock().now_ns())
    print(json.dumps(said, ensure_ascii=False))
    return 1 if "error" in said else 0


def _sms_templates(arguments: argparse.Namespace) -> int:
    from flameblue.notices.channels.http_sms import submission

    settings = config.from_environment(os.environ).http_sms
    if arguments.as_file:
        print("\n".join(submission.empty_file(arguments.language)))
        return 0
    wanted = submission.Wanted(
        arguments.language, arguments.provider or settings.provider, settings.sign_name
    )
    print("\n".join(submission.lines(wanted)))
    return 0


def _watch(arguments: argparse.Namespace) -> int:
    loaded = config.from_environment(os.environ)
    from flameblue.runtime.watch import watcher

    if not arguments.once:
        return watcher.run(loaded, arguments.urls)
    said, status = watcher.look_once(loaded, arguments.urls)
    print("\n".join(said))
    return status


def _rebuild(_: argparse.Namespace) -> int:
    loaded = _existing()
    from flameblue.runtime import replay

    print(f"{replay.rebuild(loaded)} transitions applied.")
    return 0
