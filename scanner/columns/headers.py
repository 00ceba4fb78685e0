"""What header words say: the concept of a column, and the flags of a table or a file name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache

from scanner.columns.lexicon import Concept, concepts, word_classes

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETED = re.compile(r"[(\[{<（【].*?[)\]}>）】]")
_TOKEN = re.compile(r"[a-z]+|[0-9]+|[\u3400-\u9fff]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ALTERNATIVES = re.compile(r"[/、|+&]")
_MAX_HEADER = 80


@lru_cache(maxsize=20_000)
def header_tokens(header: str) -> tuple[str, ...]:
    """Latin words, numbers and runs of Han of a header, in order, lower case."""
    text = unicodedata.normalize("NFKC", header)[:_MAX_HEADER]
    text = _CAMEL.sub(" ", text)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(char for char in text if not unicodedata.combining(char)).casefold()
    return tuple(_TOKEN.findall(text))


@dataclass(slots=True)
class _Finder:
    """Finds words of several classes in token lists: Han by substring, Latin word by word."""

    han: dict[str, list[str]] = field(default_factory=dict)
    latin: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    pattern: re.Pattern[str] | None = None
    longest: int = 1

    def add(self, label: str, zh: tuple[str, ...], en: tuple[str, ...]) -> None:
        for word in zh:
            if _HAN.search(word) and not re.search(r"[a-z0-9]", word):
                self.han.setdefault(word, []).append(label)
            else:
                self.latin.setdefault(header_tokens(word), []).append(label)
        for phrase in en:
            tokens = header_tokens(phrase)
            self.latin.setdefault(tokens, []).append(label)
            self.longest = max(self.longest, len(tokens))

    def find(self, tokens: tuple[str, ...]) -> list[tuple[int, int, int, list[str]]]:
        """(end, length, start, labels) of every word found; places count characters."""
        found = []
        position = 0
        starts = []
        for token in tokens:
            starts.append(position)
            position += len(token)
        for index, token in enumerate(tokens):
            if _HAN.match(token):
                found += self._in_han(token, starts[index])
            for count in range(1, min(self.longest, len(tokens) - index) + 1):
                part = tokens[index : index + count]
                if labels := self.latin.get(part):
                    size = sum(map(len, part))
                    found.append((starts[index] + size, size, starts[index], labels))
        return found

    def _in_han(self, token: str, base: int) -> list[tuple[int, int, int, list[str]]]:
        found = []
        for start in range(len(token)):
            for end in range(start + 1, min(len(token), start + 10) + 1):
                labels = self.han.get(token[start:end])
                if labels is not None:
                    found.append((base + end, end - start, base + start, labels))
        return found


@cache
def _concept_finder() -> _Finder:
    finder = _Finder()
    for concept in concepts().values():
        finder.add(concept.name, concept.zh, concept.en)
    return finder


@cache
def _class_finder(section: str) -> _Finder:
    finder = _Finder()
    for name, entry in word_classes(section).items():
        finder.add(name, entry.zh, entry.en)
    return finder


@lru_cache(maxsize=20_000)
def concept_of(header: str) -> tuple[Concept | None, bool]:
    """The concept that a header names, and whether the whole header is that word.

    The word that ends last wins, then the longer one: a header's head stands at its end. Words
    of one Han character count only where they are the whole header, as does "id".
    """
    plain = _BRACKETED.sub(" ", unicodedata.normalize("NFKC", header)[:_MAX_HEADER])
    first = _ALTERNATIVES.split(plain, maxsplit=1)[0]  # "联系人/职务" is first of all a person
    for text in dict.fromkeys((first, plain, header)):
        tokens = header_tokens(text)
        while len(tokens) > 1 and tokens[-1].isdigit():
            tokens = tokens[:-1]
        best = _best(tokens)
        if best[0] is not None:
            return best
    return None, False


def _best(tokens: tuple[str, ...]) -> tuple[Concept | None, bool]:
    total = sum(map(len, tokens))
    best: tuple[int, int] | None = None
    name = ""
    whole = False
    for end, length, _start, labels in _concept_finder().find(tokens):
        if length == 1 and total > 1:
            continue
        key = (end, length)
        if best is None or key > best:
            best, name, whole = key, labels[0], length == total
    if best is None:
        return None, False
    return concepts()[name], whole


@lru_cache(maxsize=20_000)
def flags_of(header: str) -> frozenset[str]:
    """The word classes that a header speaks for: "customer", "staff", "public" ..."""
    tokens = header_tokens(header)
    found = [
        match
        for match in _class_finder("flags").find(tokens)
        if match[1] > 1 or sum(map(len, tokens)) == 1
    ]
    return frozenset(
        label
        for match in found
        for label in match[3]
        if label == "customer" or not _inside_longer(match, found)
    )


def _inside_longer(
    match: tuple[int, int, int, list[str]], found: list[tuple[int, int, int, list[str]]]
) -> bool:
    """True where a longer word holds this one: "score" in "spending score"."""
    end, length, start, _labels = match
    return any(other[2] <= start and end <= other[0] and other[1] > length for other in found)


def title_classes(text: str) -> frozenset[str]:
    """The word classes that a file name, a sheet name or a title line speaks for."""
    tokens = header_tokens(text[-_MAX_HEADER:])
    found = _class_finder("titles").find(tokens)
    return frozenset(
        label for _end, length, _start, labels in found if length > 1 for label in labels
    )
