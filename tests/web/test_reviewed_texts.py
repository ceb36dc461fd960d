"""Where somebody chooses a language, it is said that nobody answers for its messages yet."""

import dataclasses

import pytest
from django.test import Client
from django.urls import reverse

from flameblue.notices.texts.catalogue import catalogue
from flameblue.people.models import Person
from flameblue.web.templatetags import flameblue as tags
from tests.cast import Cast
from tests.web.readers import Reader, text_of

KAZAKH = "The messages in Kazakh have not been reviewed yet: a native speaker must read them and sign."
OURS = "The messages in Chinese have not been reviewed yet: a fire officer must read them and sign."


@pytest.fixture
def root(cast: Cast, client: Client) -> Client:
    client.force_login(cast.admin)
    return client


def test_the_admin_page_of_a_person_offers_kazakh_and_says_what_it_needs(root: Client, cast: Cast) -> None:
    page = root.get(
        reverse("admin:people_person_change", args=[cast.ailin.pk]), headers={"Accept-Language": "en"}
    )
    text = text_of(page.content.decode())
    assert KAZAKH in text
    assert OURS in text
    answer = root.post(
        reverse("admin:people_person_change", args=[cast.ailin.pk]),
        {"name": "Ailin", "language": "kk", "active": "on", "reason": "asked for it"},
    )
    assert answer.status_code == 302
    assert Person.objects.get(pk=cast.ailin.pk).language == "kk"


def test_the_health_page_says_it_too(bolat: Reader) -> None:
    assert KAZAKH in bolat.sees("/health/")


def test_a_signed_text_is_not_complained_of(bolat: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def signed(language: str) -> object:
        found = catalogue(language)
        return dataclasses.replace(found, reviewed_by="Nurlan, 2026-12-01") if language == "kk" else found

    monkeypatch.setattr(tags, "catalogue", signed)
    assert KAZAKH not in bolat.sees("/health/")
    assert OURS in bolat.sees("/health/")
