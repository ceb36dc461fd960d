"""Devices that show a certificate in the place of a password: real handshakes by paho, mosquitto_pub and openssl."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from flameblue.config import Config, Mqtt
from flameblue.domain.clock import SystemClock, to_datetime
from flameblue.intake import listener as listener_module
from flameblue.intake.reasons import Reason
from flameblue.intake.reception import Intake
from flameblue.runtime.set_up.findings import Finding, Verdict
from flameblue.runtime.set_up.places import look_at_client_ca
from tests.intake.mqtt_packets import ACCEPTED, Client
from tests.intake.valley import CREDENTIAL, T0001, TOKEN, TOPIC, MemorySink, directory
from tests.live.certificates import Authority, days_ago
from tests.live.desks import desk, sink
from tests.live.installation import HOST, free_port
from tests.live.test_intake_listener import closed, run, serving, until

__all__ = ["desk", "sink"]
pytestmark = pytest.mark.live
READING = ("-t", TOPIC, "-q", "1", "-m", '{"v":{"ir":12.5}}')
Files = tuple[str, str]


@dataclass
class Endpoint:
    """A TLS port that takes the devices of one authority, and what it has taken in."""

    port: int
    own: Files
    authority: Authority
    desk: Intake
    sink: MemorySink

    async def publish(self, files: Files | None, *more: str) -> tuple[int, str]:
        """mosquitto_pub with a certificate (None: without)."""
        shown = ("--cert", files[0], "--key", files[1]) if files else ()
        where = ("-h", HOST, "-p", str(self.port), "--cafile", self.own[0])
        return await run("mosquitto_pub", *where, *shown, *more, *READING)

    async def is_told(self, reason: Reason, *words: str) -> None:
        """Waits for a row of quarantine with all the words."""

        def told() -> bool:
            rows = [row for row in self.desk.quarantine.rows() if row.reason == reason]
            return any(all(word in row.detail for word in words) for row in rows)

        await until(told)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "devices").found()


@asynccontextmanager
async def endpoint(
    desk: Intake, sink: MemorySink, authority: Authority, wanted: str = "wanted"
) -> AsyncIterator[Endpoint]:
    own = Authority(authority.folder.parent / "endpoint").found().signs("localhost")
    chain = Path(own[0])
    trusted = str(chain.with_name("ca.crt"))
    port = free_port()
    more = {"client_ca": authority.certificate, "client_certificates": wanted}
    async with serving(desk, tls_port=port, certificate=own[0], key=own[1], **more):
        yield Endpoint(port, (trusted, own[1]), authority, desk, sink)


async def test_a_certificate_alone_lets_its_device_in(
    desk: Intake, sink: MemorySink, authority: Authority
) -> None:
    files = authority.signs("D0217")
    async with endpoint(desk, sink, authority) as it:
        assert await it.publish(files, "--insecure") == (0, "")
        assert await it.publish(files, "--insecure", "-u", "D0217") == (0, "")
        assert await it.publish(files, "--insecure", "-u", "D0217", "-P", CREDENTIAL) == (0, "")
        assert sink.values(1) == [125] * 3
        assert desk.quarantine.rows() == []


async def test_paho_connects_with_a_certificate_and_is_lost_and_found_as_its_device(
    desk: Intake, sink: MemorySink, authority: Authority
) -> None:
    files = authority.signs("D0217")
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="", clean_session=True)
    client.will_set("flameblue/v1/D0217/state", "offline")

    def connect_and_publish(it: Endpoint) -> None:
        client.tls_set(it.own[0], files[0], files[1])
        client.tls_insecure_set(True)
        client.connect(HOST, it.port)
        client.loop_start()
        client.publish(TOPIC, '{"v":{"ir":1}}', qos=1).wait_for_publish(20)

    async with endpoint(desk, sink, authority, "required") as it:
        await asyncio.to_thread(connect_and_publish, it)
        assert sink.values(1) == [10]
        connection = client.socket()
        assert connection is not None
        connection.close()
        await until(lambda: sink.connections == [([1, 2, 3], True)])
        await asyncio.to_thread(client.loop_stop)


@pytest.mark.parametrize(
    "sent",
    [("-u", "D0217", "-P", "wrong"), ("-u", "T0001", "-P", TOKEN), ("-u", TOKEN), ("-u", "D9", "-P", "x")],
)
async def test_what_is_sent_beside_a_certificate_must_be_the_same_devices(
    desk: Intake, sink: MemorySink, authority: Authority, sent: tuple[str, ...]
) -> None:
    files = authority.signs("D0217")
    async with endpoint(desk, sink, authority) as it:
        code, output = await it.publish(files, "--insecure", *sent)
        assert (code != 0, "bad user name or password" in output) == (True, True)
        await it.is_told(Reason.WRONG_CREDENTIAL, "D0217", "sent with it is not")
        assert (sink.rows, desk.counts["refused"]) == ([], 1)


async def test_a_certificate_that_names_no_device_is_refused_also_beside_a_good_password(
    desk: Intake, sink: MemorySink, authority: Authority
) -> None:
    fleet, nobody = authority.signs("All cabins"), authority.signs("")
    async with endpoint(desk, sink, authority) as it:
        for files in (fleet, nobody):
            code, output = await it.publish(files, "--insecure", "-u", "D0217", "-P", CREDENTIAL)
            assert code != 0
            assert "not authorised" in output
        await it.is_told(Reason.UNKNOWN_DEVICE, "a certificate without a common name", "names no device")
        assert sink.rows == []


async def test_a_device_whose_entry_is_gone_is_refused_and_an_open_line_ends(
    desk: Intake, sink: MemorySink, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "SWEEP_S", 0.1)
    files = authority.signs("D0217")
    async with endpoint(desk, sink, authority) as it:
        context = ssl.create_default_context(cafile=it.own[0])
        context.check_hostname = False
        context.load_cert_chain(*files)
        reader, writer = await asyncio.open_connection(HOST, it.port, ssl=context)
        writer.write(Client("c1").connect())
        assert await reader.readexactly(4) == ACCEPTED
        desk.directory = directory(T0001)
        assert await closed(reader) == b""
        writer.close()
        code, output = await it.publish(files, "--insecure")
        assert code != 0
        assert "not authorised" in output
        await it.is_told(Reason.UNKNOWN_DEVICE, "D0217", "names no device")


async def test_in_the_pairing_window_a_certified_newcomer_is_listed_by_its_certificates_name(
    desk: Intake, sink: MemorySink, authority: Authority
) -> None:
    files = authority.signs("D0300")
    desk.directory = directory(pairing_until_ns=SystemClock().now_ns() + 60 * 10**9)
    async with endpoint(desk, sink, authority) as it:
        assert await it.publish(files, "--insecure", "-i", "some-client") == (0, "")
        assert [row.name for row in desk.quarantine.unknown_devices()] == ["D0300"]


async def test_another_authoritys_and_an_expired_certificate_end_the_handshake_with_the_reason_kept(
    desk: Intake, sink: MemorySink, authority: Authority, tmp_path: Path
) -> None:
    foreign = Authority(tmp_path / "foreign", "Others").found().signs("D0217")
    forged = Authority(tmp_path / "forged").found().signs("D0217")  # the authority's name, another key
    long_ago = Authority(tmp_path / "devices").signs("D0217", 1, days_ago(30))
    async with endpoint(desk, sink, authority) as it:
        assert (await it.publish(foreign, "--insecure"))[0] != 0
        await it.is_told(Reason.PROTOCOL, HOST, "no TLS connection", "local issuer")
        assert (await it.publish(forged, "--insecure"))[0] != 0
        await it.is_told(Reason.PROTOCOL, HOST, "no TLS connection", "signature failure")
        assert (await it.publish(long_ago, "--insecure"))[0] != 0
        await it.is_told(Reason.PROTOCOL, HOST, "no TLS connection", "expired")
        assert (sink.rows, desk.counts["protocol_errors"]) == ([], 3)
        await until(lambda: desk.counts["connections_open"] == 0)


async def test_without_a_certificate_a_password_does_where_one_is_only_wanted(
    desk: Intake, sink: MemorySink, authority: Authority
) -> None:
    async with endpoint(desk, sink, authority, "wanted") as it:
        assert await it.publish(None, "--insecure", "-u", "D0217", "-P", CREDENTIAL) == (0, "")
        assert (await it.publish(None, "--insecure"))[0] != 0
        assert sink.values(1) == [125]
    async with endpoint(desk, sink, authority, "required") as it:
        assert (await it.publish(None, "--insecure", "-u", "D0217", "-P", CREDENTIAL))[0] != 0
        await it.is_told(Reason.PROTOCOL, "no TLS connection", "PEER_DID_NOT_RETURN_A_CERTIFICATE")
        assert sink.values(1) == [125]


async def test_half_a_handshake_is_a_line_that_is_counted_and_cut_off(
    desk: Intake, sink: MemorySink, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "CONNECT_WITHIN_S", 0.5)
    monkeypatch.setattr(listener_module, "SWEEP_S", 0.1)
    async with endpoint(desk, sink, authority) as it:
        lines = [await asyncio.open_connection(HOST, it.port) for _ in range(20)]
        for _, writer in lines[:10]:
            writer.write(b"\x16\x03\x01\x02\x00\x01")
        await until(lambda: desk.counts["connections_open"] == len(lines))
        for reader, writer in lines:
            assert await closed(reader) == b""
            writer.close()
        await until(lambda: desk.counts["connections_open"] == 0)
        assert desk.counts["connections_timed_out"] == len(lines)


def test_check_says_what_is_wrong_with_the_authority(tmp_path: Path, authority: Authority) -> None:
    def judged(file: str) -> Finding:
        now = to_datetime(SystemClock().now_ns())
        (found,) = look_at_client_ca(Config(mqtt=Mqtt(tls_port=8883, client_ca=file)), now)
        return found

    soon = Authority(tmp_path / "soon").found(10)
    ended = Authority(tmp_path / "ended").found(1, days_ago(30))
    text = tmp_path / "text.crt"
    text.write_text("no certificate", encoding="ascii")
    assert judged(authority.certificate).verdict is Verdict.FINE
    assert "Devices of Hemu" in judged(authority.certificate).seen
    assert judged(soon.certificate).verdict is Verdict.UNSURE
    for file, words in (
        (ended.certificate, "has ended on"),
        (authority.signs("D0217")[0], "is no authority"),
        (str(text), "holds no certificate"),
        (str(tmp_path / "gone.crt"), "holds no certificate"),
    ):
        assert judged(file).verdict is Verdict.WRONG
        assert words in judged(file).seen
