"""The documents' site builds strictly, in both languages, has no dead end, and asks nobody outside."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.live import pictures

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "link": "href"}
SAID_OF_OTHERS = {"canonical", "alternate", "prev", "next"}
NOTE = "本页还没有中文"


class Document(HTMLParser):
    """What one page loads, where it leads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        self.anchors.update(filter(None, (said.get("id"), said.get("name") if tag == "a" else None)))
        if tag == "a" and "href" in said:
            self.leads.append(said["href"])
        elif tag in LOADS and not SAID_OF_OTHERS & set(said.get("rel", "").split()):
            self.loads.extend(filter(None, [said.get(LOADS[tag])]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        (sys.executable, "-m", "mkdocs", "build", "-q", "--strict", "-d", str(folder)),
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "FLAMEBLUE_DOCS": str(folder.parent / "gathered")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def documents(site: Path) -> dict[Path, Document]:
    return {
        path: Document(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.html")
        if path.name != "404.html"
    }


def test_every_page_is_there_in_both_languages_or_says_that_it_is_not(site: Path) -> None:
    english = {path.relative_to(site) for path in site.rglob("index.html")}
    english = {path for path in english if path.parts[0] != "zh"}
    chinese = {path.relative_to(site / "zh") for path in (site / "zh").rglob("index.html")}
    assert len(english) > 40
    assert chinese == english
    translated = {path.relative_to(DOCS).as_posix().removesuffix(".zh.md") for path in DOCS.rglob("*.zh.md")}
    for page in sorted(chinese):
        text = (site / "zh" / page).read_text(encoding="utf-8")
        folder = page.parent.as_posix()
        names = {"index"} if folder == "." else {folder, f"{folder}/index"}
        assert (NOTE in text) == (not names & translated), page


def test_no_link_anchor_or_picture_is_dead(site: Path, documents: dict[Path, Document]) -> None:
    assert sum(len(document.leads) for document in documents.values()) > 1000
    assert sorted(set(_dead(site, documents))) == []


def _dead(site: Path, documents: dict[Path, Document]) -> Iterator[tuple[str, str]]:
    for path, document in documents.items():
        for target in (*document.leads, *document.loads):
            split = urlsplit(target)
            if split.scheme or split.netloc:
                continue
            meant = (path.parent / unquote(split.path)).resolve() if split.path else path
            meant = meant / "index.html" if meant.is_dir() else meant
            anchor = unquote(split.fragment)
            if not meant.exists() or (
                anchor and meant in documents and anchor not in documents[meant].anchors
            ):
                yield str(path.relative_to(site)), target


def test_no_page_loads_anything_from_outside(site: Path, documents: dict[Path, Document]) -> None:
    outside = re.compile(r"^(?:https?:)?//")
    assert sum(len(document.loads) for document in documents.values()) > 100
    assert [load for document in documents.values() for load in document.loads if outside.match(load)] == []
    sheets = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert sheets
    assert [
        found for sheet in sheets for found in re.findall(r"(?:@import|url\()[\s\"']*(?:https?:)?//", sheet)
    ] == []


def test_every_picture_that_is_shown_is_among_those_that_are_taken() -> None:
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("README*.md")]
    shown = {
        name
        for page in pages
        for name in re.findall(r"images/([\w-]+\.png)\)", page.read_text(encoding="utf-8"))
    }
    assert len(shown) > 8
    assert shown - pictures.files() - pictures.WALKED == set()


def test_every_picture_that_is_taken_is_there_in_both_languages_and_small() -> None:
    kept = {path.name: path.stat().st_size for path in (DOCS / "images").glob("*.png")}
    assert pictures.files() <= set(kept)
    assert max(kept.values()) <= pictures.BYTES_MAX
