"""How the templates say levels, words, times and values."""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext

from flameblue.cases.actions import NextCall
from flameblue.domain.limits import CASES_DRAWN_MAX, SITES_DRAWN_MAX
from flameblue.domain.transitions import Level
from flameblue.fleet.models import Point
from flameblue.notices import delivery
from flameblue.notices.models import Attempt, Notice
from flameblue.notices.texts.catalogue import LANGUAGES, Catalogue, catalogue
from flameblue.people.actions import mask_phone
from flameblue.web import commissioning_words, health, model_words, sentences, sketch, words
from flameblue.web.case_rows import Look, Row
from flameblue.web.chain import is_enough
from flameblue.web.health import Health
from flameblue.web.now import now_ns
from flameblue.web.tiles import SiteTiles

register = template.Library()
ICONS = Path(__file__).parents[1] / "static" / "vendor" / "icons"
SVG = "{http://www.w3.org/2000/svg}"
HOLE = uuid4().hex  # in no text: nobody can know it
_sites_drawn: dict[Hashable, SafeString] = {}
SHAPES = {Level.NORMAL: "circle", Level.WARNING: "triangle", Level.ALARM: "octagon", Level.FAULT: "diamond"}


@register.simple_tag
def level(value: int) -> SafeString:
    """A level as shape, word and colour: none of the three is needed to read it."""
    known = Level(value)
    return format_html(
        '<span class="level level-{}"><span class="shape {}" aria-hidden="true"></span>{}</span>',
        known.name.lower(),
        SHAPES[known],
        words.word(words.LEVELS, known),
    )


@register.simple_tag
def not_judged() -> SafeString:
    """Where a level would stand before detection has judged anything: a sign and words of its own, and no level."""
    return format_html(
        '<span class="level not-judged"><span class="shape hourglass" aria-hidden="true"></span>{}</span>',
        gettext("not judged yet"),
    )


@register.simple_tag
def standing(value: int, is_judged: bool) -> SafeString:
    """A level, or that nothing was judged yet: what was wrong before a start stays so until it is judged anew."""
    return level(value) if value or is_judged else not_judged()


@register.inclusion_tag("layout/_status.html")
def core_status() -> dict[str, Health]:
    """What is wrong with the core, in a line; nothing while it works."""
    return {"health": health.read(now_ns())}


@register.filter
def stages_said(stages: Sequence[Any]) -> str:
    """The names of `stages`, in one line."""
    return gettext(", ").join(str(words.word(words.STAGES, stage.name)) for stage in stages)


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of assets/icons.txt, drawn in the colour of the text; it says nothing that a word beside it does not."""
    return _icon(name)


@cache
def _icon(name: str) -> SafeString:
    drawing: ElementTree.Element = ElementTree.parse(ICONS / f"{name}.svg").getroot()
    shapes = "".join(
        f"<{part.tag.removeprefix(SVG)} {_attributes(part)}/>"
        for part in drawing
        if isinstance(part.tag, str)
    )
    return mark_safe(
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{shapes}</svg>'
    )


def _attributes(part: ElementTree.Element) -> str:
    return " ".join(f'{name}="{value}"' for name, value in part.attrib.items())


@register.simple_tag(takes_context=True)
def page_link(context: Context, name: str, symbol: str, label: str) -> SafeString:
    """A page in the menu, marked where the reader is on it."""
    match = getattr(context.get("request"), "resolver_match", None)
    here = match is not None and (match.view_name == name or match.view_name.startswith(f"{name}-"))
    return format_html(
        '<a href="{}"{}>{}<span>{}</span></a>',
        reverse(name),
        mark_safe(' aria-current="page"') if here else "",
        icon(symbol),
        label,
    )


@register.simple_tag
def site_tiles(site: SiteTiles) -> SafeString:
    """The premises of one site: drawn again when they look different, for all readers of a language."""
    key = (get_language(), site.looks)
    drawn = _sites_drawn.get(key)
    if drawn is None:
        if len(_sites_drawn) >= SITES_DRAWN_MAX:
            _sites_drawn.clear()
        drawn = _sites_drawn[key] = mark_safe(render_to_string("board/_site.html", {"site": site}))
    return drawn


@register.simple_tag(takes_context=True)
def case_row(context: Context, row: Row) -> SafeString:
    """One open case: drawn again when it looks different, with its age and the time to the next call as they are."""
    look, now = row.look, context["now"]
    may_take = bool(context["may_act"] and context.get("person"))
    pieces = _case_drawn(get_language(), may_take, look)
    runs = [age(look.began_at, now)]
    if row.reading is not None:
        runs.append(escape(f"{row.reading.value} ({localtime(row.reading.at):%H:%M:%S})"))
    if look.next is not None:
        runs.append(until(look.next.at, now))
    return mark_safe("".join(chain.from_iterable(zip_longest(pieces, runs, fillvalue=""))))


@lru_cache(maxsize=CASES_DRAWN_MAX)
def _case_drawn(_language: str | None, may_take: bool, look: Look) -> tuple[str, ...]:
    """Its text before, between and after the times that run."""
    drawn = render_to_string("board/_case.html", {"look": look, "may_take": may_take, "runs": HOLE})
    return tuple(drawn.split(HOLE))


@register.simple_tag
def site_marks(sites: Sequence[SiteTiles], places: Sequence[sketch.Place]) -> SafeString:
    """The sites where they lie, as the map's first drawing has them."""
    return sketch.of_sites(sites, places)


