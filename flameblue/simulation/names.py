"""The names of the false valley: places that exist, cabins and people that do not."""

from typing import NamedTuple


class StationFacts(NamedTuple):
    """A fire station and its site. Coordinates are those of the village, in degrees."""

    name: str
    site: str
    phone: str
    latitude: float
    longitude: float
    next_station: str
    duty: str
    leader: str


class PremisesName(NamedTuple):
    """What stands where: `site` is an index into STATIONS."""

    site: int
    name: str
    kind: str


STATIONS = (
    StationFacts(
        "喀纳斯消防站", "喀纳斯", "+8690600000001", 48.702, 87.022, "贾登峪消防站", "巴音", "赵卫东"
    ),
    StationFacts("禾木消防站", "禾木", "+8690600000002", 48.571, 87.434, "喀纳斯消防站", "波拉提", "陈刚"),
    StationFacts("贾登峪消防站", "贾登峪", "+8690600000003", 48.498, 87.148, "禾木消防站", "达娜", "马建国"),
)

INN, CABIN, SHOP, RESTAURANT = "客栈", "木屋", "商店", "餐厅"

# The order matters: of `--premises N` the first N stand, and the demo's faults are in the first two.
PREMISES = (
    PremisesName(1, "松林客栈", INN),
    PremisesName(1, "白桦客栈", INN),
    PremisesName(0, "月亮湾客栈", INN),
    PremisesName(2, "峪口客栈", INN),
    PremisesName(1, "晨雾木屋", CABIN),
    PremisesName(0, "湖畔木屋", CABIN),
    PremisesName(1, "禾木小馆", RESTAURANT),
    PremisesName(2, "驿路木屋", CABIN),
    PremisesName(0, "卧龙湾客栈", INN),
    PremisesName(1, "老村商店", SHOP),
    PremisesName(1, "河湾客栈", INN),
    PremisesName(0, "观鱼台木屋", CABIN),
    PremisesName(2, "峡谷客栈", INN),
    PremisesName(1, "图瓦老屋", CABIN),
    PremisesName(0, "烤鱼餐厅", RESTAURANT),
    PremisesName(1, "牧云客栈", INN),
    PremisesName(0, "神仙湾木屋", CABIN),
    PremisesName(2, "山口餐厅", RESTAURANT),
    PremisesName(1, "星空木屋", CABIN),
    PremisesName(0, "湖口商店", SHOP),
    PremisesName(1, "美丽峰客栈", INN),
    PremisesName(0, "白湖客栈", INN),
    PremisesName(2, "云杉木屋", CABIN),
    PremisesName(1, "炊烟餐厅", RESTAURANT),
    PremisesName(0, "双湖木屋", CABIN),
    PremisesName(1, "雪乡木屋", CABIN),
    PremisesName(2, "马帮客栈", INN),
    PremisesName(0, "鸭泽湖客栈", INN),
    PremisesName(1, "雪具商店", SHOP),
    PremisesName(0, "铁热克木屋", CABIN),
    PremisesName(1, "冬牧场客栈", INN),
    PremisesName(2, "峪口商店", SHOP),
    PremisesName(0, "新村客栈", INN),
    PremisesName(1, "哈登木屋", CABIN),
    PremisesName(0, "湖心餐厅", RESTAURANT),
    PremisesName(1, "吉克普林客栈", INN),
    PremisesName(2, "草原木屋", CABIN),
    PremisesName(0, "野花木屋", CABIN),
    PremisesName(1, "奶茶小馆", RESTAURANT),
    PremisesName(0, "驼鹿木屋", CABIN),
    PremisesName(1, "观景台木屋", CABIN),
    PremisesName(2, "牧民餐厅", RESTAURANT),
    PremisesName(0, "新村商店", SHOP),
    PremisesName(1, "桦皮商店", SHOP),
    PremisesName(0, "图瓦人家", CABIN),
    PremisesName(2, "布尔津河客栈", INN),
    PremisesName(1, "禾木人家", CABIN),
    PremisesName(0, "雪松客栈", INN),
    PremisesName(2, "鹰嘴岩木屋", CABIN),
    PremisesName(0, "喀纳斯小厨", RESTAURANT),
)

FAMILIES = ("王", "李", "张", "刘", "陈", "杨", "赵", "马", "孙", "周", "吴", "徐", "郭")
GIVEN = ("建国", "秀英", "海燕", "志强", "玉兰", "永胜", "春梅", "立新", "桂芳", "雪松", "国庆")
ONE_WORD = (
    "阿依林",
    "叶尔兰",
    "巴特尔",
    "古丽娜",
    "赛力克",
    "娜仁",
    "哈力",
    "阿依古丽",
    "孟克",
    "加娜尔",
    "木拉提",
    "其其格",
    "叶尔肯",
    "巴哈提",
    "萨仁",
    "努尔兰",
    "热依扎",
)


def person(number: int) -> str:
    """The name of person `number` (0, 1, 2 …): Kazakh, Tuvan and Han names in turn."""
    if number % 3 < 2:
        return ONE_WORD[(number - number // 3) % len(ONE_WORD)]
    return FAMILIES[number % len(FAMILIES)] + GIVEN[number % len(GIVEN)]


def premises(number: int) -> PremisesName:
    """The name of premises `number`; beyond those that have a name, cabins by number."""
    if number < len(PREMISES):
        return PREMISES[number]
    return PremisesName(number % len(STATIONS), f"云杉{number + 1}号木屋", CABIN)
