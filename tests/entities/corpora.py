# ruff: noqa: SIM905
"""Made-up texts of seven kinds, dense with everything that recognisers look for."""

from __future__ import annotations

import random

from scanner.columns.checks import luhn
from tests.customer_list import labelled

KINDS = ("prose_en", "prose_zh", "mail", "csv_en", "csv_zh", "log", "code")

_EN = (
    "The committee met on Tuesday and agreed to postpone the decision until the report is ready. "
    "Nobody expected the river to rise so quickly after such a dry spring. "
    "Each chapter builds on the one before it, and the exercises grow harder. "
    "In 1987 the workshop moved to a larger hall, where 12 people worked. "
).split(". ")
_ZH = "会议决定推迟发布时间，等待进一步的数据。河水在春天之后迅速上涨，没有人预料到。每一章都建立在前一章的基础上。一九八七年，工厂搬到了更大的厂房，那里有12个人工作。请各部门于周五前提交材料。".split(
    "。"
)


def card(rnd: random.Random) -> str:
    body = rnd.choice(["4", "51", "62", "37"])
    body += labelled.digits(rnd, (14 if body == "37" else 15) - len(body))
    number = next(body + d for d in "0123456789" if luhn(body + d))
    return number if rnd.random() < 0.7 else " ".join(number[i : i + 4] for i in range(0, 16, 4))


def _record(rnd: random.Random, zh: bool) -> list[str]:
    return [
        labelled.person(rnd, zh),
        labelled.mobile(rnd, zh, rnd.randrange(12)),
        f"{labelled.person(rnd, False).split()[0].lower().encode('ascii', 'ignore').decode().strip(',')}@mail.example.com",
        labelled.official(rnd, zh),
        card(rnd),
        labelled.uscc(rnd) if zh else "GB82WEST12345698765432",
        labelled._cell("a", "", rnd, zh, 1, 0),
        labelled._cell("d", "", rnd, zh, 1, rnd.randrange(3)),
    ]


def make(kind: str, rnd: random.Random, lines: int) -> str:
    """About `lines` lines of a kind."""
    out = []
    for number in range(lines):
        zh = kind.endswith("zh")
        if kind.startswith("prose"):
            sentence = (
                " ".join(rnd.choices(_EN, k=4)) if not zh else "。".join(rnd.choices(_ZH, k=4))
            )
            if rnd.random() < 0.01:
                sentence += rnd.choice(_record(rnd, zh))
            out.append(sentence)
        elif kind == "mail":
            who = _record(rnd, False)
            out += [f"From: {who[0]} <{who[2]}>", f"Call me at {who[1]}.", rnd.choice(_EN), ""]
        elif kind.startswith("csv"):
            out.append(",".join([str(number), *_record(rnd, zh)]))
        elif kind == "log":
            out.append(
                f"2024-03-{rnd.randrange(1, 29):02d} 12:{rnd.randrange(60):02d}:07,{number % 1000:03d} INFO "
                f"[worker-{rnd.randrange(9)}] 10.0.{rnd.randrange(255)}.{rnd.randrange(255)} GET "
                f"/api/v1/items/{rnd.randrange(10**9)} 200 {rnd.randrange(10**5)} {rnd.random():.6f}"
            )
        else:
            out.append(
                rnd.choice(
                    [
                        f"def handler_{number}(request, limit={rnd.randrange(100)}):",
                        "    if value is None or value < 0x7fff:",
                        '        raise ValueError(f"bad size {size!r}")',
                        f"    total += items[{rnd.randrange(10)}].weight * 1.25  # see issue {rnd.randrange(9999)}",
                        "    return [part.strip() for part in line.split(',') if part]",
                    ]
                )
            )
    return "\n".join(out)


def noise(rnd: random.Random, count: int) -> str:
    """Fragments of everything, glued with all kinds of separators."""
    parts = []
    for _ in range(count):
        zh = rnd.random() < 0.5
        parts.append(
            rnd.choice(
                [
                    *_record(rnd, zh),
                    rnd.choice(_ZH),
                    rnd.choice(_EN),
                    labelled.digits(rnd, rnd.randrange(1, 22)),
                ]
            )
        )
        parts.append(
            rnd.choice(
                [
                    "",
                    " ",
                    "\n",
                    ", ",
                    "\t",
                    "。",
                    "；",
                    ": ",
                    "-",
                    "\r\n",
                    "１３８",
                    "\u3000",
                    "ſK",
                    "x",
                    ".",
                ]
            )
        )
    return "".join(parts)
