"""The columns of a registry file: their names in two languages, what else people call them, what they say.

A heading is compared without case, blanks, underlines, colons, required marks (*) and full-width forms; a note in
brackets such as (必填) or (A) is passed over. What may mean two columns, and what means none, is an error.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from flameblue.people.registry_speech import CHINESE, asked, either

REQUIRED = ("site", "premises")
SIGNS = re.compile(r"[\s_*:]+")
NOTE = re.compile(r"\((?:必填|选填|可空|可不填|required|optional|a|安|安培|°|度|文本|text)\)")
NEAR = 0.6  # of difflib's ratio; below it a suggestion would be a guess


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `also`: other names that mean it, separated by blanks; `width` of it in a sheet."""

    name: str
    chinese: str
    also: str
    width: int
    says: str | Promise

    def heading(self, language: str) -> str:
        """What stands in the heading of an export."""
        return self.chinese if language == CHINESE else self.name


TABLE: Sequence[Column] = (
    Column(
        "site",
        "村",
        "村庄 村名 景区 村/景区 村(景区) 所在村 village",
        10,
        _("The village, in every row."),
    ),
    Column(
        "premises",
        "场所",
        "场所名称 场所名 商户 商户名称 店名 单位名称 木屋",
        22,
        _("The cabin, shop or hotel, in every row. A row may stop here: known and not equipped."),
    ),
    Column("short_name", "短名", "简称 场所简称 短信简称", 14, _("What an SMS says, 20 characters.")),
    Column("kind", "类型", "场所类型 场所类别 类别 业态 type", 12, _("Guest cabin, shop, hotel …")),
    Column("address", "地址", "详细地址 场所地址 门牌 门牌号", 20, _("Where it is.")),
    Column("latitude", "纬度", "lat", 12, _("In degrees, north is positive.")),
    Column("longitude", "经度", "lon lng", 12, _("In degrees, east is positive.")),
    Column("owner", "业主", "业主姓名 户主 户主姓名 负责人 店主 老板", 14, _("Who is told first.")),
    Column(
        "phone",
        "手机",
        "手机号 手机号码 电话 联系电话 业主手机 业主手机号 业主电话 户主手机 户主电话 负责人电话 mobile",
        18,
        _("The owner's number, as text. A number belongs to one person, who is found by it."),
    ),
    Column("language", "语言", "短信语言 业主语言", 10, _("The owner's language: zh-hans, en or kk.")),
    Column("contact2", "第二联系人", "备用联系人 紧急联系人 第二联系人姓名", 14, _("Who is told next.")),
    Column(
        "phone2",
        "第二联系人手机",
        "第二联系人电话 备用联系人手机 备用联系人电话 备用电话 备用手机 紧急联系电话 紧急联系人电话",
        18,
        _("The second contact's number, as text."),
    ),
    Column("language2", "第二联系人语言", "备用联系人语言", 10, _("The second contact's language.")),
    Column("key_holder", "钥匙保管人", "钥匙 钥匙保管", 14, _("Who can open the door.")),
    Column(
        "season",
        "营业",
        "季节 营业状态 歇业 营业情况",
        24,
        _("open, or closed until 2027-05-01: silence is expected until that day begins."),
    ),
    Column("panel", "配电箱", "箱 电箱 箱号 配电箱号", 10, _("The distribution board.")),
    Column(
        "isolator", "开关", "开关号 分断开关 空开 断路器", 10, _("The switch that a message asks to pull.")
    ),
    Column("circuit", "回路", "回路名称 支路", 14, _("What the breaker feeds.")),
    Column(
        "rated_current_a", "额定电流(A)", "额定电流 整定电流", 12, _("In ampere; limits of load follow it.")
    ),
    Column(
        "device",
        "设备",
        "设备名 设备名称 探测器 探测器名称 用户名",
        14,
        _("Its MQTT user name, which stands in its topic."),
    ),
    Column("device_serial", "设备序列号", "序列号 出厂编号 serial sn", 16, _("The maker's serial number.")),
    Column("profile", "设备型号", "设备模型 型号 模型", 20, _("The device model; needed for a new device.")),
    Column(
        "device_address",
        "通信地址",
        "设备地址 源地址 用传地址 传输装置地址 装置地址",
        16,
        _(
            "What the device calls itself where it speaks GB/T 26875.3: 12 hex digits, or a decimal number. Where it "
            "is asked over Modbus: its line and its number there, such as tcp://192.0.2.7:502?unit=17. Where it is "
            "asked by DL/T 645: its line and its twelve digits, such as tcp://192.0.2.7:8899?meter=000000123456."
        ),
    ),
    Column(
        "networks",
        "允许网络",
        "允许网段 来源网络 来源网段 允许地址 允许的网络 ip白名单",
        18,
        _("From where it may speak: any, or networks like 10.1.0.0/16. Empty: a new address is a fault."),
    ),
    Column(
        "credential",
        "接入密码",
        "密码 接入凭证 凭证 令牌 token password",
        14,
        _("What the device presents. Nobody can read it back: (set) changes nothing."),
    ),
    Column("point", "测点", "测点名 测点键 键", 10, _("The key in the device's messages.")),
    Column("quantity", "量", "测量量 监测量 参数 物理量", 20, _("What it measures.")),
    Column("phase", "相", "相别 相位 相序", 6, _("A, B, C or N; empty for a single phase.")),
    Column("place", "位置", "安装位置 部位 房间", 12, _("The room, as an SMS says it.")),
    Column("station", "消防站", "所属消防站 站 辖区消防站", 16, _("Whose a new site is.")),
)
COLUMNS: Mapping[str, Column] = {column.name: column for column in TABLE}
AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "姓名": ("owner", "contact2", "key_holder"),
    "联系人": ("owner", "contact2"),
    "name": ("premises", "owner"),
    "名称": ("premises", "device", "circuit"),
    "编号": ("device", "device_serial"),
    "电流": ("rated_current_a", "quantity"),
}
NOT_READ = frozenset({"序号", "备注", "no", "no.", "remarks", "remark", "note", "notes"})


