"""Everything has a limit; what happens at it is said here and tested. KiB and MiB are powers of two."""

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS

# intake
CONNECTIONS_MAX = 10_000  # of an endpoint × about 30 KiB ≈ 300 MB; a stranger gives way (newcomers.py)
PACKET_BYTES_MAX = 256 * KIB  # a larger MQTT packet ends its connection
GB26875_UNIT_BYTES_MAX = (
    1024  # of an application unit (GB/T 26875.3-2011, 6.6): a frame has at most 1,054 bytes
)
DECODE_BYTES_MAX = 16 * MIB  # of what `flameblue decode` is given, all in memory; a larger file is refused
CONNECT_WITHIN_S = 10.0  # a client that has not sent CONNECT by then is closed (slow-loris)
INCOMPLETE_S = (
    10.0  # a frame of which no more has come by then is given up (GB/T 26875.3-2011, 6.5.4: its time-out)
)
NETWORKS_PER_DEVICE_MAX = (
    8  # × 44 characters fit its field of 400; a line of a mobile operator has one or two
)
DEVICE_ADDRESS_CHARACTERS_MAX = (
    128  # serial: + a port's name by its maker and number (64) + settings and ?meter= (56)
)
ADDRESSES_PER_DEVICE_MAX = 8  # accepted ones that are kept, the newest first; more is a case for a network
GB26875_ANSWER_WITHIN_S = 10.0  # GB/T 26875.3-2011, 6.5.4: then what we asked is sent again
GB26875_SENDS_MAX = 4  # 6.5.5: the first and three re-sends; an exchange without answer is over after 40 s
DUTY_CHECK_MIN_MAX = 30  # of the 255 that its byte can say: until then nothing else is asked of the device
OPERATIONS_ASKED_MAX = 100  # records of type 4 or 24, × 10 B: 102 fit a unit of 1,024 B (8.3)
COMMANDS_TOLD_MAX = 1_000  # steps of commands not yet written × about 200 B; the oldest go first
COMMAND_WAITS_S = 60.0  # for a core that is down; then it is over, since nobody expects it any more
COMMANDS_KEPT_PER_DEVICE = (
    50  # × about 1 KiB of answer in hexadecimal × 5,000 devices = 250 MB at the very most
)
COMMANDS_SHOWN_MAX = 10  # on a device's page
GB26875_SENT_AGAIN_S = 40.0  # 10 s for an answer, and three re-sends (6.5.4): so long a frame may come again
GB26875_REMEMBERED_MAX = (
    262_144  # such frames × about 230 B = 60 MB; more than 5,000 lines with a frame a second have in 40 s
)
HTTP_CONNECTIONS_MAX = (
    1_000  # × 256 KiB of a body and 16 of a head = 280 MB; a platform keeps a few; then as of CONNECTIONS_MAX
)
HTTP_HEAD_BYTES_MAX = 16 * KIB  # of a request; then 431. Platforms send less than one
HTTP_BODY_BYTES_MAX = 256 * KIB  # as an MQTT packet: 4,096 readings × 60 B; then 413
HTTP_REQUEST_WITHIN_S = 30.0  # from the connection to the first request's end: 256 KiB at 70 kbit/s
HTTP_QUIET_S = (
    75.0  # of an open connection between requests, each whole within it; platforms reuse for a minute
)
HTTP_SENT_AGAIN_S = 3 * 3_600.0  # OneNET tries 16 times in 2 h 45 min; so long a message is known again
HTTP_REMEMBERED_MAX = 131_072  # such messages × about 230 B = 30 MB; 12 a second for three hours
HTTP_SECRETS_BYTES_MAX = 256 * KIB  # of the file of secrets: 3,000 sources
HTTP_REFUSED_PER_MIN_MAX = 60  # of a peer; then 429, and quarantine is told no more of it in this minute
HTTP_REQUEST_WEIGHT = 8  # in frames of 10 µs or so, as a request takes of the event loop beside h11's 100
HTTP_ECHO_CHARACTERS_MAX = 256  # that an address validation has us say
INFLIGHT_PER_CONNECTION_MAX = 64  # publishes not yet on disk; then the socket is not read
READ_BYTES_MAX = 2 * KIB  # of a socket a turn: 30 readings × 3 µs, or 1,024 pings × 1.3 µs = 1.3 ms
TURN_FRAMES_MAX = (
    32  # of a line; then the next line's turn. A topic and each KiB of a message weigh as much as a frame
)
ROUND_FRAMES_MAX = 256  # of all lines, × about 10 µs = 2.6 ms in which the event loop does nothing else
LIGHT_FRAMES_PER_S = 256  # of a line, a gateway of many devices; one that says more lets the others go first
HEAVY_FRAMES_MAX = (
    128  # of all such lines, and the next when these are on disk: in 4 ms about 30,000 a second
)
ACCEPTS_PER_TURN = 2  # connections × about 0.2 ms; the others wait in the kernel
ENDS_PER_TURN = 4  # lines × about 0.1 ms; a village that is lost at once ends within seconds
LOOKS_PER_TURN = 256  # lines that the sweep looks at × about 1 µs
FRUITLESS_FRAMES_MAX = (
    256  # four times what may be in flight, within FRUITLESS_WITHIN_S and without one reading
)
FRUITLESS_BYTES_MAX = MIB  # likewise: four packets of the largest size
FRUITLESS_WITHIN_S = 10.0  # slower than 25 frames a second nobody is slowed, whatever he sends
PROBATION_FRAMES_MAX = 32  # instead of FRUITLESS_FRAMES_MAX, until a reading comes
REST_S = 1.0  # so long a fruitless line is not read
WAKE_EVERY_S = 0.05  # one of those that rest: all together have 20 turns a second × 2 ms = 4 % of a core
BUSY_BATCHES_MIN = 4  # on their way to the disk at once: a batch costs about 100 µs, however little is in it
GATHER_S = 0.002  # then the next waits so long for company; no answer leaves before the commit, COMMIT_WITHIN_S apart
INTAKE_BATCHES_MAX = 256  # × 4,096 readings × 18 B ≈ 19 MB; then listeners stop reading their sockets
ASKING_BACK_OFF_S_MIN = 1.0  # after one lost answer
ASKING_LATE_S = (
    15.0  # a mobile network that was away is tried again after 1, 3, 7, 15 s (RFC 6298, 2.1 and 5.5)
)
ASKING_COPY_S = (
    0.2  # behind an answer that came in time: 64 registers take 0.15 s at 9600 baud, and the way 0.05 s
)
ASKING_BACK_OFF_S_MAX = 60.0  # one that does not answer is heard again within this and its time-out
ASKING_DEAD_SHARE_MAX = (
    1 / 8
)  # of a line's time, for all that do not answer, while others wait for their turn
ASKING_LOST_AFTER = 3  # turns without an answer in a row; one or two are noise on the line
ROUND_TRIPS_KEPT = 256  # durations of a device × 32 B = 8 KB; × 247 devices = 2 MB a line
ASKED_DEVICES_MAX = 10_000  # × 8 KB of durations = 80 MB, and × 0.4 KB = 4 MB of file for the pages
ASKED_LINES_MAX = 2_000  # × a task and a socket, about 60 KB = 120 MB; those beyond it are told, not asked
DIAL_IN_CONNECTIONS_MAX = 4_000  # two a line, × about 10 KB = 40 MB; then as of CONNECTIONS_MAX
DIAL_IN_REGISTRATION_BYTES_MAX = KIB  # an IMEI in JSON has 200; whoever says more before it is closed
DIAL_IN_NOISE_BYTES_MAX = 16 * KIB  # within a second and with no answer in them: 115200 baud carry 11.5 KB
RIVAL_TAKEOVERS_MAX = 2  # a third within RIVAL_WITHIN_S waits: the one who was first is in place again
RIVAL_WITHIN_S = 300.0  # three units' dialling pauses of 100 s; they are 5 to 60 s as a rule
RIVAL_TOLD_S = 600.0  # since the second one was turned away last; then it is over
ASKED_TOLD_EVERY_S = (
    10.0  # that file is written anew: 10,000 devices × 40 µs = 0.4 s of work, a few at a time
)
DLT645_PARTS_MAX = 8  # frames of one answer × 200 B (DL/T 645-2007, 5.2.4) = 1.6 KB; then it is no answer
READINGS_PER_MESSAGE_MAX = 4_096  # a larger message goes to quarantine
TOPIC_BYTES_MAX = 512
PAYLOAD_DEPTH_MAX = 8  # a deeper JSON goes to quarantine
CLOCK_JUMP_S_MIN = (
    2.0  # of the wall clock: less is the usual slewing of a time server, and followed without a record
)
CLOCK_AHEAD_NS_MAX = 5 * SECOND_NS  # a device time further ahead is replaced by arrival time
BACKLOG_NS_MAX = 7 * DAY_NS  # an older device time is replaced by arrival time
KEY_CHARACTERS_MAX = 64  # of a point's key; a longer one names no point
SPARKPLUG_METRICS_MAX = (
    200_000  # names that births gave × about 200 B = 40 MB; then the oldest node's go first
)
SPARKPLUG_METRICS_PER_MESSAGE_MAX = 16_384  # × about 5 µs = 80 ms; a packet has room for 131,072 empty ones
SPARKPLUG_QUIET_MESSAGES = 50  # of a node between two requests for a rebirth
QUARANTINE_BYTES_MAX = 64 * MIB  # then the oldest go first; health reports it
QUARANTINE_EVERY_S = (
    0.5  # two syncs a second × about 3 ms = 0.6 % of the time in which the journal's sync waits
)
QUARANTINE_WAITING_MAX = (
    4_096  # rows × at most 5 KB = 20 MB; then they are written at once, and nothing is read
)
CONNECTION_NEWS_EVERY_S = 0.5  # one record for all that were lost or came back meanwhile; a hold has a minute
QUARANTINE_KEYS_MAX = 64  # of one message told by name × 64 characters = 4 KiB; its sample has the others
QUARANTINE_PARTS_MAX = 100  # messages of a known device that differ in their keys; the oldest go first
QUARANTINE_PARTS_IN_ALL_MAX = 2_048  # × 4 KiB of sample, as much of names: 16 MiB; the oldest go first
QUARANTINE_KEYS_TOLD_MAX = 100  # of a row × 200 rows × about 150 B = 3 MB of page; more are counted
QUARANTINE_SAMPLE_BYTES_MAX = 4 * KIB  # of one message; the rest is cut, the length is kept
PAIRING_WINDOW_S_MAX = 3_600
TEST_STEP_S_MAX = (
    60.0  # between readings: an alarm within 40 s (GB 50166-2019, 4.8.5) is then known within 100
)
TEST_WINDOW_S_MAX = 3_600  # of one device: who forgets to end it has an unwatched hour, not a night
CONNECT_BYTES_MAX = 16 * KIB  # a client that has not signed in may make us keep no more
CONNECTIONS_PER_DEVICE_MAX = 8  # then the oldest is closed: half-open lines of a 4G link
PROPERTIES_MAX = 64  # of an MQTT 5 packet, × about 1 µs; 256 KiB could hold 50,000
TOPIC_ALIASES_MAX = 8  # of a connection, × 512 B × 10,000 connections = 41 MB
KEEP_ALIVE_S_MAX = 3_600  # a client of MQTT 5 that promises less is told this one: half-open lines
SUBSCRIBE_TOPICS_MAX = 64  # in one packet, × about 5 µs = 0.3 ms; a session has 16 subscriptions
SUBSCRIPTIONS_MAX = 16  # of a session, × 512 B × 20,000 sessions = 164 MB; a ThingsBoard gateway needs 8
SESSIONS_MAX = (
    20_000  # twice the connections, × about 2 KB = 40 MB; then the one longest without a connection goes
)
SESSIONS_PER_DEVICE_MAX = 8  # as its connections
SESSION_S_MAX = 7 * 86_400  # after the connection's end, as the oldest backlog; then the session is forgotten
RECEIVED_IDS_MAX = (
    64  # QoS 2 messages of a session not yet released; then the oldest is forgotten: taken twice
)
OUTGOING_MESSAGES_MAX = 64  # of a session, sent and not acknowledged, or waiting; then send says no
OUTGOING_MESSAGE_BYTES_MAX = 16 * KIB  # of one message to a device, with its topic
OUTGOING_BYTES_MAX = 32 * MIB  # of all sessions together; then send says no
BATCH_MESSAGES_MAX = (
    1_024  # of a broker, × about 20 µs of decoding ≈ 20 ms in which the event loop does nothing else
)
BROKER_PENDING_MAX = 4_096  # messages of an existing broker not yet on disk; then its socket is not read
BROKER_PROBE_MESSAGES = 1_200  # that a check leaves with a broker: Mosquitto's own bound is 1,000
FITTED_KEYS_MAX = 100  # of an unknown device's message × a form's row of about 1 kB = 100 kB of page
UNKNOWN_DEVICES_MAX = 1_000  # listed while pairing; then the oldest go first
UNKNOWN_PARTS_MAX = (
    100  # messages of one that tell of other components, as its form has keys; the oldest go first
)
UNKNOWN_MESSAGES_MAX = 4_096  # of all of them together × at most 4 KiB = 16 MiB; then the oldest go first
ANNOUNCEMENTS_MAX = (
    4_000  # × at most 16 KiB = 64 MiB (100 sockets announce 1,500 of 1 KiB); then new ones are left out
)
ANNOUNCEMENT_BYTES_MAX = 16 * KIB  # a larger announcement is refused
ANNOUNCED_PARTS_MAX = 256  # sensors in one announcement of a whole device
PROFILE_BYTES_MAX = 256 * KIB  # a larger profile file is a problem on the devices page
PROFILE_NODES_MAX = (
    8_192  # keys and values of one, 19 times the largest of ours, × about 60 µs = 0.5 s; likewise
)
DRAFTED_KEYS_MAX = 200  # of one message; beyond it a person writes from the maker's table, not from a draft
MODELS_TOLD_MAX = 5  # missing ones in one text × about 200 characters; more are counted
PROFILES_SUGGESTED_MAX = 3  # models that a draft names, the best first
PROFILES_READ_MAX = 128  # kept as they were read × about 10 KB = 1.3 MB; beyond it a file is read anew

