"""The outgoing scenarios: a message goes in, the whole program says what it is.

Each row: status, the triggers of each obligation, exemption, exposure, legal severity, verdict.
"""

from __future__ import annotations

import random

import pytest
from outgoing_company import table


def told(verdict, dataset):
    """The judgement of one dataset in a verdict, in the words of the scenario table."""
    found = [one for one in verdict.incidents if one.finding.dataset_id == dataset]
    if not found:
        return None
    (incident,) = found
    judgement = incident.judgement
    duties = sorted(
        name + ("" if duty.state == "potential" else f"({duty.state})")
        for duty in judgement.obligations
        for name in duty.triggers
    )
    return {
        "status": judgement.trade_secret_status.removeprefix("ts_"),
        "duties": " ".join(duties),
        "exemption": judgement.exemption,
        "exposure": judgement.exposure.value,
        "legal": judgement.legal.value,
        "class": incident.event.recipient_class,
        "third_party": judgement.third_party,
        "verdict": verdict.decision,
    }


def case(status, duties, exemption, exposure, legal, kind, verdict, third_party=False):
    return {
        "status": status, "duties": duties, "exemption": exemption, "exposure": exposure,
        "legal": legal, "class": kind, "third_party": third_party, "verdict": verdict,
    }  # fmt: skip


SALES = "sales@corp.example"
EXPECTED = {
    "S02": case("not_supported", "", "", "critical", "none", "competitor", "block"),
    "S02b": case("supported", "O1.a O2.a O4.a(indicator) O5.c", "", "critical", "critical", "competitor", "block"),
    "S02c": case("not_supported", "", "", "critical", "none", "competitor", "block"),
    "S03": case("supported", "", "", "none", "none", "external_authorised", "allow"),
    "S03b": case("supported", "O1.c", "", "low", "low", "external_authorised", "hold"),
    "S03c": case("supported", "O1.a O2.a", "", "critical", "critical", "external_unauthorised", "block"),
    "S04": case("supported", "", "X1b", "none", "none", "customer_self", "allow"),
    "S04b": case("supported", "O1.a O2.a O5.c", "", "high", "high", "external_unauthorised", "block"),
    "S05": case("supported", "O1.a O2.r(risk) O3.c O5.b", "", "critical", "critical", "own_personal", "block"),
    "S05b": case("supported", "", "X6", "none", "none", "own_personal", "allow"),
    "S05c": case("supported", "O1.a O2.r(risk) O3.c O4.b(indicator) O5.b", "", "high", "high", "own_personal", "block"),
    "S06": case("unproven", "O1.a O2.a O5.c", "", "critical", "critical", "external_unauthorised", "block", True),
    "S07": case("supported", "O1.a O2.a O4.a(indicator) O4.b(indicator) O5.c", "", "critical", "critical", "competitor", "block"),
    "S08": case("supported", "O1.a O2.a O5.c", "", "critical", "critical", "unknown_external", "block"),
    "S13": case("supported", "O1.a O2.a O5.c", "", "critical", "critical", "external_unauthorised", "block"),
    "S14": case("supported", "", "X4", "none", "none", "authority_or_counsel", "allow"),
    "S15": case("supported", "", "X5", "none", "none", "unknown_external", "allow"),
    "S16": case("unproven", "O1.a O2.a O5.c", "", "high", "high", "unknown_external", "block"),
}  # fmt: skip


