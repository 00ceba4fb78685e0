"""The inventory: what is unchanged is passed over, what is not known for sure is read again."""

from __future__ import annotations

import shutil
from pathlib import Path

from scanner.home import Home
from scanner.model.document import Document
from scanner.model.outcome import Outcome
from scanner.record.inventory import Inventory, Seen
from scanner.record.store import Store

V1, V2 = "index 1", "index 2"


def document(name: bytes, signature: str = "s1") -> Document:
    return Document(uri=name.decode("utf-8", "backslashreplace"), path=name, signature=signature)


def test_unchanged_is_known_and_anything_else_is_not(home: Home, store: Store) -> None:
    one, two, odd = document(b"/a/1"), document(b"/a/2"), document(b"/a/\xff\n\x1b")
    with Inventory.open(home, store) as inventory:
        assert inventory.unchanged([one, two, odd], V1) == [None, None, None]
        inventory.mark(one, V1, Outcome())
        inventory.mark(odd, V1, Outcome.partial("damaged"))
    with Inventory.open(home, store) as inventory:
        assert inventory.unchanged([one, two, odd], V1) == [
            Seen("COMPLETE", ""),
            None,
            Seen("PARTIAL", "damaged"),
        ]
        assert inventory.unchanged([one], V2) == [None]
        assert inventory.unchanged([document(b"/a/1", "s2")], V1) == [None]


def test_a_document_without_a_signature_is_always_read(home: Home, store: Store) -> None:
    bare = document(b"/a/1", "")
    with Inventory.open(home, store) as inventory:
        inventory.mark(bare, V1, Outcome())
        inventory.flush()
        assert inventory.unchanged([bare], V1) == [None]


def test_vanished_are_those_under_the_roots_that_the_walk_missed(home: Home, store: Store) -> None:
    names = [b"/a/1", b"/a/2", b"/a/sub/3", b"/ab/4", b"/a", b"/b/5", b"/a/\xff"]
    with Inventory.open(home, store) as inventory:
        for name in names:
            inventory.mark(document(name), V1, Outcome())
        assert list(inventory.vanished([b"/a", b"/b"])) == []
    with Inventory.open(home, store) as inventory:
        inventory.unchanged([document(b"/a/1"), document(b"/a/2", "s2")], V1)
        inventory.mark(document(b"/a/new"), V1, Outcome())
        assert sorted(inventory.vanished([b"/a"])) == [b"/a", b"/a/sub/3", b"/a/\xff"]
        assert list(inventory.vanished([b"/b/"])) == [b"/b/5"]
        inventory.forget([b"/a/sub/3"])
        assert sorted(inventory.vanished([b"/a"])) == [b"/a", b"/a/\xff"]
        known = inventory.unchanged([document(b"/a/sub/3"), document(b"/ab/4")], V1)
        assert known == [None, Seen("COMPLETE", "")]


def test_another_or_an_older_store_empties_it(home: Home, tmp_path: Path) -> None:
    one = document(b"/a/1")

    def known() -> bool:
        with Store.open(home) as store, Inventory.open(home, store) as inventory:
            return inventory.unchanged([one], V1) != [None]

    with Store.open(home) as store, Inventory.open(home, store) as inventory:
        inventory.mark(one, V1, Outcome())
    old = tmp_path / "old.db"
    shutil.copyfile(home.store, old)
    with Store.open(home) as store, Inventory.open(home, store) as inventory:
        store.log_custody("me", "reveal", "x")
        inventory.mark(one, V1, Outcome())
    assert known()
    shutil.copyfile(old, home.store)
    assert not known()
    with Store.open(home) as store, Inventory.open(home, store) as inventory:
        inventory.mark(one, V1, Outcome())
    assert known()
    for name in ("store.db", "audit.anchor"):
        (home.root / name).unlink()
    assert not known()


def test_a_damaged_inventory_is_begun_anew(home: Home, store: Store) -> None:
    one = document(b"/a/1")
    with Inventory.open(home, store) as inventory:
        inventory.mark(one, V1, Outcome())
    home.inventory.write_bytes(b"no database" * 1000)
    with Inventory.open(home, store) as inventory:
        assert inventory.unchanged([one], V1) == [None]
        inventory.mark(one, V1, Outcome())
    with Inventory.open(home, store) as inventory:
        assert inventory.unchanged([one], V1) == [Seen("COMPLETE", "")]


def test_many_are_kept_over_several_flushes(home: Home, store: Store) -> None:
    documents = [document(b"/m/%06d" % number) for number in range(12_000)]
    with Inventory.open(home, store) as inventory:
        for one in documents:
            inventory.mark(one, V1, Outcome())
    with Inventory.open(home, store) as inventory:
        assert inventory.unchanged(documents, V1) == [Seen("COMPLETE", "")] * 12_000
        assert list(inventory.vanished([b"/m"])) == []
