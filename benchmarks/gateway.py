"""Mail through a real Postfix with and without the gateway, and while the gateway is killed.

    sudo python benchmarks/gateway.py [--messages N] [--kills N] [--pictures]

Compared in one run, with the same clients, messages and next hop on loopback:
  * Postfix alone against Postfix with the gateway (messages/s and the ratio);
  * the same messages while the gateway is killed (SIGKILL) and started again --kills times.
One message in fifty holds a registered list, in turn in the body, an attachment, a zip and (with
--pictures, which needs the ocr extra) a picture. The client tries again on temporary failures, as
mail servers do. Counted: messages lost, lists let out, messages delivered twice.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "gateway")]

import mta  # noqa: E402

LIST = ROOT / "fixtures/demo/customers_cn.csv"


def picture(rows: list[str]) -> bytes:
    """Rows of the list as a picture."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1600, 40 * len(rows) + 40), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(28)
    for number, row in enumerate(rows):
        cells = row.split(",")
        draw.text((20, 20 + 40 * number), f"{cells[3]}  {cells[4]}", fill="black", font=font)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def messages(count: int, rows: list[str], pictures: bool) -> list[tuple[str, bytes]]:
    shot = picture(rows[:8]) if pictures else b""
    todo = []
    for number in range(count):
        if number % 50 != 7:
            text = f"An ordinary note, number {number}. " + "Nothing to see. " * 20
            todo.append((f"clean{number}", mta.mail(f"clean{number}", text)))
            continue
        kinds = mta.leaks(rows, f"-{number}")
        if pictures:
            kinds.append(("picture", mta.mail(f"picture-{number}", "see", ("a.png", shot))))
        todo.append((f"leak{number}", kinds[number // 50 % len(kinds)][1]))
    return todo


def run(home: Path, todo: list[tuple[str, bytes]], kills: int, gateway: bool) -> float:
    """Send everything; prints what became of it, gives messages/s."""
    folder = Path(tempfile.mkdtemp(prefix="leakscan-postfix-"))
    sink, port = mta.Sink(), mta.free_port()
    postfix = mta.Postfix(folder, port, sink.port)
    served = mta.GatewayProcess(home, port, "reject", "defer", postfix.release)
    if not gateway:
        config = postfix.config / "main.cf"
        config.write_text(config.read_text().replace("smtpd_milters = ", "# smtpd_milters = "))
    else:
        served.start()
    try:
        postfix.start()
        started = time.monotonic()
        answers = asyncio.run(mta.storm(postfix, served, todo, kills if gateway else 0))
        spent = time.monotonic() - started
        clean = {f"<{name}@corp.example>" for name, _ in todo if name.startswith("clean")}
        wanted = len(clean) if gateway else len(todo)
        end = time.monotonic() + 120
        while len(sink.messages) < wanted and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(1)
        arrived = Counter(sink.ids())
        let_out = sum(count for name, count in arrived.items() if name not in clean)
        twice = sum(count - 1 for count in arrived.values())
        refused = sum(code == 550 for code, _ in answers.values())
        again = sum(tries > 1 for _, tries in answers.values())
        name = "with the gateway" if gateway else "Postfix alone"
        print(
            f"{name:18} {len(todo) / spent:7.1f} messages/s; lost {len(clean - set(arrived))}, "
            f"lists let out {let_out}, delivered twice {twice}, refused {refused}, "
            f"kills {kills if gateway else 0}, messages tried again {again}"
        )
        return len(todo) / spent
    finally:
        postfix.stop()
        if gateway:
            served.kill()
        sink.close()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pictures", action="store_true", help="lists in pictures too (slow)")
    asked = parser.parse_args()
    if asked.pictures:
        os.environ["GATEWAY_OCR"] = "1"
    if why := mta.missing():
        print(f"skipped: {why}")
        return 0
    from scanner.home import open_home
    from scanner.run.enrol import add_dataset

    base = Path(tempfile.mkdtemp(prefix="leakscan-gateway-"))
    try:
        home = open_home(base / "home")
        dossier = ROOT / "fixtures/demo/dossiers/crm-cn.yaml"
        add_dataset(home, LIST, "crm-cn", dossier_file=dossier)
        rows = LIST.read_text(encoding="utf-8-sig").splitlines()[1:]
        todo = messages(asked.messages, rows, asked.pictures)
        part = todo[: max(200, len(todo) // 10)]
        alone = run(home.root, part, 0, gateway=False)
        with_it = run(home.root, part, 0, gateway=True)
        print(f"  ratio {with_it / alone:.2f}")
        if asked.kills:
            run(home.root, todo, asked.kills, gateway=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
