"""One frozen Config: a TOML file, then the environment (FLAMEBLUE_WEB_PORT …), every default in view here.

Read once at the top (`cli`, `settings`) and handed down.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import WATCH_EVERY_S

SECRET_FILE = "secret_key"  # the first thing that a start makes in the data folder


@dataclass(frozen=True, slots=True)
class Web:
    """The pages and the API."""

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    map_tiles: str = ""  # …/{z}/{x}/{y}.png or .pbf, or a .pmtiles file; empty: a map without a background
    map_attribution: str = ""
    map_lines: str = ""  # a GeoJSON file with roads
    public_url: str = ""  # where people's browsers find the pages; then messages to a group carry a link


@dataclass(frozen=True, slots=True)
class Mqtt:
    """Our own endpoint for devices. `tls_port` 0: no TLS listener; `port` 0: no plain one."""

    host: str = "127.0.0.1"
    port: int = 1883
    tls_port: int = 0
    certificate: str = ""
    key: str = ""
    client_ca: str = (
        ""  # PEM: whose certificates devices may show in the place of a password; empty: none are asked for
    )
    client_certificates: str = "wanted"  # or "required": then no TLS connection without one


@dataclass(frozen=True, slots=True)
class Gb26875:
    """Our own endpoint for transmitters of GB/T 26875.3, which knows neither passwords nor encryption."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: none; the standard names no port
    quiet_s: float = 180.0  # a transmitter that says nothing for so long is lost, and its line is ended


@dataclass(frozen=True, slots=True)
class HttpPush:
    """Our own endpoint for platforms that call us: POST /intake/v1/SOURCE. Each port 0: none."""

    host: str = "127.0.0.1"
    port: int = 0
    tls_port: int = 0
    certificate: str = ""
    key: str = ""
    secrets: str = ""  # a TOML file: the secret of each source whose platform signs what it sends
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-For is believed


@dataclass(frozen=True, slots=True)
class ModbusDialIn:
    """Where 4G units (DTU) before Modbus or DL/T 645 devices dial in; there is neither password nor encryption."""

    host: str = "127.0.0.1"
    port: int = 0  # 0: none
    quiet_s: float = 180.0  # a unit that neither answers nor sends its heartbeat for so long is cut off


@dataclass(frozen=True, slots=True)
class Protocols:
    """Endpoints for protocols that other installed packages bring: a plain port each."""

    host: str = "127.0.0.1"
    ports: tuple[str, ...] = ()  # NAME:PORT, such as acme_line:7001
    quiet_s: float = 180.0  # a device that says nothing for so long is lost, and its line is ended


@dataclass(frozen=True, slots=True)
class Uplink:
    """A city's centre that is told of alarms by GB/T 26875.3 (docs/uplink.md). Off until all three are set.

    Flameblue is no certified user information transmission device (GB 26875.1): it replaces none that is prescribed.
    """

    host: str = ""  # of the centre; empty: nothing is sent
    port: int = 0  # the standard names none
    mapping: str = ""  # a YAML file: what was agreed with the centre


@dataclass(frozen=True, slots=True)
class Broker:
    """An existing broker, where there is one: `url` is mqtt[s]://user:password@host:port."""

    url: str = ""
    client_id: str = "flameblue"
    topics: tuple[str, ...] = ("flameblue/v1/+/readings",)
    sparkplug_host: str = ""  # the name under which Sparkplug nodes wait for us to listen; empty: none does
    discovery_prefix: str = (
        ""  # where devices announce themselves, usually "homeassistant"; empty: not listened to
    )


@dataclass(frozen=True, slots=True)
class HomeAssistant:
    """What Home Assistant is shown, by the broker that it uses (`url` as of Broker; empty: nothing)."""

    url: str = ""
    prefix: str = "homeassistant"
    name: str = "flameblue"  # in topics and ids; two installations on one broker need two names
    every_s: float = 10.0  # a point's value at most once in this time


@dataclass(frozen=True, slots=True)
class Smpp:
    """The SMS gateway. `source` is the number or name that the message comes from."""

    host: str = ""
    port: int = 2775
    system_id: str = ""
    password: str = ""
    system_type: str = ""
    source: str = ""
    use_tls: bool = False


@dataclass(frozen=True, slots=True)
class HttpSms:
    """An SMS provider that is asked over HTTP: a file of notices/channels/http_sms/providers, each with its needs."""

    provider: str = ""  # aliyun, tencent: approved templates alone; twilio, generic: any text
    key_id: str = ""
    secret: str = ""
    sign_name: str = ""  # the approved signature, without its brackets
    app_id: str = ""
    sender: str = ""
    region: str = ""
    endpoint: str = ""  # in the place of the provider's own address
    templates: str = ""  # a TOML file: our name of each approved text, and the provider's id
    request: str = ""  # a TOML file that describes a generic provider


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice provider called over HTTP: POST `url` with JSON {to, text, language, notice}."""

    url: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot of a group chat. `url`: its webhook, with its key; `secret`: where it demands signatures.

    `form`: text or markdown. `mention`: members to call, "@all" for everybody; `mention_phones`: by their number.
    """

    url: str = ""
    secret: str = ""
    form: str = "text"
    mention: tuple[str, ...] = ()
    mention_phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Messages:
    """Which channel carries what, and the lines to the world outside."""

    sms_channel: str = "console"
    voice_channel: str = "console"
    sms_second_channel: str = ""  # sends what `sms_channel` could not
    voice_second_channel: str = ""
    group_channel: str = ""  # the robot of the station's group chat: wecom, dingtalk or feishu
    heartbeat_url: str = ""
    alive_to: str = ""  # the phone that gets the daily "alive" SMS

    def channels(self) -> dict[str, str]:
        """The channels that are set, each by the name of its setting."""
        named = {
            "sms_channel": self.sms_channel,
            "voice_channel": self.voice_channel,
            "sms_second_channel": self.sms_second_channel,
            "voice_second_channel": self.voice_second_channel,
            "group_channel": self.group_channel,
        }
        needed = {"sms_channel", "voice_channel"}
        return {setting: name for setting, name in named.items() if name or setting in needed}


