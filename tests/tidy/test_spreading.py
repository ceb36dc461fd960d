"""The order of the files on several workers."""

from tests.spreading import spread


def test_live_files_are_spread_over_the_others_and_the_end_has_none() -> None:
    others = {f"tests/web/test_{number:03}.py": 30 for number in range(100)}
    live = {f"tests/live/test_{number}.py": 1 + number for number in range(9)}
    order = spread({**others, **live})
    assert sorted(order) == sorted([*others, *live])
    places = [order.index(name) for name in live]
    assert places == [11 * number for number in range(9)]


def test_the_others_begin_with_the_most_tests_and_end_with_the_fewest() -> None:
    sizes = {"tests/web/test_few.py": 1, "tests/live/test_long.py": 1, "tests/web/test_many.py": 90}
    assert spread(sizes) == ["tests/live/test_long.py", "tests/web/test_many.py", "tests/web/test_few.py"]


def test_files_of_one_kind_are_all_there() -> None:
    live = {"tests/live/test_two.py": 2, "tests/live/test_one.py": 1}
    assert spread(live) == ["tests/live/test_one.py", "tests/live/test_two.py"]
    assert spread({"tests/web/test_a.py": 1}) == ["tests/web/test_a.py"]
