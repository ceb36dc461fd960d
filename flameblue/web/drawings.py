"""What readers of a live page see: its parts, drawn once for all who may see the same; languages share the facts.

Invariant: what a shared page shows is asked of the database once for all languages, so its context says nothing in
any language yet; what is said is said by the templates.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation

Context = Callable[[HttpRequest], dict[str, Any]]
Parts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """The live parts of a page: the name of each and its template; drawn anew every `refresh_s`.

    They are also drawn anew when what `watched` says has changed, which asks the database nothing. A part in `typed`
    holds fields that a reader may be filling in: it is sent only for a newer event. Readers of whom `shared` says the
    same may see the same; None: each reader has drawings of their own.
    """

    parts: Mapping[str, str]
    refresh_s: float
    typed: frozenset[str] = frozenset()
    shared: Callable[[HttpRequest], Hashable] | None = None
    watched: Callable[[], Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One reader of a page. One CSRF token for all its drawings: a new mask would make every part differ."""

    request: HttpRequest
    page: Page
    context: Context
    token: str
    language: str

    def parts(self, languages: Iterable[str]) -> dict[str, Parts]:
        """Each live part of the page as the reader may see it now, in each of `languages`."""
        with translation.override(self.language):  # a page that nobody shares may say something already
            values = self.context(self.request) | {"csrf_token": self.token}
        return {language: parts_of(self.request, self.page, values, language) for language in languages}

    def draw(self, languages: Iterable[str]) -> dict[str, Parts]:
        """The same in a thread of its own, which must not keep its connection."""
        try:
            return self.parts(languages)
        finally:
            close_old_connections()


@dataclass(frozen=True, slots=True)
class Step:
    """From one drawing to the next, as it is written to a line."""

    number: int
    before: Parts
    after: Parts
    text: str


@dataclass(slots=True)
class Drawing:
    """What readers who may see the same see. `readers`: how many in each language."""

    readers: Counter[str] = field(default_factory=Counter)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    number: int = -1
    turn: int = 0  # of the source that the number counts
    at_s: float = 0.0
    word: Hashable = None
    parts: dict[str, Parts] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)

    def is_of(self, line: Line, number: int, word: Hashable, now_s: float) -> bool:
        """Whether `line` may be shown it: at event `number` or later, with what is watched, not too old."""
        is_old = now_s - self.at_s >= line.page.refresh_s or self.word != word
        return line.language in self.parts and self.number >= number and not is_old

    async def draw(self, line: Line, number: int, word: Hashable, now_s: float) -> None:
        """Draws it anew; who fails or goes leaves it as it was to the next."""
        languages = sorted({line.language, *self.readers})
        self.parts = await sync_to_async(line.draw)(languages)
        self.number, self.at_s, self.word = number, now_s, word

    def step(self, language: str, number: int, before: Parts, after: Parts) -> str:
        """The messages that lead from `before` to `after`; most lines of a language take the same step."""
        last = self.steps.get(language)
        if last is None or last.number != number or last.before is not before or last.after is not after:
            last = Step(number, before, after, "".join(messages(number, before, after)))
            self.steps[language] = last
        return last.text


def parts_of(request: HttpRequest, page: Page, values: Mapping[str, Any], language: str) -> Parts:
    """Each live part of the page with `values`, in `language`."""
    with translation.override(language):
        return {
            name: render_to_string(template, dict(values), request=request)
            for name, template in page.parts.items()
        }


def messages(number: int, before: Parts, after: Parts) -> list[str]:
    """One message for each part that differs."""
    return [message_of(number, name, html) for name, html in after.items() if before.get(name) != html]


def message_of(number: int, name: str, data: str) -> str:
    """One server-sent event; `number` comes back as Last-Event-ID."""
    lines = "".join(f"data: {line}\n" for line in data.replace("\r", "").split("\n"))
    return f"id: {number}\nevent: {name}\n{lines}\n"