# journal
COMMIT_WITHIN_S = 0.005  # group commit: the first waiter waits no longer for company
COMMIT_RECORDS_MAX = 4_096
RECORD_READINGS_MAX = 65_536  # × 18 B = 1.2 MB a row
COMMIT_WAITING_BYTES_MAX = 64 * MIB  # drafts not yet on disk; then new ones are refused and not acknowledged
JOURNAL_LOG_BYTES = 16 * MIB  # of the write-ahead log; then it is moved into the journal's file
JOURNAL_BYTES_MAX = 8 * GIB  # retention by size; never past a consumer's cursor
JOURNAL_AGE_NS_MAX = 40 * DAY_NS
RESERVE_BYTES = 64 * MIB  # kept for cases and notices when the disk fills
DISK_LOW_BYTES = 512 * MIB  # below it archiving stops and the oldest history goes

# detection
POINTS_MAX = 2_000_000  # × 600 B of state and parameters = 1.2 GB
DEADLINE_BLOCK = 256  # points a block whose nearest deadline is kept
SNAPSHOT_EVERY_S = 60.0
SNAPSHOTS_KEPT = 2
FAILURES_AT_ONE_OFFSET_MAX = 3  # then the record is skipped on record

# history, web
CHART_POINTS_MAX = 2_000  # about one a pixel; history.queries keeps the minimum and maximum of each bucket
PAGE_ROWS_MAX = 200
POINTS_OF_THEN_KEPT_MAX = 512  # of the alarms of a case, and of its first: × some points × 200 B = 400 kB
RECORD_TRANSITIONS_MAX = (
    2_000  # of the cases of a page whose alarms later cases have taken, × about 40 µs = 80 ms
)
LIMIT_HISTORY_BYTES_MAX = 32 * MIB  # of point changes looked at for one chart, × about 4 ms a MiB = 130 ms
SERIES_MAX = 6  # of one chart: more strokes are not told apart
SERIES_SPAN_S_MAX = (
    366 * 86_400
)  # × 6 series × 24 hours a day: 53,000 hours, which the memory answers at once
CSV_DAYS_MAX = 366
CSV_RAW_DAYS_MAX = (
    31  # × 86,400 readings a day × 6 series = 16 M rows of 40 B, streamed a few hours at a time
)
CIRCUITS_SHOWN_MAX = 100  # of a premises, × about 2 kB of page; more are counted, not drawn
CIRCUIT_POINTS_MAX = 1_600  # 100 circuits × 16 points
ENERGY_POINTS_MAX = 400  # × 24 hours × 31 days = 300,000 hours in one question
FLEET_ROWS = 50  # of a page of the fleet, each with a form behind it: two screens
COUNTED_MAX = (
    10_000  # rows of a filtered list; beyond it a page says "more than": counting a million takes as long
)
FOUND_MAX = 1_000  # by a search: 20 pages; then the page asks for another word
SEARCH_WORDS_MAX = 4  # × at most three scans of 200,000 rows × about 40 ms; more words are left out
SEARCH_WORD_CHARACTERS_MAX = 40
SWITCH_ORDERS_BYTES_MAX = 65_536  # of the demo: about 600 orders × 100 B; what is older is not known any more
TOUCHED_COMPARED_MAX = 20_000  # points whose limits are compared before a change × about 10 µs = 0.2 s
UPLOADS_MAX = 8  # files waiting to be confirmed × 64 MiB = 512 MiB; then the oldest goes
UPLOAD_AGE_S_MAX = 3_600  # they hold phone numbers: then they go too
EXAMPLE_VALUES_MAX = 4  # in the line that a new device can be tried with: it stays one line on a desk
START_CHOICES_MAX = (
    50  # circuits and devices that getting started lists, the newest; the others are in the fleet
)
KNOWN_KEYS_TOLD_MAX = 12  # of a device, beside a key that it does not have: × about 10 characters
DIFF_LINES_MAX = 2_000  # of an import's preview, about 100 kB; the counts are of the whole
EXPORT_POINTS_MAX = 200_000  # from a page, × about 2 kB of Python = 400 MB; more by the command
BOARD_CASES_MAX = 60  # a page of the board: three screens of a wall; who has more turns the page
MAP_PLACES_MAX = 2_000  # singly in one answer of the map: about 100 kB, 20 kB compressed
MAP_CELLS_MAX = 1_000
MAP_PIECE_BYTES_MAX = (
    1 * MIB
)  # of a PMTiles file in one answer; its directories have 16 KiB, its tiles less than 500
MAP_LINES_BYTES_MAX = 2 * MIB  # of an owner's file of roads
SKETCH_POINTS_MAX = 500  # of roads in the board's first drawing: 12 bytes each, 6 kB of a page of 300 kB
FLEET_READ_AT_ONCE_MAX = (
    5_000  # premises, × about 5 µs = 25 ms of a page's 100; more are read beside, and the board goes on
)
BOARD_SITES_MAX = 40  # the worst first; the others stand in the list of sites
CASES_LOOKED_AT_MAX = 100  # together, × about 4 rows of 2 kB = 800 kB and 10 ms of the one thread
CASES_DRAWN_MAX = 1_000  # rows of a board kept × about 3 kB = 3 MB: ten pages of it in each of two languages
SITES_DRAWN_MAX = 2_000  # parts of a page kept × about 10 kB = 20 MB; then all are drawn anew
LIVE_LINES_MAX = 500  # open SSE lines of one web process × a thread each; then 503 and the browser asks again
WEB_CONNECTIONS_MAX = (
    2_000  # of the pages: 500 lines × a line, a page and its beat, and 500 for who comes; then all wait
)
WEB_CONNECTION_BYTES_MAX = (
    64 * KIB
)  # read of a connection and not yet of use × 2,000 = 128 MB; no head is longer
WEB_HEAD_MS_MAX = 10_000  # then who has asked nothing gives room to others
REFUSED_HOSTS_TOLD_MAX = 5  # lines of the log a minute × about 200 B = 1.4 MB a day, whoever knocks
REFUSED_HOST_CHARACTERS_MAX = 80  # of a name that anybody may send; one that is not seen is told by eight
BOARD_BEAT_S = 15.0  # an open board says this often how its sound is; web/static/web/presence.js has the same
BOARD_SILENT_S = 60.0  # three beats may be lost; then the station's alarms go straight to phones
BOARD_GRACE_S = 58.0  # after a start boards have as long again to be heard anew
PHONE_WITHIN_S = 120.0  # whatever the board does: 60 + 58 + 1 for the look, where both fall together
BOARD_SILENT_TOLD_S = (
    3_600.0  # the officer is told at most once in this time; 60 + a look of 10 + 1 = 71 s after
)
BOARD_TABS_KEPT_S = 86_400.0  # then a tab's row goes; the newest of each station stays
BOARD_TABS_PER_SESSION_MAX = 16
BOARD_TABS_MAX = 2_000  # × about 150 B = 300 kB; then those longest unheard go first

