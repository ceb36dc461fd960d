"""SMS through a gateway that speaks SMPP 3.4: UCS-2, concatenation, receipts, answers."""

from flameblue.config import Config
from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import BadInput
from flameblue.notices.channel import Channel, Ears, Nature
from flameblue.notices.channels.smpp.line import SmppLine


class Plugin:
    """Needs `smpp.host`."""

    def open(self, config: Config, ears: Ears) -> Channel:
        if not config.smpp.host:
            raise BadInput("The smpp channel needs [smpp] host in the configuration.")
        return SmppLine(config.smpp, ears, SystemClock())

    def nature(self, config: Config) -> Nature:
        del config
        return Nature(has_line=True)

    def lacks(self, config: Config) -> list[str]:
        del config
        return []


PLUGIN = Plugin()
