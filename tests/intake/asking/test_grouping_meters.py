"""Lines of DL/T 645 beside those of Modbus: each port is one poller's, and speaks one protocol."""

from flameblue.domain.quantities import QUANTITIES
from flameblue.intake.addresses import Misspelt, spelling
from flameblue.intake.asking import addresses
from flameblue.intake.asking.addresses import Address, AskedDevice
from flameblue.intake.asking.grouping import Asked, NotAsked, Refusal, asked, units
from flameblue.intake.directory import DeviceEntry, Directory
from flameblue.intake.protocols.dlt645.addresses import Converter, DialIn, SerialPort
from flameblue.profiles.loader import Shelf, package_folder

SHELF = Shelf(package_folder()).current()
IMEI = "860123456789014"
METER, DETECTOR = "dlt645-single-phase", "eastron-sdm630"


def directory(**devices: tuple[str, str]) -> Directory:
    points = {"ua": (1, QUANTITIES["voltage_v"])}
    entries = {
        name: DeviceEntry(name, profile, "", points, address=where)
        for name, (profile, where) in devices.items()
    }
    return Directory(entries)


def found(*, dial_in: bool = False, **devices: tuple[str, str]) -> Asked:
    return asked(directory(**devices), SHELF, dial_in=dial_in)


def test_meters_of_one_converter_share_a_line() -> None:
    lines = found(
        a=(METER, "tcp://gate:8899?meter=000000000161"),
        b=(METER, "tcp://gate:8899?meter=202208310002"),
        c=(METER, "serial:/dev/ttyS1?baud=9600&meter=000000000161"),
        d=(DETECTOR, "rtu://gate:8898?unit=1"),
    ).lines
    assert lines == {
        Converter("gate", 8899): [AskedDevice("a", 0x161), AskedDevice("b", 0x202208310002)],
        SerialPort("/dev/ttyS1", 9600): [AskedDevice("c", 0x161)],
        Address("gate", 8898, "rtu"): [AskedDevice("d", 1)],
    }


def test_a_port_speaks_one_protocol_and_the_other_is_refused_in_words() -> None:
    same = found(a=(METER, "tcp://gate:8899?meter=161"), b=(DETECTOR, "rtu://gate:8899?unit=1"))
    assert list(same.lines) == [Converter("gate", 8899)]
    said = "Another device says tcp://gate:8899 (DL/T 645) of the same port, not Modbus."
    assert same.refused == {"b": Refusal(NotAsked.PROTOCOL_DIFFERS, said)}
    serial = found(a=(DETECTOR, "serial:/dev/ttyS1?unit=1"), b=(METER, "serial:/dev/ttyS1?meter=161"))
    said = "Another device says serial:/dev/ttyS1 (Modbus) of the same port, not DL/T 645."
    assert serial.refused == {"b": Refusal(NotAsked.PROTOCOL_DIFFERS, said)}
    settings = found(a=(METER, "serial:/dev/ttyS1?meter=1"), b=(METER, "serial:/dev/ttyS1?baud=9600&meter=2"))
    assert settings.refused["b"].why is NotAsked.PORT_DIFFERS


def test_meters_behind_a_4g_unit_are_asked_where_units_may_dial_in() -> None:
    behind = {"a": (METER, f"dtu:{IMEI}?meter=161"), "b": (METER, f"dtu:{IMEI}?meter=162")}
    assert found(dial_in=True, **behind).lines == {
        DialIn(IMEI): [AskedDevice("a", 0x161), AskedDevice("b", 0x162)]
    }
    assert {one.why for one in found(**behind).refused.values()} == {NotAsked.NO_DIAL_IN}
    assert set(units(directory(**behind), SHELF)) == {IMEI}
    mixed = found(dial_in=True, a=behind["a"], b=(DETECTOR, f"dtu:{IMEI}?unit=1"))
    assert mixed.refused["b"].why is NotAsked.PROTOCOL_DIFFERS


def test_a_line_is_never_taken_for_one_of_the_other_protocol() -> None:
    settings = ("/dev/ttyS1", 9600, "even", 1)
    assert len({SerialPort(*settings), addresses.SerialPort(*settings)}) == 2
    assert len({DialIn(IMEI), addresses.DialIn(IMEI)}) == 2


def test_a_meter_without_an_address_is_told() -> None:
    none = found(a=(METER, ""), b=(METER, "tcp://gate:8899"))
    assert none.devices == 0
    assert {name: one.why for name, one in none.refused.items()} == {
        "a": NotAsked.NO_ADDRESS,
        "b": NotAsked.WRONG_ADDRESS,
    }


def test_the_registry_spells_a_meters_address_in_one_way() -> None:
    spell = spelling("dlt645")
    assert spell is not None
    assert spell.normal(" GATE:8899?meter=161 ") == "tcp://gate:8899?meter=000000000161"
    assert [spell.normal(form) for form in spell.forms] == list(spell.forms)
    for wrong in ("gate:8899", "tcp://gate:8899?unit=1", "metre"):
        try:
            spell.normal(wrong)
        except Misspelt:
            continue
        raise AssertionError(wrong)
