"""What a replay led to, as the tables of docs/recorded.md.

An episode is what people were told of at once: the opening of a case, its relapse, a worse level, a new place.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flameblue.cases import kinds
from flameblue.cases.models import Case, CaseEvent, State
from flameblue.notices.models import Notice

BEGINS = (kinds.OPENED, kinds.SUSPECTED, kinds.JOINED, kinds.RAISED, kinds.REOPENED, kinds.LATE)
LEFT = (Notice.State.SENT, Notice.State.DELIVERED)
HEAD = (
    "| case | time | what | first, worst (limit) | back to normal | messages | {note} |\n" + "|---" * 7 + "|"
)
RULES = {"over": "too high", "under": "too low", "clock": "clock", "silence": "no readings"}


@dataclass
class Episode:
    """One announcement and what followed it. Times are the device's own."""

    case: int
    kind: str
    premises: str
    family: str
    point: int
    at: datetime
    rule: str
    level: str
    value: float | None
    limit: float | None
    unit: str
    back: datetime | None = None
    followed: datetime | None = None  # by another announcement of the same case, while it was not back
    told: Counter[str] = field(default_factory=Counter)

    @property
    def until(self) -> datetime | None:
        """When it was back to normal, or followed by a worse one; None: neither before the end."""
        return self.back or self.followed

    @property
    def what(self) -> str:
        return f"{self.kind}: {self.family} {self.level}, {RULES.get(self.rule, self.rule)}"

    def figures(self, worst: float | None) -> str:
        """The value at the announcement, and the worst one until it was back."""
        if self.value is None or self.limit is None or worst is None:
            return "–"
        return f"{self.value:g}, {worst:g} {self.unit} ({self.limit:g})"

    def row(self, worst: float | None, note: str) -> str:
        if self.back is not None:
            back = f"{self.back:%m-%d %H:%M}"
        else:
            back = "see below" if self.followed else "not in this recording"
        told = ", ".join(f"{who} {count}" for who, count in sorted(self.told.items())) or "nobody"
        cells = (str(self.case), f"{self.at:%m-%d %H:%M}", self.what, self.figures(worst), back, told, note)
        return f"| {' | '.join(cells)} |"


def episodes() -> list[Episode]:
    """All of them, in the order in which people were told."""
    found: list[Episode] = []
    number = {case: order for order, case in enumerate(_cases(), 1)}
    started: dict[int, list[tuple[int, Episode]]] = {case: [] for case in number}
    for event in CaseEvent.objects.order_by("number").select_related("case__premises"):
        before = started[event.case_id]
        if event.kind in BEGINS:
            if before and before[-1][1].back is None:
                before[-1][1].followed = datetime.fromisoformat(event.data["device_at"])
            found.append(_begun(event, number[event.case_id]))
            before.append((event.number, found[-1]))
        elif event.kind == kinds.RETURNED and event.data["case_level"] == "normal":
            before[-1][1].back = datetime.fromisoformat(event.data["device_at"])
        elif event.kind == kinds.NOTED:
            before[-1][1].back = None
    _tell(started)
    return found


def _cases() -> list[int]:
    return list(Case.objects.order_by("number").values_list("pk", flat=True))


def _begun(event: CaseEvent, case: int) -> Episode:
    data = event.data
    return Episode(
        case=case,
        kind=event.kind,
        premises=event.case.premises.name if event.case.premises else "",
        family=event.case.family,
        point=data["point"],
        at=datetime.fromisoformat(data["device_at"]),
        rule=data["rule"],
        level=data["level"],
        value=data.get("value"),
        limit=data.get("limit"),
        unit=data.get("unit", ""),
    )


def _tell(started: dict[int, list[tuple[int, Episode]]]) -> None:
    """Counts each message that left with the episode whose announcement came last before its event."""
    left = Notice.objects.filter(state__in=LEFT, event__isnull=False).select_related("person", "event")
    for notice in left.order_by("pk"):
        assert notice.event is not None
        before = [one for number, one in started[notice.event.case_id] if number <= notice.event.number]
        who = notice.person.name if notice.person else notice.to
        before[-1].told[f"{who} {'call' if notice.template.endswith('_voice') else 'SMS'}"] += 1


def outcomes(premises: Iterable[str]) -> str:
    """How the cases of some premises ended, in a sentence."""
    cases = Case.objects.filter(premises__name__in=premises)
    closed = cases.filter(state=State.CLOSED)
    by_itself = closed.filter(cause="returned_by_itself").count()
    parts = {
        "ended untold": by_itself,
        "closed on evidence": closed.filter(closed_without_proof=False).count() - by_itself,
        "closed by the leader without proof": closed.filter(closed_without_proof=True).count(),
        "open at the end": cases.exclude(state=State.CLOSED).count(),
    }
    listed = ", ".join(f"{count} {what}" for what, count in parts.items() if count)
    return f"{cases.count()} {'case' if cases.count() == 1 else 'cases'}: {listed}."


def messages(told: Sequence[Episode]) -> str:
    """Who got how many, in a sentence."""
    total = sum((one.told for one in told), Counter[str]())
    listed = ", ".join(f"{who} {count}" for who, count in sorted(total.items()))
    return f"{sum(total.values())} messages left" + (f": {listed}." if listed else ".")
