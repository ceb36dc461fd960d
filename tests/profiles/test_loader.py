"""Profiles are strict, live without a restart, and a broken file blinds nobody."""

import os
from pathlib import Path

import pytest

from flameblue.domain.errors import BadInput
from flameblue.domain.limits import PROFILE_BYTES_MAX, PROFILE_NODES_MAX
from flameblue.domain.quantities import QUANTITIES
from flameblue.profiles.loader import GONE, SCHEMA, Shelf, load, package_folder

GOOD = """\
name: meter
maker: A maker
protocol: mqtt
payload: flameblue
interval_s: 30
source: The maker's manual, edition 3.
caveats: [It reads zero when its probe is unplugged.]
points:
  tb: {quantity: temperature_c, scale: 0.1, phase: B, open_at: [-500], short_at: [9999]}
  ir: {quantity: residual_current_ma}
limits: {temperature_c: {over_alarm: 65, alarm_hold_s: 20}}
frozen_s: {temperature_c: 3600}
"""


def write(folder: Path, text: str, name: str = "meter.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    seen = path.stat().st_mtime_ns
    os.utime(path, ns=(seen + len(text), seen + len(text)))
    return path


def test_a_profile_is_read_with_its_defaults(tmp_path: Path) -> None:
    profile = load(write(tmp_path, GOOD))
    tb, ir = profile.points["tb"], profile.points["ir"]
    assert (tb.quantity, tb.scale, tb.phase) == (QUANTITIES["temperature_c"], 0.1, "B")
    assert (tb.open_at, tb.short_at, ir.open_at) == ((-500.0,), (9999.0,), ())
    assert (profile.on_change, profile.open_points, profile.silence_s) == (False, False, None)
    assert profile.limits == {"temperature_c": {"over_alarm": 65.0, "alarm_hold_s": 20.0}}
    assert profile.frozen_s == {"temperature_c": 3600.0}


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("maker: A maker", "maker: A maker\ncolour: red", "colour"),
        ("interval_s: 30", "interval_s: 0", "0"),
        ("interval_s: 30", "interval_s: soon", "soon"),
        ("source: The maker's manual, edition 3.", "source: ''", "source"),
        ("caveats: [It reads zero when its probe is unplugged.]", "caveats: []", "caveats"),
        ("quantity: residual_current_ma", "quantity: residual_current", "residual_current"),
        ("phase: B", "phase: L2", "L2"),
        ("over_alarm: 65", "over_alarm: hot", "hot"),
        ("over_alarm: 65", "alarm: 65", "alarm"),
        ("name: meter", "name: other", "other"),
        ("payload: flameblue", "payload: ../x", "x"),
        ("  ir: {", "  tb: {", "twice"),
        ("maker: A maker", "maker: &a A maker\npayload: *a", "alias"),
        ("maker: A maker", "maker: !!python/name:os.system x", "YAML"),
        ("maker: A maker", "maker: [", "YAML"),
        ("maker: A maker", "2: A maker", "not a text"),
        ("points:\n", "open_points: true\npoints:\n", "points"),
        (GOOD, "", "object"),
        (GOOD, "just text", "object"),
        (GOOD, "name: meter\n\0", "YAML"),
    ],
)
def test_a_file_that_is_wrong_says_what_is_wrong(
    tmp_path: Path, before: str, after: str, complaint: str
) -> None:
    assert before in GOOD
    with pytest.raises(BadInput, match=complaint):
        load(write(tmp_path, GOOD.replace(before, after, 1)))


@pytest.mark.parametrize("version", ["2", "0", "'1'", "true", "1.0", "[1]"])
def test_a_version_that_is_not_read_here_is_told(tmp_path: Path, version: str) -> None:
    with pytest.raises(BadInput, match="reads version 1: take a newer Flameblue"):
        load(write(tmp_path, f"schema: {version}\n{GOOD}colour: red\n"))


def test_a_file_that_names_its_version_is_the_same_as_one_that_does_not(tmp_path: Path) -> None:
    assert load(write(tmp_path, f"schema: {SCHEMA}\n{GOOD}")) == load(write(tmp_path, GOOD))


def test_a_model_of_the_installation_may_leave_maker_source_and_caveats_out(tmp_path: Path) -> None:
    kept = [line for line in GOOD.splitlines() if not line.startswith(("maker", "source", "caveats"))]
    profile = load(write(tmp_path, "\n".join(kept)))
    assert (profile.maker, profile.source, profile.caveats) == ("", "", ())
    assert profile.points.keys() == {"tb", "ir"}


def test_a_profile_without_points_must_say_that_the_registry_has_them(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("points:")]
    with pytest.raises(BadInput, match="points"):
        load(write(tmp_path, head))
    assert load(write(tmp_path, head + "open_points: true\n")).points == {}


