"""Whether a text is a person's name, an organisation, an address or a place, by word lists."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from scanner.columns.lexicon import characters, words

_TITLE = re.compile(
    r"(?:先生|女士|小姐|太太|经理|总监|总|老师|医生|主任|老板|阿姨|师傅|董事长|主管|工)$"
)
_HONORIFIC = re.compile(
    r"^(?:(?:mr|mrs|ms|miss|dr|prof|sir|mx|herr|frau|sr|sra|mme|rev)\b\.?\s*)+|[\s,]+(?:jr|sr|ii|iii|iv|md|phd|dds|dvm|esq|cpa)\.?$",
    re.IGNORECASE,
)
_TRANSLITERATED = re.compile(r"[\u3400-\u9fff]{1,8}[·•・.][\u3400-\u9fff·•・]{1,16}")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-.][^\W\d_]+)*\.?")
_ADDRESS_ZH = re.compile(
    r"(?:[\u3400-\u9fff]{1,12}(?:省|自治区|市|区|县|镇|乡|村|州))"
    r"|(?:[\u3400-\u9fffA-Za-z0-9]{1,14}(?:路|街|大道|道|巷|弄|胡同|公路|里))"
    r"|(?:[0-9A-Za-z一二三四五六七八九十\-]{1,8}(?:号|栋|幢|座|室|楼|层|单元|弄|期|组))"
    r"|(?:大厦|广场|小区|花园|公寓|工业园|产业园|科技园|开发区|新村|家园|大楼|苑|中心|商城)"
)
_ADDRESS_STRONG_ZH = re.compile(r"路|街|道|巷|弄|号|栋|幢|室|大厦|小区|花园|工业园|镇|乡|村|园|区")
_NOT_ADDRESS_ZH = re.compile(r"[。！？；]|客户|需求|采购|要求|跟进|合同|付款")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_ONLY = re.compile(r"[\u3400-\u9fff]+")
_BRACKETED = re.compile(r"[（(][^（）()]*[)）]")


@cache
def _surnames() -> frozenset[str]:
    return frozenset(characters("names_zh", "surnames"))


@cache
def _given_characters() -> frozenset[str]:
    return frozenset(characters("names_zh", "given_characters"))


def is_person_zh(text: str) -> bool:
    """True for a surname and one or two more characters, with or without a form of address.

    Ordinary words that only look so (高级, 成都) are left out; a foreign name in Han with a
    middle dot counts.
    """
    if _TRANSLITERATED.fullmatch(text):
        return True
    plain = text
    if " " in plain and len(plain) <= 5:
        plain = plain.replace(" ", "")
    if not 2 <= len(plain) <= 7 or not _HAN_ONLY.fullmatch(plain):
        return False
    bare = _TITLE.sub("", plain)
    titled = bare != plain
    if titled and len(bare) == 1:
        return bare in _surnames()
    if not 2 <= len(bare) <= 4 or bare in words("names_zh", "not_names"):
        return False
    if bare[:2] in words("names_zh", "compound_surnames"):
        return 3 <= len(bare) <= 4
    if bare[0] not in _surnames() or len(bare) > 3:
        return False
    if len(bare) == 3 and bare[:2] in words("names_zh", "not_names"):
        return False
    return any(char in _given_characters() for char in bare[1:]) or len(bare) == 2


@cache
def _org_zh() -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (
        tuple(words("organisations", "legal_zh")),
        tuple(words("organisations", "kind_zh")),
    )


def is_org_zh(text: str, *, weak: bool = False) -> bool:
    """True for a name that ends in a legal form; with `weak` also in 厂, 店, 医院, 科技 ..."""
    plain = _BRACKETED.sub("", text) if text[-1] in ")）" else text
    if not 3 <= len(plain) <= 40 or any(mark in plain for mark in "，。；,;"):
        return False
    legal, kinds = _org_zh()
    if len(plain) >= 4 and plain.endswith(legal):
        return True
    if len(plain) >= 5 and plain.endswith(
        (
            "厂",
            "店",
            "医院",
            "大学",
            "学院",
            "银行",
            "事务所",
            "经营部",
            "商行",
            "酒店",
            "中学",
            "小学",
            "研究院",
            "研究所",
            "协会",
            "超市",
            "幼儿园",
            "门市部",
            "饭店",
            "中心",
            "委员会",
            "合作社",
            "商贸",
            "科技",
            "贸易",
        )
    ):
        return True
    return weak and plain.endswith(kinds)


def is_address_zh(text: str) -> bool:
    """True where at least two parts of an address stand in a text of 6 characters or more."""
    if len(text) < 6 or _NOT_ADDRESS_ZH.search(text):
        return False
    parts = _ADDRESS_ZH.findall(text)
    if len(parts) < 2 or not _ADDRESS_STRONG_ZH.search(text):
        return False
    return len(text) <= 100


@cache
def _places() -> frozenset[str]:
    return (
        words("places", "provinces_zh")
        | words("places", "cities_zh")
        | words("places", "countries_zh")
        | words("places", "countries_en")
        | words("places", "states_en")
        | words("places", "cities_en")
    )


_PLACE_TAIL = re.compile(
    r"(?:特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|自治州|自治县|地区|省|市|区|县|旗|盟|镇|乡)$"
)


def is_place(text: str) -> bool:
    """True for a province, city, county or country, in Chinese or English."""
    plain = text.casefold()
    if plain in _places():
        return True
    if _HAN.search(plain):
        bare = _PLACE_TAIL.sub("", plain)
        if bare in _places():
            return True
        for cut in (2, 3):
            if bare[:cut] in _places() and is_place_part(bare[cut:].lstrip("省市-/ ")):
                return True
        return (
            bare != plain
            and 1 <= len(bare) <= 4
            and _HAN_ONLY.fullmatch(bare) is not None
            and plain[-1] in "市区县旗镇"
        )
    parts = [part.strip() for part in re.split(r"[,/]", plain) if part.strip()]
    return (
        len(parts) > 1
        and parts[0] in _places()
        and all(p in _places() or len(p) == 2 for p in parts)
    )


def is_place_part(text: str) -> bool:
    """True where the rest behind a known place is a place too, or nothing."""
    return (
        not text
        or _PLACE_TAIL.sub("", text) in _places()
        or (len(text) <= 5 and _PLACE_TAIL.search(text) is not None)
    )


def _plain_latin(text: str) -> str:
    text = unicodedata.normalize("NFKD", text)
    return "".join(char for char in text if not unicodedata.combining(char))


def is_org_latin(text: str) -> bool:
    """True for a name with a legal form at its end, or a kind of organisation among its words."""
    if len(text) > 80 or (text.endswith((".", "!")) and text.count(" ") > 7):
        return False
    tokens = [token.strip(".,()").lower() for token in text.replace("/", " / ").split()]
    tokens = [token for token in tokens if token]
    if not 2 <= len(tokens) <= 9:
        return False
    if tokens[-1] in words("organisations", "legal_en") or " ".join(tokens[-2:]) == "/ s":
        return True
    if "&" in tokens[1:-1] and text[:1].isupper():
        return True
    if any(char.isdigit() for char in text):
        return False
    upper = sum(word[:1].isupper() for word in text.split())
    return upper * 2 >= len(tokens) and (
        tokens[-1] in words("organisations", "kind_en") or tokens[0] in _HEADS
    )


_HEADS = frozenset({"university", "bank", "hotel", "hospital", "institute", "grupo", "groupe"})


def is_address_latin(text: str) -> bool:
    """True for a house number with a street word, a P.O. box, or street words before a number."""
    if not 5 <= len(text) <= 120 or not any(char.isdigit() for char in text):
        return False
    lowered = _plain_latin(text).lower()
    if "p.o. box" in lowered or "po box" in lowered:
        return True
    tokens = re.findall(r"[a-z]+|\d+[a-z]?", lowered)
    if len(tokens) < 2:
        return False
    street = words("places", "street_en")
    other = words("places", "street_other")
    if tokens[0][0].isdigit():
        return any(token in street or token in other for token in tokens[1:])
    if any(
        token in other
        or token.endswith(
            (
                "strasse",
                "str",
                "weg",
                "straat",
                "gatan",
                "vej",
                "gade",
                "platz",
                "allee",
                "vagen",
                "veien",
                "gasse",
                "ring",
            )
        )
        for token in tokens[:4]
        if len(token) > 2
    ):
        return any(token[0].isdigit() for token in tokens[1:])
    numbered = any(token[0].isdigit() for token in tokens[1:])
    return numbered and sum(token in _STREETS for token in tokens) >= 1 and len(tokens) >= 3


_STREETS = frozenset(
    {"street", "st", "avenue", "ave", "road", "rd", "boulevard", "blvd", "lane", "drive"}
    | {"court", "way", "suite", "unit", "apt", "floor", "building"}
)


def is_person_latin(text: str) -> bool:
    """True for two to four capitalised words of which a given and a family name are known.

    "Family, Given" and initials are read too.
    """
    if not 4 <= len(text) <= 50 or any(char in "&/\\_@#:;()[]|+=0123456789" for char in text):
        return False
    plain = _plain_latin(_HONORIFIC.sub("", text.strip()).strip())
    parts = [part.strip() for part in plain.split(",")]
    if len(parts) == 2 and all(parts):
        plain = f"{parts[1]} {parts[0]}"
    elif len(parts) > 1:
        return False
    tokens = plain.split()
    if not 2 <= len(tokens) <= 4 or not all(_WORD.fullmatch(token) for token in tokens):
        return False
    capital = sum(token[:1].isupper() for token in tokens)
    if capital < 2 and not plain.islower():
        return False
    low = [token.lower().strip(".") for token in tokens]
    given, family = words("names_latin", "given"), words("names_latin", "family")
    first = low[0] in given or (len(low[0]) == 1 and tokens[0][0].isupper())
    last = low[-1] in family or low[-1] in given or any(p in family for p in low[-1].split("-"))
    if plain.islower():
        return low[0] in given and low[-1] in family and len(low) == 2
    if len(low[0]) == 1:
        return low[-1] in family
    return (first and last) or (low[-1] in given and low[0] in family)


def single_name(text: str) -> str:
    """Which list a single capitalised name stands in: "given", "family", or "" for none."""
    if not 2 <= len(text) <= 24 or not _WORD.fullmatch(text) or not text[0].isupper():
        return ""
    low = _plain_latin(text).lower()
    if low in words("names_latin", "given"):
        return "given"
    return "family" if low in words("names_latin", "family") else ""
