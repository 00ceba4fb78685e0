"""One document of a watched folder, as it stands now."""

from __future__ import annotations

import os
import stat

from scanner.model.document import Channel, Document
from scanner.source._names import display
from scanner.source._provenance import AccessLists, parents_of, provenance, signature


class WatchedSource:
    """Looks at single paths of watched folders. Not for several threads at once."""

    def __init__(self) -> None:
        self._lists = AccessLists()

    def state(self, path: bytes) -> str:
        """The signature of what stands at `path`; "" where it is no regular file.

        Raises OSError where nothing stands there.
        """
        status = os.lstat(path)
        return signature(status) if stat.S_ISREG(status.st_mode) else ""

    def document(self, path: bytes) -> Document | None:
        """The document at `path`, None where it is no regular file. Raises OSError."""
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        acl = self._lists.raw(path, status.st_dev)
        return Document(
            uri=display(path),
            path=path,
            size=status.st_size,
            provenance=provenance(status, acl, parents_of(path, self._lists), Channel.WATCH),
            signature=signature(status),
        )


def state_of(status: os.stat_result) -> str:
    """The signature of a file from its status."""
    return signature(status)


def shown(path: bytes) -> str:
    """A path as shown to people."""
    return display(path)
