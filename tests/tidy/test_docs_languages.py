"""Each page of the documents stands in Chinese too, and neither language falls behind the other."""

import re
from pathlib import Path

import pytest

from tests.tidy import devices_page, links, reference_pages
from tests.tidy.words import OWN, catalogue

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH_ALONE = re.compile(
    r"decisions/\d{4}-|performance\.md|recorded\.md"
)  # the record of how it came about
PAGES = sorted(
    name
    for name in (path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    if not name.endswith(".zh.md") and not ENGLISH_ALONE.match(name)
)
FENCE = re.compile(r"(?ms)^```(\w*)\n(.*?)^```$")
PRINTED = "text"  # what a program says, in the reader's language
COMMENT = re.compile(r"(?:^|\s+)# .*")
CHINESE = re.compile("[一-鿿]")
NAME = re.compile(
    r"(?:GET |POST )?`.+`|\[\w+\]|\w+(?:Out|In|Page|Events)|Sparkplug B|Tasmota|Zigbee2MQTT"
)  # of a thing, not a word


def both(name: str) -> tuple[str, str]:
    chinese = (DOCS / name).with_suffix(".zh.md")
    assert chinese.exists(), f"{name} is not there in Chinese"
    return (DOCS / name).read_text(encoding="utf-8"), chinese.read_text(encoding="utf-8")


def shape(text: str) -> list[str]:
    """Headings, items, rows, pictures, quotes and blocks of code in their order; not how prose is broken into lines."""
    text = re.sub(r"(?m)(^> .*)(?:\n> .*)*", r"\1", FENCE.sub(r"```\1", text))
    return re.findall(r"(?m)^ *(#+ |- |\d+\. |\||!\[|> |```\w*|\*\*\d)", text)


def commands(text: str) -> list[str]:
    lines = [line for kind, block in FENCE.findall(text) if kind != PRINTED for line in block.splitlines()]
    return [line for line in (COMMENT.sub("", line) for line in lines) if line.strip()]


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", FENCE.sub("", text).replace(" --language zh-hans", "")))


def leads(path: Path) -> set[str]:
    """Where it leads to; anchors are words of the language."""
    return {target for target, _ in links.of(path)} - {""}


def test_the_chinese_pages_have_an_english_one_and_those_without_are_named() -> None:
    chinese = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.zh.md")}
    assert {name.replace(".zh.md", ".md") for name in chinese} == set(PAGES)
    assert len(PAGES) > 18


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_parts_in_both_languages(name: str) -> None:
    english, chinese = both(name)
    assert shape(chinese) == shape(english)


@pytest.mark.parametrize("name", PAGES)
def test_a_chinese_page_leads_to_the_chinese_pages_and_pictures_wherever_there_are_some(name: str) -> None:
    english = DOCS / name
    assert leads(english.with_suffix(".zh.md")) == {
        links.in_chinese(english.parent, one) for one in leads(english)
    }


def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading_of_it() -> None:
    """In the bare files, as a reader of the repository sees them; the site has its own test."""
    assert sum(len(links.of(path)) for path in links.DOCUMENTS) > 200
    dead = {path.relative_to(links.ROOT).as_posix(): links.dead(path) for path in links.DOCUMENTS}
    assert {name: found for name, found in dead.items() if found} == {}


def test_a_page_has_nothing_that_only_the_site_makes_readable() -> None:
    """Marks of keys, boxes and attributes are signs without sense to a reader of the bare files."""
    for path in links.DOCUMENTS:
        prose = links.prose(path)
        assert re.findall(r"\+\+\w+\+\+|^ *(?:!!!|\?\?\?) .*|\)\{ ?[\w.:#].*", prose, re.MULTILINE) == [], (
            path
        )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_the_same_commands_in_both_languages(name: str) -> None:
    english, chinese = both(name)
    assert commands(chinese) == commands(english)
    assert code(chinese) == code(english)


@pytest.mark.parametrize("name", PAGES)
def test_the_headings_of_a_chinese_page_are_chinese(name: str) -> None:
    headings = re.findall(r"(?m)^#+ (.+)$", FENCE.sub("", both(name)[1]))
    assert headings
    assert [one for one in headings if not CHINESE.search(one) and not NAME.fullmatch(one)] == []


def test_each_text_of_the_catalogue_stands_on_a_generated_page(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def listening(text: str) -> str:
        asked.add(text.rstrip("\n"))
        return text

    monkeypatch.setattr(reference_pages, "LANGUAGES", (("", listening),))
    monkeypatch.setattr(devices_page, "chinese_where_known", listening)
    reference_pages.pages()
    devices_page.page(listening)
    texts = set(catalogue(OWN)) - {""}
    assert len(texts) > 200
    assert texts - asked == set()
