# ruff: noqa: SIM905
"""Tables made from the schemas in `tables/`: rows invented, half of the schemas never tuned on."""

from __future__ import annotations

import hashlib
import random
import zlib
from dataclasses import dataclass
from pathlib import Path

from scanner.columns.checks import credit_code, resident_id

FOLDER = Path(__file__).parent / "tables"
LABELS = ("customers", "staff", "others")

_GIVEN = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth Anna Carlos Sofia Pedro "
    "Hans Greta Pierre Claire Ivan Olga Ahmed Fatima Raj Priya Oluwaseun Thandiwe Siobhan Niamh "
    "Björn Zoë Łukasz Çağla Nguyen Thi Kwame Abena Tomás Aoife Jean-Luc Mei Hiroshi Yuki Deepika"
).split()
_FAMILY = (
    (
        "Smith Johnson Williams Brown Jones Garcia Miller Davis Martinez Lopez Wilson Anderson Müller "
        "Schmidt Rossi Ferrari Dubois Ivanov Petrova Kowalski Patel Sharma Adebayo Mokoena O'Brien "
        "MacLeod Jensen Yılmaz Tran Okafor Silva Fernández Lindqvist Tanaka Sato Kim Chen van Dijk Abubakar"
    )
    .replace("van Dijk", "Dijk")
    .split()
)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万覃武钱戴严莫孔向汤"
_HAN = "伟芳娜秀敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉萍红建国文志海波宁鹏飞斌浩宇轩涵梓晨佳琪雨欣怡悦婷颖慧莹雪琳晶倩云莉玲燕凤梅春庆家宝根生福荣贵昌德义仁礼智信忠诚睿哲瀚泽楠彤妍珂瑶苒屹峥"
_ODD = [
    "阿依古丽",
    "买买提·艾力",
    "约翰·史密斯",
    "那日苏",
    "扎西多吉",
    "欧阳修远",
    "司马晴",
    "陈李佳慧",
]
_PLACES_EN = "London Paris Berlin Madrid Lagos Mumbai Chicago Austin Denver Toronto Leeds Porto Lyon Osaka Boise Fresno".split()
_PLACES_ZH = "北京 上海 广州 深圳 杭州 成都 武汉 西安 南京 苏州 浙江省 海淀区 余杭区 佛山市 宜昌 绵阳".split()
_FIRM_WORDS = "Ardent Brook Cedar Delta Ember Falcon Granite Harbor Ivory Juniper Keystone Lumen Maple North Onyx Pioneer Quartz River Summit Tundra".split()
_FIRM_KINDS = "Tools Foods Systems Logistics Textiles Trading Plastics Motors Labs Dental Media Partners".split()
_FIRM_FORMS = ["Inc.", "LLC", "Ltd", "GmbH", "Co., Ltd.", "S.A.", "Corp", "", "", "& Sons"]
_FIRM_ZH = (
    "宏达 明光 永固 汇丰源 天顺 鑫海 博远 金诺 恒信 瑞祥 东升 华兴 锦绣 众诚 佳美 百川".split()
)
_TRADE_ZH = "贸易 机械 食品 电子 建材 服饰 物流 科技 五金 包装 化工 医疗器械".split()
_FORMS_ZH = ["有限公司", "有限公司", "有限责任公司", "股份有限公司", "厂", "商行", "经营部", ""]
_STREETS = "Main Oak Park Church High Mill Lake Hill Station Victoria".split()
_STREET_KINDS = ["Street", "St", "Avenue", "Ave", "Road", "Rd.", "Lane", "Drive", "Blvd"]
_ROADS_ZH = "中山路 人民路 解放大道 文三路 建设街 科技园路 天府大道 长江路".split()
_WORDS_EN = "Standard Gold Silver Open Closed Pending North South Web Phone Retail Sales Finance Engineering Marketing Nurse Analyst".split()
_WORDS_ZH = (
    "一般 重要 财务部 销售部 技术部 已完成 待定 高 中 低 经理 主管 专员 优秀 良好 本科".split()
)
_TEXT_EN = [
    "prefers delivery on Mondays",
    "asked for a longer warranty",
    "price sensitive, compares offers",
    "see the attached report for details",
    "no remarks so far but waiting",
    "needs the larger size next time",
]
_TEXT_ZH = [
    "喜欢月结，价格敏感",
    "要求送货上门，周一联系",
    "对比三家报价，还在考虑",
    "需要加急处理，详见附件",
    "下次来之前先打电话",
    "暂时没有意见，等待回复",
]
_GOODS_EN = "Hex bolt M8|Steel cable 20m|LED panel|Oak desk|Ink cartridge XL|Water filter|Safety gloves|USB hub".split(
    "|"
)
_GOODS_ZH = "不锈钢螺丝|办公桌椅|净水器|打印墨盒|羽绒服|空气炸锅|防护手套|充电宝".split("|")
_TITLES_EN = [
    "A survey of deep methods",
    "The long road home",
    "Introduction to algebra",
    "Notes on open data",
    "Rivers in winter",
    "How cities grow",
]
_TITLES_ZH = [
    "大数据应用研究",
    "城市更新与治理",
    "春天的故事",
    "论管理创新",
    "开幕式致辞",
    "人工智能导论",
]


