"""Devices of all kinds, from one import to the signed sheet, over bad lines: no reading is lost, doubled or made up.

Sixty of them; three hundred, and longer, in the proof.
"""

import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from flameblue.domain.quantities import NO_VALUE
from flameblue.intake.asking.dial_in import MOBILE_S
from flameblue.intake.asking.modbus import MODBUS
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.simulation import asked, fleet
from flameblue.simulation.kinds import KINDS as ALL_KINDS
from flameblue.simulation.places import Wishes
from flameblue.simulation.plan import make_plan, with_devices
from tests.live import into_service
from tests.live.installation import Installation, free_port, wait_for
from tests.live.journals import Reading, journalled
from tests.live.valley_process import Measured, Told, ValleyProcess, points_of

pytestmark = [pytest.mark.live]
PORTS = {
    "gb26875": "FLAMEBLUE_GB26875_PORT",
    "dtu": "FLAMEBLUE_MODBUS_DIAL_IN_PORT",
    "push": "FLAMEBLUE_HTTP_PUSH_PORT",
}  # of kinds that connect to us, and what sets ours
KINDS = "gb26875,dtu,push,mqtt"
ASKED = asked.DTU
BACKLOG_S = 300
WITHIN_S = 120.0  # until everybody has been heard; nothing is judged by it
DROP_S = 20.0
LATE_NS = 2_500_000_000  # what a stamp may be late on a busy machine, on either side
LOST_SHARE_MAX = 0.02  # of whole answers; one in 1,500 was
SILENT_NS_MAX = 30_000_000_000  # half of the silence that the models of asked devices promise
NS_PER_MS, NS_PER_S = 1_000_000, 1_000_000_000
LINES = ("split=0.3", "delayed=0.05", "corrupted=0.05", "duplicated=0.05", "garbage=0.05")
DROPS = tuple(f"{kind}.drop_every_s={DROP_S:g}" for kind in PORTS)
CASES = """
import json
from flameblue.cases.models import Case
print(json.dumps(list(Case.objects.values_list("premises__name", "family"))))
"""
ACCEPTED = re.compile(r"accepted by this sheet: (\d+); before: (\d+); of (\d+) in all")


class Size(NamedTuple):
    """How many devices, in how many premises, speak how long."""

    devices: int
    premises: int
    speaking_s: float


SIZES = (
    Size(60, 52, 25.0),
    pytest.param(
        Size(300, 260, 65.0), marks=pytest.mark.proof
    ),  # three broken lines, and six samples of each
)


