"""The smpp channel against a real SMSC over TCP: parts, receipts, answers, refusals, and a line that breaks."""

import queue
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from flameblue.config import Smpp
from flameblue.domain.clock import SystemClock
from flameblue.domain.errors import DeliveryError, WorldFailed
from flameblue.notices.channel import Ears, Outgoing
from flameblue.notices.channels.smpp.line import SmppLine
from tests.live.installation import HOST, wait_for
from tests.live.smsc import SmsCentre

pytestmark = pytest.mark.live
TO = "+8613800000001"
LONG = "【禾木消防站】" + "报警" * 60 + "😀" * 4


class Heard:
    """What the channel told, in order."""

    def __init__(self) -> None:
        self.receipts: queue.Queue[tuple[str, str]] = queue.Queue()
        self.inbound: queue.Queue[tuple[str, str]] = queue.Queue()
        self.deaf = False

    def ears(self) -> Ears:
        return Ears(receipt=self._receipt, inbound=self._inbound)

    def _receipt(self, message_id: str, state: str) -> None:
        self.receipts.put((message_id, state))

    def _inbound(self, sender: str, text: str) -> None:
        if self.deaf:
            raise WorldFailed("The database is locked.")
        self.inbound.put((sender, text))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def line(centre: SmsCentre, heard: Heard) -> Iterator[SmppLine]:
    settings = Smpp(host=HOST, port=centre.port, system_id="flameblue", password="secret", source="106900")
    opened = SmppLine(settings, heard.ears(), SystemClock(), enquire_every_s=0.4)
    yield opened
    opened.close()


def message(text: str, to: str = TO) -> Outgoing:
    return Outgoing(1, 1, "smpp", to, text, "zh-hans")


def test_a_chinese_message_arrives_as_ucs2_and_its_receipt_comes_back(
    centre: SmsCentre, line: SmppLine, heard: Heard
) -> None:
    sent = line.send(message("报警:松林客栈203房"))
    (one,) = centre.messages()
    assert (one.to, one.text, one.parts[0].coding) == (TO, "报警:松林客栈203房", 8)
    assert sent.message_ids == one.message_ids
    assert heard.receipts.get(timeout=5) == (one.message_ids[0], "DELIVRD")
    assert line.deaf_s() == 0


def test_a_long_message_goes_in_parts_with_an_id_and_a_receipt_each(
    centre: SmsCentre, line: SmppLine, heard: Heard
) -> None:
    sent = line.send(message(LONG))
    (one,) = centre.messages()
    assert one.text == LONG
    assert [part.part[1:] for part in one.parts] == [(3, 1), (3, 2), (3, 3)]
    assert all(part.bytes_long <= 140 for part in one.parts)
    assert sent.message_ids == one.message_ids
    told = {heard.receipts.get(timeout=5) for _ in range(3)}
    assert told == {(message_id, "DELIVRD") for message_id in sent.message_ids}


def test_an_answer_is_heard_with_the_number_it_comes_from(
    centre: SmsCentre, line: SmppLine, heard: Heard
) -> None:
    centre.wait_until_bound()
    centre.says(TO, "1 4823")
    assert heard.inbound.get(timeout=5) == (TO, "1 4823")


def test_an_answer_that_can_not_be_kept_is_asked_for_again(
    centre: SmsCentre, line: SmppLine, heard: Heard
) -> None:
    centre.wait_until_bound()
    heard.deaf = True
    with pytest.raises(AssertionError):
        centre.says(TO, "1")  # answered with a temporary error
    heard.deaf = False
    centre.says(TO, "1")
    assert heard.inbound.qsize() == 1


def test_a_throttled_message_may_be_tried_again(centre: SmsCentre, line: SmppLine) -> None:
    centre.throttled = 1
    with pytest.raises(DeliveryError, match="0x58") as refused:
        line.send(message("报警"))
    assert not refused.value.permanent
    assert line.send(message("报警")).message_ids


def test_a_bad_number_is_refused_for_good(centre: SmsCentre, line: SmppLine) -> None:
    centre.refused.add(TO)
    with pytest.raises(DeliveryError, match="0x0B") as refused:
        line.send(message("报警"))
    assert refused.value.permanent