PICTURE_BYTES_MAX = 16 * MIB  # as uploaded: a phone's photo has 3 to 12 MB; a larger one is refused
PICTURE_PIXELS_MAX = 50_000_000  # × 4 B = 200 MB while it is decoded, one at a time; more is refused unread
PICTURE_SIDE_MAX = (
    1_600  # pixels kept: about 200 kB of WebP; × 2 a premises × 200,000 = 80 GB, so see the disk
)

SMALL_BODY_BYTES_MAX = 64 * KIB  # a form is smaller; × 2,000 connections = 128 MB of memory
BODY_BYTES_MAX = 3 * MIB  # of a request: fields have 2.5 MiB, old counts 1
LARGE_BODY_BYTES_MAX = 65 * MIB  # where a file is sent: the 64 MiB of an import and what is around it
LARGE_BODIES_MAX = 8  # that are not small, at a time × 65 MiB = 520 MiB on disk; only of who may send them
LARGE_BODIES_PER_SENDER_MAX = (
    2  # of these 8: who drips for 35 minutes, or whose browser hangs, leaves 6 to the others
)
REFUSED_BODY_BYTES_MAX = (
    16 * MIB
)  # taken and dropped after a refusal, a phone's photo: none of it is kept, × about 1 ms a MiB
REFUSED_BODY_S_MAX = 30.0  # in which 16 MiB come at 4.5 Mbit/s; then the connection closes over the rest
REFUSED_SILENCE_S_MAX = 5.0  # nothing is on its way any more; × 2,000 connections, as long as half a head
BODY_GRACE_S = 30.0  # in which a body need not move: a phone that changes its cell; then
BODY_BYTES_PER_S_MIN = (
    32 * KIB
)  # on the average, 256 kbit/s: a photo of 12 MiB has 7 minutes, 65 MiB 35; a byte a second has 30 s

