"""Chinese and English: every text of the pages is translated, and every stored word has one."""

import io
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation.template import templatize

from flameblue.cases import causes, kinds, policy, presence, trending
from flameblue.intake.reasons import Reason
from flameblue.notices import reasons
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.web import case_charts, model_words, words

PACKAGE = Path(__file__).parents[2] / "flameblue"
TEMPLATES = sorted((PACKAGE / "web/templates").rglob("*.html"))
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "gettext" in path.read_text(encoding="utf-8"))
PO = PACKAGE / "locale/zh_Hans/LC_MESSAGES/django.po"
ENGLISH = re.compile(r"[^\u0370-\u1fff\u2e80-\uffef]*")  # no letters but Latin ones
ENDING = ("delivery", "falling_back", "merging")  # what ends a message that was not sent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}
MODELS = Shelf(package_folder()).current()
KEYWORDS |= {"pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}


def texts(source: str) -> set[str]:
    """The texts of Python source that are to be translated."""
    found = set()
    for _line, function, message, _comments in extract_python(
        io.BytesIO(source.encode()), KEYWORDS, [], {"encoding": "utf-8"}
    ):
        parts = [message] if isinstance(message, str) else [part for part in message if part]
        text = parts[1] if function.startswith("pgettext") and len(parts) > 1 else parts[0]
        found.add(text)
    return found


@pytest.fixture(scope="module")
def catalogue() -> dict[str, str]:
    with PO.open("rb") as file:
        messages = list(read_po(file, locale="zh_Hans"))
    return {
        message.id[0] if isinstance(message.id, tuple) else message.id: (
            message.string[0] if isinstance(message.string, tuple) else message.string
        )
        for message in messages
        if message.id and not message.fuzzy
    }


def texts_of(path: Path) -> set[str]:
    source = path.read_text(encoding="utf-8")
    return texts(templatize(source) if path.suffix == ".html" else source)


@pytest.mark.parametrize("path", [*TEMPLATES, *SOURCES], ids=lambda path: path.name)
def test_every_text_is_in_chinese_too(path: Path, catalogue: dict[str, str]) -> None:
    assert {text for text in texts_of(path) if not catalogue.get(text)} == set()


@pytest.mark.parametrize("path", [*TEMPLATES, *SOURCES], ids=lambda path: path.name)
def test_every_text_is_english_by_itself(path: Path) -> None:
    """The source's language is English: a text needs no entry of its own there, but must be one."""
    assert {text for text in texts_of(path) if not ENGLISH.fullmatch(text)} == set()


def test_the_catalogue_holds_nothing_that_is_doubtful_or_that_nobody_says(catalogue: dict[str, str]) -> None:
    with PO.open("rb") as file:
        read = read_po(file, locale="zh_Hans", abort_invalid=True)
    assert [message.id for message in read if message.fuzzy and message.id] == []
    assert list(read.obsolete) == []
    said = set().union(*(texts_of(path) for path in [*TEMPLATES, *SOURCES]))
    said |= {text for model in MODELS.values() for text in (model.maker, *model.caveats)}
    assert set(catalogue) - said == set()


def test_texts_were_met() -> None:
    found = texts(templatize(TEMPLATES[0].read_text(encoding="utf-8")))
    assert found or len(TEMPLATES) > 20
    assert "Nobody has it" in texts((PACKAGE / "web/words.py").read_text(encoding="utf-8"))


def test_a_translation_keeps_the_places_of_its_variables(catalogue: dict[str, str]) -> None:
    place = re.compile(r"%\(\w+\)[sd]|\{\w*\}|<[^>]+>")
    wrong = {text for text, said in catalogue.items() if set(place.findall(text)) != set(place.findall(said))}
    assert wrong == set()


def test_every_default_limit_says_where_it_comes_from_in_the_readers_language() -> None:
    table = yaml.safe_load((PACKAGE / "profiles/default_limits.yaml").read_text(encoding="utf-8"))
    limits = [limit for fields in table.values() for limit in fields.values() if isinstance(limit, dict)]
    assert len(limits) > 20
    assert {limit["edition"] for limit in limits} == set(words.EDITIONS)


def test_every_model_of_the_package_says_in_chinese_what_is_to_be_known_of_it() -> None:
    assert len(MODELS) > 30
    with translation.override("zh-hans"):
        said = {text: model_words.said(text) for model in MODELS.values() for text in model.caveats}
        makers = {text for text in (model.maker for model in MODELS.values()) if text.startswith("any")}
        assert {text for text in makers if not re.search("[\u4e00-\u9fff]", model_words.said(text))} == set()
        assert model_words.said("") == ""
        assert model_words.said("What nobody has said") == "What nobody has said"
    assert {text for text, chinese in said.items() if not re.search("[\u4e00-\u9fff]", chinese)} == set()


def test_every_stored_word_has_a_text() -> None:
    assert set(words.KINDS) >= kinds.ALL
    assert set(words.REASONS) >= reasons.ALL
    assert set(Reason) <= set(words.QUARANTINE_REASONS)
    assert set(causes.CAUSES) | set(causes.MADE_SAFE) <= set(words.CAUSES)
    steps = {step.id for ladder in policy.load().ladders.values() for step in ladder.steps}
    assert {*steps, trending.STEP.id} <= set(words.STEPS)
    assert set(words.ROLES) == policy.TO
    assert presence.NO_BOARD in words.REASONS
    assert set(case_charts.SPANS_S) <= set(words.SPANS)


def test_every_reason_why_a_message_does_not_go_has_a_text() -> None:
    said = re.findall(
        r'(?:return|LOST =|detail=)\s*"([A-Z][^"]+\.)"',
        "".join((PACKAGE / f"notices/{name}.py").read_text(encoding="utf-8") for name in ENDING),
    )
    assert len(said) == 9
    assert set(said) == set(words.NOTICE_DETAILS)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_names_only_tables_of_words_that_exist(path: Path) -> None:
    named = set(re.findall(r'\|word:"(\w+)"', path.read_text(encoding="utf-8")))
    assert {name for name in named if not hasattr(words, name)} == set()


def test_no_text_is_translated_twice() -> None:
    entries = re.findall(
        r"^((?:msgctxt .*\n)?msgid .*(?:\n\".*)*)", PO.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [text for text, times in Counter(entries).items() if times > 1] == []