@dataclass(frozen=True, slots=True)
class Watch:
    """Other machines' Flameblue that `flameblue watch` asks, and who is told by `messages` when one is down."""

    urls: tuple[str, ...] = ()  # https://board.example.org, or with a name: 禾木站=https://board.example.org
    phones: tuple[str, ...] = ()
    signature: str = ""  # that heads the message
    every_s: float = WATCH_EVERY_S


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set. `database_url` empty: SQLite in `data`."""

    data: Path = Path("data")
    database_url: str = ""
    language: str = "zh-hans"
    demo: bool = False
    policy: str = ""  # a YAML file in the place of cases/policy.yaml
    kernels: str = ""  # where compiled kernels are kept; empty: `data`/kernels
    web: Web = field(default_factory=Web)
    mqtt: Mqtt = field(default_factory=Mqtt)
    gb26875: Gb26875 = field(default_factory=Gb26875)
    http_push: HttpPush = field(default_factory=HttpPush)
    modbus_dial_in: ModbusDialIn = field(default_factory=ModbusDialIn)
    protocols: Protocols = field(default_factory=Protocols)
    uplink: Uplink = field(default_factory=Uplink)
    broker: Broker = field(default_factory=Broker)
    home_assistant: HomeAssistant = field(default_factory=HomeAssistant)
    smpp: Smpp = field(default_factory=Smpp)
    http_sms: HttpSms = field(default_factory=HttpSms)
    voice: Voice = field(default_factory=Voice)
    wecom: Robot = field(default_factory=Robot)
    dingtalk: Robot = field(default_factory=Robot)
    feishu: Robot = field(default_factory=Robot)
    messages: Messages = field(default_factory=Messages)
    watch: Watch = field(default_factory=Watch)


def load(path: Path | None, environment: Mapping[str, str]) -> Config:
    """The Config of `path` (TOML; None: defaults), then FLAMEBLUE_… variables; BadInput says what is wrong."""
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise BadInput(f"The configuration {path} can't be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise BadInput(
                f"The configuration {path} is no text in UTF-8 (byte {error.start}); save it as UTF-8 in your editor."
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"The configuration {path} is not valid TOML: {error}.") from error
    filled: Config = _filled(Config(), table, environment, ())
    return filled


def from_environment(environment: Mapping[str, str]) -> Config:
    """The Config of the file that FLAMEBLUE_CONFIG names, if any, and of the environment."""
    named = environment.get("FLAMEBLUE_CONFIG")
    return load(Path(named) if named else None, environment)


def is_installed(config: Config) -> bool:
    """Whether Flameblue was ever started in this data folder."""
    return (config.data / SECRET_FILE).exists()


def require_installation(config: Config) -> None:
    """BadInput where there is none: a mistyped folder makes no second one."""
    if not is_installed(config):
        raise BadInput(
            f"There is no installation in {config.data}. Start one with `flameblue run`, "
            "or name its folder: FLAMEBLUE_DATA=FOLDER."
        )


def as_environment(config: Config) -> dict[str, str]:
    """`config` as the variables that `load` reads: how a parent hands it to a child process."""
    return dict(_variables(config, "FLAMEBLUE"))


def _variables(part: Any, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in fields(part):
        value = getattr(part, item.name)
        name = f"{prefix}_{item.name.upper()}"
        if is_dataclass(value):
            found.extend(_variables(value, name))
        else:
            found.append((name, ",".join(value) if isinstance(value, tuple) else str(value)))
    return found


def _filled(part: Any, table: Any, environment: Mapping[str, str], path: tuple[str, ...]) -> Any:
    """`part` with what the file's `table` and the environment say; `path`: the names of the sections down to it."""
    _check_names(part, table, path)
    changes: dict[str, Any] = {}
    for item in fields(part):
        default, inner = getattr(part, item.name), (*path, item.name)
        variable = "_".join(("FLAMEBLUE", *inner)).upper()
        if is_dataclass(default):
            changes[item.name] = _filled(default, table.get(item.name, {}), environment, inner)
        elif variable in environment:
            changes[item.name] = _converted(environment[variable], default, variable)
        elif item.name in table:
            changes[item.name] = _converted(table[item.name], default, ".".join(inner))
    return replace(part, **changes)


def _check_names(part: Any, table: Any, path: tuple[str, ...]) -> None:
    """BadInput where `table` is no section, or has settings that there are not."""
    where = f"[{'.'.join(path)}]" if path else "The configuration"
    if not isinstance(table, dict):
        raise BadInput(
            f"{'.'.join(path)} is {table!r}; it should be a section, {where} in a line of its own."
        )
    known = [item.name for item in fields(part)]
    for name in sorted(set(table) - set(known)):
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}."
        raise BadInput(f"{where} has an unknown setting {name!r}; {hint}")


def _converted(value: Any, default: Any, name: str) -> Any:
    try:
        if isinstance(default, bool):
            return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
        if isinstance(default, tuple):
            return tuple(value.split(",") if isinstance(value, str) else value) if value else ()
        return type(default)(value)
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput(f"{name} is {value!r}; it should be like {default!r}.") from error
