"""Everything has a limit; what happens at it is said here and tested. KiB and MiB are powers of two."""

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS

# intake
CONNECTIONS_MAX = 10_000  # × about 30 KiB ≈ 300 MB; then new connections are closed at once and counted
PACKET_BYTES_MAX = 256 * KIB  # a larger MQTT packet ends its connection
CONNECT_WITHIN_S = 10.0  # a client that has not sent CONNECT by then is closed (slow-loris)
INFLIGHT_PER_CONNECTION_MAX = 64  # publishes not yet on disk; then the socket is not read
INTAKE_BATCHES_MAX = 256  # × 4,096 readings × 18 B ≈ 19 MB; then listeners stop reading their sockets
READINGS_PER_MESSAGE_MAX = 4_096  # a larger message goes to quarantine
TOPIC_BYTES_MAX = 512
PAYLOAD_DEPTH_MAX = 8  # a deeper JSON goes to quarantine
CLOCK_AHEAD_NS_MAX = 5 * SECOND_NS  # a device time further ahead is replaced by arrival time
BACKLOG_NS_MAX = 7 * DAY_NS  # an older device time is replaced by arrival time
QUARANTINE_BYTES_MAX = 64 * MIB  # then the oldest go first; health reports it
QUARANTINE_SAMPLE_BYTES_MAX = 4 * KIB  # of one message; the rest is cut, the length is kept
PAIRING_WINDOW_S_MAX = 3_600
CONNECT_BYTES_MAX = 16 * KIB  # a client that has not signed in may make us keep no more
CONNECTIONS_PER_DEVICE_MAX = 8  # then the oldest is closed: half-open lines of a 4G link
BATCH_MESSAGES_MAX = 1_024  # × about 20 µs of decoding ≈ 20 ms in which the event loop does nothing else
BROKER_PENDING_MAX = 4_096  # messages of an existing broker not yet on disk; then its socket is not read
BROKER_PROBE_MESSAGES = 1_200  # that a check leaves with a broker: Mosquitto's own bound is 1,000
UNKNOWN_DEVICES_MAX = 1_000  # listed while pairing; then the oldest go first
PROFILE_BYTES_MAX = 256 * KIB  # a larger profile file is a problem on the devices page

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
LIVE_LINES_MAX = 500  # open SSE lines of one web process × a thread each; then 503 and the browser asks again

# notices
SMS_UNITS_SINGLE = 70  # UTF-16 units in one UCS-2 message
SMS_UNITS_PART = 67  # in each part of a concatenated one: 140 - 6 bytes of header
SMS_UNITS_OWNER_MAX = 70
SMS_UNITS_OFFICER_MAX = 134
SMS_UNITS_KAZAKH_MAX = (
    134  # of an owner's text: two parts, since Kazakh takes twice the characters of Chinese
)
ATTEMPTS_MAX = 6
PROVIDER_ANSWER_BYTES_MAX = (
    64 * KIB
)  # of an SMS provider; answers have some 300 bytes, an error page some kilobytes
PROVIDER_ANSWER_S_MAX = 20.0  # from the question to the answer's last byte; another try is made after 30 s
ALIYUN_NUMBERS_MAX = 1_000  # in one SendSms, says its documentation; we write to one number at a time
TENCENT_NUMBERS_MAX = 200  # likewise
NOTICES_PER_PERSON_PER_10_MIN = 20  # beyond it notices are merged into one summary, never dropped

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
