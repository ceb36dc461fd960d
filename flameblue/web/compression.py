"""What is sent is sent small: pages by Django's own middleware, the files of the pages once a process.

Invariants: what streams is never touched, so that a live line is not held back; a piece of a file is never touched,
because its bytes are counted. Pages have bytes of no meaning put into them, as Django does against BREACH.
"""

import gzip
import re
from collections.abc import Mapping
from http import HTTPStatus
from wsgiref.headers import Headers

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

TEXT = re.compile(r"text/|image/svg\+xml|application/(json|javascript|xml)")
ACCEPTED = re.compile(r"\bgzip\b")


class PagesMiddleware(GZipMiddleware):
    """Whole answers that are text."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if (
            response.streaming
            or response.status_code == HTTPStatus.PARTIAL_CONTENT
            or not is_text(response.headers)
        ):
            return response
        return super().process_response(request, response)


class FilesMiddleware(WhiteNoiseMiddleware):
    """The files in static/, each compressed when it is first asked for and kept: less than a megabyte in all."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self._packed: dict[str, bytes] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        found = self.files.get(request.path_info)
        is_packed = ACCEPTED.search(request.headers.get("Accept-Encoding", "")) is not None
        if found is None or request.method != "GET" or not is_packed:
            plain: HttpResponseBase = super().__call__(request)
            return plain
        answer = found.get_response(request.method, request.META)
        if answer.status != HTTPStatus.OK or not is_text(dict(answer.headers)):
            unchanged: HttpResponseBase = self.serve(found, request)
            return unchanged
        with answer.file as file:
            if request.path_info not in self._packed:
                self._packed[request.path_info] = gzip.compress(file.read(), mtime=0)
        packed = self._packed[request.path_info]
        size = {"Content-Encoding": "gzip", "Content-Length": str(len(packed))}
        return HttpResponse(packed, headers=dict(answer.headers) | size)

    def add_mime_headers(self, headers: Headers, path: str, url: str) -> None:
        super().add_mime_headers(headers, path, url)
        if is_text(headers):
            headers["Vary"] = "Accept-Encoding"


def is_text(headers: Mapping[str, str] | Headers) -> bool:
    """True where compressing makes it smaller, and nothing has done so before."""
    return TEXT.match(headers.get("Content-Type") or "") is not None and "Content-Encoding" not in headers
