"""A transmitter of GB/T 26875.3 that nobody knows, from its bytes at the endpoint to its points on the bind page."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from django.test import Client

from flameblue.domain.clock import ManualClock
from flameblue.fleet.models import Device
from flameblue.intake.reception import Intake
from tests.cast import Cast
from tests.intake.gb26875_endpoint import NS_PER_S, kept, peer_of, serving, told
from tests.intake.transmitter import CONFIRM, Transmitter, state, value
from tests.intake.valley import MemorySink, intake
from tests.web.readers import text_of

ADDRESS = "050403020100"
LEAK, HEAT = "01000200", "02000200"
SAID = (
    state(1, LEAK, 17),
    state(1, HEAT, 18),
    value(415, 3, HEAT, 18),
    value(312, 130, LEAK, 17),
)
MEANT = {
    f"1.17.{LEAK}": "residual_current_ma",
    f"1.18.{HEAT}": "temperature_c",
    f"1.18.{HEAT}.3": "temperature_c",
    f"1.17.{LEAK}.130": "residual_current_ma",
}
LINE = re.compile(r'name="key-(\d+)" value="([^"]*)"')
PAGE = f"/commissioning/unknown/bind/?name={ADDRESS}"


async def say(desk: Intake, clock: ManualClock, units: Sequence[bytes]) -> None:
    """A transmitter sends each of `units` in a frame of its own while the pairing window is open."""
    async with serving(desk, pairing_until_ns=clock.now_ns() + 60 * NS_PER_S) as endpoint:
        peer, device = peer_of(endpoint), Transmitter(bytes.fromhex(ADDRESS))
        for unit in units:
            peer.send(device.frame(unit))
            assert (await told(peer)).command == CONFIRM
            clock.advance(1.0)
        await kept(desk)


def test_all_components_of_its_messages_are_offered_and_bound(
    cast: Cast, data: Path, admin: Client, clock: ManualClock
) -> None:
    sink = MemorySink()
    desk = intake(data, sink, clock)
    asyncio.run(say(desk, clock, SAID))
    desk.quarantine.close()
    assert sink.rows == [], "what nobody has bound measures nothing"
    assert ADDRESS in text_of(admin.get("/commissioning/unknown/").content.decode())
    form = admin.get(PAGE).content.decode()
    offered = {key: number for number, key in LINE.findall(form)}
    assert set(offered) == set(MEANT)
    asked = {"name": ADDRESS, "called": "T7", "profile": "gb26875-four-faith", "place": f"c{cast.circuit.pk}"}
    for key, number in offered.items():
        chosen = re.search(rf'name="quantity-{number}".*?<option value="(\w+)" selected>', form, re.DOTALL)
        assert chosen
        assert chosen[1] == MEANT[key]
        asked |= {f"key-{number}": key, f"quantity-{number}": chosen[1], f"phase-{number}": ""}
    assert '<option value="gb26875-four-faith" selected>' in form
    admin.post("/commissioning/unknown/bind/", asked)
    made = Device.objects.get(name="T7")
    assert (made.device_address, made.premises) == (ADDRESS, cast.premises)
    assert dict(made.points.values_list("key", "quantity")) == MEANT
    assert set(made.points.values_list("circuit", flat=True)) == {cast.circuit.pk}
