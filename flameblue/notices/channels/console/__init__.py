"""The demo's phones: nothing leaves the machine, the phone page shows what was sent."""

from dataclasses import dataclass

from flameblue.config import Config
from flameblue.notices.channel import Channel, Ears, Nature, Outgoing, Sent
from flameblue.notices.texts.lengths import split


@dataclass(frozen=True, slots=True)
class Console:
    """Accepts everything, and says that it was delivered."""

    ears: Ears

    def send(self, outgoing: Outgoing) -> Sent:
        parts = len(split(outgoing.text))
        ids = tuple(f"console-{outgoing.attempt}-{number}" for number in range(1, parts + 1))
        for message_id in ids:
            self.ears.receipt(message_id, "DELIVRD")
        return Sent(ids)

    def deaf_s(self) -> float:
        return 0.0

    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        return None


class Plugin:
    """Always there."""

    def open(self, config: Config, ears: Ears) -> Channel:
        del config
        return Console(ears)

    def nature(self, config: Config) -> Nature:
        del config
        return Nature(reaches=False)

    def lacks(self, config: Config) -> list[str]:
        del config
        return []


PLUGIN = Plugin()
