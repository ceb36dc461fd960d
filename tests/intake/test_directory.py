"""Who is let in, and under which name."""

from dataclasses import replace

import pytest

from flameblue.intake.directory import DeviceEntry, Directory, Outcome, credential_hash, masked
from tests.intake.valley import CREDENTIAL, D0217, KEY, TOKEN, directory, profile

NOW_NS = 10**18


@pytest.mark.parametrize(
    ("user", "password", "outcome"),
    [
        ("D0217", CREDENTIAL, Outcome.DEVICE),
        ("D0217", "wrong", Outcome.WRONG_CREDENTIAL),
        ("D0217", "", Outcome.WRONG_CREDENTIAL),
        ("D0217", None, Outcome.WRONG_CREDENTIAL),
        ("D9999", CREDENTIAL, Outcome.UNKNOWN),
        ("", None, Outcome.UNKNOWN),
        ("", CREDENTIAL, Outcome.UNKNOWN),
        (TOKEN, None, Outcome.DEVICE),
        (TOKEN, "", Outcome.DEVICE),
        (TOKEN, "some firmware fills it in", Outcome.DEVICE),
        ("A1_OTHER_TOKEN", None, Outcome.UNKNOWN),
    ],
)
def test_a_credential_opens_its_own_device_only(user: str, password: str | None, outcome: Outcome) -> None:
    admission = directory().admit(user, password, NOW_NS)
    assert admission.outcome is outcome
    assert (admission.device is not None) == (outcome is Outcome.DEVICE)


def test_a_token_stands_for_its_device() -> None:
    device = directory().admit(TOKEN, None, NOW_NS).device
    assert device is not None
    assert device.name == "T0001"


def test_the_pairing_window_takes_the_unknown_in_until_it_ends() -> None:
    book = directory(pairing_until_ns=NOW_NS)
    assert book.admit("D9999", "x", NOW_NS - 1).outcome is Outcome.PAIRING
    assert book.admit("D9999", "x", NOW_NS).outcome is Outcome.UNKNOWN


def test_the_pairing_window_does_not_take_in_a_known_device_with_a_wrong_credential() -> None:
    book = directory(pairing_until_ns=NOW_NS)
    assert book.admit("D0217", "wrong", NOW_NS - 1).outcome is Outcome.WRONG_CREDENTIAL


def test_what_an_unknown_device_presented_can_be_bound_without_being_shown() -> None:
    admission = directory(pairing_until_ns=NOW_NS).admit("A1_SECRET_TOKEN_77", None, 0)
    assert admission.name == "token …N_77"
    bound = DeviceEntry("new", "thingsboard-generic", admission.credential_hash, {})
    assert directory(bound).admit("A1_SECRET_TOKEN_77", None, NOW_NS).device is bound


def test_a_short_token_is_hidden_altogether() -> None:
    assert masked("abc123") == "token …"


def test_a_device_without_a_credential_is_not_let_in() -> None:
    book = directory(replace(D0217, credential_hash=""))
    assert book.admit("D0217", CREDENTIAL, NOW_NS).outcome is Outcome.WRONG_CREDENTIAL
    assert book.admit("D0217", "", NOW_NS).outcome is Outcome.WRONG_CREDENTIAL


def test_hashes_depend_on_the_key() -> None:
    assert credential_hash(KEY, "a") != credential_hash(b"another", "a")
    assert len(credential_hash(KEY, "a")) == 64


def test_a_device_stays_admitted_until_it_goes_or_its_credential_changes() -> None:
    moved = replace(D0217, points={})
    assert directory(moved).still_admits(D0217) is moved
    assert directory(replace(D0217, credential_hash="other")).still_admits(D0217) is None
    assert Directory().still_admits(D0217) is None


@pytest.mark.parametrize(
    ("certified", "user", "password", "outcome"),
    [
        ("D0217", "", None, Outcome.DEVICE),
        ("D0217", "D0217", None, Outcome.DEVICE),
        ("D0217", "D0217", CREDENTIAL, Outcome.DEVICE),
        ("D0217", "D0217", "wrong", Outcome.WRONG_CREDENTIAL),
        ("D0217", "", CREDENTIAL, Outcome.WRONG_CREDENTIAL),
        ("D0217", TOKEN, None, Outcome.WRONG_CREDENTIAL),
        ("T0001", TOKEN, None, Outcome.DEVICE),
        ("D9999", "D0217", CREDENTIAL, Outcome.UNKNOWN),
        ("", "D0217", CREDENTIAL, Outcome.UNKNOWN),
    ],
)
def test_a_certificate_opens_its_own_device_and_agrees_with_what_is_sent_beside_it(
    certified: str, user: str, password: str | None, outcome: Outcome
) -> None:
    admission = directory().admit(user, password, NOW_NS, certified)
    assert admission.outcome is outcome
    assert (admission.device.name if admission.device else "") == (
        certified if outcome is Outcome.DEVICE else ""
    )


def test_a_device_without_a_credential_is_let_in_by_its_certificate_only() -> None:
    book = directory(replace(D0217, credential_hash=""))
    assert book.admit("", None, NOW_NS, "D0217").outcome is Outcome.DEVICE
    assert book.admit("D0217", "", NOW_NS).outcome is Outcome.WRONG_CREDENTIAL


def test_an_unknown_certificate_is_listed_while_pairing_and_one_without_a_name_is_not() -> None:
    book = directory(pairing_until_ns=NOW_NS)
    listed = book.admit("D0217", CREDENTIAL, NOW_NS - 1, "D0300")
    assert (listed.outcome, listed.name, listed.credential_hash) == (Outcome.PAIRING, "D0300", "")
    assert book.admit("", None, NOW_NS - 1, "").outcome is Outcome.UNKNOWN


def test_a_device_without_its_model_is_found_by_where_it_is_and_one_with_it_is_not() -> None:
    known = {"meter": profile()}
    lost = DeviceEntry("a", "taken-away", "", {}, "dtu:860123456789014?unit=2")
    listed = directory(lost, DeviceEntry("b", "meter", "", {}, "dtu:490154203237518?unit=1"))
    assert listed.without_model("dtu:860123456789014", known) is lost
    assert listed.without_model("dtu:490154203237518", known) is None
    assert listed.without_model("dtu:860123456789014", {**known, "taken-away": profile()}) is None
