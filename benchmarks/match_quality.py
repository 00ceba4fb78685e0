"""Recall under every disguise, and false incidents on ordinary text.

    python benchmarks/match_quality.py [--records N] [--planted N] [--ordinary MB]

N invented records are registered; some are planted in prose, two fields each or one strong one,
every field written in a disguise of its kind. Then ordinary texts of this machine (documentation,
code, rows of other customers) are scanned: every record found there is a false one. Prints counts
and what was missed by disguise; there is no peer, because plain string search finds none of the
disguised values.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import match_data as data
import numpy as np

from scanner.index.build import build_dataset
from scanner.index.collect import Collector
from scanner.index.manifest import dataset_dir
from scanner.index.open import Index
from scanner.index.segment import Segment as FileSegment
from scanner.model.content import Layout, Segment
from scanner.model.rule import Column, DatasetSpec, FieldKind
from scanner.text.fold import fold_char
from scanner.text.keys import Keys

KEY = bytes(range(32))
KINDS = (
    FieldKind.ACCOUNT,
    FieldKind.PERSON,
    FieldKind.COMPANY,
    FieldKind.PHONE,
    FieldKind.EMAIL,
    FieldKind.ADDRESS,
    FieldKind.NATIONAL_ID,
)
STRONG = {FieldKind.PHONE, FieldKind.EMAIL, FieldKind.NATIONAL_ID}
SPEC = DatasetSpec(
    "q",
    tuple(
        Column(name, kind, strong=kind in STRONG)
        for name, kind in zip(data.KINDS, KINDS, strict=True)
    ),
)
Disguise = Callable[[str, random.Random], str]


def _traditional() -> dict[str, str]:
    told: dict[str, str] = {}
    for cp in range(0x4E00, 0xA000):
        plain = fold_char(chr(cp))
        if plain != chr(cp) and len(plain) == 1:
            told.setdefault(plain, chr(cp))
    return told


TRADITIONAL = _traditional()
WIDE = {chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)}
NUMERALS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


def _phone(value: str, rng: random.Random) -> str:
    digits = "".join(c for c in value if c.isdigit())
    if len(digits) == 11 and digits[0] == "1" and not value.startswith("+1"):
        cut = rng.choice(("-", " ", ".", "  "))
        return f"{rng.choice(('', '+86 ', '0086-', '86', '(+86)'))}{digits[:3]}{cut}{digits[3:7]}{cut}{digits[7:]}"
    return f"{rng.choice(('+1 ', '001-', ''))}({digits[1:4]}) {digits[4:7]} {digits[7:]}"


GENERAL: dict[str, Disguise] = {
    "as it is": lambda value, rng: value,
    "upper case": lambda value, rng: value.upper(),
    "full width": lambda value, rng: "".join(WIDE.get(c, c) for c in value),
    "zero width": lambda value, rng: "\u200b".join(value),
    "traditional": lambda value, rng: "".join(TRADITIONAL.get(c, c) for c in value),
    "entities": lambda value, rng: "".join(f"&#{ord(c)};" for c in value),
}
OF_KIND: dict[FieldKind, dict[str, Disguise]] = {
    FieldKind.PERSON: {
        "spaced or other order": lambda v, rng: (
            " ".join(reversed(v.split())) if v.isascii() else " ".join(v)
        ),
        "comma": lambda v, rng: ", ".join(reversed(v.split())) if v.isascii() else "\u3000".join(v),
        "accents": lambda v, rng: v.replace("a", "a\u0301").replace("e", "é"),
    },
    FieldKind.COMPANY: {
        "no legal form": lambda v, rng: (
            v.removesuffix("有限公司") if not v.isascii() else " ".join(v.split()[:2])
        ),
        "other legal form": lambda v, rng: (
            v.replace("有限公司", "股份有限公司")
            if not v.isascii()
            else " ".join([*v.split()[:2], "Limited"])
        ),
    },
    FieldKind.PHONE: {
        "separators and country code": _phone,
        "Chinese numerals": lambda v, rng: "".join(
            NUMERALS.get(c, "") for c in v.removeprefix("+1")
        ),
    },
    FieldKind.EMAIL: {
        "[at]": lambda v, rng: v.replace("@", "[at]"),
        "(at) (dot)": lambda v, rng: v.replace("@", " (at) ").replace(".", " (dot) "),
    },
    FieldKind.NATIONAL_ID: {
        "grouped": lambda v, rng: (
            f"{v[:6]} {v[6:14]} {v[14:]}" if len(v) == 18 else v.replace("-", " ")
        )
    },
    FieldKind.ACCOUNT: {"grouped": lambda v, rng: f"{v[:1]}-{v[1:]}"},
}
PROSE = (
    "请联系{0}，{1}。",
    "The customer {0} ({1}) has agreed.",
    "{0}\t{1}",
    "{0} / {1}\n",
    "见附件：{0}；另有{1}，请保密。\n",
)


def planted(
    rows: list[tuple[str, ...]], count: int, rng: random.Random
) -> Iterator[tuple[int, str, str]]:
    """Record number, disguises used, and the text that tells of it."""
    for _ in range(count):
        record = rng.randrange(len(rows))
        row = rows[record]
        alone = rng.random() < 0.2
        columns = (
            [
                at
                for at, kind in enumerate(KINDS)
                if kind in STRONG and (kind is not FieldKind.NATIONAL_ID or len(row[at]) == 18)
            ]
            if alone
            else [1, 2, 3, 4, 5]
        )
        chosen = rng.sample(columns, 1 if alone else 2)
        used, fields = [], []
        for at in chosen:
            ways = GENERAL | OF_KIND.get(KINDS[at], {})
            name = rng.choice(list(ways))
            used.append(f"{KINDS[at].value}: {name}")
            fields.append(ways[name](row[at], rng))
        yield (
            record,
            " + ".join(used),
            rng.choice(PROSE).format(*([*fields, "再联系" if alone else ""])[:2]),
        )


def recall(index: Index, rows: list[tuple[str, ...]], count: int) -> None:
    """Plant, look, and print what was missed."""
    rng = random.Random(12)
    missed: Counter[str] = Counter()
    others = 0
    started = time.thread_time()
    for record, used, text in planted(rows, count, rng):
        session = index.session()
        session.feed(Segment(text))
        found = [int(r) for match in session.matches() for r in match.records]
        if record not in found:
            missed[used] += 1
        others += len(set(found) - {record})
    total = sum(missed.values())
    print(
        f"planted {count:,} records, missed {total} (recall {1 - total / count:.5f}), other records told {others}, {time.thread_time() - started:.0f} s"
    )
    for used, times in missed.most_common(15):
        print(f"  missed {times}: {used}")


def ordinary(index: Index, rows: list[tuple[str, ...]], size: int, prose: Path | None) -> None:
    """Scan texts that hold no registered record.

    Of the other customers those are left out who happen to have got a registered number.
    """
    named, _ = data.texts(size // 5, prose)
    known = {value for row in rows for value in (row[3], row[4], row[6])}
    lines = named["tables"].decode().splitlines()
    named["tables"] = "\n".join(
        line for line in lines if known.isdisjoint(line.split(","))
    ).encode()
    total = false = 0
    for name, text in named.items():
        session = index.session()
        layout = Layout.TABLE if name == "tables" else Layout.TEXT
        session.feed(Segment(text.decode(), layout=layout))
        told = [int(r) for match in session.matches() for r in match.records]
        places = [p for match in session.matches() for p in match.places]
        total += len(text)
        false += len(told)
        print(f"{name}: {len(text) / 1e6:.0f} MB, {len(told)} records {places}")
    print(f"ordinary text: {total / 1e6:.0f} MB, {false} false records")


def attack(folder: Path, rows: list[tuple[str, ...]], guesses: int) -> None:
    """Guess registered phone numbers against the index file, without the key and with it.

    All of the registered ones are among the guesses. A guess is confirmed where all bits of its
    fingerprint that the file keeps are those of an entry.
    """
    (path,) = dataset_dir(folder, SPEC.id).glob("*.idx")
    segment = FileSegment.open(path, Keys.of(KEY))
    kept, _, _ = segment.decoded()
    known = [row[3] for row in rows]
    rng = random.Random(8)
    spec = DatasetSpec("guess", (Column("phone", FieldKind.PHONE),))
    more = (f"1{rng.randrange(3 * 10**9, 10**10)}" for _ in range(max(0, guesses - len(known))))
    listed = [*known, *more]
    for name, key in (("without the key", bytes(32)), ("with the key", KEY)):
        collector = Collector(spec, Keys.of(key))
        for at in range(0, len(listed), 500_000):
            collector.add([(value,) for value in listed[at : at + 500_000]])
        found = collector.finish().hashes
        bits = np.uint64(64 - segment.prefix_bits)
        confirmed = int(np.isin(found >> bits, kept >> bits).sum())
        print(f"guesses {name}: {confirmed:,} of {len(listed):,} confirmed", flush=True)


def main() -> None:
    """Parse, register, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--planted", type=int, default=100_000)
    parser.add_argument("--ordinary", type=int, default=100, help="MB")
    parser.add_argument("--prose", type=Path)
    parser.add_argument("--guesses", type=int, default=0, help="of a dictionary attack")
    told = parser.parse_args()
    rows = list(data.records(told.records))
    with tempfile.TemporaryDirectory() as folder:
        build_dataset(
            Path(folder),
            KEY,
            SPEC,
            [rows[at : at + 100_000] for at in range(0, len(rows), 100_000)],
        )
        if told.guesses:
            attack(Path(folder), rows, told.guesses)
        index = Index.open(Path(folder), KEY)
        recall(index, rows, told.planted)
        ordinary(index, rows, told.ordinary * 1_000_000, told.prose)


if __name__ == "__main__":
    main()