@dataclass(frozen=True)
class Labelled:
    """One table with its label; `tuned` is False for the frozen half."""

    label: str
    file: str
    rows: list[list[str]]
    tuned: bool


def person(rnd: random.Random, zh: bool) -> str:
    if zh:
        if rnd.random() < 0.04:
            return rnd.choice(_ODD)
        return rnd.choice(_SURNAMES) + "".join(rnd.choices(_HAN, k=1 if rnd.random() < 0.3 else 2))
    if rnd.random() < 0.1:
        return f"{rnd.choice(_FAMILY)}, {rnd.choice(_GIVEN)}"
    return f"{rnd.choice(_GIVEN)} {rnd.choice(_FAMILY)}"


def company(rnd: random.Random, zh: bool) -> str:
    if zh:
        return (
            rnd.choice(["", "", *_PLACES_ZH[:12]])
            + rnd.choice(_FIRM_ZH)
            + rnd.choice(_TRADE_ZH)
            + rnd.choice(_FORMS_ZH)
        )
    return f"{rnd.choice(_FIRM_WORDS)} {rnd.choice(_FIRM_KINDS)} {rnd.choice(_FIRM_FORMS)}".strip()


def digits(rnd: random.Random, count: int) -> str:
    return "".join(rnd.choices("0123456789", k=count))


def mobile(rnd: random.Random, zh: bool, style: int) -> str:
    if zh:
        body = "1" + rnd.choice(["38", "39", "50", "86", "77", "99"])
        return [
            f"{body}{digits(rnd, 8)}",
            f"{body} {digits(rnd, 4)} {digits(rnd, 4)}",
            f"{body}-{digits(rnd, 4)}-{digits(rnd, 4)}",
        ][style % 3]
    a, b, c = f"{rnd.randrange(201, 989)}", f"{rnd.randrange(200, 999)}", digits(rnd, 4)
    return [
        f"({a}) {b}-{c}",
        f"{a}-{b}-{c}",
        f"+1 {a} {b} {c}",
        f"{a}{b}{c}",
        f"{a}.{b}.{c}",
        f"+44 20 {b}4 {c}",
    ][style % 6]


def official(rnd: random.Random, zh: bool) -> str:
    if not zh:
        return f"{rnd.randrange(100, 665)}-{rnd.randrange(10, 99)}-{rnd.randrange(1000, 9999)}"
    body = f"{rnd.choice(['110105', '310104', '440304', '330106'])}19{rnd.randrange(60, 99)}{rnd.randrange(1, 12):02d}{rnd.randrange(1, 28):02d}{digits(rnd, 3)}"
    return next(body + check for check in "0123456789X" if resident_id(body + check))


def uscc(rnd: random.Random) -> str:
    body = (
        "91"
        + rnd.choice(["110105", "310104", "440304"])
        + digits(rnd, 8)
        + rnd.choice("0123456789ABCDEFGH")
    )
    return next(
        body + check for check in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code(body + check)
    )


