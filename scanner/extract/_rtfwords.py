"""The control words of rich text that mean something to a reader of its text."""

from __future__ import annotations

# Code pages by the number a font has for its character set.
CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    78: "cp932",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gb18030",
    136: "big5hkscs",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
    254: "cp437",
    255: "cp850",
}

SYMBOLS = {
    b"emdash": "—",
    b"endash": "–",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
    b"bullet": "•",
    b"tab": "\t",
    b"line": "\n",
    b"emspace": " ",
    b"enspace": " ",
    b"qmspace": " ",
    b"page": "\n",
    b"sect": "\n",
    b"column": "\n",
}

# Where text of a destination stands.
PLACES = {
    b"header": "header",
    b"headerl": "header",
    b"headerr": "header",
    b"headerf": "header",
    b"footer": "footer",
    b"footerl": "footer",
    b"footerr": "footer",
    b"footerf": "footer",
    b"footnote": "footnotes",
    b"annotation": "comments",
    b"atnauthor": "comments",
    b"atnid": "comments",
    b"shptxt": "text boxes",
    b"fldinst": "field codes",
    b"bkmkstart": "bookmarks",
    b"sv": "shape properties",
}
HIDDEN = frozenset({"comments", "field codes", "bookmarks", "shape properties"})

# Destinations that are properties of the document.
INFO = frozenset(
    (
        b"author category comment company doccomm hlinkbase keywords manager operator "
        b"propname staticval subject title"
    ).split()
)

# Destinations that hold nothing anybody wrote.
SKIPPED = frozenset(
    (
        b"atrfend atrfstart background blipuid colorschememapping colortbl datastore falt "
        b"filetbl fontemb generator htmltag latentstyles listoverridetable listtable listtext "
        b"mhtmltag mmathPr nonshppict objclass panose pgptbl picprop pnseclvl pntext pntxta "
        b"pntxtb result1 revtbl rsidtbl sn stylesheet template themedata wgrffmtfilter "
        b"xmlnstbl"
    ).split()
)
