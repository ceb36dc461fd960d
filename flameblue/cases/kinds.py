"""The words for what happens to a case. Stored for ever: a word is never changed or reused.

An event that is derived from detection alone has `offset` in its data: a replay of the same transitions gives
the same events, with the same data and time (the transition's arrival). The others come from people or from
time passing. An event whose data says `announces` tells people anew: its `steps` name whom, at once.
"""

SUSPECTED = "suspected"  # a silence is held back for the grace: it may be part of an outage. Tells nobody
OPENED = "opened"
JOINED = "joined"  # a new place (circuit, room, device) joins the case
RAISED = "raised"  # a worse level than the alarm had in this case
NOTED = "noted"  # an alarm that says nothing new. Tells nobody
RETURNED = "returned"  # an alarm's level is lower; proves nothing
SILENT = "silent"  # a silence joins a case that was switched off
LATE = "late"  # a reading of the past was beyond its limit
REOPENED = "reopened"  # relapse: after made safe, repaired, proven or closed
UNTAKEN = "untaken"  # what comes next takes it from whoever had it
INCIDENT_JOINED = "incident_joined"  # the case is a member of an incident now, and is not announced singly
INCIDENT_ENDED = "incident_ended"  # every member's readings are back

TAKEN = "taken"
GIVEN_BACK = "given_back"  # by who had taken it a moment before
OWNER_ANSWERED = "owner_answered"
HELP_ASKED = "help_asked"
COMMENTED = "commented"
ASSIGNED = "assigned"
MADE_SAFE = "made_safe"
LOAD_BACK = "load_back"  # current flows again after made safe
REPAIRED = "repaired"
PROVEN = "proven"
CLOSED = "closed"
SHELVED = "shelved"
UNSHELVED = "unshelved"
ESCALATED = "escalated"  # `step` names the step
RANG_AGAIN = "rang_again"  # taken, and still beyond the limit after the set time
LEFT_OVER = "left_over"  # the members of an incident that are still silent

ALL = frozenset(
    {
        SUSPECTED,
        OPENED,
        JOINED,
        RAISED,
        NOTED,
        RETURNED,
        SILENT,
        LATE,
        REOPENED,
        UNTAKEN,
        INCIDENT_JOINED,
        INCIDENT_ENDED,
        TAKEN,
        GIVEN_BACK,
        OWNER_ANSWERED,
        HELP_ASKED,
        COMMENTED,
        ASSIGNED,
        MADE_SAFE,
        LOAD_BACK,
        REPAIRED,
        PROVEN,
        CLOSED,
        SHELVED,
        UNSHELVED,
        ESCALATED,
        RANG_AGAIN,
        LEFT_OVER,
    }
)
