"""The frame that captured bytes hold, for people who try one."""

from flameblue.domain.errors import BadInput
from flameblue.intake.protocols.gb26875.codec import Frame, Session


def with_unit(data: bytes) -> Frame:
    """The first frame of `data` whose application unit is not empty; BadInput: there is none."""
    frames = (one for one in Session().feed(data) if isinstance(one, Frame) and one.unit)
    found = next(frames, None)
    if found is None:
        raise BadInput(
            "There is no whole frame of GB/T 26875.3 with a unit in it, or its check sum is wrong."
        )
    return found
