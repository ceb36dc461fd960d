"""Four-Faith's (四信) own numbers, which another maker may use for anything else: a hint, never the standard's meaning.

Source: the tables and field logs of GitHub leepeiliang/fire @28ae7569. Steps that nobody published are left out.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flameblue.intake.protocols.gb26875.fields import TIME_BYTES, text
from flameblue.intake.protocols.gb26875.numbers import Word

PRINTER_LINE = 9  # reserved in the standard
NO_SENSOR = -500  # of a temperature input that nothing is connected to: -50.0 ℃

SYSTEMS: Mapping[int, Word] = {
    128: Word("single component", "独立部件"),
    129: Word("electrical fire", "电气火灾"),
    130: Word("LoRa", "LoRa"),
    131: Word("pipe pressure", "管道压力"),
    132: Word("pool level", "水池液位"),
    133: Word("municipal hydrant", "市政消火栓"),
    134: Word("tank level", "水箱液位"),
    135: Word("smoke", "烟感"),
    136: Word("protocol", "协议"),
    137: Word("DTU", "DTU"),
}
COMPONENTS: Mapping[int, Word] = {
    19: Word("electrical fire alarm, two phases", "电气火灾报警器(2相)"),
    80: Word("sounder and beacon", "声光"),
    128: Word("water pressure", "水压"),
    129: Word("level", "液位"),
    130: Word("blank cap", "闷盖"),
    131: Word("parsing card", "解析卡"),
    132: Word("LoRa router", "LoRa 路由"),
    133: Word("user information transmission device", "用传"),
}
TYPES: Mapping[int, Word] = {
    PRINTER_LINE: Word("printer line", "打印机数据"),
    10: Word("CRT", "CRT"),
    128: Word("time of manufacture", "生产时间"),
    129: Word("remote control", "远程控制"),
    130: Word("device switched on", "用传开机"),
    131: Word("device switched off", "用传关机"),
    132: Word("system switched on", "系统开机"),
    133: Word("system switched off", "系统关机"),
    134: Word("system state recovered", "系统状态恢复"),
    135: Word("component state recovered", "部件状态恢复"),
    136: Word("device state recovered", "用传状态恢复"),
    137: Word("upgrade", "升级"),
    138: Word("electric energy", "电能量"),
    139: Word("breaker", "断路器"),
    140: Word("many channels", "多通道"),
    141: Word("passed through", "透传"),
    142: Word("device state", "设备状态"),
    200: Word("line down", "线路故障"),
    201: Word("line restored", "线路恢复"),
    204: Word("component fire", "部件火警"),
    205: Word("linkage", "联动"),
    206: Word("other", "其他"),
}


class Analogue(NamedTuple):
    """What a number measures. `steps` to the unit; 0: not published."""

    word: Word
    unit: str = ""
    steps: int = 0
    is_temperature: bool = False


def _residual(place: int) -> Analogue:
    return Analogue(Word(f"residual current I{place}", f"剩余电流 I{place}"), "mA", 1)


def _temperature(place: int) -> Analogue:
    return Analogue(Word(f"temperature T{place}", f"温度 T{place}"), "℃", 10, is_temperature=True)


ANALOGUES: Mapping[int, Analogue] = {
    128: Analogue(Word("signal strength", "信号强度"), "dBm", 1),
    129: Analogue(Word("battery charge", "电池电量"), "mAh", 1),
    **{129 + place: _residual(place) for place in range(1, 5)},
    134: _temperature(1),
    **{132 + place: _residual(place) for place in range(5, 9)},
    **{139 + place: _temperature(place) for place in range(2, 9)},
    **{148 + n: Analogue(Word(f"voltage U{phase}", f"电压 U{phase}"), "V") for n, phase in enumerate("abc")},
    **{151 + n: Analogue(Word(f"current I{phase}", f"电流 I{phase}"), "A") for n, phase in enumerate("abc")},
    154: Analogue(Word("level", "液位"), "cm", 1),
    **{number: Analogue(Word("an alarm or warning limit", "报警或预警限值")) for number in range(155, 177)},
    177: Analogue(Word("state of the residual current sensors", "剩余电流传感器状态")),
    178: Analogue(Word("state of the temperature sensors", "温度传感器状态")),
    179: Analogue(Word("state of the three phases", "三相状态")),
}


class PrinterLine(NamedTuple):
    """A line of a panel's printer. `event`: 3 fire, 5 fault, 9 feedback, 0 and 1 reset, not reliably."""

    system: int
    system_address: int
    mark: bytes
    event: int
    device: str
    place: str
    happened: str
    time: bytes


def printer_line(data: bytes) -> PrinterLine | None:
    """The line in the objects of type 9; None where they are something else."""
    if len(data) < 5:
        return None
    at, said = 5, []
    for _ in range(3):
        if at >= len(data):
            return None
        start, at = at + 1, at + 1 + data[at]
        said.append(text(data[start:at]))
    if len(data) != at + TIME_BYTES:
        return None
    device, place, happened = said
    return PrinterLine(data[0], data[1], data[2:4], data[4], device, place, happened, data[at:])


def value(analogue: int, raw: int) -> dict[str, Any] | None:
    """What a value of a type of Four-Faith's means; None: it has no such type."""
    known = ANALOGUES.get(analogue)
    if known is None:
        return None
    said: dict[str, Any] = {"analogue_name": known.word.en, "analogue_name_zh": known.word.zh}
    is_missing = known.is_temperature and raw == NO_SENSOR
    said["value"] = None if is_missing or not known.steps else raw / known.steps
    said["unit"] = known.unit or None
    return {**said, "sensor": "none"} if is_missing else said