def acts(rows):
    """What is sent in each scenario: dataset, sender, recipients, rows, policy."""
    crm, ours = rows["crm"], random.Random(7)
    retyped = [row[:] for row in crm[:3000]]
    ours.shuffle(retyped)
    wide = {ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)}
    for row in retyped:
        row[3] = f"{row[3][:3]} {row[3][3:7]} {row[3][7:]}".translate(wide)
    everything = table(crm)
    return {
        "S02": ("bare", SALES, ["x@rival.example"], table(rows["bare"]), {}),
        "S02b": ("clause", SALES, ["x@rival.example"], table(rows["clause"]), {}),
        "S02c": ("late", SALES, ["x@rival.example"], table(rows["late"]), {}),
        "S03": ("entrusted", SALES, ["x@processor.example"], table(rows["entrusted"]), {"encrypted": True}),
        "S03b": ("entrusted", SALES, ["x@processor.example"], table(rows["entrusted"]), {"encrypted": False}),
        "S03c": ("entrusted", SALES, ["x@former.example"], table(rows["entrusted"]), {"encrypted": True}),
        "S04": ("crm", SALES, ["li@buyer.example"], table(crm[:12]), {}),
        "S04b": ("crm", SALES, ["li@buyer.example"], table(crm[:52]), {}),
        "S05": ("crm", SALES, ["sales.home@webmail.example"], everything, {}),
        "S05b": ("crm", "remote@corp.example", ["remote.home@webmail.example"], table(crm[100:140]), {}),
        "S05c": ("crm", "leaving@corp.example", ["leaving.home@webmail.example"], table(crm[100:140]), {}),
        "S06": ("partner", SALES, ["x@supplier.example"], table(rows["partner"]), {}),
        "S07": ("crm", "leaving@corp.example", ["x@rival.example"], table(crm[500:530]), {}),
        "S08": ("crm", SALES, ["who@nowhere.example"], table(retyped), {}),
        "S13": ("crm", SALES, ["gone.home@webmail.example"], table(crm[1000:1200]), {}),
        "S14": ("crm", SALES, ["office@labour.example"], table(crm[1000:1200]), {}),
        "S16": ("orders", SALES, ["who@nowhere.example"], table(rows["orders"][:400], ["客户编号", "客户名称", "成交价", "订单号"]), {}),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"S15"}))
def test_scenario(trading, name):
    dataset, sender, recipients, attachment, policy = acts(trading.rows)[name]
    verdict = trading.check(name, sender, recipients, attachment, **policy)
    assert told(verdict, dataset) == EXPECTED[name]
    if verdict.decision != "allow":
        assert verdict.reasons and verdict.would_allow
        assert all(said.text("zh") and said.text("en") for said in verdict.reasons)
    shown = str(verdict.as_json())
    for row in trading.rows[dataset][:52]:
        assert row[3] not in shown and row[-1] not in shown


def test_s01_a_copy_of_the_directory_touches_no_obligation(trading):
    verdict = trading.check(
        "S01", SALES, ["who@nowhere.example"], table(trading.rows["directory-copy"], [])
    )
    found = told(verdict, "directory-copy")
    assert verdict.decision == "allow"
    assert found is None or (found["duties"], found["legal"]) == ("", "none")


def test_s15_one_signature_in_an_ordinary_mail(trading):
    row = trading.rows["crm"][77]
    signature = f"您好，下周见。\n\n{row[2]}\n{row[1]}\n手机 {row[3]}\n{row[4]}\n{row[5]}"
    verdict = trading.check("S15", SALES, ["who@nowhere.example"], body=signature)
    assert told(verdict, "crm") == EXPECTED["S15"]


def test_a_customer_known_only_from_the_record_gets_its_own_row(trading):
    row = trading.rows["crm"][200]
    verdict = trading.check("own", SALES, [row[4]], table([row]))
    assert verdict.decision == "allow"
    more = trading.check("own-and-others", SALES, [row[4]], table(trading.rows["crm"][200:240]))
    assert more.decision == "block"
    (recipient,) = more.as_json()["recipients"]
    assert (recipient["own_records"], recipient["foreign_records"]) == (1, 39)
    assert "do_own_only" in {said.code for said in more.would_allow}


def test_each_recipient_counts_by_itself(trading):
    rows = trading.rows["crm"]
    verdict = trading.check(
        "many",
        SALES,
        ["li@buyer.example", rows[300][4], "x@rival.example"],
        table([*rows[:12], rows[300]]),
    )
    told_of = {one["address"]: one for one in verdict.as_json()["recipients"]}
    assert told_of["li@buyer.example"]["foreign_records"] == 1
    assert told_of[rows[300][4]]["foreign_records"] == 12
    assert told_of["x@rival.example"]["classes"] == ["competitor"]
    assert verdict.incidents[0].event.recipient_class == "competitor"
    assert verdict.decision == "block"


