"""The standard's numbers and what they mean, in English and in the standard's own words.

Source: GB/T 26875.3-2011; each table names its clause. Three of them are often printed wrong: system type 23 is
the power supply (not again a lift), bit 0 is set in normal operation, and type 5 of table 6 steps by 0.1 kPa.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """A meaning in English and in Chinese."""

    en: str
    zh: str


class Analogue(NamedTuple):
    """What a number of a component measures: value = raw / `steps`, between `least` and `most`."""

    word: Word
    unit: str
    steps: int
    least: float
    most: float


USER_DEFINED_MIN = 128  # of commands, type flags, system, component and analogue types
USER_DEFINED = Word("user-defined", "用户自行定义")
RESERVED = Word("reserved", "预留")

CONTROL, SEND, ACKNOWLEDGE, REQUEST, ANSWER, DENY = range(1, 7)
COMMANDS: Mapping[int, Word] = {  # 6.6, table 2
    CONTROL: Word("control", "控制命令"),
    SEND: Word("send data", "发送数据"),
    ACKNOWLEDGE: Word("acknowledge", "确认"),
    REQUEST: Word("request", "请求"),
    ANSWER: Word("answer", "应答"),
    DENY: Word("deny", "否认"),
}

SYSTEMS: Mapping[int, Word] = {  # 8.2.1.1, table 4
    0: Word("general", "通用"),
    1: Word("fire alarm system", "火灾报警系统"),
    10: Word("fire control linkage panel", "消防联动控制器"),
    11: Word("hydrant system", "消火栓系统"),
    12: Word("automatic sprinkler system", "自动喷水灭火系统"),
    13: Word("gas extinguishing system", "气体灭火系统"),
    14: Word("water spray system, started by pump", "水喷雾灭火系统（泵启动方式）"),
    15: Word("water spray system, started by pressure vessel", "水喷雾灭火系统（压力容器启动方式）"),
    16: Word("foam extinguishing system", "泡沫灭火系统"),
    17: Word("powder extinguishing system", "干粉灭火系统"),
    18: Word("smoke control system", "防烟排烟系统"),
    19: Word("fire door and shutter system", "防火门及卷帘系统"),
    20: Word("fire lift", "消防电梯"),
    21: Word("emergency broadcast", "消防应急广播"),
    22: Word("emergency lighting and exit signs", "消防应急照明和疏散指示系统"),
    23: Word("power supply for fire protection", "消防电源"),
    24: Word("fire telephone", "消防电话"),
}

COMPONENTS: Mapping[int, Word] = {  # 8.2.1.2, table 5
    0: Word("general", "通用"),
    1: Word("fire alarm control panel", "火灾报警控制器"),
    10: Word("combustible gas detector", "可燃气体探测器"),
    11: Word("point combustible gas detector", "点型可燃气体探测器"),
    12: Word("standalone combustible gas detector", "独立式可燃气体探测器"),
    13: Word("line combustible gas detector", "线型可燃气体探测器"),
    16: Word("electrical fire monitoring alarm", "电气火灾监控报警器"),
    17: Word("residual current electrical fire detector", "剩余电流式电气火灾监控探测器"),
    18: Word("temperature electrical fire detector", "测温式电气火灾监控探测器"),
    21: Word("detection loop", "探测回路"),
    22: Word("fire display panel", "火灾显示盘"),
    23: Word("manual call point", "手动火灾报警按钮"),
    24: Word("hydrant button", "消火栓按钮"),
    25: Word("fire detector", "火灾探测器"),
    30: Word("heat detector", "感温火灾探测器"),
    31: Word("point heat detector", "点型感温火灾探测器"),
    32: Word("point heat detector, type S", "点型感温火灾探测器（S型）"),
    33: Word("point heat detector, type R", "点型感温火灾探测器（R型）"),
    34: Word("line heat detector", "线型感温火灾探测器"),
    35: Word("line heat detector, type S", "线型感温火灾探测器（S型）"),
    36: Word("line heat detector, type R", "线型感温火灾探测器（R型）"),
    37: Word("fibre optic heat detector", "光纤感温火灾探测器"),
    40: Word("smoke detector", "感烟火灾探测器"),
    41: Word("point ionisation smoke detector", "点型离子感烟火灾探测器"),
    42: Word("point optical smoke detector", "点型光电感烟火灾探测器"),
    43: Word("beam smoke detector", "线型光束感烟火灾探测器"),
    44: Word("aspirating smoke detector", "吸气式感烟火灾探测器"),
    50: Word("combined fire detector", "复合式火灾探测器"),
    51: Word("combined smoke and heat detector", "复合式感烟感温火灾探测器"),
    52: Word("combined flame and heat detector", "复合式感光感温火灾探测器"),
    53: Word("combined flame and smoke detector", "复合式感光感烟火灾探测器"),
    61: Word("ultraviolet flame detector", "紫外火焰探测器"),
    62: Word("infrared flame detector", "红外火焰探测器"),
    69: Word("flame detector", "感光火灾探测器"),
    74: Word("gas detector", "气体探测器"),
    78: Word("video fire detector", "图像摄像方式火灾探测器"),
    79: Word("acoustic fire detector", "感声火灾探测器"),
    81: Word("gas extinguishing control panel", "气体灭火控制器"),
    82: Word("electric control device for fire protection", "消防电气控制装置"),
    83: Word("graphic display of the fire control room", "消防控制室图形显示装置"),
    84: Word("module", "模块"),
    85: Word("input module", "输入模块"),
    86: Word("output module", "输出模块"),
    87: Word("input and output module", "输入/输出模块"),
    88: Word("relay module", "中继模块"),
    91: Word("fire pump", "消防水泵"),
    92: Word("fire water tank", "消防水箱"),
    95: Word("sprinkler pump", "喷淋泵"),
    96: Word("water flow indicator", "水流指示器"),
    97: Word("signal valve", "信号阀"),
    98: Word("alarm valve", "报警阀"),
    99: Word("pressure switch", "压力开关"),
    101: Word("valve drive", "阀驱动装置"),
    102: Word("fire door", "防火门"),
    103: Word("fire damper", "防火阀"),
    104: Word("ventilation and air conditioning", "通风空调"),
    105: Word("foam concentrate pump", "泡沫液泵"),
    106: Word("solenoid valve of the pipework", "管网电磁阀"),
    111: Word("smoke control fan", "防烟排烟风机"),
    113: Word("smoke exhaust fire damper", "排烟防火阀"),
    114: Word("air inlet, normally closed", "常闭送风口"),
    115: Word("smoke outlet", "排烟口"),
    116: Word("electric smoke curtain", "电控挡烟垂壁"),
    117: Word("fire shutter controller", "防火卷帘控制器"),
    118: Word("fire door monitor", "防火门监控器"),
    121: Word("alarm device", "警报装置"),
}

# 8.2.1.1, figure 6, and 8.2.1.2: the bit's number, what it means when it is set
_OF_BOTH: Mapping[int, Word] = {
    0: Word("normal operation", "正常运行"),  # else: a test
    1: Word("fire alarm", "火警"),
    2: Word("fault", "故障"),
    3: Word("shielded", "屏蔽"),
    4: Word("supervisory", "监管"),
    5: Word("started", "启动"),
    6: Word("feedback", "反馈"),
    7: Word("delayed", "延时"),
}
SYSTEM_STATES: Mapping[int, Word] = {
    **_OF_BOTH,
    8: Word("main power fault", "主电故障"),
    9: Word("standby power fault", "备电故障"),
    10: Word("bus fault", "总线故障"),
    11: Word("manual", "手动"),  # else: automatic
    12: Word("configuration changed", "配置改变"),
    13: Word("reset", "复位"),
}
COMPONENT_STATES: Mapping[int, Word] = {**_OF_BOTH, 8: Word("power fault", "电源故障")}
DEVICE_STATES: Mapping[int, Word] = {  # 8.2.1.8
    0: Word("normal monitoring", "正常监视"),  # else: a test
    1: Word("fire alarm", "火警"),
    2: Word("fault", "故障"),
    3: Word("main power fault", "主电故障"),
    4: Word("standby power fault", "备电故障"),
    5: Word("fault of the channel to the centre", "与监控中心通信信道故障"),
    6: Word("fault of a monitored line", "监测连接线路故障"),
}
DUTY_ANSWER_BIT = 5
SYSTEM_OPERATIONS: Mapping[int, Word] = {  # 8.2.1.4
    0: Word("reset", "复位"),
    1: Word("mute", "消音"),
    2: Word("manual alarm", "手动报警"),
    3: Word("alarm cleared", "警情消除"),
    4: Word("self-test", "自检"),
    5: Word("confirmed", "确认"),
    6: Word("test", "测试"),
}
DEVICE_OPERATIONS: Mapping[int, Word] = {  # 8.2.1.9
    **SYSTEM_OPERATIONS,
    DUTY_ANSWER_BIT: Word("answer to the duty check", "查岗应答"),
}

ANALOGUES: Mapping[int, Analogue] = {  # 8.2.1.3, table 6
    1: Analogue(Word("number of events", "事件计数"), "件", 1, 0, 32_000),
    2: Analogue(Word("height", "高度"), "m", 100, 0, 320),
    3: Analogue(Word("temperature", "温度"), "℃", 10, -273, 3_200),
    4: Analogue(Word("pressure", "压力"), "MPa", 10, 0, 3_200),
    5: Analogue(Word("pressure", "压力"), "kPa", 10, 0, 3_200),
    6: Analogue(Word("gas concentration", "气体浓度"), "%LEL", 10, 0, 100),
    7: Analogue(Word("time", "时间"), "s", 1, 0, 32_000),
    8: Analogue(Word("voltage", "电压"), "V", 10, 0, 3_200),
    9: Analogue(Word("current", "电流"), "A", 10, 0, 3_200),
    10: Analogue(Word("flow", "流量"), "L/s", 10, 0, 3_200),
    11: Analogue(Word("air flow", "风量"), "m³/min", 10, 0, 3_200),
    12: Analogue(Word("wind speed", "风速"), "m/s", 1, 0, 20),
}


def word(table: Mapping[int, Word], number: int) -> Word:
    """What `number` means by `table`, whose gaps are reserved up to 127 and the user's from there on."""
    return table.get(number) or (USER_DEFINED if number >= USER_DEFINED_MIN else RESERVED)


def words(table: Mapping[int, Word], bits: int) -> list[Word]:
    """What the set ones of `bits` mean; a reserved one is called by its number."""
    set_ones = (bit for bit in range(bits.bit_length()) if bits >> bit & 1)
    return [table.get(bit) or Word(f"bit {bit}", f"b{bit}") for bit in set_ones]
