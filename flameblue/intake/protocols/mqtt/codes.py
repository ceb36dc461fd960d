"""The kinds of MQTT's packets and the codes in the answers. Source: OASIS MQTT 3.1.1 and 5.0 [2.1.2, 2.4]."""

V3, V5 = 4, 5  # the protocol levels of MQTT 3.1.1 and 5

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE = range(1, 9)
SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(9, 16)

# of a CONNACK of MQTT 3.1.1 [3.2.2.3]
ACCEPTED, WRONG_LEVEL, WRONG_CLIENT_ID, UNAVAILABLE, WRONG_CREDENTIAL, NOT_ALLOWED = range(6)
SUBSCRIPTION_FAILED = 0x80  # of a SUBACK of MQTT 3.1.1 [3.9.3]

# of MQTT 5 [2.4]
SUCCESS = 0x00
WITH_WILL = 0x04
NO_SUBSCRIPTION = 0x11
UNSPECIFIED = 0x80
MALFORMED = 0x81
PROTOCOL = 0x82
BAD_CREDENTIAL = 0x86
NOT_AUTHORIZED = 0x87
SHUTTING_DOWN = 0x8B
BAD_METHOD = 0x8C
KEEP_ALIVE_PASSED = 0x8D
TAKEN_OVER = 0x8E
FILTER_INVALID = 0x8F
TOPIC_INVALID = 0x90
ID_NOT_FOUND = 0x92
RECEIVE_MAX_EXCEEDED = 0x93
ALIAS_INVALID = 0x94
TOO_LARGE = 0x95
QUOTA_EXCEEDED = 0x97
NO_SHARED_SUBSCRIPTIONS = 0x9E
NO_SUBSCRIPTION_IDS = 0xA1

# why a client is sent away, in words: some clients read the code only where there are some
SENT_AWAY = {
    UNSPECIFIED: "nothing of the last messages was kept; send them again",
    NOT_AUTHORIZED: "this device is no longer admitted",
    SHUTTING_DOWN: "the server goes down",
    KEEP_ALIVE_PASSED: "nothing was heard within the keep-alive",
    TAKEN_OVER: "the same client id has connected again",
    TOO_LARGE: "the answer would be larger than you take",
    QUOTA_EXCEEDED: "this device has too many connections",
}

# what a client may say [3.4.2.1, 3.6.2.1, 3.14.2.1]
OF_PUBACK = frozenset({0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99})
OF_PUBREL = frozenset({SUCCESS, ID_NOT_FOUND})
OF_DISCONNECT = frozenset({SUCCESS, WITH_WILL, *range(0x80, 0x84), 0x90, *range(0x93, 0x9A)})
