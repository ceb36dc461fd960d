"""The example of docs/own-plug-in.md, built and installed: found, checked, decoded, and held to the contracts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flameblue import plugins
from flameblue.config import Config
from flameblue.intake import payloads, protocols
from flameblue.intake.contract import check_payload, check_protocol
from flameblue.notices.contract import check_channel
from tests.contracts.test_every_protocol import recorded
from tests.intake.payload_vectors import PATHS, content, fresh, read
from tests.third_party.acme.acme_flameblue import file, line, pairs
from tests.third_party.installing import SOURCE, install

DOCS = Path(__file__).parents[2] / "docs"
LINE = b"my-1 s3cret ir=12.5 ta=41.2\r\n"
PROFILE = """\
name: acme-meter
protocol: acme_line
payload: acme_pairs
interval_s: 10
points:
  ir: {quantity: residual_current_ma}
  ta: {quantity: temperature_c, phase: A}
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a Python that has the package installed."""
    folder = tmp_path_factory.mktemp("acme")
    (folder / "data").mkdir()
    paths = [str(install(folder)), str(Path(__file__).parents[2])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "FLAMEBLUE_DATA": str(folder / "data")}


def flameblue(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flameblue", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_a_profile_names_what_the_package_brings(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "acme-meter.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    without = {**environment, "PYTHONPATH": str(Path(__file__).parents[2])}
    refused = flameblue(without, "profile", "check", str(path))
    assert (refused.returncode, "there is no 'acme_line'" in refused.stderr) == (1, True)
    assert json.loads(flameblue(environment, "profile", "check", str(path)).stdout)["payload"] == "acme_pairs"
    tried = flameblue(environment, "profile", "try", str(path), "--frame", "ir=12.5 ta=41.2")
    assert {one["point"]: one["value"] for one in json.loads(tried.stdout)["readings"]} == {
        "ir": 12.5,
        "ta": 41.2,
    }


def test_a_check_of_the_set_up_says_what_is_brought_and_what_is_broken(
    environment: dict[str, str], tmp_path: Path
) -> None:
    said = flameblue(environment, "check").stdout
    assert "fine   plug-ins      Other packages bring the protocol acme_line." in said
    assert "fine   plug-ins      Other packages bring the channel acme_file." in said
    broken = tmp_path / "broken"
    info = broken / "broken_acme-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-acme\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[flameblue.payloads]\nbroken = nowhere:PLUGIN\ntasmota = x:y\n")
    both = {**environment, "PYTHONPATH": os.pathsep.join([str(broken), environment["PYTHONPATH"]])}
    done = flameblue(both, "check")
    assert (
        "WRONG  plug-ins      The payload broken of broken-acme: nowhere:PLUGIN can't be loaded"
        in done.stdout
    )
    assert "The payload tasmota of broken-acme: Flameblue has a 'tasmota' of its own" in done.stdout
    assert "bring the payload acme_pairs" in done.stdout


def test_settings_that_name_no_installed_protocol_are_told(environment: dict[str, str]) -> None:
    wrong = {**environment, "FLAMEBLUE_PROTOCOLS_PORTS": "acme_lines:7001"}
    assert "protocols.ports names 'acme_lines'; there are: acme_line." in flameblue(wrong, "check").stdout
    wrong = {**environment, "FLAMEBLUE_PROTOCOLS_PORTS": "acme_line"}
    assert "each item is NAME:PORT, such as acme_line:7001" in flameblue(wrong, "check").stdout


def test_the_example_keeps_the_contracts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_protocol(line.PLUGIN, [LINE, b"my-2 x ir=3\n"])
    check_payload(pairs.PLUGIN, [("acme/pairs", b"ir=12.5 ta=41.2")])
    monkeypatch.setenv(file.VARIABLE, str(tmp_path / "said.txt"))
    assert check_channel(file.PLUGIN, Config(), "+8613800000001") == []
    monkeypatch.setenv(file.VARIABLE, str(tmp_path / "not there" / "said.txt"))
    assert "can't be written" in check_channel(file.PLUGIN, Config(), "+8613800000001")[0]


@pytest.mark.parametrize("name", plugins.names(protocols))
def test_ours_keep_the_contract_that_others_are_held_to(name: str) -> None:
    check_protocol(plugins.one(protocols, name), recorded(name))


@pytest.mark.parametrize("name", plugins.names(payloads))
def test_our_payloads_keep_it_too(name: str) -> None:
    vectors = [read(path) for path in PATHS if path.parent.name == name]
    good = [(one["topic"], content(one)) for one in vectors if "samples" in one and not one.get("before")]
    check_payload(fresh(name), good)


class _Hoarder(line.Session):
    def held_bytes(self) -> int:
        return 10_000


class _Splitter(line.Session):
    def feed(self, data: bytes) -> list[line.Said | line.Broken]:
        return [line.Said("x", "t", data)]


@pytest.mark.parametrize(
    ("session", "broken"), [(_Hoarder, "holds 10000"), (_Splitter, "finds other frames")]
)
def test_a_protocol_that_breaks_a_promise_fails_the_check(
    session: type[line.Session], broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line.AcmeLine, "session", lambda _: session())
    with pytest.raises(AssertionError, match=broken):
        check_protocol(line.PLUGIN, [LINE])


def test_a_payload_that_raises_something_else_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "BadInput", KeyError)
    with pytest.raises(KeyError):
        check_payload(pairs.PLUGIN, [("acme/pairs", b"ir=12.5")])


@pytest.mark.parametrize("ending", ["", ".zh"])
def test_the_page_shows_the_example_as_it_is(ending: str) -> None:
    page = (DOCS / f"own-plug-in{ending}.md").read_text(encoding="utf-8")
    for path in [SOURCE / "pyproject.toml", *sorted((SOURCE / "acme_flameblue").glob("*.py"))]:
        text = path.read_text(encoding="utf-8").strip()
        assert text in page, f"{path.name} is another one on the page"
