"""Unregistered lists that are worth a dossier, with one that the loader reads back."""

from __future__ import annotations

from scanner.detect._lists.suggest import Seen, suggest
from scanner.registry.dossier import load_dossier

COLUMNS = ("客户名称", "手机", "信用额度", "备注")


def seen(path, records=50, label="customer_list", score=0.9, columns=COLUMNS):
    return Seen(path, label, score, records, columns, ("+1.6 a header calls them customers",))


def test_the_weightiest_first_copies_together(tmp_path):
    found = suggest(
        [
            seen("/srv/b/clients.xlsx", 40, columns=("Client", "Phone")),
            seen("/srv/a/客户 2024.xlsx", 900),
            seen("/srv/c/copy.zip!客户.xlsx", 900),
            seen("/srv/few.csv", 9),
            seen("/srv/contacts.csv", 900, label="contact_list"),
        ],
        taken=["clients"],
    )
    assert [(one.path, one.id, one.copies) for one in found] == [
        ("/srv/a/客户 2024.xlsx", "2024", ("/srv/c/copy.zip!客户.xlsx",)),
        ("/srv/b/clients.xlsx", "clients-2", ()),
    ]
    file = tmp_path / "d.yaml"
    file.write_text(found[0].dossier, encoding="utf-8")
    assert load_dossier(file).id == "2024"


def test_a_list_without_latin_letters_gets_an_id():
    (one,) = suggest([seen("/srv/客户名单.xlsx")])
    assert (one.id, one.title) == ("list", "客户名单")
