"""What the tests of messages ask for: the notices of a moment, and a gateway whose answers are told."""

from dataclasses import dataclass, field
from datetime import datetime

from flameblue.domain.errors import DeliveryError
from flameblue.notices import actions, delivery
from flameblue.notices.channel import Channel, Outgoing, Sent
from flameblue.notices.models import Notice


def planned(now: datetime) -> list[Notice]:
    """Plans what waits; the notices that it made."""
    last = Notice.objects.order_by("-pk").first()
    actions.plan_pending(now)
    made = Notice.objects.filter(pk__gt=last.pk if last else 0).select_related("person", "case")
    return list(made.order_by("pk"))


def lines(notices: list[Notice]) -> list[str]:
    """name template reason, a line each."""
    return [f"{n.person.name if n.person else '-'} {n.template} {n.reason}" for n in notices]


@dataclass
class Gateway:
    """A channel whose next answers are `answers` (an error, or accepted); it keeps what it was handed."""

    answers: list[DeliveryError | None] = field(default_factory=list)
    handed: list[Outgoing] = field(default_factory=list)
    deaf: float = 0.0

    def send(self, outgoing: Outgoing) -> Sent:
        self.handed.append(outgoing)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        return Sent((f"id-{outgoing.attempt}",))

    def deaf_s(self) -> float:
        return self.deaf

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        return None


def channels(gateway: Channel) -> dict[str, Channel]:
    return {"console": gateway}


def deliver(now: datetime, gateway: Gateway | None = None) -> Gateway:
    """Everything that is due goes out."""
    used = gateway or Gateway()
    delivery.deliver_due(now, channels(used))
    return used


def busy() -> DeliveryError:
    return DeliveryError("The gateway is busy.")


def never() -> DeliveryError:
    return DeliveryError("There is no such number.", permanent=True)
