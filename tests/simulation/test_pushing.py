"""What a simulated cloud pushes is what profile flameblue-push reads."""

from flameblue.intake.push import mapping
from flameblue.profiles.loader import Shelf, package_folder
from flameblue.simulation.kinds import KINDS, POINTS
from flameblue.simulation.measuring import sample_of
from flameblue.simulation.pushing import encoded
from tests.simulation.valley import small_world


def test_a_message_is_read_by_its_model_with_its_time_and_its_id() -> None:
    profile = Shelf(package_folder()).current()[KINDS["push"].model]
    assert profile.push is not None
    sample = sample_of(small_world().measured(), 0, 1_768_417_200_123)
    found = mapping.read(profile.push, encoded("D0001", sample))
    (read,) = found.samples
    assert (read.t_ms, read.values, read.device) == (sample["t"], sample["v"], "")
    assert set(read.values) == {point["point"] for point in POINTS}
    assert found.identity


def test_another_sample_has_another_id_and_the_same_one_the_same() -> None:
    profile = Shelf(package_folder()).current()[KINDS["push"].model]
    assert profile.push is not None
    measured = small_world().measured()
    one, same, later, other = (
        mapping.read(profile.push, encoded(name, sample_of(measured, 0, at_ms))).identity
        for name, at_ms in (("D1", 1_000), ("D1", 1_000), ("D1", 2_000), ("D2", 1_000))
    )
    assert one == same
    assert len({one, later, other}) == 3
