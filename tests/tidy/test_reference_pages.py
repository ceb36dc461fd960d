"""The reference says what the code says."""

import re

from tests.tidy.reference_pages import DOCS, ROOT, pages

PAGES = pages()


def test_every_page_of_the_reference_is_current() -> None:
    stale = [name for name, text in PAGES.items() if (DOCS / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m tests.tidy.reference_pages`"


def test_the_configuration_tells_every_setting_with_its_variable() -> None:
    page = PAGES["reference/configuration.md"]
    assert "| `tls_port` | `0` | `FLAMEBLUE_MQTT_TLS_PORT` |" in page
    assert "whose certificates devices may show" in page, "a comment in parentheses is read too"
    assert len(re.findall(r"`FLAMEBLUE_[A-Z_]+` \|", page)) > 60


def test_the_command_line_tells_every_command() -> None:
    commands = re.findall(r'add_parser\(\s*"(\w+)"', (ROOT / "flameblue/cli.py").read_text(encoding="utf-8"))
    assert len(commands) > 10
    told = set(re.findall(r"### `flameblue (?:\w+ )?(\w+)`", PAGES["reference/command-line.md"]))
    assert set(commands) - told == set()


def test_the_api_leads_from_every_answer_to_its_shape() -> None:
    page = PAGES["reference/api.md"]
    named = set(re.findall(r"\]\(#(\w+)\)", page))
    shapes = {name.lower() for name in re.findall(r"(?m)^### (\w+)$", page)}
    assert len(named) > 8
    assert named - shapes == set()


def test_metrics_name_each_stage_and_counter() -> None:
    page = PAGES["reference/metrics.md"]
    assert "| `flameblue_stage_up` | `stage` |" in page
    assert "| `detection` |" in page
    for counter in ("connections", "disk_free_bytes", "home_assistant_published"):
        assert f"`{counter}`" in page
