"""Values and texts for the match benchmarks, made without the network.

Values are invented records, always the same for one seed. Texts are ordinary prose that lies on
this machine already (documentation of the system and of installed packages, manual pages in
Chinese where they are installed); where there is none, prose is made from a list of words, and the
benchmark says so. Nothing is committed.
"""

from __future__ import annotations

import gzip
import random
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SURNAMES = "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红玲芬燕彬凤云兰飞鹏浩宇轩子涵欣怡佳琪梓晨博文思远志国建新海波亚东晓春雨雪梅婷婉清若瑜泽锦程天佑嘉懿煜城皓然凯瑞睿哲弘毅俊豪"
    "雅雯诗韵语嫣梦洁倩影少辉力健世广义兴良山仁宁贵福生龙元全胜学祥才发武利河顺信成康星光达安岩中茂进林有坚和彪诚先敬震振壮会思群心邦承乐绍功松善厚庆民友裕言若鸣朋斌梁栋维启克伦翔旭"
    "泰利志永厚岚苑馨瑗琰筠柔竹霭凝枫芸菲寒伊冰荔璧璐娅琦晶妍茜秋珊莎黛青倩珍贞莉"
)
CITIES = [
    "北京",
    "上海",
    "广州",
    "深圳",
    "杭州",
    "南京",
    "苏州",
    "成都",
    "武汉",
    "西安",
    "重庆",
    "天津",
    "青岛",
    "大连",
    "宁波",
    "厦门",
    "长沙",
    "郑州",
    "济南",
    "合肥",
]
BRAND = (
    "云海青禾瑞丰恒通达盛华宏启明远航鑫源博创智联天成金鼎东方泰和顺德信诚卓越锐捷万邦百川中科大地绿城新希望龙腾飞跃星辰晨光安康宝贝佳美力健世广义兴良山仁宁贵福生元全胜学祥才发武利河星"
    "友裕民庆善松功绍乐承群思会振震敬先彪坚有茂进岩伦翔旭鹏泽晨士以建家致树炎雄琛钧冠策浩亮政谦亨奇固之轮翰朗伯言若鸣朋斌梁栋维启克立正同开合聚汇融嘉禧昌隆鸿运吉兆辉煌灿烂风雷雨雪霜"
)
TRADE = [
    "科技",
    "贸易",
    "电子",
    "机械",
    "食品",
    "医药",
    "建材",
    "物流",
    "信息技术",
    "新能源",
    "环保",
    "纺织",
    "化工",
    "软件",
    "广告",
    "装饰工程",
]
ROADS = [
    "世纪大道",
    "中山路",
    "人民路",
    "解放路",
    "建国路",
    "南京西路",
    "高新南一道",
    "科技路",
    "长江路",
    "文三路",
    "天府大道",
    "光谷大道",
]
DISTRICTS = [
    "朝阳区",
    "海淀区",
    "浦东新区",
    "徐汇区",
    "天河区",
    "南山区",
    "西湖区",
    "鼓楼区",
    "高新区",
    "江汉区",
    "雁塔区",
    "渝中区",
]
ONSETS = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "qu",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "y",
    "z",
]
VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "ee", "ie", "oa", "ou"]
ENDS = [
    "b",
    "ck",
    "d",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "nt",
    "p",
    "r",
    "rd",
    "rt",
    "s",
    "st",
    "t",
    "th",
    "x",
    "y",
]
KINDS = ("id", "person", "company", "phone", "email", "address", "national_id")


def _word(rng: random.Random, syllables: int) -> str:
    """A word that sounds like one."""
    return "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(syllables)) + rng.choice(
        ENDS
    )


_names = random.Random(2)
FIRST = sorted({_word(_names, 1).title() for _ in range(900)})
LAST = sorted({_word(_names, _names.choice((1, 1, 2))).title() for _ in range(3000)})
STEMS = sorted({_word(_names, _names.choice((1, 2))) for _ in range(6000)})
ROADS_EN = ("Street", "Road", "Avenue", "Lane", "Drive", "Court")


