"""Texts as approved templates: what is approved is what arrives, in variables that every provider lets through."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flameblue.cli import main
from flameblue.domain.errors import BadInput
from flameblue.notices.channels.http_sms import submission
from flameblue.notices.texts import lengths
from flameblue.notices.texts.carrying import Form, carriage, languages, render_carried
from flameblue.notices.texts.catalogue import FAMILIES, VARIABLE, Template, catalogue
from flameblue.notices.texts.names import VARIABLE_UNITS_MAX, Name, carriable, name, place, switch
from flameblue.notices.texts.rendering import Values
from tests.notices.test_texts import CAST, LEVELS, LONGEST, SIGNATURE

FORMS = [form for language in languages() for form in carriage(language).all_forms]
TEMPLATES = [
    template
    for language in languages()
    for template in catalogue(language).templates.values()
    if template.base in carriage(language).forms
]
LINKS = re.compile(r"https?:|www\.|://|[A-Za-z0-9]\.[A-Za-z]|\d+\.\d+\.\d+")
NUMBERS = re.compile(r"\d{5}|\d(?:[ -]*\d){6}")  # of an account; of a phone, with any spaces
LEVEL_FIRST = re.compile(f"新增|加重|复发|{LEVELS.pattern}")


def words_of(template: Template) -> dict[str, str]:
    words = catalogue(template.language).words
    return {
        "level": max((words[level] for level in ("alarm", "warning", "fault")), key=len),
        "owner_answer": max((words[w] for w in words if w.startswith("owner_")), key=len),
        "what": max((words[w] for w in ("sensor_open", "implausible", "clock", "reported_fault")), key=len),
        "text": max((words[w] for w in words if w.startswith("system_")), key=len),
        "cold": words["cold"],
    }


def longest(template: Template) -> Values:
    return {**LONGEST, "numbers": "99999、99998等", **words_of(template)}


def ids(one: Template | Form) -> str:
    return one.id


NAMES = st.one_of(
    st.text(max_size=40),
    st.text(alphabet=st.sampled_from("长a1 -./:@。wh号0😀"), max_size=40),
    st.sampled_from(
        ["http://x.cn/a", "www.a.cn", "13800000001", "wx.qq.com", "10.1.2.3", "1" * 30, "房12345号"]
    ),
)


@st.composite
def anything(draw: st.DrawFn) -> Values:
    """Values with any names, of which any may be unknown."""
    said: dict[str, str | Name] = {key: draw(st.sampled_from([value, ""])) for key, value in LONGEST.items()}
    for key in (
        "who",
        "owner",
        "second",
        "taken_by",
        "by",
        "station",
        "site",
        "address",
        "device",
        "left1",
        "left2",
    ):
        said[key] = name(draw(NAMES))
    said["where"] = place(draw(NAMES), draw(NAMES), draw(NAMES))
    said["switch"] = switch(draw(NAMES), draw(NAMES))
    said["number"] = draw(st.sampled_from(["4001", "99999"]))
    return said


def obeys(template: Template, values: Values, signature: str) -> None:
    rendered = render_carried(template, values, signature)
    assert rendered.fits, f"{lengths.units(rendered.text)} of {template.room}: {rendered.text}"
    for variable, said in rendered.variables.items():
        assert said, variable
        assert lengths.units(said) <= VARIABLE_UNITS_MAX, f"{variable}: {said}"
        assert not LINKS.search(said), f"{variable}: {said}"
        assert not NUMBERS.search(said), f"{variable}: {said}"
        assert not set("【】\n") & set(said)


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_it_fits_with_the_longest_names_and_with_nothing_known(template: Template) -> None:
    obeys(template, longest(template), "签" * 12)
    obeys(template, {"number": "4001"}, "签" * 12)
    obeys(template, {**CAST, **words_of(template)}, SIGNATURE)


@given(st.sampled_from(TEMPLATES), anything())
def test_no_name_makes_a_variable_that_a_provider_refuses(template: Template, values: Values) -> None:
    obeys(template, {**words_of(template), **values}, "签" * 12)


@given(NAMES)
def test_whatever_a_name_is_it_can_be_carried_and_is_not_changed_twice(text: str) -> None:
    said = carriable(text)
    assert lengths.units(said) <= VARIABLE_UNITS_MAX
    assert not LINKS.search(said)
    assert not NUMBERS.search(said)
    assert carriable(said) == said


def test_names_lose_links_and_numbers_are_grouped_and_stay_what_they_are() -> None:
    assert carriable("见 wx.qq.com 或 13800000001") == "见 wx…qq…com 或 …0001"
    assert carriable("30000毫安") == "30 000毫安"
    assert carriable("203房3.5安 4821号") == "203房3.5安 4821号"


@pytest.mark.parametrize("template", TEMPLATES, ids=ids)
def test_values_are_never_shortened(template: Template) -> None:
    said = longest(template)
    rendered = render_carried(template, said, "签" * 12)
    for variable in {"number", "current", "time", "members", "left", "count"} & set(rendered.variables):
        assert rendered.variables[variable].replace(" ", "") == str(said[variable]).replace(" ", "")
    if "beyond" in rendered.variables and template.family not in {"reported", "phase_loss"}:
        assert rendered.variables["beyond"].count("30 000") == 2


@pytest.mark.parametrize("form", FORMS, ids=ids)
def test_a_provider_can_approve_it(form: Form) -> None:
    there = carriage(catalogue("zh-hans").language)
    assert re.search(r"\}\{", form.text) is None, "two variables stand side by side"
    assert len(form.variables) == len(set(form.variables)), "a variable stands there once"
    assert set(form.variables) <= set(there.variables)
    assert not re.search(r"https?:|www\.|\d{4,}|[【】]", form.text)
    for variable in form.variables:
        assert lengths.units(there.variables[variable][1]) <= VARIABLE_UNITS_MAX
    fixed = VARIABLE.sub("", form.text)
    assert lengths.units(fixed) >= 10, "a text of variables alone is approved by nobody"


@pytest.mark.parametrize("form", FORMS, ids=ids)
def test_the_words_are_those_of_the_house_and_no_answer_is_asked_for(form: Form) -> None:
    for word in ("火警", "℃", "mA", "·", "→", "煤", "打开箱", "开箱", "合上", "回1", "回2", "回复"):
        assert word not in form.text


@pytest.mark.parametrize("template", [t for t in TEMPLATES if LEVEL_FIRST.match(t.sources[0])], ids=ids)
def test_level_premises_and_room_come_first(template: Template) -> None:
    for values, signature in ((CAST, SIGNATURE), (LONGEST, "签" * 12)):
        rendered = render_carried(template, {**words_of(template), **values}, signature)
        body = rendered.text[len(signature) + 2 :]
        assert LEVEL_FIRST.match(body)
        if "where" in rendered.variables:
            where = rendered.variables["where"]
            assert body.index(where) + len(where) <= 25


def test_every_sms_but_the_answers_to_answers_can_be_carried() -> None:
    for language in languages():
        sms = {t.base for t in catalogue(language).templates.values() if not t.is_voice}
        assert {base for base in sms if not base.startswith("answer_")} == set(carriage(language).forms)


def test_the_forms_are_few_and_each_text_is_approved_once() -> None:
    texts = [form.text for form in FORMS]
    assert len(texts) == len(set(texts)) == 44


def test_what_is_not_known_takes_the_form_without_it() -> None:
    made_safe = catalogue("zh-hans").templates["owner_made_safe"]
    winter = render_carried(made_safe, {**CAST, "cold": "别用炭火取暖"}, SIGNATURE)
    summer = render_carried(made_safe, {**CAST, "cold": ""}, SIGNATURE)
    assert (winter.form, summer.form) == ("owner_made_safe", "owner_made_safe_2")
    assert winter.text == (
        "【禾木消防站】收到:松林客栈203房暖气已断电,电流0安。修好前别合闸,有客人先换房,别用炭火取暖。4821号未结案"
    )
    assert summer.text == winter.text.replace(",别用炭火取暖", "")


def test_texts_read_as_they_should() -> None:
    def said(key: str, **others: str) -> str:
        template = catalogue("zh-hans").templates[key]
        return render_carried(template, {**CAST, **words_of(template), **others}, SIGNATURE).text

    assert said("owner_alarm_leakage") == (
        "【禾木消防站】报警:松林客栈203房暖气,漏电82毫安,限70毫安。有烟先撤人打119,没烟请擦干手拉下2号箱3号开关"
    )
    assert said("owner_warning_reported", value="", limit="") == (
        "【禾木消防站】预警:松林客栈203房暖气,探测器自己报了预警,还没到报警。今天请电工查这一路,别自己拆。"
    )
    assert said("officer_alarm_heat") == (
        "【禾木消防站】报警:松林客栈203房暖气,B相接头82度,限70度。4821号,03:07,禾木3区12号。开关2号箱3号开关。"
        "户主Ailin已收到未回。请上值班屏接警"
    )
    assert said("officer_incident", network="") == (
        "【禾木消防站】事件4821:03:07起禾木有62户同时失联,58户断前电压为0,判断停电,没有只是断网的。"
        "失联期间没有报警不等于安全。30分钟后仍未回的逐户列出。请上值班屏接警"
    )


def test_a_text_that_nobody_carries_is_named() -> None:
    rendered = render_carried(catalogue("zh-hans").templates["answer_taken"], CAST, SIGNATURE)
    assert (rendered.form, rendered.text, rendered.fits) == ("answer_taken", "", False)


def printed(provider: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    """What the command prints, a table a text."""
    with pytest.raises(SystemExit) as ended:
        main(["sms", "templates", "--provider", provider])
    assert ended.value.code == 0
    found = {}
    for block in capsys.readouterr().out.split("\n\n")[1:]:
        head, *rest = block.strip().splitlines()
        found[head] = dict(line.strip().split(": ", 1) for line in rest)
    return found


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
def test_the_printed_text_filled_with_the_variables_is_what_the_person_gets(
    provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = printed(provider, capsys)
    assert set(texts) == {form.id for form in FORMS}
    for template in TEMPLATES:
        for values in (CAST, longest(template), {"number": "4001"}):
            rendered = render_carried(template, {**words_of(template), **values}, "签" * 12)
            approved = texts[rendered.form]["模板内容"]
            for position, (variable, said) in enumerate(rendered.variables.items(), 1):
                place = f"${{{variable}}}" if provider == "aliyun" else f"{{{position}}}"
                assert approved.count(place) == 1
                approved = approved.replace(place, said)
            assert "{" not in approved
            assert f"【{'签' * 12}】{approved}" == rendered.text


def test_each_printed_text_has_its_kind_length_example_and_remark(capsys: pytest.CaptureFixture[str]) -> None:
    for text in printed("tencent", capsys).values():
        ((units, room),) = re.findall(r"^(\d+) / (\d+), \d SMS$", text["长度"])
        assert lengths.units(text["示例"]) == int(units) <= int(room)
        assert text["模板类型"] == "通知短信"
        assert text["申请说明"]
        assert text["示例"].startswith("【禾木消防站】")


def test_the_empty_file_names_every_text() -> None:
    table = tomllib.loads("\n".join(submission.empty_file("zh-hans")))
    assert table == {"zh-hans": {form.id: "" for form in FORMS}}


@pytest.mark.parametrize("wanted", [("zh-hans", "twilio"), ("zh-hans", ""), ("kk", "aliyun")])
def test_what_can_not_be_submitted_is_told(wanted: tuple[str, str]) -> None:
    with pytest.raises(BadInput, match=r"aliyun|zh-hans"):
        list(submission.lines(submission.Wanted(*wanted)))


def test_every_family_has_its_own_words_in_an_alarm() -> None:
    said = set()
    for family in FAMILIES:
        template = catalogue("zh-hans").template("owner_alarm", family)
        said.add(render_carried(template, CAST, SIGNATURE).text)
    assert len(said) == len(FAMILIES)