@register.simple_tag
def unreviewed_texts() -> list[Catalogue]:
    """The languages whose messages nobody answers for yet."""
    return [texts for texts in map(catalogue, LANGUAGES) if not texts.is_reviewed]


@register.filter
def level_class(value: int) -> str:
    """The level's name in a CSS class."""
    return f"is-{Level(value).name.lower()}"


@register.filter
def level_word(value: int) -> str:
    """The level as people say it."""
    return words.word(words.LEVELS, Level(value))


@register.filter
def word(key: object, of: str) -> str:
    """`key` as the table `of` of web.words says it: {{ case.state|word:"STATES" }}."""
    return words.word(getattr(words, of), key)


@register.simple_tag
def called(call: NextCall) -> str:
    """Whom a step calls and by what; one that only an installation's own policy names says its role."""
    whom = words.STEPS[call.step] if call.step in words.STEPS else words.word(words.ROLES, call.to)
    by = words.BY_CHANNEL.get(call.channel)
    says_it = call.step.endswith(f"_{call.channel}") and call.step in words.STEPS
    return str(whom) if says_it or by is None else str(by) % {"whom": whom}


@register.simple_tag
def tried(attempt: Attempt, now: datetime) -> str:
    """What came of a try; of one that is under way, until when its answer is awaited."""
    by = delivery.answer_by(attempt)
    if attempt.outcome or attempt.ended_at is not None or now >= by:
        return words.word(words.OUTCOMES, attempt.outcome)
    return gettext("sent, waiting for the answer until %(at)s") % {"at": f"{localtime(by):%H:%M:%S}"}


@register.filter
def age(at: datetime | None, now: datetime) -> str:
    """How long ago `at` was, in one unit, short enough for a row."""
    if at is None:
        return gettext("never")
    seconds = max(0, int((now - at).total_seconds()))
    if seconds < 60:
        return gettext("%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return gettext("%(n)d min") % {"n": seconds // 60}
    if seconds < 2 * 86_400:
        return gettext("%(n)d h") % {"n": seconds // 3600}
    return ngettext("%(n)d day", "%(n)d days", seconds // 86_400) % {"n": seconds // 86_400}


@register.filter
def until(at: datetime, now: datetime) -> str:
    """How long it is to `at`, in minutes and seconds."""
    seconds = max(0, int((at - now).total_seconds()))
    return f"{seconds // 60:02d}:{seconds % 60:02d}"


@register.filter
def local(at: datetime, zone: str) -> str:
    """A time by the clock of its site."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


@register.simple_tag
def amount(value: float) -> str:
    """A number of a chart, as the levels are said beside it."""
    return f"{value:.4g}"


@register.filter
def line_counts(lines: Sequence[Mapping[str, Any]]) -> str:
    """How many points of a device of a sheet passed, and how many were waived."""
    return commissioning_words.counts(lines)


@register.filter
def line_result(line: Mapping[str, Any]) -> str:
    """What came of a line of an acceptance sheet."""
    return commissioning_words.result(line)


@register.filter
def unmet(content: Mapping[str, Any]) -> str:
    """What an acceptance sheet says of its points that have not met their clause."""
    return commissioning_words.unmet(content)


@register.filter
def line_limit(line: Mapping[str, Any]) -> str:
    """What a line of an acceptance sheet was compared with."""
    return " · ".join(commissioning_words.limit(line))


@register.filter
def line_measured(line: Mapping[str, Any]) -> str:
    """What was measured of it."""
    return " · ".join(commissioning_words.measured(line)) or "—"


@register.filter
def line_times(line: Mapping[str, Any]) -> str:
    """The times of it alone."""
    return " · ".join(commissioning_words.times(line))


register.filter("reaches", is_enough)


@register.filter
def channel_said(channel: str) -> str:
    """What a message goes by."""
    return words.word(words.CHANNELS, channel if is_enough(channel) else "written_down")


@register.filter
def state_said(notice: Notice) -> str:
    """How far a message came."""
    is_out = notice.state in (Notice.State.SENT, Notice.State.DELIVERED)
    state = "written_down" if is_out and not is_enough(notice.channel) else notice.state
    return words.word(words.NOTICE_STATES, state)


@register.filter
def model_said(text: str) -> str:
    """What a device model says of itself, its maker too."""
    return model_words.said(text)


register.filter("maker_said", model_words.maker)


@register.filter
def masked(phone: str) -> str:
    """A phone number with its middle hidden."""
    return mask_phone(phone)


@register.simple_tag
def measured(steps: int, quantity: str) -> str:
    """A value in its unit; a dash where a reading carries none."""
    return sentences.measured(steps, quantity)


@register.filter
def place(point: Point) -> str:
    """Where a point is, as people call it."""
    return sentences.place(point)
