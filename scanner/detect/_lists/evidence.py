"""What speaks for and against a customer list in one table, as counts, without values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scanner.columns.headers import concept_of, flags_of, title_classes
from scanner.columns.typing import ColumnGuess, type_columns
from scanner.model.rule import FieldKind

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Counts over one table.

    `flags` counts the columns whose header speaks for a word class; the three title sets are the
    classes of the file's name, the sheet's name and title lines.
    """

    records: int
    kinds: dict[FieldKind, int] = field(default_factory=dict)
    chats: int = 0
    named: bool = False
    keyed: bool = False
    staff_key: bool = False
    headed: bool = False
    flags: dict[str, int] = field(default_factory=dict)
    deep: int = 0
    file: frozenset[str] = frozenset()
    sheet: frozenset[str] = frozenset()
    title: frozenset[str] = frozenset()

    def kind(self, kind: FieldKind) -> int:
        """How many columns are of the kind."""
        return self.kinds.get(kind, 0)

    def flag(self, name: str) -> int:
        """How many columns speak for the word class."""
        return self.flags.get(name, 0)

    @property
    def identity(self) -> bool:
        """Some column names persons or companies."""
        return self.kind(FieldKind.PERSON) + self.kind(FieldKind.COMPANY) > 0

    @property
    def reach(self) -> bool:
        """Some column tells how to reach them."""
        return self.kind(FieldKind.PHONE) + self.kind(FieldKind.EMAIL) + self.chats > 0


@dataclass(frozen=True, slots=True)
class Read:
    """A table with its typed columns."""

    evidence: Evidence
    guesses: tuple[ColumnGuess, ...]
    rows: Rows = field(repr=False)


_CUSTOMER_CONCEPTS = frozenset({"customer"})
_IDENTITIES = frozenset({FieldKind.PERSON, FieldKind.COMPANY})


def read_table(
    header: Sequence[str] | None,
    rows: Rows,
    records: int,
    *,
    file: str = "",
    sheet: str = "",
    title: str = "",
) -> Read:
    """The evidence of a table given by its header and a sample of its rows."""
    guesses = type_columns(header, rows)
    kinds: Counter[FieldKind] = Counter()
    flags: Counter[str] = Counter()
    chats = deep = 0
    named = keyed = staff_key = False
    for place, guess in enumerate(guesses):
        word = header[place] if header and place < len(header) else ""
        concept, _whole = concept_of(word) if word else (None, False)
        told = flags_of(word) if word else frozenset()
        name = concept.name if concept else ""
        sales = name == "sales_person"
        if guess.column.kind is FieldKind.EMPTY:
            flags.update(told)
            named |= name in _CUSTOMER_CONCEPTS
            continue
        if not (sales and guess.column.kind is FieldKind.PERSON):
            kinds[guess.column.kind] += 1
        flags.update(told)
        chats += name == "chat"
        deep += name in ("deep_text", "deep_number", "deep_category", "contact_date")
        named |= guess.column.kind in _IDENTITIES and (
            name in _CUSTOMER_CONCEPTS or "customer" in told
        )
        keyed |= name == "customer_id" and "customer" in told
        staff_key |= name != "sales_person" and "staff" in told
    evidence = Evidence(
        records=records,
        kinds=dict(kinds),
        chats=chats,
        named=named,
        keyed=keyed,
        staff_key=staff_key,
        headed=header is not None,
        flags=dict(flags),
        deep=deep,
        file=title_classes(file) if file else frozenset(),
        sheet=title_classes(sheet) if sheet else frozenset(),
        title=title_classes(title) if title else frozenset(),
    )
    return Read(evidence, tuple(guesses), rows)