def plain(heading: str) -> str:
    """A heading without what doesn't tell columns apart."""
    text = SIGNS.sub("", unicodedata.normalize("NFKC", heading)).lower()
    return NOTE.sub("", text)


def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for column in TABLE:
        for name in (column.name, column.chinese, *column.also.split()):
            other = found.setdefault(plain(name), column.name)
            assert other == column.name, f"{name} means {other} and {column.name}"
    return found


NAMES: Mapping[str, str] = _names()


def meaning(heading: str) -> str | None:
    """The column that `heading` names; None where that is not known for sure."""
    return NAMES.get(plain(heading))


def is_not_read(heading: str) -> bool:
    """A column that people keep for themselves, such as a running number or a remark."""
    return plain(heading) in NOT_READ


def why_not(heading: str) -> str:
    """Why `heading` names no column, and what may have been meant."""
    text = plain(heading)
    if text in AMBIGUOUS:
        names = _either(AMBIGUOUS[text])
        return gettext("this may mean more than one thing; call it %(names)s") % {"names": names}
    near = difflib.get_close_matches(text, NAMES, n=3, cutoff=NEAR)
    inside = [name for name in NAMES if len(name) > 1 and name in text] if not near else []
    meant = list(dict.fromkeys(NAMES[name] for name in [*near, *inside]))[:3]
    if meant:
        names = _either(meant)
        return gettext("there is no such column; did you mean %(names)s?") % {"names": names}
    return gettext("there is no such column")


def called(name: str) -> str:
    """A column, or whatever else stands in its place, as whoever asks calls it."""
    return COLUMNS[name].heading(asked()) if name in COLUMNS else name


def both(name: str) -> str:
    """A column by both its names; to a Chinese reader by the Chinese one, which every file may use."""
    return called(name) if asked() == CHINESE else f"{name} ({COLUMNS[name].chinese})"


def _either(names: Iterable[str]) -> str:
    return either(both(name) for name in names)
