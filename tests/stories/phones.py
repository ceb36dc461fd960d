"""The phones of a story and the channels to them: the only thing in it that is not the product's own."""

from datetime import datetime

from flameblue.domain.errors import DeliveryError
from flameblue.notices import actions, delivery, receipts, replies
from flameblue.notices.channel import Outgoing, Sent
from flameblue.notices.models import Notice
from flameblue.people.models import Person

ROUNDS_MAX = 20  # planning and delivery follow each other until nothing is left


DEEDS = frozenset({"breaks", "refuses", "stays silent", "works"})  # of a channel
DEAF_S = 60.0  # how long a broken line has been down


class Phones:
    """Carries what is due; a phone that is on sends its receipt at once, unless the channel keeps it back."""

    def __init__(self) -> None:
        self._off: set[str] = set()
        self._channels: dict[str, str] = {}  # what is wrong with them

    def trouble(self, channel: str, deed: str) -> None:
        self._channels[channel] = deed

    def switch(self, person: Person, *, on: bool) -> None:
        (self._off.discard if on else self._off.add)(person.phone)

    def owner_has_it(self, case: int) -> bool:
        return receipts.owner_has_it(case)

    def carry(self, now: datetime) -> list[str]:
        """Plans and delivers all that is due at `now`; a line for each message that left."""
        carried: list[str] = []
        for _ in range(ROUNDS_MAX):
            planned = actions.plan_pending(now)
            claimed = delivery.claim(now, 50)
            told = [self._hand_over(outgoing, now) for outgoing in claimed]
            carried.extend(words for words in told if words)
            if not planned and not claimed:
                return carried
        raise AssertionError("planning and delivery do not come to an end")

    def reply(self, person: Person, text: str, now: datetime) -> str:
        """What is answered to somebody's SMS."""
        return replies.receive("console", person.phone, text, now).text

    def _hand_over(self, outgoing: Outgoing, now: datetime) -> str:
        """The words for it; empty where it did not leave."""
        deed = self._channels.get(outgoing.channel, "works")
        if deed in {"breaks", "refuses"}:
            error = DeliveryError(f"{outgoing.channel} {deed}.", permanent=deed == "refuses")
            error.deaf_s = DEAF_S if deed == "breaks" else 0.0
            delivery.settle(outgoing, error, now)
            return ""
        message_id = f"m{outgoing.attempt}"
        delivery.settle(outgoing, Sent((message_id,)), now)
        if outgoing.to not in self._off and deed == "works":
            receipts.record(message_id, "DELIVRD", now)
        notice = Notice.objects.select_related("person").get(pk=outgoing.notice)
        kind = "voice" if notice.template.endswith("_voice") else "sms"
        name = notice.person.name if notice.person else notice.to
        return f"notice {kind} {name} {notice.reason} {notice.text} by {notice.channel}"
