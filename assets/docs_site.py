"""What the documents' site needs beside MkDocs; mkdocs.yml names this file as a hook.

- A README that lies with its code becomes a page under source/, since the documents link to it there. A link to any
  other file of the repository becomes its path, as text: the site knows no address of the repository.
- A page that is not translated is shown in English, and says so at its head.
- The choice of languages leads by relative addresses, so that the site may lie anywhere.
- A Chinese page leads to Chinese pages by their own names, as a reader of the bare files needs it. The site knows a
  page by its English name in every language. What is shown in English for want of a Chinese page has Chinese pictures.
- A Chinese page has no blanks where its lines were broken.
"""

import os
import re
import shutil
from pathlib import Path
from posixpath import dirname, normpath, relpath
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"(?ms)(^```.*?^```$)")
BROKEN = re.compile(r"(?<=[一-鿿\u3000-\u303f\uff00-\uffef])\n *(?=[一-鿿])")
NOTE = '!!! note "本页还没有中文"\n\n    以下是英文原文。\n\n'
READMES = (
    *sorted(ROOT.glob("flameblue/**/README.md")),
    ROOT / "tests/recorded/data/README.md",
    ROOT / "CONTRIBUTING.md",
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The documents and the pages that lie elsewhere, gathered in one folder: the languages need them as files."""
    gathered = Path(os.environ.get("FLAMEBLUE_DOCS") or ROOT / "build/documents")
    shutil.rmtree(gathered, ignore_errors=True)
    shutil.copytree(ROOT / "docs", gathered)
    for path in READMES:
        page = gathered / _page_of(path.relative_to(ROOT).as_posix())
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, page)
    config.docs_dir = str(gathered)
    return config


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """The page with its links led to where the site has what they mean."""
    chinese = config.theme["language"] == "zh"
    here = page.file.src_uri
    parts = FENCE.split(markdown)
    for number in range(0, len(parts), 2):
        parts[number] = LINK.sub(lambda link: _link(link, here, chinese), parts[number])
    text = "".join(parts)
    if here.endswith(".zh.md"):
        return BROKEN.sub("", text)
    return NOTE + text if chinese else text


def on_post_page(output: str, page: Page, **_: object) -> str:
    """The page with a choice of languages that works under any address, also that of a folder."""
    up = "../" * page.url.count("/")
    return re.sub(
        r'href="/(zh/)?"',
        lambda found: f'href="{up}{found[1] or ""}"' if up or found[1] else 'href="./"',
        output,
    )


def _page_of(source: str) -> str:
    return f"source/{source.removesuffix('/README.md').removesuffix('.md')}.md"


def _in_repository(here: str, target: str) -> str:
    """The file that `target` means, from the root of the repository, as the page's own file says it."""
    if here.startswith("source/"):
        source = next(path for path in READMES if _page_of(path.relative_to(ROOT).as_posix()) == here)
        folder = source.parent.relative_to(ROOT).as_posix()
    else:
        folder = f"docs/{dirname(here)}"
    return normpath(f"{folder}/{target}")


def _link(link: re.Match[str], here: str, chinese: bool) -> str:
    split = urlsplit(link["target"])
    if split.scheme or not split.path:
        return link[0]
    meant = _in_repository(here, split.path)
    anchor = f"#{split.fragment}" if split.fragment else ""
    if link["picture"]:
        own = re.sub(r"\.(png|svg)$", r"-zh.\1", meant)
        meant = own if chinese and (ROOT / own).exists() else meant
    if (ROOT / meant).is_dir() and (ROOT / meant / "index.md").exists():
        meant += "/index.md"
    meant = re.sub(r"\.zh\.md$", ".md", meant)
    if (ROOT / meant) in READMES:
        led = _page_of(meant)
    elif meant.startswith("docs/"):
        led = meant.removeprefix("docs/")
    else:
        return f"`{meant}`" if not link["text"].startswith("`") else link["text"]
    return f"{link['picture']}[{link['text']}]({relpath(led, dirname(here) or '.')}{anchor})"
