"""A sheet is signed as it was shown, for devices that are ready, once."""

from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from flameblue.commissioning import accepting, progress, runs, standing
from flameblue.commissioning.accepting import Content, Place, Signing
from flameblue.commissioning.models import Acceptance, Commissioning
from flameblue.commissioning.progress import DeviceFacts, Step, step_of
from flameblue.domain.errors import BadInput
from flameblue.fleet.keeping import Hand
from flameblue.fleet.models import AuditEntry, Device, DeviceSource, Point
from flameblue.fleet.shelf import profiles
from tests.cast import Cast


def drawn() -> bytes:
    out = BytesIO()
    Image.new("RGBA", (300, 100), (0, 0, 0, 0)).save(out, "PNG")
    return out.getvalue()


def facts_of(cast: Cast) -> list[DeviceFacts]:
    arrivals = np.ones(1_000, np.int64)
    return standing.of(Device.objects.all(), arrivals, profiles())


def content(cast: Cast) -> Content:
    return accepting.content_of(Place(cast.site), facts_of(cast), profiles())


def signing(of: Content, **more: object) -> Signing:
    said = {"name": "Ainur", "role": "Owner", "digest": accepting.digest_of(of), "drawn": drawn(), **more}
    return Signing(**said)


@pytest.fixture
def hand(now: datetime) -> Hand:
    return Hand("bolat", now, "measured with the test set")


@pytest.fixture
def ready(cast: Cast, hand: Hand) -> Cast:
    """All points of the cast's device are done; the other device has nothing."""
    for point in Point.objects.select_related("device"):
        runs.waive(point, hand)
    Device.objects.create(premises=cast.premises, name="D0300", profile="flameblue-efm8")
    return cast


def test_a_device_without_points_is_heard_when_one_behind_it_is(cast: Cast) -> None:
    Device.objects.create(premises=cast.premises, name="G1", profile="thingsboard-gateway")
    assert [(one.is_heard, one.carries) for one in facts_of(cast)] == [(True, False), (False, False)]
    Device.objects.filter(pk=cast.device.pk).update(name="G1>D0217")
    assert [(one.is_heard, one.carries) for one in facts_of(cast)] == [(True, True), (True, False)]
    only = standing.of(Device.objects.filter(name="G1"), np.ones(1_000, np.int64), profiles())
    assert [(one.is_heard, one.carries) for one in only] == [(True, True)], "whatever else is asked for"


def test_what_only_carries_others_is_named_on_the_sheet_and_not_counted(ready: Cast, hand: Hand) -> None:
    Device.objects.create(premises=ready.premises, name="G1", profile="thingsboard-gateway")
    Device.objects.filter(pk=ready.device.pk).update(name="G1>D0217")
    shown = content(ready)
    assert (shown["total"], shown["carriers"]) == (2, ["G1"])
    assert ([one["name"] for one in shown["devices"]], shown["open"]) == (["G1>D0217"], ["D0300"])
    accepting.sign(Place(ready.site), shown, signing(shown), hand)
    assert progress.count(facts_of(ready)).reached == (2, 1, 1, 1, 1)


def test_a_transmitter_that_has_spoken_and_has_no_points_is_heard_and_not_tested(
    cast: Cast, hand: Hand
) -> None:
    made = Device.objects.create(premises=cast.premises, name="T1", profile="gb26875-generic")
    DeviceSource.objects.create(device=made, address="10.0.0.8", heard_at=hand.now, accepted_at=hand.now)
    (facts,) = [one for one in facts_of(cast) if one.name == "T1"]
    assert (step_of(facts), facts.carries) == (Step.HEARD, False)
    assert content(cast)["devices"] == []


def test_the_signed_sheet_takes_in_what_is_ready_and_names_what_is_not(ready: Cast, hand: Hand) -> None:
    shown = content(ready)
    assert ([one["name"] for one in shown["devices"]], shown["open"]) == (["D0217"], ["D0300"])
    made = accepting.sign(Place(ready.site), shown, signing(shown), hand)
    assert (made.name, made.role, made.by, made.at) == ("Ainur", "Owner", "bolat", hand.now)
    assert accepting.digest_of(Acceptance.objects.get().content) == made.digest
    assert made.signature.startswith(b"RIFF")
    assert Commissioning.objects.get(device=ready.device).acceptance == made
    assert next(map(step_of, facts_of(ready))) == Step.ACCEPTED
    assert AuditEntry.objects.get(verb="accepted devices").detail["devices"] == 1


def test_a_line_says_what_was_measured_against_what(ready: Cast) -> None:
    (line,) = [one for one in content(ready)["devices"][0]["points"] if one["key"] == "ir"]
    assert (line["state"], line["reason"], line["by"]) == ("waived", "measured with the test set", "bolat")
    assert (line["unit"], line["circuit"]) == ("mA", "2号箱 203房暖气")


def test_what_changed_since_it_was_shown_is_not_signed(ready: Cast, hand: Hand) -> None:
    shown = content(ready)
    for point in Point.objects.select_related("device"):
        runs.waive(point, Hand("bolat", hand.now, "another reason"))
    with pytest.raises(BadInput, match="has changed"):
        accepting.sign(Place(ready.site), content(ready), signing(shown), hand)
    assert not Acceptance.objects.exists()


def test_a_device_is_accepted_once(ready: Cast, hand: Hand) -> None:
    shown = content(ready)
    accepting.sign(Place(ready.site), shown, signing(shown), hand)
    with pytest.raises(BadInput, match="meanwhile"):
        accepting.sign(Place(ready.site), shown, signing(shown), hand)
    with pytest.raises(BadInput, match="No device is ready"):
        accepting.sign(Place(ready.site), content(ready), signing(content(ready)), hand)
    assert Acceptance.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"name": " "}, "your name"),
        ({"role": "x" * 81}, "your name"),
        ({"name": "a\u202eb"}, "your name"),
        ({"drawn": b""}, "Sign with"),
        ({"drawn": b"x" * 50_000}, "too large"),
        ({"drawn": b"no picture"}, "no picture"),
    ],
)
def test_a_signature_needs_a_name_a_role_and_a_drawing(
    ready: Cast, hand: Hand, more: dict[str, object], why: str
) -> None:
    shown = content(ready)
    with pytest.raises(BadInput, match=why):
        accepting.sign(Place(ready.site), shown, signing(shown, **more), hand)
    assert not Acceptance.objects.exists()
