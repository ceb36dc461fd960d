"""A name holds nothing that is not seen; what an Arabic script needs to be written stays."""

import sys
import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import translation

from flameblue.domain.visible import flaw
from flameblue.fleet.models import Site
from flameblue.fleet.names import check_visible
from tests.cast import Cast
from tests.fleet.test_the_admin_pages import address


@pytest.mark.parametrize(
    "text",
    [
        "松林客栈",
        "Қарағай үйі",
        "قاراعاي",
        "قارا\u200cعاي",
        "قارا\u064e\u200dعاي",
        "A 1",
        "全\u3000角",
        "🧯",
        "🛖\ufe0f",
        "葛\U000e0100",
        "\U0002ebf0",
        "\U00031350",
    ],
)
def test_what_is_seen_may_stand_in_a_name(text: str) -> None:
    assert flaw(text) is None


@pytest.mark.parametrize(
    ("text", "at", "name"),
    [
        ("a\u202eb", 2, "U+202E"),
        ("\u2066a", 1, "U+2066"),
        ("松\u200b林", 2, "U+200B"),
        ("松林\ufeff", 3, "U+FEFF"),
        ("a\u00adb", 2, "U+00AD"),
        ("a\u2028b", 2, "U+2028"),
        ("a\x85b", 2, "U+0085"),
        ("a\nb", 2, "U+000A"),
        ("a\ud800", 2, "U+D800"),
        ("a\ue000", 2, "U+E000"),
        ("\u3164", 1, "U+3164"),
        ("\u2800", 1, "U+2800"),
        ("a\U000e0041", 2, "U+E0041"),
        ("a\U000e0f00", 2, "U+E0F00"),
        ("a\ufffe", 2, "U+FFFE"),
        ("a\U0002ffff", 2, "U+2FFFF"),
        ("Ai\u200dlin", 3, "U+200D"),
        ("قارا\u200c", 5, "U+200C"),
        ("\u200cقارا", 1, "U+200C"),
        ("قا\u200c\u200cرا", 3, "U+200C"),
        ("松【林】", 2, "【"),
    ],
)
def test_what_is_not_seen_is_told_with_its_place(text: str, at: int, name: str) -> None:
    assert flaw(text) == (at, name)


def test_no_control_and_no_format_character_may_stand_in_a_name() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    unseen = [one for one in every if unicodedata.category(one) in ("Cc", "Cf")]
    assert len(unseen) > 200
    assert [hex(ord(one)) for one in unseen if flaw(f"a{one}b") is None] == []


def test_a_form_says_it_in_the_readers_language() -> None:
    with (
        translation.override("zh-hans"),
        pytest.raises(ValidationError, match=r"第 2 个字符（U\+202E）不能用"),
    ):
        check_visible("a\u202eb")


@pytest.mark.django_db
def test_the_admin_pages_refuse_it_too(cast: Cast, client: Client) -> None:
    client.force_login(cast.admin)
    answer = client.post(address(cast.site), {"name": "禾\u202e木", "time_zone": "Asia/Shanghai"})
    assert "U+202E" in answer.content.decode()
    assert Site.objects.get(pk=cast.site.pk).name == cast.site.name