def test_a_file_that_is_no_text_or_too_large_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "meter.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        load(path)
    path.write_bytes(b"#" * (PROFILE_BYTES_MAX + 1))
    with pytest.raises(BadInput, match="larger"):
        load(path)
    with pytest.raises(BadInput, match="can't be read"):
        load(tmp_path / "missing.yaml")


def test_a_changed_file_counts_without_a_restart(tmp_path: Path) -> None:
    shelf = Shelf(package_folder(), tmp_path)
    assert "meter" not in shelf.current()
    write(tmp_path, GOOD)
    assert shelf.current()["meter"].interval_s == 30
    write(tmp_path, GOOD.replace("interval_s: 30", "interval_s: 15"))
    assert shelf.current()["meter"].interval_s == 15


def test_a_file_that_goes_keeps_the_last_good_one_and_is_listed_until_it_is_back(tmp_path: Path) -> None:
    shelf = Shelf(package_folder(), tmp_path)
    path = write(tmp_path, GOOD)
    assert shelf.current()["meter"].interval_s == 30
    path.unlink()
    write(tmp_path, GOOD.replace("name: meter", "name: other"), "other.yaml")
    assert shelf.current()["meter"].interval_s == 30
    assert shelf.current()["other"].interval_s == 30
    assert shelf.problems == {"meter.yaml": GONE}
    write(tmp_path, "name: [")
    assert shelf.current()["meter"].interval_s == 30
    assert "last good one is kept" in shelf.problems["meter.yaml"]
    write(tmp_path, GOOD.replace("interval_s: 30", "interval_s: 15"))
    assert shelf.current()["meter"].interval_s == 15
    assert shelf.problems == {}
    path.unlink()
    assert "meter" not in Shelf(package_folder(), tmp_path).current()


def test_the_packages_model_takes_its_place_again_when_the_installations_goes(tmp_path: Path) -> None:
    own = (package_folder() / "flameblue-efm8.yaml").read_text(encoding="utf-8")
    shelf = Shelf(package_folder(), tmp_path)
    path = write(tmp_path, own.replace("interval_s: 10", "interval_s: 77"), "flameblue-efm8.yaml")
    assert shelf.current()["flameblue-efm8"].interval_s == 77
    path.unlink()
    assert shelf.current()["flameblue-efm8"].interval_s == 10
    assert shelf.problems == {}


def test_what_is_known_is_what_was_read_last(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write(tmp_path, GOOD)
    assert shelf.known()["meter"].interval_s == 30
    write(tmp_path, GOOD.replace("interval_s: 30", "interval_s: 15"))
    assert shelf.known()["meter"].interval_s == 30
    assert shelf.current()["meter"].interval_s == 15
    assert shelf.known() is shelf.current()


def test_a_pipe_in_the_folder_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    write(tmp_path, GOOD)
    shelf = Shelf(tmp_path)
    assert list(shelf.current()) == ["meter"]
    assert shelf.problems == dict.fromkeys(("pipe.yaml", "zero.yaml"), "It is no regular file.")


def test_a_file_of_many_keys_is_told_before_its_work_is_done(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f"k{number}: 1\n" for number in range(PROFILE_NODES_MAX // 2)))
    with pytest.raises(BadInput, match=f"more than {PROFILE_NODES_MAX} keys and values"):
        load(path)
    path = write(tmp_path, "".join(f"k{number}: 1\n" for number in range(PROFILE_NODES_MAX // 2 - 1)))
    with pytest.raises(BadInput, match="Additional properties"):
        load(path)


def test_nothing_changed_gives_the_same_object(tmp_path: Path) -> None:
    shelf = Shelf(package_folder(), tmp_path / "not there")
    assert shelf.current() is shelf.current()


def test_a_broken_file_keeps_the_last_good_one_and_is_listed(tmp_path: Path) -> None:
    shelf = Shelf(package_folder(), tmp_path)
    write(tmp_path, GOOD)
    assert shelf.current()["meter"].interval_s == 30
    write(tmp_path, GOOD + "colour: red\n")
    assert shelf.current()["meter"].interval_s == 30
    assert "colour" in shelf.problems["meter.yaml"]
    assert "last good one is kept" in shelf.problems["meter.yaml"]
    write(tmp_path, GOOD)
    shelf.current()
    assert shelf.problems == {}


def test_a_file_that_was_never_good_is_listed_and_gives_no_profile(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    write(tmp_path, "name: [")
    assert shelf.current() == {}
    assert list(shelf.problems) == ["meter.yaml"]
    (tmp_path / "meter.yaml").unlink()
    shelf.current()
    assert shelf.problems == {}


def test_an_installations_profile_takes_the_place_of_the_packages(tmp_path: Path) -> None:
    own = (package_folder() / "flameblue-efm8.yaml").read_text(encoding="utf-8")
    write(tmp_path, own.replace("interval_s: 10", "interval_s: 77"), "flameblue-efm8.yaml")
    assert Shelf(package_folder(), tmp_path).current()["flameblue-efm8"].interval_s == 77
