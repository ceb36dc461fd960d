"""Somebody who reads pages in English and sees what they say."""

import re
from dataclasses import dataclass
from html import unescape

from django.http import HttpResponse
from django.test import Client

from flameblue.people.models import Person

TAG = re.compile(r"<[^>]*>")
BLANK = re.compile(r"\s+")


def text_of(html: str) -> str:
    """What a reader sees of `html`, in one line."""
    return BLANK.sub(" ", unescape(TAG.sub(" ", html))).strip()


def swapped(page: str, parts: dict[str, str]) -> str:
    """`page` after the live parts took their places, as htmx does it: the inner HTML of each is replaced."""
    for name, html in parts.items():
        start = page.index(">", page.index(f'sse-swap="{name}"')) + 1
        page = page[:start] + html + page[_end(page, start) :]
    return page


def _end(page: str, start: int) -> int:
    """Where the section that begins at `start` ends, sections inside it passed over."""
    depth = 1
    for tag in re.finditer(r"<(/?)section\b", page[start:]):
        depth += -1 if tag.group(1) else 1
        if depth == 0:
            return start + tag.start()
    raise AssertionError("a section that never ends")


@dataclass(frozen=True)
class Reader:
    """A person with a browser, signed in."""

    person: Person
    client: Client

    @classmethod
    def of(cls, person: Person) -> "Reader":
        assert person.user is not None
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(person.user)
        return cls(person, client)

    def sees(self, path: str, status: int = 200) -> str:
        """The text of the page at `path`."""
        return text_of(self.html(path, status))

    def html(self, path: str, status: int = 200) -> str:
        """The page at `path` as it was sent."""
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path} answered {answer.status_code}"
        return answer.content.decode()

    def presses(self, path: str, **fields: object) -> str:
        """Posts a form; the text of the page that it leads to."""
        answer = self.client.post(path, fields, follow=True)
        assert isinstance(answer, HttpResponse)
        assert answer.status_code == 200, f"{path} answered {answer.status_code}"
        return text_of(answer.content.decode())