OLD_COUNTS_BYTES_MAX = MIB  # 10,000 rows × about 60 B, twice over
OLD_COUNTS_ROWS_MAX = 10_000  # 27 sources × 30 years × 12 months; a longer file is refused
OLD_COUNT_MAX = 1_000_000  # warnings of a kind and month: a typing error beyond it
SHEETS_PER_PAGE = 20  # to be printed at once × about 0.1 s of reading the archive; the next page has the rest
ROUND_ROWS_MAX = 50  # premises on a page of a round, three findings each
ROUNDS_CLOSED_AT_ONCE_MAX = 200  # × about 20 ms = 4 s at most; the next look closes the others

COMMISSIONED_DEVICES_MAX = (
    5_000  # on one page of progress, × 12 points × about 8 µs = 0.5 s; beyond it the page asks for one site
)
ACCEPTED_DEVICES_MAX = (
    500  # on one sheet × 12 points × about 250 B = 1.5 MB of its row; premises by premises then
)
SIGNATURE_BYTES_MAX = 48 * KIB  # as drawn: a form has 64 KiB; a signature of 600 × 200 pixels has about 8 KB
SCANS_SENT_MAX = 200  # of a phone at once × about 250 B = 50 kB: a form's body; the rest comes with the next
SCANS_SHOWN_MAX = 200