@dataclass
class Heard:
    """What happened: what the valley was told, what stands in the journal, and the points by device and key.

    `progress`: as the page had it before and after the sheets, of which there is one a site.
    """

    size: Size
    told: Sequence[Told]
    readings: Sequence[Reading]
    points: Mapping[tuple[str, str], Measured]
    counts: Mapping[str, int]
    cases: Sequence[tuple[str, str]]
    progress: Sequence[Mapping[str, tuple[int, int]]]
    sheets: Sequence[str]
    lasted_s: float

    def names(self) -> Mapping[int, tuple[str, str]]:
        """Device and key, by the point's number."""
        return {point.number: names for names, point in self.points.items()}

    def of_kind(self) -> Mapping[str, set[str]]:
        """The devices' names by kind."""
        found: dict[str, set[str]] = defaultdict(set)
        plan = with_devices(make_plan(self.size.premises, 1), self.size.devices)
        for kind, place in fleet.places(plan, Wishes(turns=fleet.turns_of(KINDS))):
            found[kind.name].add(place.name)
        return found

    def reporting(self) -> set[str]:
        """Those that speak by themselves."""
        return set().union(*(names for kind, names in self.of_kind().items() if kind != ASKED))


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: str(size.devices))
def heard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """Import, start, speak for a while, be put into service, stop; then what is there."""
    size: Size = request.param
    folder = tmp_path_factory.mktemp("many")
    data: Path = folder / "data"
    data.mkdir()
    ports = {kind: free_port() for kind in KINDS.split(",")}
    it = Installation(data, {name: str(ports[kind]) for kind, name in PORTS.items()})
    it.mqtt_port = ports["mqtt"]
    valley = ValleyProcess(folder, size.premises, size.devices, KINDS, ports)
    assert valley.register(it) >= size.devices
    began_s = time.monotonic()
    seconds: dict[str, float] = {}

    def passed(what: str) -> None:
        seconds[what] = round(time.monotonic() - began_s - sum(seconds.values()), 1)

    try:
        # The devices are there first: a detector that is not there is silent, and that would be a case.
        with valley.speaking("--scenario", "quiet", "--backlog", str(BACKLOG_S), "--line", *LINES, *DROPS):
            it.start()
            with into_service.pages(it) as pages:
                passed("start")
                wait_for(
                    lambda: pages.progress()["Heard"] == (size.devices, size.devices),
                    WITHIN_S,
                    f"{size.devices} devices were heard; {valley.log()}",
                )
                passed("heard")
                time.sleep(size.speaking_s)
                cases = [tuple(row) for row in json.loads(it.python(CASES))]
                before = pages.progress()
                passed("speaking")
                into_service.tried(it)
                passed("tested")
                sheets = [pages.signed(site) for site in pages.sites()]
                progress = (before, pages.progress())
                passed("signed")
        print(json.dumps({"devices": size.devices, **seconds}))
        lasted_s = sum(seconds.values())
        wait_for(lambda: it.lags().get("detection", 1) == 0, WITHIN_S, "detection has read all")
        yield Heard(
            size=size,
            told=valley.told(),
            readings=journalled(data),
            points=points_of(it),
            counts={name: int(count) for name, count in it.health()["counters"].items()},
            cases=cases,
            progress=progress,
            sheets=sheets,
            lasted_s=lasted_s,
        )
    finally:
        it.stop()


def test_from_an_import_all_come_to_the_signed_sheet(heard: Heard) -> None:
    all_of_them = (heard.size.devices, heard.size.devices)
    before, after = heard.progress
    assert (before["Expected"], before["Heard"], before["Bound"]) == (all_of_them,) * 3
    assert before["Tested"][0] == before["Accepted"][0] == 0
    assert after["Tested"] == after["Accepted"] == all_of_them
    signed = [tuple(map(int, found.groups())) for found in map(ACCEPTED.search, heard.sheets) if found]
    assert len(signed) == len(heard.sheets)
    assert all(accepted == total for accepted, _, total in signed)
    assert sum(accepted for accepted, _, _ in signed) == heard.size.devices


def test_nothing_acknowledged_is_lost_doubled_or_changed(heard: Heard) -> None:
    """What no acknowledgement came for is sent anew, over MQTT (QoS 1) and on a new line of GB/T 26875.3, and may be
    there twice then; a push never is. A device that was held up may measure twice within a second."""
    acknowledged: Counter[Reading] = Counter()
    sent: Counter[Reading] = Counter()
    samples: Counter[str] = Counter()
    reporting = heard.reporting()
    for one in heard.told:
        for key, value in one.values.items() if one.device in reporting else ():
            point = heard.points[one.device, key]
            steps = NO_VALUE if value is None else round(value * point.steps_per_unit)
            acknowledged[point.number, one.at_ms * NS_PER_MS, steps] += 1
            sent[point.number, one.at_ms * NS_PER_MS, steps] += one.times
        samples[one.device] += 1
    times = {(point, at_ns) for point, at_ns, _ in acknowledged}
    there = Counter(one for one in heard.readings if one[:2] in times)
    assert list((acknowledged - there).elements()) == [], "lost"
    assert list((there - sent).elements()) == [], "doubled, or changed"
    pushed = heard.of_kind()["push"]
    assert {one.times for one in heard.told if one.device in pushed} == {1}
    assert min(samples[name] for name in reporting) > BACKLOG_S / 60


