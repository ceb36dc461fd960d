"""The words for why somebody was told. Stored for ever: a word is never changed or reused."""

FIRST_NOTICE = "first_notice"
NEW_PLACE = "new_place"
LEVEL_RAISED = "level_raised"
RELAPSE = "relapse"
LATE = "late"
NOT_ACKNOWLEDGED = "not_acknowledged"  # nobody has taken the case by then
NO_BOARD = "no_board_sounding"  # before its time: no board of the station would have been heard
NO_ANSWER = "no_answer"  # a lay person was called since the owner did not answer, or again
RANG_AGAIN = "rang_again"  # taken, and still beyond the limit
TAKEN_AWAY = "taken_away"  # to who had taken the case: something new has taken it from them
HELP_ASKED = "help_asked"
MADE_SAFE = "made_safe"
LOAD_BACK = "load_back"
PROVEN = "proven"
CLOSED = "closed"
ASSIGNED = "assigned"
LEFT_OVER = "left_over"
INCIDENT_ENDED = "incident_ended"
REPLY = "reply"  # the answer to an answer
CHANNEL_FAILED = "channel_failed"  # another channel could not reach the person
MERGED = "merged"  # the summary of what exceeded a person's bound
ALIVE = "alive"
TEST = "test_message"  # somebody tries the way to their own phone
BOARD_SILENT = "board_silent"  # the station's last board that was sounding is no more
GROUP_NEWS = "group_news"  # to the station's group chat
GROUP_UNANSWERED = "group_unanswered"
GROUP_CLOSED = "group_closed"

FIRST_FAILED = "first_failed"  # why the second channel of a medium has taken over a message
FIRST_DEAF = "first_deaf"
FIRST_SILENT = "first_silent"

ALL = frozenset(
    {
        FIRST_NOTICE,
        NEW_PLACE,
        LEVEL_RAISED,
        RELAPSE,
        LATE,
        NOT_ACKNOWLEDGED,
        NO_BOARD,
        NO_ANSWER,
        RANG_AGAIN,
        TAKEN_AWAY,
        HELP_ASKED,
        MADE_SAFE,
        LOAD_BACK,
        PROVEN,
        CLOSED,
        ASSIGNED,
        LEFT_OVER,
        INCIDENT_ENDED,
        REPLY,
        CHANNEL_FAILED,
        MERGED,
        ALIVE,
        TEST,
        BOARD_SILENT,
        GROUP_NEWS,
        GROUP_UNANSWERED,
        GROUP_CLOSED,
    }
)
GROUP = frozenset({GROUP_NEWS, GROUP_UNANSWERED, GROUP_CLOSED})
CALLS = frozenset(
    {NOT_ACKNOWLEDGED, NO_BOARD, RANG_AGAIN, GROUP_UNANSWERED}
)  # not wanted once somebody has the case
NEWS = frozenset({FIRST_NOTICE, NEW_PLACE, LEVEL_RAISED, RELAPSE, LATE, GROUP_NEWS})  # old by the morning
ALARMING = NEWS | CALLS | {TAKEN_AWAY}  # what tells of danger that nobody looks after yet
REPEATS = frozenset({NO_ANSWER})  # no longer wanted once this lay person has answered
