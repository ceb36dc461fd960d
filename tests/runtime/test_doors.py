"""Where people and devices come in: what a start prints, and what a check says of an address that nobody reaches."""

from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.config import Config, Gb26875, HttpPush, ModbusDialIn, Mqtt, Protocols, Uplink
from flameblue.runtime.installation import doors
from flameblue.runtime.set_up.findings import Finding, Verdict
from flameblue.runtime.set_up.places import look_at_ports


def test_a_start_prints_what_is_switched_on_and_nothing_else() -> None:
    assert list(doors(Config())) == ["Pages: http://127.0.0.1:8000/", "MQTT: 127.0.0.1:1883"]
    config = Config(
        mqtt=Mqtt(port=0, tls_port=8883, host="0.0.0.0"),
        gb26875=Gb26875(port=5200),
        http_push=HttpPush(port=8900, tls_port=8901),
        modbus_dial_in=ModbusDialIn(port=5300),
        protocols=Protocols(ports=("acme_line:7001",)),
        uplink=Uplink("192.0.2.1", 5201, "centre.yaml"),
    )
    assert list(doors(config)) == [
        "Pages: http://127.0.0.1:8000/",
        "MQTT over TLS: 0.0.0.0:8883",
        "GB/T 26875.3 transmitters: 127.0.0.1:5200",
        "Platforms that push: http://127.0.0.1:8900/intake/v1/SOURCE",
        "Platforms that push, TLS: https://127.0.0.1:8901/intake/v1/SOURCE",
        "4G units (DTU) that dial in: 127.0.0.1:5300",
        "acme_line devices: 127.0.0.1:7001",
        "The city's centre is told at 192.0.2.1:5201",
    ]
    assert "centre" not in list(doors(replace(config, demo=True)))[-1], "a demo tells nobody"


@pytest.mark.parametrize(
    ("push", "verdict", "said"),
    [
        (HttpPush(port=8900), Verdict.UNSURE, "http_push.host is 127.0.0.1: only programs of this machine"),
        (HttpPush(tls_port=8901, host="::1"), Verdict.UNSURE, "http_push.host is ::1: only programs"),
        (
            HttpPush(port=8900, trusted_proxies=("127.0.0.1",)),
            Verdict.FINE,
            "through the proxy of this machine",
        ),
        (HttpPush(port=8900, host="192.0.2.7"), Verdict.UNSURE, "is open without TLS"),
    ],
)
def test_a_check_says_whether_platforms_can_reach_us(
    push: HttpPush, verdict: Verdict, said: str, tmp_path: Path
) -> None:
    (found,) = of_platforms(Config(data=tmp_path, http_push=push))
    assert (found.verdict, said in found.seen) == (verdict, True)


def test_a_check_says_nothing_of_platforms_where_there_are_none(tmp_path: Path) -> None:
    assert of_platforms(Config(data=tmp_path)) == []


def of_platforms(config: Config) -> list[Finding]:
    found = look_at_ports(config, running=True)
    return [one for one in found if one.subject == "devices" and "http_push" in one.seen]
