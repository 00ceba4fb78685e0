"""Names under which Office programs and editors keep a document while they save it."""

from __future__ import annotations

import re

# Looked at only once such a file has lain unchanged for this long: by then nobody is saving, and
# a name alone must not keep a document from being examined.
PATIENCE = 300.0

_TEMPORARY = re.compile(
    rb"""
      ~\$ .+                                   # Word, Excel, PowerPoint: owner file
    | ~ (?:WR[A-Z]|DF|wrd) [^/]* \.tmp         # Word: parts of a save
    | ppt [0-9A-F]{1,8} \.tmp                  # PowerPoint
    | \.~lock\. .+ \#                          # LibreOffice: lock
    | lu [0-9a-z]{6,} \.tmp                    # LibreOffice: parts of a save
    | \. .+ \.sw[a-p]x?                        # vi: swap
    | 4913                                     # vi: probe
    | \.\# .+ | \# .+ \#                       # emacs: lock and autosave
    | \.goutputstream- .+                      # GNOME editors
    | \. .+ \. [A-Za-z0-9]{6}                  # rsync
    | .+ \.kate-swp | \. .+ \.kate-swp
    | .+ \. (?:part|crdownload|partial|filepart|download)   # browsers, copy tools
    """,
    re.VERBOSE | re.IGNORECASE,
)


def is_temporary(name: bytes) -> bool:
    """True where `name` (without folders) is one that is used while a document is being saved."""
    return _TEMPORARY.fullmatch(name) is not None
