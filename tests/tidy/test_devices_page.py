"""The page of devices says what the models say."""

import re

from flameblue.profiles.loader import Shelf, package_folder
from tests.tidy.devices_page import PAGE, page
from tests.tidy.words import LANGUAGES


def test_the_page_of_devices_is_current() -> None:
    for ending, say in LANGUAGES:
        made = PAGE.with_suffix(f"{ending}.md").read_text(encoding="utf-8")
        assert made == page(say), "run `python -m tests.tidy.devices_page`"


def test_every_model_is_on_it_and_every_link_leads_somewhere() -> None:
    text = page()
    assert set(re.findall(r"(?m)^### `(.+)`$", text)) == set(Shelf(package_folder()).current())
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(links) > 5
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
