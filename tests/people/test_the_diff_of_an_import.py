"""What an import changes is told by premises, in the order of the file, and fits a terminal."""

import json
import re

import pytest

from flameblue.people import registry_diff
from flameblue.people.registry import Report
from flameblue.people.registry_diff import Look, as_json, errors, lines, wide
from tests.cast import Cast
from tests.people.registry_files import CABIN, HEATER, Bring, Cells

pytestmark = pytest.mark.django_db
PLAIN = Look()
SONGLIN: Cells = {"site": "禾木", "premises": "松林客栈"}
RATING: Cells = SONGLIN | {"panel": "2号箱", "circuit": "203房暖气", "rated_current_a": "20"}


def shown(report: Report, look: Look = PLAIN) -> str:
    return "\n".join(lines(report, look))


def everything(bring: Bring) -> Report:
    owner = SONGLIN | {"owner": "Ailin", "phone": "13800009901", "season": "closed until 2027-05-01"}
    device = SONGLIN | {
        "device": "D0217",
        "credential": "smoke-in-may",
        "device_serial": "一二三四五六七八九十" * 6,
    }
    return bring(
        HEATER, HEATER | {"point": "ib", "quantity": "current_a"}, RATING, owner, device, dry_run=True
    )


def test_it_tells_what_is_new_what_changes_and_how_much_stays(bring: Bring) -> None:
    assert (
        shown(everything(bring))
        == """\
禾木 · 白桦客栈
  + premises
  + panel 1号箱
  + circuit 1号箱 101房暖气
      isolator 2号开关, rated_current_a 32
  + contact Aigul
  + person Aigul
      phone +86138****0011
  + device D0300
      device_serial SN-300, credential (set), profile flameblue-generic
  + 2 points of D0300: tb (temperature_c), ib (current_a)
      phase B, place 101房, circuit 1号箱 101房暖气

禾木 · 松林客栈
  ~ premises
      season  open → closed until 2027-05-01
  ~ circuit 2号箱 203房暖气
      rated_current_a  40 → 20
  ~ person Ailin
      phone  +86138****0001 → +86138****9901
  ~ device D0217
      device_serial  SN-0217 →
      一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七
      八九十一二三四五六七八九十一二三四五六七八九十
      credential     replaced
  = 5 unchanged

8 added, 4 changed, 6 unchanged."""
    )


def test_it_is_told_in_chinese_with_the_columns_of_a_chinese_file(bring: Bring) -> None:
    assert (
        shown(bring(RATING, HEATER | {"credential": "(set)"}, dry_run=True), Look("zh-hans"))
        == """\
禾木 · 松林客栈
  ~ 回路 2号箱 203房暖气
      额定电流(A)  40 → 20
  = 2 项不变

禾木 · 白桦客栈
  + 场所
  + 配电箱 1号箱
  + 回路 1号箱 101房暖气
      开关 2号开关, 额定电流(A) 32
  + 联系人 Aigul
  + 人员 Aigul
      手机 +86138****0011
  + 设备 D0300
      设备序列号 SN-300, 设备型号 flameblue-generic, 接入密码要重新设置
  + 测点 D0300/tb
      量 温度, 相 B相, 位置 101房, 回路 1号箱 101房暖气

新增 7 项，修改 1 项，3 项不变。"""
    )


def test_no_line_is_wider_than_a_terminal(bring: Bring) -> None:
    texts = {
        "address": "松林中 the long way round " * 4 + "雪" * 9,
        "kind": "k" * 40,
        "key_holder": "钥" * 80,
    }
    report = bring(HEATER | texts, *[HEATER | {"point": f"t{n}"} for n in range(30)], dry_run=True)
    for language in ("en", "zh-hans"):
        for width in (80, 40):
            found = list(lines(report, Look(language, width)))
            assert max(wide(line) for line in found) <= width
            assert "雪" in "".join(found)


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("松林", 4), ("ｆ１", 4), ("é", 1), ("e\u0301", 1), ("🔥", 2)]
)
def test_a_chinese_character_takes_two_columns(text: str, columns: int) -> None:
    assert wide(text) == columns


def test_no_secret_and_no_whole_number_is_told(bring: Bring) -> None:
    report = everything(bring)
    for told in (shown(report), json.dumps(as_json(report, is_dry_run=True), ensure_ascii=False)):
        assert "smoke-in-may" not in told
        assert re.search(r"\d{9}", told) is None
        assert re.search(r"[0-9a-f]{64}", told) is None


def test_a_number_that_differs_only_where_it_is_masked_is_said_to_differ(bring: Bring) -> None:
    report = bring(SONGLIN | {"owner": "Ailin", "phone": "13877770001"}, dry_run=True)
    assert "phone  +86138****0001, with other digits" in shown(report)


def test_nothing_steers_the_terminal(bring: Bring, cast: Cast) -> None:
    cast.premises.key_holder = "\x1b[31mred\u202e"
    cast.premises.save()
    told = shown(bring(SONGLIN | {"key_holder": "Ailin"}, dry_run=True))
    assert "\ufffd[31mred\ufffd → Ailin" in told
    assert "\x1b" not in told


def test_colours_change_nothing_but_colours(bring: Bring) -> None:
    report = everything(bring)
    coloured = shown(report, Look(is_coloured=True))
    assert coloured.count("\x1b[32m") > 5
    assert re.sub(r"\x1b\[\d+m", "", coloured) == shown(report)


def test_programs_get_the_names_of_columns(bring: Bring) -> None:
    told = as_json(everything(bring), is_dry_run=True)
    assert (told["changed"], told["added_count"], told["changed_count"], told["unchanged_count"]) == (
        False,
        8,
        4,
        6,
    )
    rating = next(one for one in told["changes"] if one["thing"] == "circuit" and not one["new"])
    assert rating["place"] == ["禾木", "松林客栈"]
    assert rating["fields"] == {"rated_current_a": {"before": 40.0, "after": 20.0}}
    wrong = as_json(bring(CABIN | {"phone": "12"}), is_dry_run=False)
    assert (wrong["changed"], len(wrong["errors"])) == (False, 1)


def test_very_many_errors_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_diff, "ERRORS_SHOWN_MAX", 2)
    four = Report(errors=("a", "b", "c", "d"))
    assert errors(four, Look()) == ["a", "b", "And 2 errors more."]
    assert errors(four, Look("zh-hans")) == ["a", "b", "还有 2 处错误。"]
    assert errors(Report(errors=("a", "b")), Look()) == ["a", "b"]


def test_nothing_to_change_is_said(bring: Bring) -> None:
    assert shown(bring(SONGLIN)) == "Nothing to change."
    assert shown(bring(SONGLIN), Look("zh-hans")) == "没有要改的。"
