"""docs/recorded.md: its blocks are what the runs led to; what is between them is written by hand.

A test compares a block with its run. With RENEW set in the environment the block and its pictures are written anew.
"""

import os
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "recorded.md"
IMAGES = PAGE.parent / "images" / "recorded"
RENEW = "RENEW"


def block(name: str, text: str) -> str:
    return f"<!-- {name} -->\n\n{text}\n\n<!-- end of {name} -->"


def told(name: str, text: str, pictures: dict[str, str]) -> None:
    """AssertionError where the page says something else than `text` in the block `name`, or lacks a picture."""
    page = PAGE.read_text(encoding="utf-8")
    pattern = re.compile(rf"<!-- {name} -->.*?<!-- end of {name} -->", re.DOTALL)
    assert pattern.search(page), f"{PAGE.name} has no block {name}"
    if os.environ.get(RENEW):
        PAGE.write_text(pattern.sub(lambda _: block(name, text), page), encoding="utf-8")
        IMAGES.mkdir(parents=True, exist_ok=True)
        for picture, drawn in pictures.items():
            (IMAGES / f"{picture}.svg").write_text(drawn, encoding="utf-8")
        page = PAGE.read_text(encoding="utf-8")
    assert block(name, text) in page
    assert [picture for picture in pictures if f"images/recorded/{picture}.svg" not in page] == []
    assert [picture for picture in pictures if not (IMAGES / f"{picture}.svg").exists()] == []
