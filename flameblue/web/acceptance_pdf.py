"""The signed sheet as PDF, made from what was signed and from nothing else.

Chinese is set in STSong-Light by the character collection Adobe-GB1 that PDF names (ISO 32000-1, 9.7.5.2): no font file
is needed to write it, and none is in the file; the reader's program draws it with a Chinese font of its own
(docs/decisions/0026).
"""

from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext as _
from PIL import Image as Picture
from reportlab.lib import colors, textsplit
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from flameblue.commissioning.models import Acceptance
from flameblue.web import commissioning_words, model_words, words

FONT = "STSong-Light"
MARGIN = 14 * mm
WIDTHS = tuple(share * (A4[0] - 2 * MARGIN) for share in (0.2, 0.22, 0.24, 0.2, 0.14))
BODY = ParagraphStyle("body", fontName=FONT, fontSize=9, leading=12, wordWrap="CJK")
SMALL = ParagraphStyle("small", parent=BODY, fontSize=7.5, leading=10)
TITLE = ParagraphStyle("title", parent=BODY, fontSize=15, leading=20)
HEAD = ParagraphStyle("head", parent=BODY, fontSize=11, leading=15, spaceBefore=8)
GRID = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.grey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 9),  # room for the mark that hangs, 7.5 wide
    ]
)
SIGNATURE_WIDTH = 60 * mm
# One of these at the end of a full line hangs there; reportlab knows the Japanese ones alone, and looks in this table.
textsplit.ALL_CANNOT_START += "，；：！？·…％》』」】〕"


def of(acceptance: Acceptance, language: str) -> bytes:
    """The file, in `language`."""
    if FONT not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    with translation.override(language):
        title = _("Acceptance sheet %(n)d") % {"n": acceptance.pk}
        document = SimpleDocTemplate(
            out,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=title,
            author="Flameblue",
        )
        document.build(_story(acceptance, title))
    return out.getvalue()


def _story(acceptance: Acceptance, title: str) -> list[Any]:
    content = acceptance.content
    where = " · ".join(filter(None, (content["site"], content["premises"])))
    counts = {
        "n": len(content["devices"]),
        "total": content["total"],
        "before": content["accepted_before"],
    }
    story: list[Any] = [
        _text(title, TITLE),
        _text(where),
        _text(_("Devices accepted by this sheet: %(n)s; before: %(before)s; of %(total)s in all.") % counts),
    ]
    if unmet := commissioning_words.unmet(content):
        story.append(_text(unmet))
    for device in content["devices"]:
        story += _device(device)
    if content["open"]:
        story += [_text(_("Not accepted yet"), HEAD), _text(", ".join(content["open"]), SMALL)]
    if carriers := content.get("carriers"):
        head = _("Carry other devices: nothing of their own to test")
        story += [_text(head, HEAD), _text(", ".join(carriers), SMALL)]
    return story + _signed(acceptance)


def _device(device: dict[str, Any]) -> list[Any]:
    maker = model_words.maker(device["maker"])
    told = " · ".join(filter(None, (device["premises"], device["serial"], device["model"], maker)))
    found: list[Any] = [_text(device["name"], HEAD), _text(told, SMALL)]
    if device["points"]:
        rows = [_line(point) for point in device["points"]]
        found.append(Table([_heading(), *rows], colWidths=WIDTHS, repeatRows=1, style=GRID))
    return found


def _heading() -> list[Paragraph]:
    heads = (_("Circuit"), _("Quantity"), _("Limit"), _("Measured"), _("Result"))
    return [_text(one, SMALL) for one in heads]


def _line(point: dict[str, Any]) -> list[Paragraph]:
    result = commissioning_words.result(point)
    cells = (
        point["circuit"],
        f"{words.word(words.QUANTITIES, point['quantity'])} {point['phase']} ({point['key']})",
        " · ".join(commissioning_words.limit(point)),
        " · ".join(commissioning_words.measured(point)),
        f"{result}: {point['reason']}" if point["reason"] else result,
    )
    return [_text(one, SMALL) for one in cells]


def _signed(acceptance: Acceptance) -> list[Any]:
    zone = ZoneInfo(acceptance.site.time_zone)
    at = f"{_local(acceptance.at, zone)} ({acceptance.site.time_zone})"
    data = bytes(acceptance.signature)
    with Picture.open(BytesIO(data)) as drawn:
        height = SIGNATURE_WIDTH * drawn.height / drawn.width
    return [
        Spacer(1, 6 * mm),
        Image(BytesIO(data), SIGNATURE_WIDTH, min(height, 40 * mm), hAlign="LEFT"),
        _text(f"{acceptance.name}, {acceptance.role} · {at}"),
        _text(f"{_('Fingerprint of the content (SHA-256):')} {acceptance.digest}", SMALL),
        _text(
            _("Signed in Flameblue by the user %(user)s. It proves what was shown, not who held the pen.")
            % {"user": acceptance.by},
            SMALL,
        ),
    ]


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _text(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    return Paragraph(escape(text), style)
