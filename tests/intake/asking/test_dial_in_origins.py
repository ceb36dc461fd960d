"""From where a 4G unit dials in: an IMEI is a claim, and nothing more (docs/decisions/0024)."""

from dataclasses import replace
from pathlib import Path

import pytest

from flameblue.domain.readings import Mark
from flameblue.intake.asking.addresses import AskedDevice
from flameblue.intake.asking.dial_in import DialIn
from flameblue.intake.asking.poller import Poller
from flameblue.intake.directory import Directory
from flameblue.intake.reception import Intake
from flameblue.intake.sources import spelled
from tests.intake.asking.models import model, point
from tests.intake.asking.units import IMEI, Unit, know_units, port_for
from tests.intake.asking.world import OthersFirst
from tests.intake.valley import MemorySink

METER = {17: {0: 36}}
HOME, ELSEWHERE = "10.0.0.9", "203.0.113.5"


class Over(Exception):
    """The poller has asked, and would wait."""


async def over(_seconds: float) -> None:
    await OthersFirst()
    raise Over


def port_with(desk: Intake, folder: Path, networks: str) -> DialIn:
    """It knows the unit IMEI, whose device may speak from `networks`."""
    profile = model(folder, point("ir", "address: 0"))
    (one,) = know_units(desk, profile, {"a": f"dtu:{IMEI}?unit=17"})
    desk.directory = Directory({"a": replace(one, allowed=spelled(networks))})
    return port_for(desk, folder)


async def marks(desk: Intake, port: DialIn, sink: MemorySink, peer: str) -> list[int]:
    """What stands beside the values that the unit's device gives when it dials in from `peer`."""
    Unit(port, METER, peer).says(IMEI.encode())
    before = len(sink.rows)
    poller = Poller(desk, port.line(IMEI), [AskedDevice("a", 17)], over)
    with pytest.raises(ExceptionGroup):
        await poller.serve()
    assert len(sink.rows) > before
    return [row[3] & int(Mark.FOREIGN | Mark.NEW_ADDRESS) for row in sink.rows[before:]]


@pytest.mark.parametrize(
    ("networks", "first", "second"),
    [
        ("", 0, int(Mark.NEW_ADDRESS)),
        ("any", 0, 0),
        ("10.0.0.0/8", 0, int(Mark.FOREIGN)),
    ],
)
async def test_what_is_heard_from_another_address_says_so(
    desk: Intake, sink: MemorySink, tmp_path: Path, networks: str, first: int, second: int
) -> None:
    port = port_with(desk, tmp_path, networks)
    assert set(await marks(desk, port, sink, HOME)) == {first}
    for connection in list(port._connections):
        connection.close()
        port.ended(connection)
    assert set(await marks(desk, port, sink, ELSEWHERE)) == {second}


async def test_nobody_from_elsewhere_takes_the_place_of_a_unit_that_is_there(
    desk: Intake, tmp_path: Path
) -> None:
    port = port_with(desk, tmp_path, "10.0.0.0/8")
    own, other = Unit(port, METER, HOME), Unit(port, METER, ELSEWHERE)
    own.says(IMEI.encode())
    other.says(IMEI.encode())
    assert (own.is_cut, other.is_cut) == (False, True)
    await desk.keeper.flush()
    assert [row.reason for row in desk.quarantine.rows()] == ["foreign_address"]
    again = Unit(port, METER, "10.1.2.3")
    again.says(IMEI.encode())
    assert (own.is_cut, again.is_cut) == (True, False)
