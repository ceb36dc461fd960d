"""What Sparkplug's edge nodes may wait for: that we listen, as `spBv1.0/STATE/<host>`, retained.

Our will takes it back when we are lost; the will and the birth of a connection bear the same time.
Source: Sparkplug specification 3.0.0, the assertions host-topic-phid-birth-… and host-topic-phid-death-….
"""

import json

from flameblue.domain.errors import BadInput
from flameblue.intake import lenient_json

HEAD = "spBv1.0/STATE/"
NS_PER_MS = 1_000_000


class HostState:
    """The state of the host application `host` in one connection, which begins at `now_ns`; "": nobody waits for us."""

    def __init__(self, host: str, now_ns: int) -> None:
        self.topic = f"{HEAD}{host}" if host else ""
        self._began_ms = now_ns // NS_PER_MS

    def birth(self) -> str:
        """We listen."""
        return _state(self._began_ms, online=True)

    def will(self) -> str:
        """What the broker says when we are lost."""
        return _state(self._began_ms, online=False)

    def death(self, now_ns: int) -> str:
        """We leave, and say so."""
        return _state(now_ns // NS_PER_MS, online=False)

    def is_denied(self, payload: bytes) -> bool:
        """Whether somebody said in our name that we don't listen, such as the late will of a connection before."""
        try:
            said = lenient_json.loads(payload)
        except BadInput:
            return True
        return not (isinstance(said, dict) and said.get("online") is True)


def _state(t_ms: int, *, online: bool) -> str:
    return json.dumps({"online": online, "timestamp": t_ms})
