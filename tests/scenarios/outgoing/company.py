"""An invented company whose lists, people and contracts the outgoing scenarios speak of."""

from __future__ import annotations

import csv
import random
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

EVENT = datetime(2026, 6, 1, 10, 0, tzinfo=timezone(timedelta(hours=8)))
HEADER = ["客户编号", "客户名称", "联系人", "手机", "邮箱", "地址", "成交价", "采购习惯"]
_CITIES = ["上海", "苏州", "南京", "杭州", "宁波", "无锡", "合肥", "温州", "嘉兴", "常州"]
_FIRST = [
    "赵",
    "钱",
    "孙",
    "李",
    "周",
    "吴",
    "郑",
    "王",
    "冯",
    "陈",
    "褚",
    "卫",
    "蒋",
    "沈",
    "韩",
    "杨",
    "朱",
    "秦",
    "尤",
    "许",
    "何",
    "吕",
    "施",
    "张",
]
_SECOND = [
    "明",
    "华",
    "丽",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "超",
    "霞",
    "平",
    "刚",
    "桂英",
    "志强",
    "秀兰",
    "建国",
    "晓东",
    "海燕",
]
_TRADES = ["机电", "纺织", "食品", "化工", "电子", "建材", "物流", "医疗", "包装", "五金"]
_HABITS = (
    "每季度首月集中下单 {n} 箱，付款账期 {d} 天，只收含税价",
    "偏好 {n} 号规格，验货后 {d} 天付款，旺季前两周追加",
    "决策人每逢 {n} 日定价，要求 {d} 天内送到华东仓",
)


def customers(count: int, seed: str) -> list[list[str]]:
    """Rows of invented customers; no two lists with different seeds share a value."""
    chance = random.Random(seed)
    tag = sum(seed.encode()) % 90 + 10
    rows = []
    for number in range(count):
        city = chance.choice(_CITIES)
        word = "".join(chance.choice("云景博瑞泰恒昌盛宏远嘉禾天启明诚信达") for _ in range(4))
        rows.append(
            [
                f"{seed.upper()}{tag}{number:05d}",
                f"{city}{word}{chance.choice(_TRADES)}有限公司",
                chance.choice(_FIRST) + chance.choice(_SECOND),
                f"1{chance.choice('3578')}{tag}{chance.randrange(10**7):07d}",
                f"{seed}{number}@mail{number % 400}-{seed}.example",
                f"{city}市{word[:2]}路{chance.randrange(1, 999)}号{chance.randrange(1, 30)}楼",
                f"{chance.randrange(1000, 99999)}.00",
                chance.choice(_HABITS).format(
                    n=chance.randrange(100, 999), d=chance.randrange(20, 95)
                )
                + f"，备注{seed}{number}",
            ]
        )
    return rows


