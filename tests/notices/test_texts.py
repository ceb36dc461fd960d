"""What messages say, and that they fit: every template × both languages × the longest names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.notices.texts import lengths
from flameblue.notices.texts.catalogue import FAMILIES, LANGUAGES, VARIABLE, Template, catalogue, key_of
from flameblue.notices.texts.names import VARIABLE_UNITS_MAX, clean, name, place, shortened, switch
from flameblue.notices.texts.rendering import Rendered, Values, render

TEMPLATES = [template for language in LANGUAGES for template in catalogue(language).templates.values()]
ONE_WAY = [t for language in LANGUAGES for t in catalogue(language, hears=False).templates.values()]
LONG = "长" * 200
LONGEST: Values = {
    **dict.fromkeys(("who", "owner", "second", "taken_by", "by", "station", "site"), name(LONG)),
    **dict.fromkeys(("address", "device", "left1", "left2", "left3"), name(LONG)),
    **dict.fromkeys(("where", "next_where"), place(LONG, LONG, LONG)),
    "switch": switch(LONG, LONG),
    **dict.fromkeys(("value", "limit", "best", "rise"), "30000"),  # mA; no other quantity has more digits
    "load": "phase C 6000",
    "current": "6000",
    **dict.fromkeys(("number", "next", "asked"), "99999"),
    **dict.fromkeys(("members", "zero", "network", "monitored", "left", "more", "devices"), "99999"),
    **dict.fromkeys(("open", "opened", "silent", "count"), "9999"),
    **dict.fromkeys(("age", "rise_time", "proof", "left_after"), "9999小时"),
    "phase": "B",
    "time": "12-31 02:41",
    "date": "12月31日",
    "numbers": "99999、99998、99997等",
}
CAST: Values = {
    "where": place("松林客栈", "203房", "203房暖气"),
    "next_where": place("白桦客栈", "大堂", ""),
    "switch": switch("2号箱", "3号开关"),
    **dict.fromkeys(("owner", "who"), name("Ailin")),
    **dict.fromkeys(("taken_by", "by"), name("Bolat")),
    "second": name("叶尔兰"),
    "station": name("禾木消防站"),
    "site": name("禾木"),
    "address": name("3区12号"),
    "device": name("D0217"),
    "value": "82",
    "limit": "70",
    "best": "46",
    "rise": "20",
    "load": "38",
    "current": "0",
    "phase": "B",
    "number": "4821",
    "next": "4823",
    "asked": "4899",
    "open": "1",
    "time": "03:07",
    "date": "1月15日",
    "members": "62",
    "zero": "58",
    "network": "4",
    "monitored": "7",
    "left": "5",
    "more": "2",
    "left1": name("松林客栈"),
    "left2": name("白桦客栈"),
    "left3": name("云杉小店"),
    "devices": "300",
    "silent": "2",
    "opened": "3",
    "count": "7",
    "numbers": "4823、4824",
    "age": "10分钟",
    "rise_time": "12分钟",
    "proof": "2小时",
    "left_after": "30分钟",
}
SIGNATURE = "禾木消防站"


def test_an_answer_is_asked_for_where_it_can_come_back() -> None:
    def said(key: str, *, hears: bool) -> str:
        return catalogue("zh-hans", hears=hears).templates[key].sources[0]

    assert said("owner_plain", hears=True).endswith("没烟请打电话给站里[。回1知悉]")
    assert said("owner_plain", hears=False).endswith("没烟请打电话给站里")
    assert said("officer_plain", hears=True).endswith("请马上看值班屏。回1接警,回2增援")
    assert said("officer_plain", hears=False).endswith("请马上看值班屏接警")


def longest(template: Template) -> Rendered:
    """With the longest names and words that the product itself may put in."""
    words = catalogue(template.language).words
    said = {
        "level": max((words[level] for level in ("alarm", "warning", "fault")), key=len),
        "owner_answer": max((words[w] for w in words if w.startswith("owner_")), key=len),
        "what": max((words[w] for w in ("sensor_open", "implausible", "clock", "reported_fault")), key=len),
        "text": max((words[w] for w in words if w.startswith("system_")), key=len),
        "cold": words["cold"],
    }
    return render(template, {**LONGEST, **said}, "签" * 12)


def usual(key: str, language: str = "zh-hans", **others: str) -> str:
    words = catalogue(language).words
    said = {"level": words["alarm"], "owner_answer": words["owner_received"], "what": words["sensor_open"]}
    said |= {"text": words["system_disk"], "cold": words["cold"], **others}
    return render(catalogue(language).templates[key], {**CAST, **said}, SIGNATURE).text


def ids(template: Template) -> str:
    return f"{template.language}-{template.id}"


@pytest.mark.parametrize("template", [t for t in TEMPLATES if t.id.startswith("officer_load_back")], ids=ids)
def test_a_current_that_is_back_fits_with_its_phase(template: Template) -> None:
    assert render(template, {**LONGEST, "current": "phase C 6000"}, "禾木消防站").fits


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_every_text_fits_with_the_longest_names(template: Template) -> None:
    rendered = longest(template)
    assert rendered.fits, f"{lengths.units(rendered.text)} units, room {template.room}: {rendered.text}"
    assert lengths.units(rendered.text) <= template.room


@pytest.mark.parametrize("template", ONE_WAY, ids=ids)
def test_where_no_answer_comes_back_none_is_asked_for_and_it_fits_too(template: Template) -> None:
    if template.base.startswith("answer_"):
        return  # they go to who has answered
    rendered = longest(template)
    assert rendered.fits, f"{lengths.units(rendered.text)} units, room {template.room}: {rendered.text}"
    for source in template.sources:
        assert not re.search(r"回1|回2|[Rr]eply|1=take|2=backup|1 - көрдім|2 - көмек|жауап беріңіз|~", source)


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_numbers_and_the_action_are_never_shortened(template: Template) -> None:
    rendered = longest(template)
    for form in template.forms:
        for variable in {"value", "number", "switch"} & {
            v for p in form if not p.optional for v in p.variables
        }:
            if all(variable in v for v in template.sources):
                assert variable in rendered.variables
    for variable in {"value", "limit", "number", "best", "current"} & set(rendered.variables):
        assert rendered.variables[variable] == LONGEST[variable]
        assert str(LONGEST[variable]) in rendered.text


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_a_provider_can_carry_it(template: Template) -> None:
    for source in template.sources:
        assert re.search(r"\}[\[\]]*\{", source) is None, "two variables stand side by side"
    for variable, said in longest(template).variables.items():
        assert lengths.units(said) <= VARIABLE_UNITS_MAX, f"{variable} is too long: {said}"
        assert not set("【】") & set(said)
    body = longest(template).text
    assert body.count("【") == (0 if template.reader == "voice" else 1)


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_the_words_are_those_of_the_house(template: Template) -> None:
    banned = {
        "zh-hans": ["火警", "℃", "mA", "·", "→", "煤取暖", "打开箱", "开箱", "合上"],
        "en": ["fire alarm", "℃", "→", "·"],
        "kk": ["өрт дабылы", "℃", "mA", "→", "·"],
    }
    for source in template.sources:
        assert [word for word in banned[template.language] if word in source] == []
        assert "http" not in source


LEVELS = re.compile(
    "报警|预警|故障|迟到报警|设备|ALARM|WARNING|FAULT|LATE|STILL|DEVICE|ДАБЫЛ|ЕСКЕРТУ|КЕШІККЕН|АҚАУ"
)


@pytest.mark.parametrize(
    "template",
    [
        t
        for t in TEMPLATES
        if t.reader != "voice"
        and re.match(
            r"(owner|second|officer)_(alarm|warning|late|joined|raised|reopened|rang|silent|fault)", t.id
        )
    ],
    ids=ids,
)
def test_level_premises_and_room_come_first(template: Template) -> None:
    for values, signature in ((CAST, SIGNATURE), (LONGEST, "签" * 12)):
        words = catalogue(template.language).words
        rendered = render(template, {**values, "level": words["warning"], "what": words["sensor"]}, signature)
        body = rendered.text[len(signature) + 2 :]
        assert LEVELS.match(body)
        assert body.index(rendered.variables["where"]) + len(rendered.variables["where"]) <= 25


@pytest.mark.parametrize("family", [f for f in FAMILIES if f != "reported"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alarm_says_danger_first_then_what_to_do(language: str, family: str) -> None:
    text = usual(key_of("owner_alarm", family), language)
    assert text.index("82") < text.index("119")
    less_load = "关掉|less|turn off|құралдарды өшіріңіз"
    action = {"load": less_load, "voltage_low": less_load, "phase_loss": "停用|stop|тоқтатыңыз"}.get(
        family, "拉下|switch off|cut|өшіріңіз"
    )
    found = re.search(action, text)
    assert found is not None
    assert found.start() > text.index("119")


def test_texts_read_as_they_should() -> None:
    assert usual("owner_alarm_heat") == (
        "【禾木消防站】报警:松林客栈203房暖气接头82度,限70度。有烟先撤人打119,没烟请拉下2号箱3号开关。回1知悉,回2要人帮"
    )
    assert usual("answer_taken") == (
        "【禾木消防站】已接4821号:松林客栈203房暖气。您还有1单未接:4823号,白桦客栈大堂。要接请回1 4823"
    )
    assert usual("owner_alarm_heat", "en") == (
        "【禾木消防站】ALARM 松林客栈203房暖气 82C. Smoke: out, 119. Else cut 2号箱3号开关"
    )
    assert usual("officer_incident").startswith(
        "【禾木消防站】事件4821:03:07起禾木有62户同时失联,58户断前电压为0"
    )


def test_chinese_and_english_have_the_same_templates() -> None:
    chinese, english = catalogue("zh-hans"), catalogue("en")
    assert set(chinese.templates) == set(english.templates)
    assert set(chinese.words) == set(english.words)
    for key, template in chinese.templates.items():
        assert template.reader == english.templates[key].reader
        assert template.urgent == english.templates[key].urgent


def test_an_unknown_language_gets_chinese() -> None:
    assert catalogue("ru").language == "zh-hans"


def test_what_is_not_known_leaves_no_hole() -> None:
    for template in TEMPLATES:
        text = render(template, {"number": "4821", "where": name("松林客栈")}, SIGNATURE).text
        assert "{" not in text
        assert ",," not in text
    alarm = catalogue("zh-hans").templates["officer_alarm_heat"]
    text = render(
        alarm, {**CAST, "phase": "", "load": "", "address": name(""), "second": name("")}, SIGNATURE
    ).text
    assert "相" not in text
    assert "备用联系人" not in text
    assert ",," not in text


@given(st.text(max_size=60), st.integers(1, 30))
def test_a_shortened_name_has_its_room_and_cuts_no_pair(text: str, room: int) -> None:
    short = shortened(clean(text), room)
    assert lengths.units(short) <= room
    short.encode("utf-16-be")


def test_shortening_keeps_the_number() -> None:
    assert shortened("总配电间东北侧3号空气开关", 8) == "总…3号空气开关"
    assert "203" in shortened("东侧第203号房间", 7)
    assert place("松林客栈", "203房", "203房暖气").at_most(8) == "松林客栈203房"
    assert place("Pine Inn", "Room 2", "").at_most(16) == "Pine Inn Room 2"


def test_names_carry_no_link_no_phone_and_no_signature() -> None:
    assert clean("【站】 见 http://x.cn/a 或 13800000001") == "(站) 见 或 …0001"
    assert clean("203房 2号箱") == "203房 2号箱"


@given(st.text(alphabet=st.sampled_from("字a😀𠀀1"), max_size=300))
def test_parts_join_to_the_text_and_cut_no_pair(text: str) -> None:
    parts = lengths.split(text)
    assert "".join(parts) == text
    room = 70 if len(parts) == 1 else 67
    assert all(lengths.units(part) <= room for part in parts)


def test_the_number_of_parts_is_that_of_the_standard() -> None:
    assert [len(lengths.split("字" * n)) for n in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert len(lengths.split("字" * 66 + "😀" + "字" * 10)) == 2
    assert lengths.split("字" * 66 + "😀" + "字" * 10)[0] == "字" * 66


def test_every_variable_of_the_texts_is_one_that_planning_fills() -> None:
    filled = set(LONGEST) | {"level", "owner_answer", "what", "text", "cold"}
    used = {v for template in TEMPLATES for source in template.sources for v in VARIABLE.findall(source)}
    assert used <= filled


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hears", [True, False])
def test_of_a_case_that_somebody_has_no_officer_is_asked_to_take_it(language: str, hears: bool) -> None:
    """Nothing but the end of the text differs, and what is said of danger never does."""
    asks = catalogue(language, hears=hears).templates
    for key, told in catalogue(language, hears=hears, taken=True).templates.items():
        for one, other in zip(asks[key].sources, told.sources, strict=True):
            if told.reader != "officer":
                assert one == other
            else:
                is_how_to = key == "answer_not_understood"
                assert is_how_to or not re.search(
                    r"回1接警(?!加单号)|请上值班屏接警|1=take|Take it", other
                ), key
                assert other.strip() == other
                assert one.startswith(re.sub(r"[。.]? ?(回2增援|2=backup)?(\[[^\[\]{]*\])?$", "", other)), key
