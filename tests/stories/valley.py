"""A whole small Flameblue without threads, sockets or a real clock: what the stories are played in.

Everything is the product's own code in the product's own order; only the phones are ours, and time is told.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.test import override_settings
from numpy.typing import NDArray

from flameblue.cases import actions as cases
from flameblue.cases import presence
from flameblue.cases.models import Case, CaseEvent, State
from flameblue.config import Messages
from flameblue.detection.detector import Detector
from flameblue.domain.clock import to_ns
from flameblue.domain.points import POINT
from flameblue.domain.quantities import NO_VALUE, QUANTITIES
from flameblue.domain.readings import Mark, Reading, readings_array
from flameblue.fleet import point_table
from flameblue.fleet.models import Circuit, Device, Panel, Point, Premises, Site, Station
from flameblue.fleet.shelf import profiles
from flameblue.journal.record import Draft, Record, points_draft, readings_draft, tick_draft
from flameblue.people.models import Contact, Person, Shift
from flameblue.runtime.stepping import step
from tests.stories.language import Cabin, Deed, Expectation, Series, Story
from tests.stories.phones import DEEDS, Phones

DAY = "2026-01-15"
QUANTITY = {
    "temperature": "temperature_c",
    "current": "current_a",
    "leakage": "residual_current_ma",
    "voltage": "voltage_v",
    "arcs": "arc_count",
}
BOARD = {"sounds": presence.SOUNDING, "is muted": presence.MUTED, "dies": "dead"}
EVIDENCE_EVERY_S = 5
BUSY_S = 1_300  # after something has happened time goes on in steps of five seconds, later of two minutes
STEP_S, SLOW_S = 5, 120


class Valley:
    """One story under way. `happened` collects (second, words)."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.begin = datetime.fromisoformat(f"{DAY}T{story.start}:00+08:00")
        self.detector = Detector()
        self.offset = self.applied = 0
        self.happened: list[tuple[int, str]] = []
        self.told = 0
        self.points: dict[tuple[str, str, str], Point] = {}
        self.history: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        self.heard: dict[int, cases.Heard] = {}
        self.silent: set[str] = set()
        self.rooms: dict[str, str] = {}
        self.board = (
            ""  # what the station's board says of its sound; no word of cases.presence: it says nothing
        )
        self._settle_in()
        self.phones = Phones()

    def play(self) -> None:
        """Plays the story to its end, with the channels that it names."""
        first, second = self.story.sms
        messages = Messages(sms_channel=first, sms_second_channel=second)
        with override_settings(CONFIG=replace(settings.CONFIG, messages=messages)):
            self._play()

    def _play(self) -> None:
        due: dict[int, list[Reading]] = defaultdict(list)
        room_of: dict[int, str] = {}
        for series in self.story.series:
            for second, reading in self._readings(series):
                due[second].append(reading)
                room_of[reading.point] = series.room
        deeds = defaultdict(list)
        for deed in self.story.deeds:
            deeds[deed.at_s].append(deed)
        eventful = sorted({*due, *deeds, *self._bounds(), self.story.ends_s + 1})
        second, busy_until = 0, BUSY_S
        while second <= self.story.ends_s:
            readings = [r for r in due.get(second, []) if self.rooms[room_of[r.point]] not in self.silent]
            for deed in deeds.get(second, []):
                self._do(deed)
            self._second(second, readings)
            if readings or second in deeds:
                busy_until = second + BUSY_S
            pace = STEP_S if second < busy_until else SLOW_S
            following = eventful[bisect_right(eventful, second)]
            second = min(following, (second // pace + 1) * pace)

    def failures(self) -> list[str]:
        """What was expected and did not happen, or happened and was not to."""
        return [found for found in map(self._judged, self.story.expectations) if found]

    def now(self, second: int) -> datetime:
        return self.begin + timedelta(seconds=second)

    def _bounds(self) -> set[int]:
        return {bound for e in self.story.expectations for bound in (e.from_s, e.to_s)}

    def _second(self, second: int, readings: list[Reading]) -> None:
        now = self.now(second)
        arrival_ns = to_ns(now)
        if self.board in presence.STATES:
            cases.report_board(cases.Tab(self.station, "story", "wall"), self.board, now)
        if readings:
            self._append(readings_draft(arrival_ns, readings_array(readings)), now)
            for reading in readings:
                times, values = self.history[reading.point]
                times.append(reading.at_ns)
                values.append(reading.value)
                self.heard[reading.point] = cases.Heard(reading.at_ns, arrival_ns)
        else:
            self._append(tick_draft(arrival_ns), now)
        if Case.objects.exclude(state=State.CLOSED).exists():
            cases.unshelve_due(now)
            silent = cases.silent_desks(now)
            sum(cases.escalate_each(now, self.phones.owner_has_it, silent=silent))
            if second % EVIDENCE_EVERY_S == 0:
                sum(cases.prove_each(now, cases.Past(self._query, self._heard), self.detector.latest))
        self._listen(second)
        for words in self.phones.carry(now):
            self.happened.append((second, words))
        self._listen(second)

    def _append(self, draft: Draft, now: datetime) -> None:
        self.offset += 1
        transitions = step(self.detector, Record(self.offset, draft.kind, draft.arrival_ns, draft.body))
        if transitions:
            change = cases.Change(tuple(transitions), before=self.applied, after=self.offset)
            cases.apply(change, self.detector.latest, now)
            self.applied = self.offset

    def _heard(self, point: int) -> cases.Heard | None:
        return self.heard.get(point)

    def _query(
        self, points: Sequence[int], from_ns: int, to_ns_: int
    ) -> Mapping[int, tuple[NDArray[Any], NDArray[Any]]]:
        found = {}
        for point in points:
            times, values = self.history[point]  # in order of time
            first, last = bisect_left(times, from_ns), bisect_right(times, to_ns_)
            found[point] = (np.array(times[first:last], np.int64), np.array(values[first:last], np.int32))
        return found

    def _listen(self, second: int) -> None:
        for event in CaseEvent.objects.filter(number__gt=self.told).select_related("case__premises", "by"):
            data = event.data
            words = [f"case {event.kind}", event.case.family]
            words += [
                str(data[key]) for key in ("level", "premises", "place", "circuit", "cause") if key in data
            ]
            words += [event.by.name] if event.by else []
            words += ["incident"] if event.case.premises_id is None and event.case.family == "silence" else []
            self.happened.append((second, " ".join(words)))
            self.told = max(self.told, event.number)

    def _do(self, deed: Deed) -> None:
        now = self.now(deed.at_s)
        if deed.verb in {"falls silent", "sends again"}:
            (self.silent.add if deed.verb == "falls silent" else self.silent.discard)(deed.who)
            return
        if deed.who == "board":
            self.board = BOARD[deed.verb]
            return
        if deed.verb in DEEDS:
            self.phones.trouble(deed.who, deed.verb)
            return
        person = Person.objects.get(name=deed.who)
        if deed.verb in {"phone off", "phone on"}:
            self.phones.switch(person, on=deed.verb == "phone on")
        elif reply := re.match(r'replies "(.*)"$', deed.verb):
            answer = self.phones.reply(person, reply[1], now)
            self.happened.append((deed.at_s, f"answer to {person.name} {answer}"))
        else:
            self._handle(person, deed.verb, now)

    def _handle(self, person: Person, verb: str, now: datetime) -> None:
        """What an officer does at the desk, to the newest case that is not closed."""
        case = Case.objects.exclude(state=State.CLOSED).order_by("-number")[0]
        said = dict(re.findall(r"(cause|action|reason) (\"[^\"]*\"|\w+)", verb))
        words = {key: value.strip('"') for key, value in said.items()}
        if verb.startswith("says made safe"):
            cases.made_safe(case.pk, person, "switched_off", now)
        elif verb.startswith("says repaired"):
            cases.repaired(case.pk, person, words["cause"], words["action"], now)
        elif verb.startswith("closes"):
            reason = words.get("reason", "")
            cases.close(case.pk, person, now, without_proof_reason=reason)
        elif verb == "takes":
            cases.take(case.pk, person, now)
        else:
            raise AssertionError(f"nobody knows how to: {verb}")

    def _readings(self, series: Series) -> list[tuple[int, Reading]]:
        point = self.points[series.room, series.quantity, series.phase]
        quantity = QUANTITIES[QUANTITY[series.quantity]]
        found = []
        for second, value in zip(series.at_s, series.values, strict=True):
            broken = value is None
            steps = NO_VALUE if value is None else quantity.steps(value)
            marks = int(Mark.SENSOR_OPEN) if broken else 0
            found.append((second, Reading(point.pk, to_ns(self.now(second)), steps, marks)))
        return found

    def _settle_in(self) -> None:
        kanas = Station.objects.create(name="喀纳斯消防站", signature="喀纳斯消防站")
        hemu = Station.objects.create(name="禾木消防站", signature="禾木消防站", next_station=kanas)
        self.station = hemu.pk
        site = Site.objects.create(name="禾木", station=hemu)
        officers = (("Bolat", hemu, "duty"), ("Chen", hemu, "leader"), ("Sayan", kanas, "duty"))
        for number, (name, station, role) in enumerate(officers, 1):
            person = Person.objects.create(name=name, phone=f"+861390000000{number}", station=station)
            Shift.objects.create(station=station, person=person, role=role)
        for number, cabin in enumerate(self.story.cabins, 1):
            self._build(site, cabin, number)
        point_table.refresh(profiles(), self.begin)
        for change, rows in point_table.waiting_changes():
            draft = points_draft(to_ns(self.begin), np.frombuffer(rows, POINT))
            self._append(draft, self.begin)
            point_table.mark_appended(change, self.offset)

    def _build(self, site: Site, cabin: Cabin, number: int) -> None:
        premises = Premises.objects.create(site=site, name=cabin.name, short_name=cabin.name)
        for order, name in enumerate(filter(None, (cabin.owner, cabin.second)), 1):
            phone = f"+8613800{number:04d}{order}"
            person = Person.objects.create(name=name, phone=phone)
            Contact.objects.create(premises=premises, person=person, order=order)
        device = Device.objects.create(premises=premises, name=f"D{number}", profile="flameblue-generic")
        for room in cabin.rooms:
            self.rooms[room.name] = cabin.name
            panel, _ = Panel.objects.get_or_create(premises=premises, name=room.panel)
            circuit = Circuit.objects.create(
                panel=panel, name=f"{room.name}暖气", isolator=room.isolator, rated_current_a=room.rated_a
            )
            wanted = {(one.quantity, one.phase) for one in self.story.series if one.room == room.name}
            for name, phase in sorted(wanted):
                self.points[room.name, name, phase] = Point.objects.create(
                    device=device,
                    circuit=circuit,
                    key=f"{room.name}-{name}{phase}",
                    quantity=QUANTITY[name],
                    phase=phase,
                    place=room.name,
                )

    def _judged(self, expected: Expectation) -> str:
        found = [
            (second, words)
            for second, words in self.happened
            if expected.from_s <= second <= expected.to_s and all(what in words for what in expected.what)
        ]
        if bool(found) != expected.never:
            return ""
        if expected.never:
            return f"line {expected.line}: expected {expected.text}; but at {found[0][0]} s: {found[0][1]}"
        times = [second for second, words in self.happened if all(what in words for what in expected.what)]
        return f"line {expected.line}: expected {expected.text}; it happened at {times or 'no time'}"

    def transcript(self) -> str:
        """All that happened, for whoever looks for a failure."""
        return "\n".join(f"{timedelta(seconds=second)}  {words}" for second, words in self.happened)
