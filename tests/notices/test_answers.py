"""What an SMS means: strict, so that a cry for help takes nothing over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.notices.answers import Answer, understood


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1", Answer("1")),
        (" 1 ", Answer("1")),
        ("\uff11", Answer("1")),  # full-width
        ("1。", Answer("1")),
        ("1.", Answer("1")),
        ("2", Answer("2")),
        ("1 4823", Answer("1", 4823)),
        ("\uff11\u3000\uff14\uff18\uff12\uff13", Answer("1", 4823)),
        ("1\uff0c4823", Answer("1", 4823)),
        ("1\u00a0\u20034823", Answer("1", 4823)),
        ("1,4823号", Answer("1", 4823)),
        ("2 4823", Answer("2", 4823)),
        ("\ufeff1", Answer("1")),
        ("14823", Answer("1", 4823)),
    ],
)
def test_an_answer_is_read(text: str, answer: Answer) -> None:
    assert understood(text, {4823}) == answer


@pytest.mark.parametrize(
    "text",
    ["", "3", "11", "1号箱冒烟", "1 号箱冒烟", "4823", "好的", "1 4823 冒烟", "14824", "1 1 1", "12", "一"],
)
def test_anything_else_is_not(text: str) -> None:
    assert understood(text, {4823}) is None


@given(st.text(max_size=40))
def test_nothing_that_is_sent_raises(text: str) -> None:
    understood(text, {4823})
