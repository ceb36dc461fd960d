"""The Chinese texts use one word for one thing, and the marks of their own script.

The words are those of docs/glossary.zh.md. Messages to phones have their own rules: there half-width marks are meant.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy import links
from tests.tidy.words import OWN, PRODUCT, strings

PAGES = [path for path in links.DOCUMENTS if path.name.endswith((".zh.md", ".zh-CN.md"))]
ABANDONED = {
    r"案件|案单(?<!结案单)|(?<!群发)(?<!单的)事件": "a case is 单, of many premises 群发事件; 单的事件 happen to it",
    r"虚拟|假山谷": "the false valley is 模拟山村",
    r"只监督": "it watches and does not protect: 只监控",
    r"停业|季节性关": "closed for the season is 季节性歇业",
    r"(?<!场所)负责人": "who leads a station is 站长",
    r"登记册": "the registry is 登记表",
    r"结单": "a case that ends is 结案",
}
HAN = "一-鿿，：；（）？！。、“”【】"
HALF_WIDTH = re.compile(rf"(?<=[{HAN}])[,:;?!()]|[,:;?!()](?=[{HAN}])")
AS_THEY_ARE_IN_A_FILE = ("(已设)", "额定电流(A)", "2025-11,漏电,12,纸质台账第三册")


def bare(text: str) -> str:
    """Without code, addresses, places for values, and what stands in a file as it is."""
    for said in AS_THEY_ARE_IN_A_FILE:
        text = text.replace(said, "")
    text = re.sub(r"`[^`\n]+`|<[^>\n]+>", "x", text)
    return re.sub(r"\]\([^)\n]*\)|%\(\w+\)[sd]|\{\w*\}", "x", text)


def said(path: Path) -> Iterator[str]:
    """The texts of a page, line by line, or of a catalogue, one by one."""
    texts = strings(path) if path.suffix == ".po" else links.prose(path).splitlines()
    yield from (bare(text) for text in texts)


@pytest.mark.parametrize("path", [*PAGES, OWN, PRODUCT], ids=lambda path: path.name)
def test_one_thing_has_one_word(path: Path) -> None:
    texts = list(said(path))
    assert texts
    for word, instead in ABANDONED.items():
        assert [text for text in texts if re.search(word, text)] == [], instead


@pytest.mark.parametrize("path", [*PAGES, OWN, PRODUCT], ids=lambda path: path.name)
def test_marks_beside_chinese_characters_have_their_width(path: Path) -> None:
    assert [text for text in said(path) if HALF_WIDTH.search(text)] == []


def test_a_half_width_mark_and_an_abandoned_word_would_be_seen() -> None:
    assert HALF_WIDTH.search(bare("单上写明,如下"))
    assert HALF_WIDTH.search(bare("工作簿(.xlsx)"))
    assert not HALF_WIDTH.search(bare("%(n)s 项，`a,b`，1,000 条，03:07"))
    assert re.search(next(iter(ABANDONED)), "打开案单")
    assert not re.search(next(iter(ABANDONED)), "未结案单、单的事件、群发事件")
