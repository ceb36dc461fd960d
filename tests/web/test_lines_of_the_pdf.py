"""The lines of the signed sheet as PDF: a mark that ends something stands at the end of a line, never at its start."""

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph

from flameblue.web import acceptance_pdf

WRAPPED = "第一个读数在三秒后到达；三十秒后报警，超出条文的 30 秒：其中 30 秒是持续时间（GB 50166-2019 4.8.4）是吗？"


@pytest.mark.parametrize("width", range(20, 220, 7))
def test_no_line_of_the_pdf_starts_with_a_mark_that_ends_something(width: int) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(acceptance_pdf.FONT))
    paragraph = Paragraph(WRAPPED, acceptance_pdf.SMALL)
    paragraph.wrap(width, 10_000)
    lines = ["".join(texts) for _room, texts in paragraph.blPara.lines]
    assert len(lines) > 1
    assert not [line for line in lines[1:] if line[0] in "，；：。？）"]
    assert "".join(lines).replace(" ", "") == WRAPPED.replace(" ", ""), "nothing is lost"
