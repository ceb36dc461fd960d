"""Stored words (levels, families, states …) as people read them. A word that is not here shows itself."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from flameblue.cases import causes
from flameblue.cases.models import Alarm, Family, State
from flameblue.cases.standard_clock import Step
from flameblue.domain.transitions import Level, Rule, Why
from flameblue.fleet import quantity_words
from flameblue.intake.discovery import Trouble
from flameblue.notices.models import Notice
from flameblue.web import (
    asked_words,
    commissioning_words,
    device_words,
    editions,
    fleet_words,
    practice_words,
    uplink_words,
)

Words = Mapping[Any, str | Promise]

LEVELS: Words = {
    Level.NORMAL: _("Normal"),
    Level.WARNING: _("Warning"),
    Level.ALARM: _("Alarm"),
    Level.FAULT: _("Fault"),
}
FAMILIES: Words = {
    Family.LEAKAGE: _("Leakage current"),
    Family.HEAT: _("Overheating"),
    Family.LOAD: _("Overload"),
    Family.VOLTAGE: _("Voltage"),
    Family.ARC: _("Arcing"),
    Family.SILENCE: _("No data"),
    Family.EQUIPMENT: _("Equipment fault"),
    Family.SYSTEM: _("This system"),
}
STATES: Words = {
    State.OPEN: _("Nobody has it"),
    State.TAKEN: _("Taken"),
    State.MADE_SAFE: _("Made safe, unproven"),
    State.REPAIRED: _("Repaired, unproven"),
    State.PROVEN: _("Proven"),
    State.CLOSED: _("Closed"),
}
HANDLING: Words = {**STATES, State.OPEN: pgettext_lazy("state", "Open")}
RULES: Words = {
    Rule.OVER: _("above its limit"),
    Rule.UNDER: _("below its limit"),
    Rule.SILENCE: _("no data"),
    Rule.SENSOR: _("sensor fault"),
    Rule.REPORTED: _("reported by the device"),
    Rule.REPORTED_FAULT: _("fault reported by the device"),
    Rule.SHIELDED: _("shielded at the device"),
    Rule.TEST: _("test at the device"),
    Rule.CLOCK: _("clock fault"),
    Rule.PHASE_LOSS: _("phase loss"),
    Rule.ORIGIN: _("unexpected sender"),
    Rule.LATE: _("was above its limit (late data)"),
}
WHYS: Mapping[Why, str | Promise] = {
    Why.ONE_READING: _("on one reading, since the device reports seldom"),
    Why.BY_TICK: _("the next reading is overdue"),
    Why.DEVICE_DISAGREES: _("the device and our limit say different things"),
    Why.TEST: _("the device is being tested"),
    Why.BY_ARRIVAL: _("by time of arrival, since the device's clock is wrong"),
    Why.SENSOR_OPEN: _("the sensor's wire is broken"),
    Why.SENSOR_SHORT: _("the sensor is shorted"),
    Why.IMPLAUSIBLE: _("the values are not possible"),
    Why.FROZEN: _("the value does not move"),
    Why.CONNECTION_LOST: _("the connection was lost"),
    Why.FOREIGN: _("from outside the networks that it may speak from"),
    Why.NEW_ADDRESS: _("from an address that nobody has accepted yet"),
}
QUANTITIES: Words = quantity_words.QUANTITIES
KINDS: Words = {
    "suspected": _("No data; it may be part of an outage"),
    "opened": _("The case was opened"),
    "joined": _("Another point joined"),
    "raised": _("It became worse"),
    "noted": _("Noted, nothing new"),
    "returned": _("A value returned below its limit"),
    "silent": _("The data stopped"),
    "taken": _("Taken"),
    "given_back": _("Given back at once: nobody has it"),
    "untaken": _("Not taken any more: there is something new"),
    "owner_answered": _("The owner answered"),
    "help_asked": _("The owner asks for help"),
    "escalated": _("The next people were called"),
    "rang_again": _("Still beyond the limit: rang again"),
    "made_safe": _("Made safe"),
    "load_back": _("The load is back"),
    "repaired": _("Repaired"),
    "proven": _("Proven by the readings under load"),
    "closed": _("Closed"),
    "reopened": _("It came back: opened again"),
    "commented": _("Comment"),
    "assigned": _("Assigned"),
    "shelved": _("Shelved"),
    "unshelved": _("The shelving ended"),
    "incident_joined": _("Part of an incident"),
    "incident_ended": _("The incident ended"),
    "late": _("Late data: it had been beyond the alarm limit"),
    "left_over": _("Still without data"),
}
UNSHELVED: Words = {
    "time_over": _("its time is over"),
    "worse_level": _("a worse level"),
    "another_alarm": _("an alarm of another point"),
    "reopened": _("it came back"),
}
STEPS: Words = {
    "owner": _("the owner"),
    "owner_again": _("the owner, again"),
    "owner_third": _("the owner, a third time"),
    "desk": _("the board"),
    "second": _("the second contact"),
    "second_unanswered": _("the second contact, since the owner does not answer"),
    "duty_sms": _("the duty officer, by SMS"),
    "duty_voice": _("the duty officer, by voice"),
    "leader": _("the station leader"),
    "leader_sms": _("the station leader, by SMS"),
    "next_station": _("the next station"),
    "owner_soon": _("the owner, before the morning: the alarm limit is near"),
}
ROLES: Words = {  # of a step that only an installation's own policy names
    "owner": STEPS["owner"],
    "second": STEPS["second"],
    "desk": STEPS["desk"],
    "duty": _("the duty officer"),
    "leader": STEPS["leader"],
    "next_station": STEPS["next_station"],
}
BY_CHANNEL: Words = {"sms": _("%(whom)s, by SMS"), "voice": _("%(whom)s, by voice")}
REFUSALS: Words = {
    "taken_by_other": _("Somebody was faster."),
    "too_late": _("It can be given back only within 10 seconds."),
    "wrong_state": _("The case is not at this step any more."),
    "closed": _("The case is closed already."),
    "not_of_a_station": _("Only people of a station can take a case."),
    "not_a_contact": _("Only a contact of the premises can answer."),
    "not_a_leader": _("Only a leader on shift can close a case without proof."),
    "not_proven": _("The readings have not proven the repair yet."),
    "cause_missing": _("Please name the cause."),
    "action_missing": _("Please say what was done."),
    "unknown_cause": _("This cause is not known."),
    "unknown_how": _("This way is not known."),
    "text_missing": _("Please write something."),
    "already": _("That was done already."),
    "not_in_the_future": _("The time must be in the future."),
    "readings_say_otherwise": _(
        "Not done: a reading says otherwise. Wait for the next one, or tick that you have seen it."
    ),
}
CLOCK_STEPS: Words = {
    Step.BEYOND: _("Beyond the limit before it counts"),
    Step.ARRIVED: _("The reading has arrived"),
    Step.PLANNED: _("Decided, and the message written"),
    Step.HANDED_OVER: _("Handed over to the channel"),
    Step.DELIVERED: _("Receipt from the phone"),
}
LIMITS: Words = {
    "over_warning": _("warning above"),
    "over_alarm": _("alarm above"),
    "over_hysteresis": _("hysteresis above"),
    "under_warning": _("warning below"),
    "under_alarm": _("alarm below"),
    "under_hysteresis": _("hysteresis below"),
    "warning_hold_s": _("warning after (s)"),
    "alarm_hold_s": _("alarm after (s)"),
    "clear_hold_s": _("clear after (s)"),
}
PARTS: Words = {"map": _("Map")}
SPANS: Words = {
    "10m": _("10 minutes"),
    "1h": _("1 hour"),
    "6h": _("6 hours"),
    "24h": _("24 hours"),
    "7d": _("7 days"),
    "31d": _("31 days"),
    "1y": _("1 year"),
}
LIMIT_SCOPES: Words = {
    "default": pgettext_lazy("scope", "default"),
    "profile": pgettext_lazy("scope", "profile"),
    "site": pgettext_lazy("scope", "site"),
    "premises": pgettext_lazy("scope", "premises"),
    "circuit": pgettext_lazy("scope", "circuit"),
}
EDITIONS: Words = editions.EDITIONS
FLEET_TABS: Words = fleet_words.TABS
FLEET_FIELDS: Words = {**fleet_words.FIELDS, **LIMITS}
FLEET_STATES: Words = fleet_words.STATES
DEEDS: Words = fleet_words.DEEDS
DEVICE_ORDERS: Words = device_words.ORDERS
DEVICE_HINTS: Words = device_words.HINTS
DEVICE_OUTCOMES: Words = device_words.OUTCOMES
LIMIT_TROUBLES: Words = fleet_words.LIMIT_TROUBLES
QUARANTINE_REASONS: Words = {
    "malformed": _("The message could not be read."),
    "unknown_topic": _("No payload format knows this topic."),
    "foreign_topic": _("A device may publish to its own topic only."),
    "unknown_key": _("The device has no point of this key."),
    "unknown_field": _("The message has fields that its format does not know."),
    "unknown_state": _("A state that the format does not know."),
    "not_a_number": _("A value is not a number."),
    "too_large": _("A value is too large for its quantity."),
    "wrong_unit": _("A value comes in another unit than its point's."),
    "empty": _("The message holds no values."),
    "bad_time": _("The time is not a number; the readings were kept with their arrival time."),
    "time_in_seconds": _(
        "The time looks like seconds, milliseconds are expected; the readings were kept with their arrival time."
    ),
    "unknown_age": _("A retained message without a time: its age is unknown."),
    "too_many": _("The message holds too many readings."),
    "oversized": _("The packet is too large; the connection was closed."),
    "no_profile": _("The device's profile is not on the shelf."),
    "unknown_device": _("An unknown device; it was refused."),
    "wrong_credential": _("A known device with a wrong credential; it was refused."),
    "protocol": _("The protocol was broken; the connection was closed."),
    "bad_frame": _("A frame is wrong: it was denied, or passed over."),
    "foreign_address": _("It came from outside the networks that its device may speak from."),
    "our_fault": _("Flameblue itself failed on this message: please report it."),
}
DISCOVERY_TROUBLES: Words = {
    Trouble.NO_CLASS: _("Not understood: nothing says what is measured."),
    Trouble.MILLIAMPERE: _("Not understood: mA may be a load or a residual current. Write its row yourself."),
    Trouble.NO_QUANTITY: _("Not understood: no quantity here has this meaning and unit."),
    Trouble.BARE_VALUE: _("Not understood: its topic carries a bare value, no JSON key."),
    Trouble.TEMPLATE: _("Not understood: its template does more than name a key, and is not evaluated."),
    Trouble.NO_FORMAT: _("No payload format knows this topic."),
    Trouble.NOT_TAKEN: _("The payload format of this topic takes no number from this key."),
    Trouble.NAME: _(
        "The registry takes no such name or key (a blank, / + #, too long); rename it where it is paired."
    ),
}
REASONS: Words = {
    "first_notice": _("first notice"),
    "new_place": _("a new place"),
    "level_raised": _("it became worse"),
    "relapse": _("it came back"),
    "late": _("late data"),
    "not_acknowledged": _("nobody has taken the case"),
    "no_board_sounding": _("no board was sounding"),
    "board_silent": _("the last board with sound is gone"),
    "no_answer": _("no answer"),
    "rang_again": _("still beyond the limit"),
    "taken_away": _("something new took the case away"),
    "help_asked": _("help was asked for"),
    "made_safe": _("made safe"),
    "load_back": _("the load is back"),
    "proven": _("proven"),
    "closed": _("closed"),
    "assigned": _("assigned"),
    "left_over": _("still without data"),
    "incident_ended": _("the incident ended"),
    "reply": _("answer to a reply"),
    "channel_failed": _("another channel failed"),
    "merged": _("a summary of several messages"),
    "alive": _("sign of life"),
    "test_message": _("a test message"),
    "group_news": _("news for the group"),
    "group_unanswered": _("nobody has taken the case"),
    "group_closed": _("closed"),
}
BECAUSE: Words = {  # why the second channel took over
    "first_failed": _("the first one failed"),
    "first_deaf": _("the line of the first one is down"),
    "first_silent": _("no receipt from the first one"),
}
NOTICE_STATES: Words = {
    Notice.State.PLANNED: _("waits"),
    Notice.State.SENT: _("sent, no receipt yet"),
    Notice.State.DELIVERED: _("delivered"),
    Notice.State.FAILED: _("failed"),
    Notice.State.MERGED: _("said in a summary"),
    Notice.State.CANCELLED: _("cancelled"),
    "written_down": _("only written down"),
}
NOTICE_DETAILS: Words = {  # a channel's own words are said as they are
    "The case is closed.": _("The case is closed."),
    "The case is taken.": _("The case is taken."),
    "The owner has answered.": _("The owner has answered."),
    "The case was closed meanwhile.": _("The case was closed meanwhile."),
    "Something newer has been told of the case.": _("Something newer has been told of the case."),
    "The first channel has taken it after all.": _("The first channel has taken it after all."),
    "The second channel has taken it.": _("The second channel has taken it."),
    "More messages than a person can read: said in a summary.": _(
        "More messages than a person can read: said in a summary."
    ),
    "No answer was recorded: it may have been sent.": _("No answer was recorded: it may have been sent."),
}
OUTCOMES: Words = {
    "": _("tried, no answer"),
    "accepted": _("accepted"),
    "refused": _("refused"),
    "failed": _("failed"),
}
VERDICTS: Words = {
    "still_beyond": _("still beyond the limit"),
    "returning": _("back within its limit; the alarm has yet to end"),
    "silent": _("there are no readings: silence proves nothing"),
    "not_under_load": _("not under load: no current proves nothing"),
    "load_unknown": _("the load is not known"),
    "too_short": _("good so far, not yet for long enough"),
}
ANEW: Words = {
    "beyond": _("until then the value was beyond its limit"),
    "gap": _("there are no readings just before"),
    "no_load": _("until then the load was too small"),
    "asked": _("nothing counts from before it was made safe, repaired or told anew"),
}
REPLIES: Words = {
    "owner_answered": _("seen by the owner"),
    "help_asked": _("asks for help"),
    "reinforcement_asked": _("asks for reinforcement"),
    "taken": _("taken"),
    "taken_by_other": _("somebody has it already"),
    "nothing_open": _("nothing was open"),
    "unknown_number": _("no such case was sent to this number"),
    "not_understood": _("not understood"),
    "unknown_sender": _("an unknown number"),
}
ISA: Words = {
    Alarm.Isa.NORMAL: _("normal"),
    Alarm.Isa.UNACKNOWLEDGED: _("unacknowledged"),
    Alarm.Isa.ACKNOWLEDGED: _("acknowledged"),
    Alarm.Isa.RETURNED_UNACKNOWLEDGED: _("returned, unacknowledged"),
    Alarm.Isa.LATCHED: _("latched"),
    Alarm.Isa.SHELVED: _("shelved"),
    Alarm.Isa.OUT_OF_SERVICE: _("out of service"),
}
STAGES: Words = {
    "intake": pgettext_lazy("stage", "Intake"),
    "asking": pgettext_lazy("stage", "Asking devices"),
    "journal": pgettext_lazy("stage", "Journal"),
    "detection": pgettext_lazy("stage", "Detection"),
    "cases": pgettext_lazy("stage", "Cases"),
    "planning": pgettext_lazy("stage", "Planning of notices"),
    "delivery": pgettext_lazy("stage", "Delivery"),
    "history": pgettext_lazy("stage", "History"),
}
CAUSES: Words = {**{cause.word: cause.label for cause in causes.CAUSES.values()}, **causes.MADE_SAFE}
NOT_ASKED: Words = asked_words.NOT_ASKED
ASKING_FAILURES: Words = asked_words.ASKING_FAILURES
ASKS: Words = uplink_words.ASKS
UPLOADS: Words = uplink_words.UPLOADS
UPLOAD_DETAILS: Words = uplink_words.UPLOAD_DETAILS
MEASURES: Words = practice_words.MEASURES
MEASURE_DEFINITIONS: Words = practice_words.MEASURE_DEFINITIONS
MISSING: Words = practice_words.MISSING
HANDLED: Words = practice_words.HANDLED
HANDLED_DEFINITIONS: Words = practice_words.HANDLED_DEFINITIONS
INSPECTION_REFUSALS: Words = practice_words.INSPECTION_REFUSALS
ITEMS: Words = practice_words.ITEMS
STANDS: Words = practice_words.STANDS
SHOWS: Words = practice_words.SHOWS
COMMISSIONING_STEPS: Words = commissioning_words.STEPS
RUN_STATES: Words = commissioning_words.RUN_STATES
LANGUAGES: Words = {"zh-hans": _("Chinese"), "en": _("English"), "kk": _("Kazakh")}
REVIEWERS: Words = {"fire_officer": _("a fire officer"), "native": _("a native speaker")}
CHANNELS: Words = {
    "smpp": _("SMS"),
    "http_sms": _("SMS"),
    "console": _("SMS (demo phone)"),
    "voice": _("Voice call"),
    "wecom": _("WeCom group"),
    "dingtalk": _("DingTalk group"),
    "feishu": _("Feishu group"),
    "console_voice": _("Voice call (demo phone)"),
    "written_down": _("no SMS gateway: reaches nobody"),
}


def word(words: Words, key: object) -> str:
    """`key` in the reader's language; a key without a word as it is."""
    return str(words.get(key, key))


def whys(bits: int) -> list[str]:
    """The reasons that `bits` (domain.transitions.Why) name."""
    return [str(text) for bit, text in WHYS.items() if bits & bit]
