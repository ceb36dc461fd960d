"""What is sent is sent small, and only what may be."""

import gzip
from pathlib import Path

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from flameblue.web.compression import PagesMiddleware
from tests.web.conftest import bolat, data, page_clock
from tests.web.readers import Reader

__all__ = ["bolat", "data", "page_clock"]
STYLE = Path("flameblue/web/static/web/flameblue.css")
PACKED = {"Accept-Encoding": "gzip, deflate, br"}


def through(response: HttpResponse | StreamingHttpResponse) -> HttpResponse | StreamingHttpResponse:
    request = RequestFactory().get("/", headers=PACKED)
    return PagesMiddleware(lambda _request: response)(request)


def test_a_page_comes_small_and_whole(bolat: Reader) -> None:
    plain = bolat.client.get("/styleguide/")
    small = bolat.client.get("/styleguide/", headers=PACKED)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["Vary"]
    assert len(small.content) < len(plain.content) / 3
    assert b"<html" in gzip.decompress(small.content)


def test_a_file_comes_small_and_is_the_same(client: Client) -> None:
    for _ in range(2):  # compressed now, and kept
        small = client.get("/static/web/flameblue.css", headers=PACKED)
        assert small.headers["Content-Encoding"] == "gzip"
        assert small.headers["Content-Type"].startswith("text/css")
        assert len(small.content) == int(small.headers["Content-Length"]) < STYLE.stat().st_size / 3
        assert gzip.decompress(small.content) == STYLE.read_bytes()


def test_who_can_not_unpack_it_gets_the_file_as_it_is(client: Client) -> None:
    plain = client.get("/static/web/flameblue.css")
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert b"".join(plain) == STYLE.read_bytes()


def test_a_file_that_the_reader_has_is_not_sent_again(client: Client) -> None:
    first = client.get("/static/web/flameblue.css", headers=PACKED)
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get("/static/web/flameblue.css", headers=PACKED | since).status_code == 304


def test_a_piece_of_a_file_stays_as_it_is(client: Client) -> None:
    piece = client.get("/static/web/flameblue.css", headers=PACKED | {"Range": "bytes=0-999"})
    assert piece.status_code == 206
    assert b"".join(piece) == STYLE.read_bytes()[:1000]


@pytest.mark.parametrize(
    "answer",
    [
        StreamingHttpResponse(iter([b"data: x\n\n" * 100]), content_type="text/event-stream"),
        HttpResponse(b"x" * 1000, status=206, content_type="text/plain"),
        HttpResponse(b"x" * 1000, content_type="image/webp"),
        HttpResponse(b"x" * 1000, content_type="application/octet-stream"),
    ],
    ids=["live line", "piece", "picture", "map"],
)
def test_what_must_come_as_it_is(answer: HttpResponse | StreamingHttpResponse) -> None:
    assert "Content-Encoding" not in through(answer).headers