# notices
SMS_UNITS_SINGLE = 70  # UTF-16 units in one UCS-2 message
SMS_UNITS_PART = 67  # in each part of a concatenated one: 140 - 6 bytes of header
SMS_UNITS_OWNER_MAX = 70
SMS_UNITS_OFFICER_MAX = 134
SMS_UNITS_KAZAKH_MAX = (
    134  # of an owner's text: two parts, since Kazakh takes twice the characters of Chinese
)
ATTEMPTS_MAX = 6
SMPP_UNIT_BYTES_MAX = (
    128 * KIB
)  # from the SMS gateway: one message_payload of 64 KiB, twice over; then the line ends
PROVIDER_ANSWER_BYTES_MAX = (
    64 * KIB
)  # of an SMS provider; answers have some 300 bytes, an error page some kilobytes
PROVIDER_ANSWER_S_MAX = 20.0  # from the question to the answer's last byte; another try is made after 30 s
ALIYUN_NUMBERS_MAX = 1_000  # in one SendSms, says its documentation; we write to one number at a time
TENCENT_NUMBERS_MAX = 200  # likewise
NOTICES_PER_PERSON_PER_10_MIN = 20  # beyond it notices are merged into one summary, never dropped
TEST_NOTICES_PER_HOUR_MAX = 6  # that one person asks for: enough to mend a gateway, too few to cost
GROUP_NOTICES_PER_MIN = 15  # of 20 that WeCom and DingTalk take: 4 remain for repeats, 1 for the summary
GROUP_UNITS_MAX = 200  # × 3 B of UTF-8 and a link: well within 2,048 B; a chat shows about 6 lines
CARRIER_WORDS_LENGTH_MAX = 160  # of what a provider says, in an attempt's row of 200 with our own words
MESSAGE_ID_LENGTH_MAX = 80  # a provider's id has 20 to 64; what is longer is cut
WECOM_TEXT_BYTES_MAX = 2_048  # of UTF-8: about 680 Chinese characters; the rest is cut and marked
WECOM_MARKDOWN_BYTES_MAX = 4_096
DINGTALK_BYTES_MAX = 16 * KIB  # a request may have 20,000 B: 3,600 remain for its frame
FEISHU_BYTES_MAX = 16 * KIB  # a request may have 20 KiB, escapes included

