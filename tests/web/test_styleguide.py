"""The style guide shows the parts that the pages are made of, with the pages' own templates."""

from tests.web.readers import Reader

PARTS = (
    "board/_coverage.html",
    "premises/_diagram.html",
    "premises/_devices.html",
    "practice/_day.html",
    "practice/_finding.html",
    "practice/_sheet.html",
)


def test_it_shows_the_parts_of_the_practice_and_of_a_premises(bolat: Reader) -> None:
    said = bolat.sees("/styleguide/")
    for part in (
        "Coverage of business premises",
        "60 % of the rating",
        "Monthly wiring sheet",
        "118 / 120",
        "电缆破损",
        "D0218 silent · clock fault Fault",
        "never heard",
    ):
        assert part in said
    assert '<svg class="chart"' in bolat.html("/styleguide/")


def test_it_takes_the_pages_own_templates(bolat: Reader) -> None:
    answer = bolat.client.get("/styleguide/")
    used = {template.name for template in answer.templates}
    assert set(PARTS) <= used
