"""Every story in this folder is played; a failure shows what happened instead."""

from pathlib import Path

import pytest

from tests.stories.language import StoryError, parse
from tests.stories.valley import Valley

STORIES = sorted(Path(__file__).parent.glob("*.story"))
LONG = (
    "switched_off_is_not_repaired",
    "relapse_after_closing",
    "village_outage",
    "wet_cable",
    "silent_detector",
)


def test_there_are_stories() -> None:
    assert len(STORIES) >= 20


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [pytest.param(one, marks=[pytest.mark.proof] if one.stem in LONG else []) for one in STORIES],
    ids=lambda path: path.stem,
)
def test_a_story_comes_out_as_it_is_told(path: Path) -> None:
    story = parse(path.read_text(encoding="utf-8"))
    assert story.expectations
    valley = Valley(story)
    valley.play()
    assert not valley.failures(), "\n".join([story.title, *valley.failures(), valley.transcript()])


def test_a_line_that_cannot_be_read_is_named() -> None:
    with pytest.raises(StoryError, match="line 2"):
        parse("# a story\n203房 temperature whenever: 5\n")


@pytest.mark.django_db
def test_a_story_that_expects_what_does_not_happen_fails() -> None:
    text = STORIES[0].read_text(encoding="utf-8") + "\nexpect by 1s case opened, leakage\n"
    valley = Valley(parse(text))
    valley.play()
    assert any("leakage" in failure for failure in valley.failures())
