"""Three hundred devices of all kinds, from one import, over bad lines: no reading is lost, doubled or made up."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flameblue.domain.quantities import NO_VALUE
from flameblue.simulation import fleet
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import make_plan, with_devices
from tests.live.installation import Installation, free_port, wait_for
from tests.live.journals import Reading, journalled
from tests.live.valley_process import Measured, Told, ValleyProcess, points_of

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]
DEVICES, PREMISES = 300, 260
PORTS = {
    "gb26875": "FLAMEBLUE_GB26875_PORT",
    "push": "FLAMEBLUE_HTTP_PUSH_PORT",
}  # of kinds that connect to us, and what sets ours
KINDS = "mqtt,gb26875,push"
SPEAKING_S = 65.0  # three broken lines of 20 s, and six samples of each device
WITHIN_S = 90.0
NS_PER_MS = 1_000_000
LINES = ("split=0.3", "delayed=0.05", "corrupted=0.05", "duplicated=0.05", "garbage=0.05")
DROPS = ("gb26875.drop_every_s=20", "push.drop_every_s=20")
CASES = """
import json
from flameblue.cases.models import Case
print(json.dumps(list(Case.objects.values_list("premises__name", "family"))))
"""


@dataclass
class Heard:
    """What happened: what the valley was told, what stands in the journal, and the points by device and key."""

    rows: int
    told: list[Told]
    readings: list[Reading]
    points: dict[tuple[str, str], Measured]
    counts: dict[str, int]
    cases: list[tuple[str, str]]
    of_kind: dict[str, set[str]] = field(default_factory=dict)


def kinds_of() -> dict[str, set[str]]:
    """The devices' names by kind."""
    found: dict[str, set[str]] = defaultdict(set)
    plan = with_devices(make_plan(PREMISES, 1), DEVICES)
    for kind, place in fleet.places(plan, Wishes(turns=fleet.turns_of(KINDS))):
        found[kind.name].add(place.name)
    return dict(found)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """Import, start, speak for a while, stop; then what is there."""
    folder = tmp_path_factory.mktemp("three-hundred")
    data: Path = folder / "data"
    data.mkdir()
    ports = {kind: free_port() for kind in KINDS.split(",")}
    it = Installation(data, {name: str(ports[kind]) for kind, name in PORTS.items() if kind in ports})
    it.mqtt_port = ports["mqtt"]
    valley = ValleyProcess(folder, PREMISES, DEVICES, KINDS, ports)
    rows = valley.register(it)
    of_kind = kinds_of()
    try:
        # The devices are there first: a detector that is not there is silent, and that would be a case.
        with valley.speaking("--scenario", "quiet", "--backlog", "300", "--line", *LINES, *DROPS):
            it.start()
            wait_for(
                lambda: len({one.device for one in valley.told()}) == DEVICES,
                WITHIN_S,
                f"{DEVICES} devices were heard; {valley.log()}",
            )
            time.sleep(SPEAKING_S)
            cases = [tuple(row) for row in json.loads(it.python(CASES))]
        told = valley.told()
        wait_for(lambda: it.lags().get("detection", 1) == 0, WITHIN_S, "detection has read all")
        yield Heard(
            rows=rows,
            told=told,
            readings=journalled(data),
            points=points_of(it),
            counts={name: int(count) for name, count in it.health()["counters"].items()},
            cases=cases,
            of_kind=of_kind,
        )
    finally:
        it.stop()


def test_all_of_an_import_are_heard(heard: Heard) -> None:
    devices = {device for device, _ in heard.points}
    assert len(devices) == DEVICES
    assert heard.rows >= DEVICES
    numbers = {point for point, _, _ in heard.readings}
    assert {device for (device, _), point in heard.points.items() if point.number in numbers} == devices


def test_nothing_acknowledged_is_lost_doubled_or_changed(heard: Heard) -> None:
    """What no acknowledgement came for is sent anew, over MQTT (QoS 1) and on a new line of GB/T 26875.3, and may be
    there twice then; a push never is. A device that was held up may measure twice within a second."""
    acknowledged: Counter[Reading] = Counter()
    sent: Counter[Reading] = Counter()
    of_kind: Counter[str] = Counter()
    kinds = {name: kind for kind in heard.of_kind for name in heard.of_kind[kind]}
    for one in heard.told:
        for key, value in one.values.items():
            point = heard.points[one.device, key]
            steps = NO_VALUE if value is None else round(value * point.steps_per_unit)
            acknowledged[point.number, one.at_ms * NS_PER_MS, steps] += 1
            sent[point.number, one.at_ms * NS_PER_MS, steps] += one.times
            of_kind[kinds[one.device]] += 1
    times = {(point, at_ns) for point, at_ns, _ in acknowledged}
    there = Counter(one for one in heard.readings if one[:2] in times)
    assert list((acknowledged - there).elements()) == [], "lost"
    assert list((there - sent).elements()) == [], "doubled, or changed"
    assert of_kind.keys() == heard.of_kind.keys()
    assert min(of_kind.values()) > 5 * 60  # five samples and more of the fewest devices of a kind


def test_of_bad_lines_nothing_became_a_reading_that_was_not_measured(heard: Heard) -> None:
    """Whatever is older than a device's last acknowledged sample was acknowledged too."""
    last_ms: dict[str, int] = defaultdict(int)
    told: set[tuple[int, int]] = set()
    for one in heard.told:
        last_ms[one.device] = max(last_ms[one.device], one.at_ms)
        told |= {
            (heard.points[one.device, key].number, one.at_ms * NS_PER_MS)
            for key in one.values
            if (one.device, key) in heard.points
        }
    of = {point.number: (device, key) for (device, key), point in heard.points.items()}
    made_up = [
        of[point]
        for point, at_ns, value in heard.readings
        if value != NO_VALUE  # a component's state is no sample
        and at_ns <= last_ms[of[point][0]] * NS_PER_MS
        and (point, at_ns) not in told
    ]
    assert made_up == []


def test_the_lines_were_as_bad_as_they_should_be(heard: Heard) -> None:
    assert heard.counts["gb26875_bad_frames"] > 50
    assert heard.counts["duplicates"] > 10


def test_broken_lines_that_come_back_are_no_case(heard: Heard) -> None:
    assert heard.cases == []