def _cell(maker: str, header: str, rnd: random.Random, zh: bool, row: int, style: int) -> str:
    if maker == "o" and ("信用代码" in header or "税号" in header):
        return uscc(rnd)
    simple = {
        "p": lambda: person(rnd, zh),
        "f": lambda: person(rnd, True)[1:] if zh else rnd.choice(_GIVEN),
        "l": lambda: person(rnd, True)[0] if zh else rnd.choice(_FAMILY),
        "c": lambda: company(rnd, zh),
        "m": lambda: mobile(rnd, zh, style),
        "k": lambda: f"0{rnd.choice(['10', '21', '755', '571'])}-{rnd.randrange(2, 9)}{digits(rnd, 7)}" if zh else mobile(rnd, zh, style),
        "e": lambda: f"{rnd.choice(_GIVEN).lower().encode('ascii', 'ignore').decode()}{rnd.randrange(999)}@{rnd.choice(_FIRM_WORDS).lower()}.example",
        "a": lambda: f"{rnd.choice(_PLACES_ZH[:10])}{rnd.choice(_ROADS_ZH)}{rnd.randrange(1, 400)}号{rnd.choice(['', '3栋502室', '2楼'])}" if zh else f"{rnd.randrange(1, 9999)} {rnd.choice(_STREETS)} {rnd.choice(_STREET_KINDS)}",
        "y": lambda: rnd.choice(_PLACES_ZH if zh else _PLACES_EN),
        "d": lambda: [f"{rnd.randrange(1980, 2024)}-{rnd.randrange(1, 13):02d}-{rnd.randrange(1, 29):02d}", f"{rnd.randrange(1, 13)}/{rnd.randrange(1, 29)}/{rnd.randrange(1980, 2024)}", f"{rnd.randrange(1980, 2024)}/{rnd.randrange(1, 13)}/{rnd.randrange(1, 29)}"][style % 3],
        "h": lambda: f"2023-{rnd.randrange(1, 13):02d}-{rnd.randrange(1, 29):02d} {rnd.randrange(24):02d}:{rnd.randrange(60):02d}",
        "n": lambda: str(rnd.randrange(1, 500)),
        "$": lambda: [f"{rnd.randrange(100, 90000)}", f"{rnd.uniform(5, 9000):.2f}", f"{rnd.randrange(1, 90)}万" if zh else f"${rnd.randrange(1, 90)},{digits(rnd, 3)}"][style % 3],
        "t": lambda: rnd.choice(_TEXT_ZH if zh else _TEXT_EN),
        "w": lambda: rnd.choice((_WORDS_ZH if zh else _WORDS_EN)[style : style + 4]),
        "i": lambda: str(row + 1),
        "x": lambda: f"{['C', 'AB', 'No', 'X'][style % 4]}{100000 + row * 7 + style}",
        "q": lambda: f"{rnd.choice(_GIVEN).lower().encode('ascii', 'ignore').decode()}_{rnd.randrange(9999)}",
        "u": lambda: f"www.{rnd.choice(_FIRM_WORDS).lower()}{row}.example.com",
        "v": lambda: rnd.choice(_GOODS_ZH if zh else _GOODS_EN),
        "s": lambda: rnd.choice(_TITLES_ZH if zh else _TITLES_EN),
        "g": lambda: rnd.choice(["男", "女"] if zh else ["M", "F"]),
        "b": lambda: f"6222{digits(rnd, 15)}",
        "r": lambda: f"10.{rnd.randrange(255)}.{rnd.randrange(255)}.{rnd.randrange(255)}",
        "z": lambda: "",
        "o": lambda: official(rnd, zh),
    }  # fmt: skip
    return simple[maker]()


def make(label: str, line: str) -> Labelled:
    """The table of one line of a schema file."""
    file, _, columns = (part.strip() for part in line.partition("|"))
    rnd = random.Random(zlib.crc32(line.encode()))
    parts = [part.strip() for part in columns.split(", ")]
    title = [part[1:] for part in parts if part.startswith(">")]
    pairs = [part.rsplit(":", 1) for part in parts if not part.startswith(">")]
    headers = [header.strip() for header, _maker in pairs]
    makers = [maker.strip() for _header, maker in pairs]
    zh = any(ord(char) > 0x3000 for char in file + "".join(headers)) or file == "kehu.csv"
    styles = [rnd.randrange(12) for _ in makers]
    count = rnd.choice([8, 15, 40, 120])
    rows = [[text] + [""] * (len(makers) - 1) for text in title]
    if headers[0] != "-":
        rows.append(headers)
    for number in range(count):
        rows.append(
            [
                _cell(maker, header, rnd, zh, number, style)
                if rnd.random() > 0.03 or place == 0
                else ""
                for place, (maker, header, style) in enumerate(
                    zip(makers, headers, styles, strict=True)
                )
            ]
        )
    tuned = hashlib.sha256(line.encode()).digest()[0] % 2 == 0
    return Labelled(label, file, rows, tuned)


def tables(label: str) -> list[Labelled]:
    """The tables of one label."""
    lines = (FOLDER / f"{label}.txt").read_text(encoding="utf-8").splitlines()
    return [make(label, line) for line in lines if line.strip()]