def test_one_refused_part_refuses_the_message_and_the_line_goes_on(centre: SmsCentre, line: SmppLine) -> None:
    centre.throttled = 1
    with pytest.raises(DeliveryError):
        line.send(message(LONG))
    assert len(line.send(message("报警")).message_ids) == 1


def test_many_threads_share_the_line(centre: SmsCentre, line: SmppLine) -> None:
    got: dict[int, str] = {}

    def send(number: int) -> None:
        got[number] = line.send(message(f"第{number}条")).message_ids[0]

    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    said = {one.message_ids[0]: one.text for one in centre.messages()}
    assert {number: said[one] for number, one in got.items()} == {n: f"第{n}条" for n in range(12)}


def test_the_line_is_called_again_after_it_broke(centre: SmsCentre, line: SmppLine) -> None:
    line.send(message("一"))
    centre.stop()
    wait_for(lambda: line.deaf_s() > 0, 10, "the line is known to be down")
    with pytest.raises(DeliveryError, match="can't be reached") as broken:
        line.send(message("二"))
    assert not broken.value.permanent
    centre.start()
    wait_for(lambda: line.deaf_s() == 0, 20, "the line is up again")
    assert line.send(message("三")).message_ids
    assert centre.binds == 2


def test_what_is_under_way_when_the_line_breaks_fails_at_once(centre: SmsCentre, line: SmppLine) -> None:
    centre.silent = True
    failed: queue.Queue[DeliveryError] = queue.Queue()

    def send() -> None:
        try:
            line.send(message("报警"))
        except DeliveryError as error:
            failed.put(error)

    thread = threading.Thread(target=send)
    thread.start()
    wait_for(lambda: len(centre.submissions) == 1, 10, "the message was submitted")
    centre.stop()
    assert not failed.get(timeout=10).permanent
    thread.join(5)


def test_an_answer_that_comes_late_still_belongs_to_its_message(centre: SmsCentre, line: SmppLine) -> None:
    centre.silent = True
    got: queue.Queue[tuple[str, ...]] = queue.Queue()
    thread = threading.Thread(target=lambda: got.put(line.send(message("报警")).message_ids))
    thread.start()
    wait_for(lambda: len(centre.submissions) == 1, 10, "the message was submitted")
    centre.answer_held()
    assert len(got.get(timeout=10)) == 1
    thread.join(5)


def test_a_quiet_line_is_kept_alive_by_enquire_link(centre: SmsCentre, line: SmppLine) -> None:
    centre.wait_until_bound()
    time.sleep(2.0)  # five times the interval: without an answer to enquire_link the line would be given up
    assert line.deaf_s() == 0
    assert centre.binds == 1


def test_a_gateway_that_says_nothing_any_more_is_given_up() -> None:
    with socket.create_server((HOST, 0)) as mute:
        settings = Smpp(host=HOST, port=mute.getsockname()[1], system_id="f", password="s", source="106900")
        line = SmppLine(settings, Heard().ears(), SystemClock(), enquire_every_s=0.2)
        connection, _ = mute.accept()
        connection.recv(1024)
        connection.sendall(bytes.fromhex("00000015800000090000000000000002") + b"SMSC\0")  # the bind's answer
        wait_for(lambda: line.deaf_s() == 0, 10, "the line is up")
        assert connection.recv(1024)[4:8] == bytes([0, 0, 0, 0x15])  # enquire_link, unanswered
        again, _ = mute.accept()
        assert line.deaf_s() > 0
        again.close()
        connection.close()
        line.close()


def test_garbage_from_the_gateway_ends_the_line_not_the_channel() -> None:
    with socket.create_server((HOST, 0)) as wild:
        settings = Smpp(host=HOST, port=wild.getsockname()[1], system_id="f", password="s", source="106900")
        line = SmppLine(settings, Heard().ears(), SystemClock())
        first, _ = wild.accept()
        first.recv(1024)
        first.sendall(bytes.fromhex("00000020800000090000000000000002") + b"\xff" * 16)
        again, _ = wild.accept()
        assert again.recv(1024)[4:8] == bytes([0, 0, 0, 9])  # it binds again
        again.close()
        first.close()
        line.close()
