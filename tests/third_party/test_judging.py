"""What another package brings is used where it can be, told where it can't, and takes nobody's place."""

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from flameblue import plugins
from flameblue.intake import payloads, protocols
from flameblue.notices import channels

BROKEN = {
    "raises": "raise RuntimeError('no licence')",
    "leaves": "import sys; sys.exit(3)",
    "typo": "PLUGIN = (",
    "without": "",
    "empty": "PLUGIN = object()",
}


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in BROKEN.items():
        (tmp_path / f"acme_{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.delitem(sys.modules, f"acme_{name}", raising=False)
    monkeypatch.syspath_prepend(tmp_path)


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, payloads.ENTRY_POINTS)


def why(name: str, value: str) -> str:
    found, problems = plugins.judged(payloads, [point(name, value), GOOD])
    assert list(found) == ["acme_pairs"]
    (problem,) = problems
    assert (problem.name, problem.package) == (name, "an unknown package")
    return problem.why


GOOD = point("acme_pairs", "tests.third_party.acme.acme_flameblue.pairs:PLUGIN")


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("raises", r"acme_raises:PLUGIN can't be loaded: RuntimeError: no licence\."),
        ("leaves", "can't be loaded: SystemExit: 3"),
        ("typo", "SyntaxError"),
        ("without", "AttributeError"),
        (
            "empty",
            r"acme_empty:PLUGIN has no strict, line_decides, matches, device, parse, commands, example",
        ),
        ("not_there", "ModuleNotFoundError"),
    ],
)
def test_one_that_is_broken_is_told_and_costs_the_others_nothing(module: str, told: str) -> None:
    assert re.search(told, why("acme", f"acme_{module}:PLUGIN"))


@pytest.mark.parametrize("name", ["tasmota", "flameblue", "gb26875_unit"])
def test_none_takes_the_place_of_ours(name: str) -> None:
    assert f"Flameblue has a '{name}' of its own" in why(name, GOOD.value)
    assert type(plugins.find(payloads)[name]).__module__.startswith("flameblue.")


def test_the_word_for_devices_that_are_asked_is_taken() -> None:
    _, (problem,) = plugins.judged(protocols, [point("modbus", GOOD.value)])
    assert "'modbus' of its own" in problem.why


@pytest.mark.parametrize("name", ["Acme", "acme-line", "a" * 33, ""])
def test_a_name_is_one_that_a_profile_can_say(name: str) -> None:
    assert "32 small letters" in why(name, GOOD.value)


def test_of_two_with_one_name_the_second_is_told() -> None:
    found, (problem,) = plugins.judged(payloads, [GOOD, GOOD])
    assert list(found) == ["acme_pairs"]
    assert "Another package brings a 'acme_pairs' already" in problem.why


@pytest.mark.parametrize("package", [payloads, protocols, channels])
def test_ours_have_all_that_others_are_asked_for(package: ModuleType) -> None:
    for name in plugins.names(package):
        ours = EntryPoint("other", f"{package.__name__}.{name}:PLUGIN", "x")
        assert plugins.judged(package, [ours]).problems == ()
