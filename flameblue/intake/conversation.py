"""What the endpoints and `Turns` ask of a protocol: what is said on its lines, and what their ends mean.

Promises of each conversation: answers are returned, and sent by `Turns` once all that they are about is durable;
whatever a peer says, nothing is raised; nothing is confirmed of a line after it was sent away.
"""

from enum import Enum, auto
from typing import Any, Protocol

from flameblue.intake.connection_news import ConnectionNews
from flameblue.intake.lines import Answer, Ending, Line
from flameblue.intake.reception import Batch


class Farewell(Enum):
    """Why we end a line, as far as its peer may want to know."""

    NOT_KEPT = auto()  # what it said last could not be made durable
    NOT_ADMITTED = auto()  # its device is no longer known, or has another credential
    TOO_QUIET = auto()
    SHUTTING_DOWN = auto()


class Conversation(Protocol):
    """One protocol's side of all its lines. `news`: whose devices were lost and are back."""

    news: ConnectionNews

    def answer(self, frame: Any, answer: Answer, batch: Batch) -> bytes:
        """Does what `frame` asks, into `batch`, and returns what is to be sent once the batch is durable."""

    def delivered(self, answer: Answer) -> None:
        """All that `answer` is about is durable, and it was sent; its line goes on, unless it `ends`."""

    def relieved(self, line: Line) -> None:
        """The peer of `line` reads again."""

    def dismiss(self, line: Line, why: Farewell, ending: Ending) -> None:
        """Ends the line at once."""

    def send_away(self, line: Line, why: Farewell) -> None:
        """Ends the line for a reason of ours; what it still says is heard, and not answered."""

    def ended(self, line: Line) -> None:
        """The line is gone, and all its frames were answered."""

    def may_stay(self, line: Line) -> bool:
        """Whether `line` is still admitted."""

    def expire(self, now_s: float) -> None:
        """Looked in once a second: what was promised until now is over."""
