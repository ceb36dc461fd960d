"""Requests for a host that is not ours are refused, and told in the log shortly and seldom."""

import logging

import pytest
from django.test import Client

from flameblue.domain.clock import ManualClock
from flameblue.domain.limits import REFUSED_HOSTS_TOLD_MAX
from flameblue.web import foreign_hosts


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute is a new one."""
    logger = logging.getLogger(foreign_hosts.LOGGER)
    assert [type(one) for one in logger.filters] == [foreign_hosts.Refused]
    monkeypatch.setattr(logger, "filters", [foreign_hosts.Refused()])


def ask(host: str, times: int = 1) -> None:
    for _ in range(times):
        assert Client(headers={"Host": host}).get("/healthz").status_code == 400


def test_a_refusal_is_one_line_with_the_host(caplog: pytest.LogCaptureFixture, cast: object) -> None:
    ask("evil.example:8000")
    (record,) = caplog.records
    assert record.getMessage() == "Refused: the host “evil.example:8000” is not in web.allowed_hosts."
    assert (record.name, record.levelname, record.exc_info) == (foreign_hosts.LOGGER, "WARNING", None)
    assert len(caplog.text.splitlines()) == 1


def test_what_a_host_can_do_to_a_terminal_is_written_out_and_it_is_cut(
    caplog: pytest.LogCaptureFixture, cast: object
) -> None:
    ask("a\x1b[31m\u202eb%s\r\n2026 ERROR")
    ask("x" * 5_000)
    first, second = (record.getMessage() for record in caplog.records)
    assert "“aU+001B[31mU+202Eb%sU+000DU+000A2026 ERROR”" in first
    assert "“" + "x" * 80 + "…”" in second


def test_a_minute_has_its_number_and_the_next_line_counts_what_was_left_out(
    caplog: pytest.LogCaptureFixture, cast: object, page_clock: ManualClock
) -> None:
    ask("evil.example", REFUSED_HOSTS_TOLD_MAX + 5)
    assert len(caplog.records) == REFUSED_HOSTS_TOLD_MAX
    page_clock.advance(60)
    ask("evil.example", 2)
    last, after = (record.getMessage() for record in caplog.records[REFUSED_HOSTS_TOLD_MAX:])
    assert last.endswith("is not in web.allowed_hosts. Before it 5 more were refused.")
    assert after.endswith("is not in web.allowed_hosts.")