# uplink to a city's centre
UPLINK_ANSWER_S = 10.0  # for a confirm (GB/T 26875.3-2011, 6.5.4: at most 10 s)
UPLINK_RESENDS = 3  # then the exchange has failed (6.5.5): 40 s
UPLINK_PATIENCE_S = 1.0  # for the confirm of what is not urgent, while an alarm waits
UPLINK_PLAN_S = 0.25  # between two looks at the logs; with the patience and two syncs an alarm waits 1.3 s
UPLINK_BACK_OFF_S_MIN = 1.0  # before the line is tried again; an alarm cuts longer pauses down to it
UPLINK_BACK_OFF_S_MAX = 30.0
UPLINK_DOWN_S = 60.0  # then a line that is down, or what waits, is a system alarm
UPLINK_REFUSED_TOLD_S = 600.0  # what the centre denied stands so long as a trouble
UPLINK_WAITING_MAX = (
    100_000  # × about 200 B = 20 MB, an hour of 28 a second; then the oldest that are no alarm go
)
UPLINK_DROPPED_A_LOOK = 5_000  # every 5 s: 1,000 a second, more than a fleet says in an outage
UPLINK_ENDED_MAX = 20_000  # kept to look back × about 200 B = 4 MB; then the oldest go
UPLINK_ASKS_MAX = 1_000  # of the centre, kept × about 100 B; then the oldest go
UPLINK_A_LOOK = 500  # transitions planned in one transaction × about 1 ms
UPLINK_GARBAGE_BYTES_MAX = (
    64 * KIB
)  # without one frame; then the line ends: what is there speaks something else
UPLINK_LATE_MAX = 64  # frames whose confirm was not waited for, and is still taken