def test_a_list_spread_over_many_attachments_counts_as_one(trading):
    import email.message

    mail = email.message.EmailMessage()
    mail["From"], mail["To"] = SALES, "who@nowhere.example"
    mail.set_content("see")
    for number, row in enumerate(trading.rows["crm"][600:640]):
        slim = "\t".join(row[1:5]).encode()
        mail.add_attachment(slim, maintype="text", subtype="csv", filename=f"{number}.csv")
    verdict = trading.check("spread", SALES, ["who@nowhere.example"], raw=mail.as_bytes())
    assert verdict.decision == "block"
    assert len(verdict.incidents) == 40
    assert {one.finding.records for one in verdict.incidents} == {1}
    assert {one.judgement.similarity for one in verdict.incidents} == {"substantial"}


def test_a_leave_to_take_work_home_is_no_leave_to_send_it_to_a_rival(trading):
    rows = trading.rows["crm"][100:140]
    verdict = trading.check("leave", "remote@corp.example", ["x@rival.example"], table(rows))
    assert verdict.decision == "block"
    assert not verdict.incidents[0].judgement.exemption


def test_a_leave_without_places_reaches_home_and_nobody_else(trading):
    rows, sender = trading.rows["crm"][100:140], "traveller@corp.example"
    home = trading.check("home", sender, ["traveller.home@webmail.example"], table(rows))
    assert (home.decision, home.incidents[0].judgement.exemption) == ("allow", "X6")
    other = trading.check("other", sender, ["who@nowhere.example"], table(rows))
    assert (other.decision, other.incidents[0].judgement.exemption) == ("block", "")


def test_an_agreement_that_ended_is_named(trading):
    verdict = trading.check(
        "ended", SALES, ["x@former.example"], table(trading.rows["entrusted"]), encrypted=True
    )
    (recipient,) = verdict.as_json()["recipients"]
    assert recipient["misfits"] == ["date"]
    assert "misfit_date" in {said.code for said in verdict.reasons}


def test_the_owner_of_the_information_may_have_it_back(trading):
    verdict = trading.check("owner", SALES, ["x@partner.example"], table(trading.rows["partner"]))
    assert (verdict.decision, told(verdict, "partner")["exemption"]) == ("allow", "X3")


def test_a_thousand_recipients(trading):
    rows = trading.rows["crm"][:12]
    people = ["li@buyer.example", *(row[4] for row in trading.rows["crm"][20:1019])]
    hidden = b"From: sales@corp.example\r\nTo: undisclosed-recipients:;\r\n\r\n" + table(rows)
    verdict = trading.check("thousand", SALES, people, raw=hidden)
    recipients = verdict.as_json()["recipients"]
    assert len(recipients) == 1000 and verdict.decision == "block"
    assert [one["foreign_records"] for one in recipients] == [0] + [12] * 999


def test_a_letter_to_a_few_customers_is_no_list(trading):
    people = [row[4] for row in trading.rows["crm"][2100:2105]]
    assert trading.check("letter", SALES, people, body="See you on Monday").decision == "allow"
    others = "\n".join(row[4] for row in trading.rows["crm"][2200:2204])
    verdict = trading.check("letter-and-others", SALES, people, body=others)
    assert verdict.decision == "hold"
    rows = table(trading.rows["crm"][2100:2105])
    assert trading.check("letter-and-rows", SALES, people, rows).decision == "block"


def test_customers_shown_to_each_other_in_the_header_are_found(trading):
    people = [row[4] for row in trading.rows["crm"][2000:2040]]
    verdict = trading.check("shown", SALES, people, body="Happy new year")
    assert verdict.incidents[0].finding.records == 40
    assert {one["foreign_records"] for one in verdict.as_json()["recipients"]} == {39}
