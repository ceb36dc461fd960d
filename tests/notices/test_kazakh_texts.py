"""What an owner's life may hang on is said in Kazakh; the rest in Chinese, with the danger in Kazakh behind it."""

import pytest

from flameblue.notices.texts import lengths
from flameblue.notices.texts.catalogue import Template, catalogue, key_of
from flameblue.notices.texts.rendering import render
from flameblue.people.models import Person
from tests.cases.bench import Bench
from tests.cast import Cast
from tests.notices.post import planned
from tests.notices.test_texts import CAST, SIGNATURE, ids, longest, usual

KAZAKH, CHINESE = catalogue("kk"), catalogue("zh-hans")
OWN = [template for template in KAZAKH.templates.values() if template.language == "kk"]
OTHERS = [template for template in KAZAKH.templates.values() if template.language != "kk"]
DANGER = "Түтін болса, шығыңыз, 119-ға қоңырау шалыңыз"


def is_for_owners(template: Template) -> bool:
    return template.reader == "owner" or template.base.startswith("owner_")


def test_everything_that_an_owner_is_told_is_in_kazakh() -> None:
    assert {t.id for t in OTHERS if is_for_owners(t)} == set()
    assert {t.id for t in OWN} == {t.id for t in CHINESE.templates.values() if is_for_owners(t)}


@pytest.mark.parametrize("template", OWN, ids=ids)
def test_a_text_takes_two_parts_at_most_with_the_longest_names(template: Template) -> None:
    text = longest(template).text
    if not template.is_voice:
        assert lengths.units(text) <= 134
        assert len(lengths.split(text)) <= 2


@pytest.mark.parametrize("template", OWN, ids=ids)
def test_the_letters_are_kazakh_ones(template: Template) -> None:
    allowed = set("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя")
    for source in template.sources:
        said = "".join(c for c in source.split("{")[0] if c.isalpha()).lower()
        assert set(said) <= allowed, source


def test_an_alarm_reads_as_it_should() -> None:
    assert usual("owner_alarm_heat", "kk") == (
        "【禾木消防站】ДАБЫЛ 松林客栈203房暖气: 82 градус. Түтін болса, шығыңыз, 119-ға қоңырау шалыңыз. "
        "Түтін болмаса, тоқты өшіріңіз: 2号箱3号开关. 1 - көрдім"
    )
    assert usual("answer_owner_help", "kk").startswith("【禾木消防站】Көмек сұралды: 松林客栈203房")


@pytest.mark.parametrize("template", OTHERS, ids=ids)
def test_what_has_no_kazakh_text_is_chinese_with_the_danger_where_there_is_room(template: Template) -> None:
    chinese = CHINESE.templates[template.id]
    text, plain = (render(one, CAST, SIGNATURE).text for one in (template, chinese))
    if template.is_voice:
        assert text == plain
    elif lengths.units(f"{plain} {DANGER}") <= template.room:
        assert text == f"{plain} {DANGER}"
    else:
        assert text == plain


def test_the_danger_takes_no_room_from_what_an_officer_must_know() -> None:
    whole = usual("officer_alarm_leakage", "zh-hans")
    assert usual("officer_alarm_leakage", "kk").removesuffix(f" {DANGER}") == whole
    assert usual("officer_incident_over", "kk").endswith(DANGER)


def test_chinese_words_go_into_chinese_texts() -> None:
    for key in ("alarm", "days", "list", "system_disk"):
        assert KAZAKH.word(key) == CHINESE.word(key)
    assert KAZAKH.word("cold") == "көмірмен жылынбаңыз"


def test_it_is_known_that_nobody_has_reviewed_the_texts() -> None:
    assert (KAZAKH.is_reviewed, KAZAKH.needs) == (False, "native")
    assert CHINESE.needs == "fire_officer"


def test_a_template_of_a_family_is_found_in_kazakh() -> None:
    assert KAZAKH.template("owner_alarm", "heat").id == key_of("owner_alarm", "heat")
    assert KAZAKH.template("owner_alarm", "heat").language == "kk"
    assert KAZAKH.template("officer_alarm", "heat").language == "zh-hans"


@pytest.mark.django_db
def test_a_kazakh_owner_and_officer_are_told_each_in_the_language_that_the_text_has(
    bench: Bench, cast: Cast
) -> None:
    Person.objects.filter(pk__in=(cast.ailin.pk, cast.bolat.pk)).update(language="kk")
    bench.alarm(cast.tb)
    owner, officer = planned(bench.now)
    assert (owner.language, owner.text[:20]) == ("kk", "【禾木消防站】ДАБЫЛ 松林客栈203")
    assert (officer.language, officer.text[:20]) == ("zh-hans", "【禾木消防站】报警:松林客栈203房暖气")
    assert lengths.units(owner.text) <= 134
