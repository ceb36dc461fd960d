"""What there is to tell of a replay: the text of its block in docs/recorded.md, and its pictures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from flameblue.domain.clock import to_datetime, to_ns
from flameblue.domain.limits import SECOND_NS
from flameblue.fleet.models import Point
from flameblue.web.charts import Moment
from tests.recorded import drawing
from tests.recorded.recordings import Window
from tests.recorded.replay import MS, Replayed
from tests.recorded.telling import HEAD, Episode, episodes, messages, outcomes

OUTSIDE = "outside"
FORM = "%Y-%m-%d %H:%M"
Note = Callable[[Episode], str]


class Account:
    """A replay that is over."""

    def __init__(self, replayed: Replayed, past: drawing.Past) -> None:
        self.replayed = replayed
        self.episodes = episodes()
        self._past = past

    def of(self, premises: str, *families: str) -> list[Episode]:
        """The episodes of one premises, of these families (none: all)."""
        return [
            one
            for one in self.episodes
            if one.premises == premises and (not families or one.family in families)
        ]

    def head(self) -> str:
        """How much was replayed."""
        done = self.replayed
        first, last = (f"{to_datetime(at * MS):{FORM}}" for at in (done.first_ms, done.last_ms))
        assert self._past.count() == done.readings
        sent = f"{done.readings:,} readings in {done.messages:,} messages, each acknowledged"
        return f"{sent}; recorded {first} to {last}."

    def table(self, told: Sequence[Episode], title: str, note: Note) -> str:
        rows = [one.row(self._worst(one), note(one)) for one in told]
        return "\n".join([HEAD.format(note=title), *rows])

    def text(self, told: Sequence[Episode], title: str, note: Note) -> str:
        """The whole block, where all episodes of some premises are listed."""
        sums = f"{outcomes({one.premises for one in told})} {messages(told)}"
        return "\n\n".join([self.head(), self.table(told, title, note), sums])

    def picture(
        self, premises: str, quantity: str, told: Sequence[Episode], shaded: Sequence[Window] = ()
    ) -> str:
        """The chart of the whole recording. A line for each episode, named where they are few."""
        point = Point.objects.select_related("device").get(device__premises__name=premises, quantity=quantity)
        span = self.replayed.first_ms * MS, self.replayed.last_ms * MS
        few = len(told) <= 4
        moments = [Moment(to_ns(one.at), one.level if few else "") for one in told]
        grounds = [(to_ns(window.begin), to_ns(window.end)) for window in shaded]
        visible = [(begin, end) for begin, end in grounds if begin < span[1] and end > span[0]]
        return drawing.picture(self._past, point, span, moments, visible)

    def _worst(self, one: Episode) -> float | None:
        if one.rule not in {"over", "under"}:
            return None
        begin = to_ns(one.at)
        end = to_ns(one.until) if one.until else self.replayed.last_ms * MS
        return self._past.worst(one.point, (begin, max(begin, end - SECOND_NS)), lowest=one.rule == "under")


@contextmanager
def account(replayed: Replayed, folder: Path) -> Iterator[Account]:
    past = drawing.Past(folder)
    try:
        yield Account(replayed, past)
    finally:
        past.close()


def lasted(episode: Episode) -> str:
    """How long it took until it was back."""
    return words(episode.back - episode.at) if episode.back else "–"


def words(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def label(windows: Sequence[Window]) -> Note:
    """Where an episode lies among the labelled windows."""

    def note(episode: Episode) -> str:
        for number, window in enumerate(windows, 1):
            if window.begin <= episode.at <= window.end:
                return f"in window {number}, {_distance(episode.at, window.labelled)} its label"
            if episode.at < window.begin and (episode.until is None or episode.until >= window.begin):
                return f"begins {words(window.begin - episode.at)} before window {number}"
        return OUTSIDE

    return note


def _distance(at: datetime, labelled: datetime) -> str:
    return f"{words(abs(labelled - at))} {'before' if at <= labelled else 'after'}"
