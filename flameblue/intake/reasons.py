"""Why a message, or a part of it, went to quarantine. Stored and shown: words are never changed or reused."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """The kinds of wrong input; `SENTENCES` says them to people."""

    MALFORMED = "malformed"
    UNKNOWN_TOPIC = "unknown_topic"
    FOREIGN_TOPIC = "foreign_topic"
    UNKNOWN_KEY = "unknown_key"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_STATE = "unknown_state"
    NOT_A_NUMBER = "not_a_number"
    TOO_LARGE = "too_large"
    WRONG_UNIT = "wrong_unit"
    EMPTY = "empty"
    BAD_TIME = "bad_time"
    SECONDS = "time_in_seconds"
    UNKNOWN_AGE = "unknown_age"
    TOO_MANY = "too_many"
    OVERSIZED = "oversized"
    NO_PROFILE = "no_profile"
    UNKNOWN_DEVICE = "unknown_device"
    WRONG_CREDENTIAL = "wrong_credential"
    PROTOCOL = "protocol"
    BAD_FRAME = "bad_frame"
    FOREIGN_ADDRESS = "foreign_address"
    OUR_FAULT = "our_fault"


SENTENCES: dict[Reason, str] = {
    Reason.MALFORMED: "The message could not be read.",
    Reason.UNKNOWN_TOPIC: "No payload format knows this topic.",
    Reason.FOREIGN_TOPIC: "A device may publish to its own topic only.",
    Reason.UNKNOWN_KEY: "The device has no point of this key.",
    Reason.UNKNOWN_FIELD: "The message has fields that its format does not know.",
    Reason.UNKNOWN_STATE: "A state that the format does not know.",
    Reason.NOT_A_NUMBER: "A value is not a number.",
    Reason.TOO_LARGE: "A value is too large for its quantity.",
    Reason.WRONG_UNIT: "A value comes in another unit than its point's.",
    Reason.EMPTY: "The message holds no values.",
    Reason.BAD_TIME: "The time is not a number; the readings were kept with their arrival time.",
    Reason.SECONDS: "The time looks like seconds, milliseconds are expected; "
    "the readings were kept with their arrival time.",
    Reason.UNKNOWN_AGE: "A retained message without a time: its age is unknown.",
    Reason.TOO_MANY: "The message holds too many readings.",
    Reason.OVERSIZED: "The packet is too large; the connection was closed.",
    Reason.NO_PROFILE: "The device's profile is not on the shelf.",
    Reason.UNKNOWN_DEVICE: "An unknown device; it was refused.",
    Reason.WRONG_CREDENTIAL: "A known device with a wrong credential; it was refused.",
    Reason.PROTOCOL: "The protocol was broken; the connection was closed.",
    Reason.BAD_FRAME: "A frame is wrong: it was denied, or passed over.",
    Reason.FOREIGN_ADDRESS: "It came from outside the networks that its device may speak from.",
    Reason.OUR_FAULT: "Flameblue itself failed on this message: please report it.",
}


class Reject(NamedTuple):
    """One thing that was not taken, and what exactly (shortened)."""

    reason: Reason
    detail: str
