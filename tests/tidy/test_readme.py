"""The README says the same in English and in Chinese."""

import re
from pathlib import Path

from tests.tidy import links

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
FENCE = re.compile(r"(?ms)^```\w*\n(.*?)^```$")
COMMENT = re.compile(r"\s+# .*")
LINK = re.compile(r"\]\(([^)#]+)\)")


def commands(text: str) -> list[str]:
    """The lines of the code blocks, without their comments."""
    return [COMMENT.sub("", line) for block in FENCE.findall(text) for line in block.splitlines()]


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"(?m)^(#+) ", FENCE.sub("", text))]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def shape(text: str) -> list[str]:
    """What each line is: an item of a list, a picture, a block of code; not how prose is broken."""
    return re.findall(r"(?m)^(- |\d+\. |!\[|```)", text)


def test_both_have_the_same_sections_and_lists() -> None:
    assert len(headings(ENGLISH)) >= 5
    assert headings(CHINESE) == headings(ENGLISH)
    assert shape(CHINESE) == shape(ENGLISH)


def test_both_give_the_same_commands() -> None:
    assert len(commands(ENGLISH)) >= 7
    assert commands(CHINESE) == commands(ENGLISH)
    assert sorted(code(CHINESE)) == sorted(code(ENGLISH))


def test_both_lead_to_the_same_places_which_exist_and_to_each_other() -> None:
    english, chinese = LINK.findall(ENGLISH), LINK.findall(CHINESE)
    assert "README.zh-CN.md" in english
    assert "README.md" in chinese
    assert set(chinese) - {"README.md"} == {
        links.in_chinese(ROOT, target) for target in set(english) - {"README.zh-CN.md"}
    }
    assert [target for target in chinese if target.endswith(".png") and not target.endswith("-zh.png")] == []
    assert [
        target for target in {*english, *chinese} if "://" not in target and not (ROOT / target).exists()
    ] == []


def test_the_chinese_one_is_chinese() -> None:
    prose = re.sub(r"`[^`]*`|\([^)]*\)|https?://\S+", "", FENCE.sub("", CHINESE))
    words = set(re.findall(r"[A-Za-z]{4,}", prose))
    names = {
        "English",
        "Flameblue",
        "Python",
        "make",
        "PyPI",
        "ThingsBoard",
        "Home",
        "Assistant",
        "HTTP",
        "MQTT",
        "Modbus",
        "PUBACK",
        "YAML",
        "Apache",
    }
    assert words - names == set()
