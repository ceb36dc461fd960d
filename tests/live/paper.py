"""A page as it is printed: how many sheets of A4 it takes."""

import re

from playwright.sync_api import Page

SHEET = re.compile(rb"/Type\s*/Page\b")


def sheets(page: Page) -> int:
    """How many sheets `page` takes; what is on the screen stays as it is."""
    return len(SHEET.findall(page.pdf(prefer_css_page_size=True)))