def test_of_bad_lines_nothing_became_a_reading_that_was_not_measured(heard: Heard) -> None:
    """Whatever is older than a device's last acknowledged sample was acknowledged too."""
    last_ms: dict[str, int] = defaultdict(int)
    told: set[tuple[int, int]] = set()
    for one in heard.told:
        last_ms[one.device] = max(last_ms[one.device], one.at_ms)
        told |= {(heard.points[one.device, key].number, one.at_ms * NS_PER_MS) for key in one.values}
    of, reporting = heard.names(), heard.reporting()
    made_up = [
        of[point]
        for point, at_ns, value in heard.readings
        if of[point][0] in reporting
        and value != NO_VALUE  # a component's state is no sample
        and at_ns <= last_ms[of[point][0]] * NS_PER_MS
        and (point, at_ns) not in told
    ]
    assert made_up == []


def turn_ns() -> int:
    """How long one turn of an asked device lasts at most: its reading bears the time of the turn's end."""
    profile = Shelf(package_folder()).current()[ALL_KINDS[ASKED].model]
    bounds = MODBUS.bounds(profile)
    assert bounds is not None
    questions = MODBUS.questions(profile, profile.points)
    return round(len(questions) * (bounds.pause_s + bounds.timeout_s + MOBILE_S) * NS_PER_S)


def answers_of(heard: Heard) -> Mapping[int, list[tuple[int, int]]]:
    """By point, when the asked devices answered what. A value counts where its states, asked for next, came whole too:
    a point is read with them or not at all."""
    answers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for name in heard.of_kind()[ASKED]:
        for one, next_one in pairwise(told for told in heard.told if told.device == name):
            for key, value in one.values.items() if not next_one.values else ():
                point = heard.points[name, key]
                assert value is not None
                answers[point.number].append((one.at_ms * NS_PER_MS, round(value * point.steps_per_unit)))
    assert {heard.names()[number][0] for number in answers} == heard.of_kind()[ASKED]
    return answers


def test_each_reading_of_an_asked_device_is_one_of_its_answers(heard: Heard) -> None:
    """Each has its own; only an answer that was under way when its line broke may be lost, for milliseconds of 20 s."""
    longest_ns, answered = turn_ns() + LATE_NS, answers_of(heard)
    lost: dict[tuple[str, str], int] = {}
    for number, given in answered.items():
        left = sorted(given)
        for _, at_ns, value in sorted(one for one in heard.readings if one[0] == number):
            own = [one for one in left if one[1] == value and at_ns - longest_ns <= one[0] <= at_ns + LATE_NS]
            assert own, (heard.names()[number], at_ns, value, left)
            left.remove(own[0])
        lost[heard.names()[number]] = len(left)
    assert max(lost.values()) <= heard.lasted_s / DROP_S + 1, lost
    assert sum(lost.values()) <= 1 + LOST_SHARE_MAX * sum(map(len, answered.values())), lost


def test_asked_devices_go_on_being_read_however_often_their_lines_break(heard: Heard) -> None:
    """In each life of a line once at least: who lost an answer with it rests for ASKING_LATE_S (decision 0022)."""
    for number in answers_of(heard):
        times = sorted(at_ns for point, at_ns, _ in heard.readings if point == number)
        assert len(times) > heard.size.speaking_s / DROP_S, heard.names()[number]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert max(gaps) < SILENT_NS_MAX, heard.names()[number]


def test_the_lines_were_as_bad_as_they_should_be(heard: Heard) -> None:
    assert heard.counts["gb26875_bad_frames"] > heard.size.devices / 6
    assert heard.counts["duplicates"] > heard.size.devices / 30
    drops = heard.size.speaking_s // DROP_S * len(heard.of_kind()[ASKED])
    assert heard.counts["asking_lines_lost"] >= drops


def test_broken_lines_that_come_back_are_no_case(heard: Heard) -> None:
    assert heard.cases == []
