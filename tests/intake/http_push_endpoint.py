"""An endpoint for platforms that push, without a port, the sources that it knows, and what one looks at."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flameblue.config import HttpPush
from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.directory import DeviceEntry, credential_hash
from flameblue.intake.http_push_listener import HttpPushListener
from flameblue.intake.protocols.http_push.codec import Session
from flameblue.intake.reception import Intake
from tests.intake.peer import Peer
from tests.intake.valley import KEY, POINTS, directory

TOKEN = "a-token-of-the-cloud"
SECRET = "what the console calls its token"
CLOUD = DeviceEntry("CLOUD1", "flameblue-push", credential_hash(KEY, TOKEN), POINTS)
BEHIND = DeviceEntry("CLOUD1>D7", "flameblue-push", "", {"ir": (21, QUANTITIES["residual_current_ma"])})
ONENET = DeviceEntry("ONENET", "onenet-push", credential_hash(KEY, "onenets-own-token"), {})
IOT = DeviceEntry("ONENET>iot-0001", "onenet-push", "", {"WF": (31, QUANTITIES["power_w"])})
OTHER = DeviceEntry("D0217", "flameblue-generic", credential_hash(KEY, "snow-on-the-roof"), POINTS)
STATION = DeviceEntry(
    "STATION1",
    "ecowitt-push",
    credential_hash(KEY, "307826236D0133E06009CE7FAFBBAFC4"),
    {"tempf": (41, QUANTITIES["ambient_temperature_c"])},
)
KNOWN = (CLOUD, BEHIND, ONENET, IOT, OTHER, STATION)


@asynccontextmanager
async def serving(
    desk: Intake, folder: Path, *, pairing_until_ns: int = 0, **settings: Any
) -> AsyncIterator[HttpPushListener]:
    """An endpoint that knows KNOWN, and the secret of ONENET; its file lies in `folder`."""
    desk.directory = directory(*KNOWN, pairing_until_ns=pairing_until_ns)
    secrets = folder / "secrets.toml"
    secrets.write_text(f'ONENET = "{SECRET}"\n', encoding="utf-8")
    endpoint = HttpPushListener(desk, HttpPush(secrets=str(secrets), **settings))
    task = asyncio.create_task(endpoint.serve())
    await endpoint.started.wait()
    try:
        yield endpoint
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def peer_of(endpoint: HttpPushListener) -> Peer:
    return Peer(endpoint, Session())


def request(content: Any = b"", source: str = "CLOUD1", **more: Any) -> bytes:
    """A POST of `content` (bytes, or what becomes JSON). `more`: method, query, token, headers, version."""
    body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    token, version = more.get("token", TOKEN), more.get("version", "1.1")
    headers = {"Host": "fire.example", "Content-Length": str(len(body))} | more.get("headers", {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    query = f"?{more['query']}" if "query" in more else ""
    lines = [f"{more.get('method', 'POST')} /intake/v1/{source}{query} HTTP/{version}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Said:
    """An answer of ours."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.content)


async def told(peer: Peer, *, to_head: bool = False) -> Said:
    """The next answer that `peer` gets."""
    await peer.until(lambda: _whole(bytes(peer.sent_to_it), to_head=to_head) is not None)
    found = _whole(bytes(peer.sent_to_it), to_head=to_head)
    assert found is not None
    said, size = found
    del peer.sent_to_it[:size]
    return said


def _whole(data: bytes, *, to_head: bool) -> tuple[Said, int] | None:
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    size = 0 if to_head else int(headers.get("content-length", 0))
    if len(rest) < size:
        return None
    return Said(int(first.split(" ")[1]), headers, rest[:size]), len(head) + 4 + size
