"""How a table ends, as a browser draws it: its frame is the last line."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.live.binaries import needed
from tests.live.looks import CHROMIUM

STYLE = Path(__file__).parents[2] / "flameblue" / "web" / "static" / "web" / "flameblue.css"
TABLE = """
<table><thead><tr><th id="head">Circuit</th><th>Value</th></tr></thead>
<tbody><tr><th id="above" scope="row">203</th><td>1</td></tr></tbody>
<tbody><tr><th id="group" scope="rowgroup" rowspan="2">204</th><td>1</td></tr>
<tr><td id="cell">2</td></tr></tbody></table>
<table><tbody><tr><th id="first" scope="row">203</th><td>1</td></tr><tr><th id="row" scope="row">204</th><td>1</td></tr>
</tbody></table>
"""


def test_no_line_lies_below_the_last_row_of_a_table() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed("chromium"), args=CHROMIUM)
        page = browser.new_page()
        page.set_content(f"<style>{STYLE.read_text(encoding='utf-8')}</style>{TABLE}")
        width = "one => getComputedStyle(one).borderBottomWidth"
        ends = {name: page.locator(f"#{name}").evaluate(width) for name in ("group", "cell", "row")}
        goes_on = {name: page.locator(f"#{name}").evaluate(width) for name in ("head", "above", "first")}
        browser.close()
    assert set(ends.values()) == {"0px"}, ends
    assert set(goes_on.values()) == {"1px"}, goes_on