def write_csv(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows([header, *rows])
    return path


SUPPORTED = """
title: {title}
category: customer_list
level: {level}
owner_kind: {owner}
confidential_basis: [{basis}]
review_due: 2027-01-10
columns:
  - {{name: 采购习惯, role: deep, claimed: true}}
conditions:
  secrecy: {{status: met, method: reviewed, assessor: counsel, as_of: 2026-01-01}}
  value: {{status: met, method: reviewed, assessor: counsel, as_of: 2026-01-01, evidence: [EV-2]}}
  measures: {measures}
evidence:
  - {{id: EV-1, kind: agreement, supports: [M1], made_at: 2025-01-01}}
  - {{id: EV-2, kind: cost, supports: [value], made_at: 2025-12-31}}
  - {{id: EV-3, kind: rule, supports: [M2], made_at: 2025-01-01}}
  - {{id: EV-4, kind: acl_snapshot, supports: [M4, M5], made_at: 2025-01-01}}
  - {{id: EV-5, kind: agreement, supports: [M1], made_at: 2026-06-02}}
{more}
"""
ALL_MEASURES = """
    - {code: M1, scope: class, start: 2025-01-01, evidence: [EV-1]}
    - {code: M2, scope: class, start: 2025-01-01, evidence: [EV-3]}
    - {code: M4, scope: dataset, start: 2025-01-01, evidence: [EV-4]}
    - {code: M5, scope: dataset, start: 2025-01-01, evidence: [EV-4]}"""
ONE_CLAUSE = "\n    - {{code: M1, scope: class, start: {day}, evidence: [{ev}]}}"
DOSSIERS = {
    "crm": SUPPORTED.format(
        title="East China customers", level="ordinary", owner="own", basis="rule, contract",
        measures=ALL_MEASURES, more="",
    ),
    "entrusted": SUPPORTED.format(
        title="Customers for the processor", level="ordinary", owner="own", basis="rule, contract",
        measures=ALL_MEASURES, more="",
    ),
    "bare": SUPPORTED.format(
        title="Customers nobody protected", level="ordinary", owner="own", basis="",
        measures="[]", more="",
    ),
    "clause": SUPPORTED.format(
        title="Customers under one clause", level="ordinary", owner="own",
        basis="{kind: contract, from: 2025-01-01}",
        measures=ONE_CLAUSE.format(day="2025-01-01", ev="EV-1"), more="",
    ),
    "late": SUPPORTED.format(
        title="Customers under a late clause", level="ordinary", owner="own",
        basis="{kind: contract, from: 2026-06-02}",
        measures=ONE_CLAUSE.format(day="2026-06-02", ev="EV-5"), more="",
    ),
    "partner": """
title: Partner's customers
category: customer_list
level: core
owner_kind: third_party
owner_party: partner
promise_agreement: NDA 2025-17
confidential_basis: [promise]
columns:
  - {name: 采购习惯, role: deep, claimed: true}
""",
    "orders": """
title: Plain order rows
category: orders
level: ordinary
owner_kind: own
confidential_basis: [rule]
conditions:
  secrecy: {status: unproven, method: measured, proposal: unproven}
  value: {status: met, method: reviewed, assessor: counsel, as_of: 2026-01-01, evidence: [EV-2]}
  measures:
    - {code: M1, scope: class, start: 2025-01-01, evidence: [EV-1]}
    - {code: M4, scope: dataset, start: 2025-01-01, evidence: [EV-4]}
evidence:
  - {id: EV-1, kind: agreement, supports: [M1], made_at: 2025-01-01}
  - {id: EV-2, kind: cost, supports: [value], made_at: 2025-12-31}
  - {id: EV-4, kind: acl_snapshot, supports: [M4], made_at: 2025-01-01}
""",
    "directory-copy": """
title: A copy of the city directory
category: directory
level: ordinary
owner_kind: own
""",
}  # fmt: skip

ORGANISATION = """
parties:
  - {id: us, name: 华东贸易, kind: self, domains: [corp.example]}
  - {id: rival, name: 对手公司, kind: competitor, domains: [rival.example]}
  - {id: processor, name: 数据处理公司, kind: processor, domains: [processor.example]}
  - {id: former, name: 旧处理公司, kind: processor, domains: [former.example]}
  - {id: supplier, name: 供应商, kind: supplier, domains: [supplier.example]}
  - {id: partner, name: 合作方, kind: third_party_owner, domains: [partner.example]}
  - {id: buyer, name: "%BUYER%", kind: customer, domains: [buyer.example]}
  - {id: labour, name: 劳动监察, kind: authority, domains: [labour.example]}
  - {id: counsel, name: 律师, kind: counsel, domains: [lawfirm.example]}
persons:
  - {id: sales, roles: [sales_manager], status: active, accounts: [sales@corp.example], private_addresses: [sales.home@webmail.example]}
  - {id: leaving, roles: [sales_manager], status: active, notice_from: 2026-05-15, accounts: [leaving@corp.example], private_addresses: [leaving.home@webmail.example]}
  - {id: remote, roles: [sales_manager], status: active, accounts: [remote@corp.example], private_addresses: [remote.home@webmail.example]}
  - {id: traveller, roles: [sales_manager], status: active, accounts: [traveller@corp.example], private_addresses: [traveller.home@webmail.example]}
  - {id: gone, status: left, left_on: 2026-02-01, accounts: [gone@corp.example], private_addresses: [gone.home@webmail.example]}
agreements:
  - {id: NDA-1, kind: processing, parties: [processor], datasets: [entrusted], channels: [mail], max_records: 10000, from: 2025-01-01, to: 2027-01-01}
  - {id: NDA-0, kind: processing, parties: [former], datasets: [entrusted], from: 2025-01-01, to: 2026-05-31}
rules:
  - {id: R-1, datasets: [crm, clause, entrusted, partner, orders], allowed_channels: [mail], allowed_places: [internal_authorised, external_authorised, customer_self, owner_of_data, authority_or_counsel], published_on: 2025-01-01, from: 2025-01-01}
  - {id: R-2, datasets: [entrusted], required_encryption: true, published_on: 2025-01-01, from: 2025-01-01}
authorisations:
  - {id: A-1, dataset: crm, role: sales_manager, actions: [read, export]}
  - {id: A-2, dataset: crm, person: remote, actions: [send], channels: [mail], places: [own_personal], max_records: 50, approver: director, ticket: T-17, from: 2026-05-01, to: 2026-07-01}
  - {id: A-3, dataset: crm, person: traveller, actions: [send], approver: director, ticket: T-18, from: 2026-05-01}
"""


def table(rows: list[list[str]], header: list[str] = HEADER) -> bytes:
    """Rows as an attachment."""
    lines = ["\t".join(row) for row in ([header, *rows] if header else rows)]
    return "\n".join(lines).encode()


def message(
    path: Path, recipients: list[str], attachment: bytes = b"", body: str = "见附件"
) -> Path:
    """An .eml file."""
    mail = EmailMessage()
    mail["From"] = "Someone <sales@corp.example>"
    mail["To"] = ", ".join(recipients)
    mail["Subject"] = "资料"
    mail["Message-ID"] = f"<{path.stem}@corp.example>"
    mail.set_content(body)
    if attachment:
        mail.add_attachment(attachment, maintype="text", subtype="csv", filename="名单.csv")
    path.write_bytes(mail.as_bytes())
    return path
