"""The closed sets that cells choose from, in the words of two languages. Pure; errors are in the active language."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from flameblue.domain.quantities import PHASES, QUANTITIES
from flameblue.people.registry_speech import CHINESE, asked, listed, shown

SET, SET_CHINESE = "(set)", "(已设)"  # stand for a credential, which nobody can read back
OPEN, OPEN_CHINESE = "open", "营业"
CLOSED_UNTIL, CLOSED_CHINESE = "closed until ", "歇业至"
OPEN_WORDS = frozenset({OPEN, OPEN_CHINESE, "营业中", "正常营业", "开业", "开门"})
CLOSED = re.compile(r"(?:closed until|closed till|歇业至|停业至|闭店至|关门至|歇业到|停业到)\s*")
CLOSED_EXAMPLE = "歇业至2027-05-01"
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")

LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("zh-hans", "zh", "zh-cn", "chinese", "中文", "汉语", "汉文", "简体中文"), "zh-hans"),
    **dict.fromkeys(("en", "english", "英语", "英文"), "en"),
    **dict.fromkeys(("kk", "kazakh", "қазақша", "哈萨克语", "哈萨克文", "哈语"), "kk"),
}
LANGUAGES_CHINESE: Mapping[str, str] = {"zh-hans": "中文", "en": "英语", "kk": "哈萨克语"}

QUANTITIES_CHINESE: Mapping[str, str] = {
    "residual_current_ma": "剩余电流",
    "temperature_c": "温度",
    "ambient_temperature_c": "环境温度",
    "current_a": "电流",
    "voltage_v": "电压",
    "power_w": "功率",
    "energy_kwh": "电能",
    "arc_count": "打火次数",
    "humidity_percent": "湿度",
    "apparent_power_va": "视在功率",
    "reactive_power_var": "无功功率",
    "power_factor": "功率因数",
    "frequency_hz": "频率",
}
_QUANTITIES: Mapping[str, str] = {
    **{name: name for name in QUANTITIES},
    **{said: name for name, said in QUANTITIES_CHINESE.items()},
    **dict.fromkeys(("漏电", "漏电流", "漏电电流"), "residual_current_ma"),
    **dict.fromkeys(("线缆温度", "导线温度", "接头温度", "端子温度"), "temperature_c"),
    **dict.fromkeys(("室温", "箱内温度", "环境温"), "ambient_temperature_c"),
    **dict.fromkeys(("负荷电流", "负载电流", "工作电流"), "current_a"),
    **dict.fromkeys(("有功功率",), "power_w"),
    **dict.fromkeys(("电量", "用电量"), "energy_kwh"),
    **dict.fromkeys(("电弧", "电弧次数", "故障电弧"), "arc_count"),
}
UNIT = re.compile(r"\([^()]*\)$")
UNITS: Mapping[str, str] = {name: quantity.unit.lower() for name, quantity in QUANTITIES.items()}

PHASES_CHINESE: Mapping[str, str] = {"A": "A相", "B": "B相", "C": "C相", "N": "零线"}
_PHASES: Mapping[str, str] = {
    **{phase.lower(): phase for phase in PHASES if phase},
    **dict.fromkeys(("l1", "u", "黄", "黄相"), "A"),
    **dict.fromkeys(("l2", "v", "绿", "绿相"), "B"),
    **dict.fromkeys(("l3", "w", "红", "红相"), "C"),
    **dict.fromkeys(("零线", "零", "中性线"), "N"),
}


def plain(text: str) -> str:
    """Half-width, lower case, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def season(text: str) -> date | None:
    """The day until which it is closed, a bare date too; None: open."""
    said = plain(text)
    if said in OPEN_WORDS:
        return None
    day = DAY.fullmatch(CLOSED.sub("", said, count=1))
    if day is not None:
        try:
            return date(int(day[1]), int(day[2]), int(day[3]))
        except ValueError:
            pass
    raise ValueError(
        _("'%(text)s' is neither 'open' nor like 'closed until 2027-05-01' (%(chinese)s)")
        % {"text": shown(text), "chinese": CLOSED_EXAMPLE}
    )


def language(text: str) -> str:
    """zh-hans, en or kk."""
    said = plain(text)
    if said not in LANGUAGES:
        names = {"chinese": "zh-hans", "english": "en", "kazakh": "kk"}
        raise ValueError(
            _("'%(text)s' is neither zh-hans (%(chinese)s), en (%(english)s) nor kk (%(kazakh)s)")
            % ({"text": shown(text)} | {name: LANGUAGES_CHINESE[code] for name, code in names.items()})
        )
    return LANGUAGES[said]


def quantity(text: str) -> str:
    """A name of domain.quantities; a unit in brackets must be the quantity's own."""
    said = plain(text).replace(" ", "")
    unit = UNIT.search(said)
    name = _QUANTITIES.get(UNIT.sub("", said) if unit else said)
    if name is None:
        raise ValueError(_no_quantity(text, said))
    if unit is not None and unit.group()[1:-1] != UNITS[name]:
        raise ValueError(
            _("'%(text)s' has another unit than %(unit)s, in which %(name)s is kept")
            % {"text": shown(text), "unit": QUANTITIES[name].unit, "name": _called(name)}
        )
    return name


def _no_quantity(text: str, said: str) -> str:
    near = difflib.get_close_matches(said, _QUANTITIES, n=1)
    why = _("'%(text)s' is no quantity; known are %(known)s")
    if near:
        why = _("'%(text)s' is no quantity, did you mean %(meant)s; known are %(known)s")
    known = listed(
        chinese if asked() == CHINESE else f"{name} ({chinese})"
        for name, chinese in QUANTITIES_CHINESE.items()
    )
    meant = _called(_QUANTITIES[near[0]]) if near else ""
    return why % {"text": shown(text), "meant": meant, "known": known}


def _called(quantity: str) -> str:
    return said("quantity", quantity, asked())


def phase(text: str) -> str:
    """A, B, C or N."""
    said = plain(text).replace(" ", "")
    found = _PHASES.get(said) or _PHASES.get(said.removesuffix("相"))
    if found is None:
        raise ValueError(
            _("'%(text)s' is no phase; known are %(known)s (also %(others)s), or nothing")
            % {"text": shown(text), "known": listed(PHASES[1:]), "others": listed(("A相", "L1", "U"))}
        )
    return found


def is_set(text: str) -> bool:
    """It says that a credential is there, and not which."""
    return plain(text) in (SET, SET_CHINESE)


SAID: Mapping[str, Mapping[str, str]] = {  # by column: the word of each value of a closed set
    "credential": {SET: SET_CHINESE},
    "language": LANGUAGES_CHINESE,
    "language2": LANGUAGES_CHINESE,
    "quantity": QUANTITIES_CHINESE,
    "phase": PHASES_CHINESE,
}


def said(column: str, value: str, language: str) -> str:
    """How a file in `language` says a value of a closed set; other values as they are."""
    return SAID.get(column, {}).get(value, value) if language == CHINESE else value


def season_said(closed_until: date | str | None, language: str) -> str:
    """The same of a season; None: open."""
    if closed_until is None:
        return OPEN_CHINESE if language == CHINESE else OPEN
    return f"{CLOSED_CHINESE if language == CHINESE else CLOSED_UNTIL}{closed_until}"