# watching another machine. It dies just after an answer: three looks fail within 3 × 15 + 10 = 55 s; a channel takes
# at most 30 s, the second one as much: 115 s. Its core alone dies: a beat is missed for 15 s, so that it is 70 s to
# the third failure and 100 s with the first channel.
WATCH_EVERY_S = 15.0
WATCH_ANSWER_S = 10.0  # from the question to the answer's last byte
WATCH_FAILURES = 3  # in a row, before anybody is told; also good answers before it is taken back
WATCH_TELL_S = 30.0  # of one channel: PROVIDER_ANSWER_S_MAX and a silence of 10 s; SMPP takes 18
WATCH_WITHIN_S = 120.0
WATCH_AGAIN_S = 3_600.0
WATCH_ANSWER_BYTES_MAX = 64 * KIB  # an answer has about 1 KiB
WATCHED_MAX = 50  # × a question every 15 s

# home assistant
HOME_POINTS_MAX = (
    5_000  # × about 6 µs = 30 ms of every 2 s; 450 premises of eleven points; the others are not shown
)
HOME_PUBLISHES_PER_LOOK_MAX = 400  # every 2 s: 200 a second at most; the rest waits for the next look
HOME_HEARD_MAX = (
    40_000  # topics that a broker holds of us, 3 a point + 6 a premises, twice over; × 200 B = 8 MB
)

