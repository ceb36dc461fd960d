"""Where the documents lead to, as a reader of the bare files meets it: no site, no hook."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted({*(ROOT / "docs").rglob("*.md"), *ROOT.glob("README*.md")})
FENCE = re.compile(r"(?ms)^ *```\w*\n.*?^ *```$")
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)")


@cache
def prose(path: Path) -> str:
    """The text without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def of(path: Path) -> list[tuple[str, str]]:
    """Each file that the document leads to, with the anchor there; not the addresses of the network."""
    return [(target, anchor) for target, anchor in LINK.findall(prose(path)) if "://" not in target]


def in_chinese(folder: Path, target: str) -> str:
    """The Chinese edition of what a document of the folder leads to, or, where there is none, that itself."""
    own = re.sub(r"\.md$", ".zh.md", re.sub(r"\.(png|svg)$", r"-zh.\1", target))
    return own if (folder / own).exists() else target


def dead(path: Path) -> list[str]:
    """The links of which the file, or the heading that the anchor means, is not there."""
    return [f"{target}#{anchor}" for target, anchor in of(path) if not _lives(path, target, unquote(anchor))]


def _lives(path: Path, target: str, anchor: str) -> bool:
    meant = (path.parent / target).resolve() if target else path
    return meant.exists() and (not anchor or anchor in _anchors(meant))


@cache
def _anchors(path: Path) -> set[str]:
    """The names that Gitee and GitHub give the headings of a page: small, with hyphens, without punctuation."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose(path))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
