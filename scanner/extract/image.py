"""Pictures: their text by OCR, and what their properties say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scanner.extract import _ocr
from scanner.extract._appended import appended
from scanner.extract._mailtext import decode
from scanner.extract._pdf_parts import xmp
from scanner.extract.base import Blob, Budget, Format
from scanner.model.content import Gap, Kind, Piece, Segment
from scanner.model.errors import Unread

FRAMES = 200  # pages of a TIFF that are read; moving pictures are read at fewer places
MOVING = 4
_MAGIC: tuple[tuple[bytes, int], ...] = (
    (b"\x89PNG\r\n\x1a\n", 97),
    (b"\xff\xd8\xff", 92),
    (b"GIF87a", 95),
    (b"GIF89a", 95),
    (b"II*\0", 88),
    (b"MM\0*", 88),
    (b"\0\0\0\x0cjP  \r\n\x87\n", 97),
    (b"\xff\x4f\xff\x51\0", 90),
    (b"8BPS\0\x01", 90),
)
_PILLOW = ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "JPEG2000", "PSD", "PPM", "MPO", "ICO")
_TEXT_KEYS = ("Title", "Author", "Description", "Comment", "Copyright", "comment", "Software")


def _claims(head: bytes, blob: Blob, name: str) -> int:
    for magic, score in _MAGIC:
        if head.startswith(magic):
            return score
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return 97
    if head[:2] == b"BM" and len(head) > 30 and head[6:10] == b"\0\0\0\0":
        return 85 if int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124) else 0
    if head[:4] == b"\0\0\x01\0" and 0 < head[4:5][0] < 64 and len(head) > 22 and not head[5]:
        return 70
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"avif", b"hevc"):
        return 90
    return 0


def _read(blob: Blob, name: str, budget: Budget) -> Iterator[Piece]:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError:
        raise Unread("image-not-read", _ocr.INSTALL) from None
    Image.MAX_IMAGE_PIXELS = None
    try:
        picture = Image.open(blob.stream(), formats=list(_PILLOW))
    except UnidentifiedImageError:
        if blob.head(12)[4:8] == b"ftyp":
            raise Unread("unsupported", "a HEIF picture") from None
        raise Unread("damaged", "not a readable picture") from None
    with picture:
        if picture.width * picture.height > budget.limits.pixels:
            size = f"{picture.width}x{picture.height}"
            raise Unread("limit:pixels", f"{size}, the limit is {budget.limits.pixels} pixels")
        yield from _properties(picture)
        if picture.format != "ICO":
            yield from _frames(picture, budget)
    yield from appended(blob, 16)


def _frames(picture: Any, budget: Budget) -> Iterator[Piece]:
    count = getattr(picture, "n_frames", 1)
    if picture.format in ("MPO", "PSD"):
        count = 1
    wanted = range(count)
    if picture.format != "TIFF" and count > MOVING:
        wanted = range(0, count, -(-count // MOVING))
    spent = 0
    for index in wanted:
        if index >= FRAMES:
            yield Gap("limit:members", "", f"{count} pages, {FRAMES} were read")
            return
        budget.check_time()
        where = f"page {index + 1}" if count > 1 else ""
        try:
            picture.seek(index)
            spent += picture.width * picture.height
            if spent > max(budget.limits.pixels, picture.width * picture.height * 4):
                yield Gap("limit:pixels", where, f"more than {budget.limits.pixels} in all")
                return
            if picture.width * picture.height > budget.limits.pixels:
                yield Gap("limit:pixels", where, f"{picture.width}x{picture.height}")
                continue
            still = _flat(picture)
        except EOFError:
            return
        except (OSError, SyntaxError, ValueError, IndexError, KeyError, TypeError) as error:
            still = _partly(picture)
            yield Gap("damaged", where, type(error).__name__)
            if still is None:
                return
        yield from _ocr.read(still, where, budget)


def _partly(picture: Any) -> Any:
    """What a truncated picture still shows, None where that is nothing."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return _flat(picture)
    except Exception:  # noqa: BLE001  the damage is reported by the caller
        return None
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _flat(picture: Any) -> Any:
    """An RGB picture, transparent places white, the right way up."""
    from PIL import Image, ImageOps

    picture.load()
    still = ImageOps.exif_transpose(picture)
    if still.mode in ("RGBA", "LA", "PA") or "transparency" in still.info:
        still = still.convert("RGBA")
        white = Image.new("RGBA", still.size, "white")
        white.alpha_composite(still)
        return white.convert("RGB")
    if still.mode.startswith(("I", "F")):
        still = ImageOps.autocontrast(still.convert("F").point(lambda value: value).convert("L"))
    return still.convert("RGB")


def _properties(picture: Any) -> Iterator[Piece]:
    """The texts that stand in the picture's own properties."""
    lines = [
        f"{key}: {value}"
        for key, value in picture.info.items()
        if isinstance(value, str) and len(value) < 100_000 and key.lower() != "xml:com.adobe.xmp"
    ]
    for key in _TEXT_KEYS:
        value = picture.info.get(key)
        if isinstance(value, bytes) and value:
            lines.append(f"{key}: {decode(value)}")
    for reader in (_exif, _iptc):
        try:
            lines += reader(picture)
        except Exception:  # noqa: BLE001, S112  broken properties do not hide the picture
            continue
    lines = [line.replace("\0", " ").strip() for line in lines]
    if lines := [line for line in dict.fromkeys(lines) if line]:
        yield Segment("\n".join(lines), "properties", Kind.META)
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    yield from xmp(packet.encode() if isinstance(packet, str) else bytes(packet))


def _exif(picture: Any) -> list[str]:
    from PIL import ExifTags

    exif = picture.getexif()
    found = []
    for values in (exif, exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)):
        for tag, value in values.items():
            label = ExifTags.TAGS.get(tag, str(tag))
            if isinstance(value, bytes) and label.startswith("XP"):
                value = value.decode("utf-16-le", "replace")
            elif isinstance(value, bytes) and label == "UserComment":
                value = _comment(value)
            if isinstance(value, str) and value.strip("\0 "):
                found.append(f"{label}: {value}")
    return found


def _comment(value: bytes) -> str:
    """A user's comment behind the eight letters that name its encoding."""
    if value.startswith(b"UNICODE"):
        wide = value[8:]
        little = wide[1:2] == b"\0" or wide[:2] == b"\xff\xfe"
        return wide.decode("utf-16-le" if little else "utf-16-be", "replace").lstrip("\ufeff")
    return decode(value[8:].rstrip(b"\0"))


def _iptc(picture: Any) -> list[str]:
    from PIL import IptcImagePlugin

    values = IptcImagePlugin.getiptcinfo(picture) or {}
    found: list[str] = []
    for (record, _), told in values.items():
        several = told if isinstance(told, list) else [told]
        if record == 2:
            found += [decode(one) for one in several if isinstance(one, bytes) and len(one) > 2]
    return found


FORMAT = Format(
    "image",
    _claims,
    _read,
    ("png", "jpg", "jpeg", "gif", "tif", "tiff", "bmp", "webp", "jp2", "heic"),
)