# registry files
IMPORT_ROWS_MAX = 200_000
IMPORT_BYTES_MAX = 64 * MIB  # 200,000 rows × about 320 B; a larger file is not read
IMPORT_COLUMNS_MAX = 256  # nine times the columns there are
IMPORT_CELL_CHARS_MAX = 32_767  # Excel's own; a cell that holds more is an error
IMPORT_RECORD_CHARS_MAX = MIB  # of one CSV row; an unclosed quote would make a row of the whole file
IMPORT_TITLE_ROWS_MAX = 20  # looked through for the heading
IMPORT_PARTS_MAX = 2_000  # files in a workbook's archive × about 1 KB of directory = 2 MB
IMPORT_UNPACKED_BYTES_MAX = 128 * MIB  # of a workbook: 1 M cells × about 60 B of XML, twice over; no bomb
IMPORT_WORKBOOK_CELLS_MAX = 1_000_000  # 35,000 rows × 28 columns; × about 45 µs = 45 s; more goes as CSV
IMPORT_CELL_PIECES_MAX = 1_000  # of one text, each with its own format
IMPORT_WORKBOOK_OTHERS_MAX = 100_000  # elements that are no cells (styles, rules) × about 2 KB = 200 MB
IMPORT_XML_TOKEN_BYTES_MAX = 256 * KIB  # one tag: a parser reads an unfinished one anew with each piece
IMPORT_XML_DEPTH_MAX = 64  # elements inside elements

# simulation
RECORDING_BATCH_ROWS = 4_096  # of a Parquet file at a time × some hundred bytes a row of Python ≈ 2 MB
RECORDING_LINE_CHARACTERS_MAX = 64 * KIB  # of a CSV file's head
REPLAY_UNACKNOWLEDGED_MAX = 1_000  # messages on their way × about 200 bytes; then the next one waits