def values(cells: int) -> list[str]:
    """The distinct values of so many cells."""
    return list(dict.fromkeys(cell for row in records(cells // len(KINDS)) for cell in row))


def peer(name: str, listed: list[str]) -> Any:
    """A library that looks for exact strings, loaded with the values; None where not installed."""
    try:
        if name == "daachorse":
            import daachorse

            return daachorse.DoubleArrayAhoCorasick([value.encode() for value in listed])
        import ahocorasick
    except ImportError:
        return None
    automaton = ahocorasick.Automaton()
    for at, value in enumerate(listed):
        automaton.add_word(value, at)
    automaton.make_automaton()
    return automaton


def records(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Invented customers: number, person, company, phone, e-mail, address, national id."""
    rng = random.Random(seed)
    pick, number = rng.choice, rng.randrange
    for at in range(count):
        ident = f"C{seed:02d}{at:08d}"
        digits = f"{number(10**8):08d}"
        if rng.random() < 0.65:
            person = pick(SURNAMES) + pick(GIVEN) + (pick(GIVEN) if rng.random() < 0.75 else "")
            brand = pick(BRAND) + pick(BRAND) + (pick(BRAND) if rng.random() < 0.5 else "")
            company = f"{pick(CITIES)}{brand}{pick(TRADE)}有限公司"
            phone = f"1{pick(('38', '39', '37', '36', '35', '50', '51', '58', '59', '86', '88', '77'))}{digits}"
            mail = (
                f"{pick(STEMS)}{number(100_000)}@{pick(('qq', '163', 'corp', pick(STEMS)))}.example"
            )
            address = f"{pick(CITIES)}市{pick(DISTRICTS)}{pick(ROADS)}{number(1, 2000)}号{number(1, 40)}楼{number(100, 2500)}室"
            day = f"{number(1950, 2005)}{number(1, 13):02d}{number(1, 29):02d}"
            national = f"{number(110_000, 660_000)}{day}{number(1000):03d}{pick('0123456789X')}"
        else:
            person = f"{pick(FIRST)} {pick(LAST)}"
            company = f"{pick(STEMS).title()} {pick(STEMS).title()} {pick(('Ltd', 'Inc.', 'LLC', 'Co., Ltd.', 'GmbH'))}"
            phone = f"+1 {number(201, 990)}-{number(200, 999)}-{number(10_000):04d}"
            mail = f"{pick(FIRST).lower()}.{pick(LAST).lower()}{number(100)}@{pick(STEMS)}.example"
            address = f"{number(1, 9999)} {pick(STEMS).title()} {pick(ROADS_EN)}, {pick(STEMS).title()}ville"
            national = f"{number(100, 900)}-{number(10, 99)}-{number(1000, 9999)}"
        yield ident, person, company, phone, mail, address, national


def _files(folders: list[Path], ending: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted(folder.rglob(f"*{ending}")) if folder.is_dir() else []:
            try:
                raw = (
                    gzip.decompress(path.read_bytes())
                    if path.suffix == ".gz"
                    else path.read_bytes()
                )
            except (OSError, EOFError):
                continue
            yield raw.decode("utf-8", "replace")


def _fill(pieces: Iterator[str], size: int) -> str:
    """Pieces up to a size in bytes, repeated where they are too few."""
    found, total = [], 0
    for piece in pieces:
        found.append(piece)
        total += len(piece.encode())
        if total >= size:
            break
    text = "\n".join(found)
    while text and len(text.encode()) < size:
        text += text
    return text.encode()[:size].decode("utf-8", "ignore")


_CODE = re.compile(r"[{}<>;=\\|`]|^\s*(?:import|def|class|>>>|\$)", re.MULTILINE)


def english(size: int) -> tuple[str, str]:
    """English prose, and where it is from."""
    purelib = Path(sysconfig.get_paths()["purelib"])
    folders = [
        Path("/usr/share/doc"),
        Path("/usr/share/perl"),
        purelib,
        Path(sysconfig.get_paths()["stdlib"]),
    ]

    seen: set[str] = set()

    def prose() -> Iterator[str]:
        for ending in (".pod", ".md", ".rst", ".txt", ".py", "copyright"):
            for text in _files(folders, ending):
                lines = [
                    line
                    for line in text.splitlines()
                    if line.isascii() and len(line.split()) > 5 and not _CODE.search(line)
                ]
                fresh = [line for line in lines if line not in seen]
                seen.update(fresh)
                if len(fresh) > 10:
                    yield "\n".join(fresh)

    text = _fill(prose(), size)
    if text:
        return text, "documentation on this machine"
    rng = random.Random(3)
    return _fill(
        (
            " ".join(rng.choice([*STEMS, "the", "of", "and", "to"]) for _ in range(500))
            for _ in range(10**6)
        ),
        size,
    ), "made of a list of words"


_CJK = re.compile("[\u4e00-\u9fff]")


def chinese(size: int, mixed: bool, folder: Path | None = None) -> tuple[str, str]:
    """Chinese prose (or documentation with English in it), and where it is from."""
    folders = [
        Path("/usr/share/man/zh_CN"),
        Path("/usr/share/man/zh_TW"),
        *([folder] if folder else []),
    ]

    def prose() -> Iterator[str]:
        for text in _files(folders, ".gz"):
            lines = text.splitlines()
            if not mixed:
                lines = [line for line in lines if len(_CJK.findall(line)) > 0.7 * len(line)]
            if len(_CJK.findall(text)) > 100 and lines:
                yield "\n".join(lines)

    text = _fill(prose(), size)
    if text:
        return text, "Chinese manual pages"
    rng = random.Random(4)
    words = (
        CITIES
        + TRADE
        + ROADS
        + ["我们", "今天", "可以", "这个", "使用", "文件", "系统", "需要", "一个", "如果"]
    )
    latin = ["API", "server", "2024", "v1.2"] if mixed else []

    def made() -> Iterator[str]:
        while True:
            yield "".join(
                rng.choice(words + latin) + rng.choice(["", "", "", "，", "。"]) for _ in range(400)
            )

    return _fill(made(), size), "made of a list of words"


def tables(size: int) -> str:
    """Rows of customers who are not registered."""
    return _fill((",".join(row) for row in records(10**9, seed=77)), size)


def logs(size: int) -> str:
    """Lines of a server's log."""
    rng = random.Random(9)

    def lines() -> Iterator[str]:
        second = 0
        while True:
            second += rng.randrange(3)
            yield (
                f"2026-03-{1 + second // 86400 % 28:02d} {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d},{rng.randrange(1000):03d} "
                f"{rng.choice(('INFO', 'WARN', 'DEBUG'))} [{rng.randrange(10**5)}] 10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)} "
                f"GET /api/v{rng.randrange(3)}/orders/{rng.randrange(10**7)} {rng.choice((200, 404, 500))} {rng.randrange(10**6)} {rng.random() * 100:.3f}ms id={rng.randrange(16**12):012x}"
            )

    return _fill(lines(), size)


def texts(size: int, folder: Path | None) -> tuple[dict[str, bytes], dict[str, str]]:
    """The five texts of the benchmark, and where each is from."""
    found = {
        "english": english(size),
        "chinese": chinese(size, False, folder),
        "mixed": chinese(size, True, folder),
        "tables": (tables(size), "rows of customers who are not registered"),
        "logs": (logs(size), "lines made of random numbers"),
    }
    return {n: t.encode() for n, (t, _) in found.items()}, {n: s for n, (_, s) in found.items()}


def hostile(size: int) -> dict[str, bytes]:
    """Texts made to be slow."""
    rng = random.Random(11)
    rows = list(records(20_000))
    cjk = "".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(20_000))
    base64 = "".join(
        rng.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/")
        for _ in range(50_000)
    )
    made = {
        "registered rows": "\n".join(",".join(row) for row in rows),
        "all names": " ".join(row[1] for row in rows),
        "all phones": " ".join(row[3] for row in rows),
        "all e-mails": " ".join(row[4] for row in rows),
        "one phone": rows[0][3] + " ",
        "one name": rows[0][1] + " ",
        "1 1 1 1": "1 ",
        "numerals": "一二 三四 ",
        "a@a@a@": "a@",
        "a-1-a-1": "a-1-",
        "random CJK": cjk,
        "base64": base64,
        "digits": "0123456789" * 100,
        "zeros": "0",
        "zero-width": "a\u200b",
        "full-width": "ａｂｃ１２３",
        "Cyrillic": "привет мир ",
        "brackets": "[at](dot)",
        "entities": "&#24352;&amp;",
        "new lines": "\n",
        "traditional": "張偉國際電子",
    }
    return {
        name: (text * (size // len(text.encode()) + 1)).encode()[:size]
        for name, text in made.items()
    }
