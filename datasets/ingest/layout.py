"""What the folders of an import mean: class, split, and what is no data at all.

Understood are class folders, train/validation/test folders of class folders, class folders of
split folders, any of them inside wrapper folders, and loose files. Pure; paths are relative, with
`/` between their parts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from datasets.models import Split

Parts: TypeAlias = tuple[str, ...]

SPLIT_NAMES = {
    "train": Split.TRAIN,
    "training": Split.TRAIN,
    "val": Split.VALIDATION,
    "valid": Split.VALIDATION,
    "validation": Split.VALIDATION,
    "dev": Split.VALIDATION,
    "test": Split.TEST,
    "testing": Split.TEST,
}
JUNK_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information"})
JUNK_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
DOCUMENTS = frozenset({".md", ".txt", ".csv", ".json", ".xml", ".yaml", ".yml", ".html", ".pdf"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How the paths of one import are read.

    Attributes:
        wrapper: Leading folders that say nothing.
        split_place: Which part after the wrapper names the split, None for none.
        class_place: Which part after the wrapper names the class, None for none.
    """

    wrapper: int = 0
    split_place: int | None = None
    class_place: int | None = None

    def split_of(self, parts: Parts) -> Split | None:
        """Return the split that the folders say, None when they do not."""
        return SPLIT_NAMES.get(self._folder(parts, self.split_place).casefold())

    def class_of(self, parts: Parts) -> str | None:
        """Return the class that the folders say, None for a file outside of class folders."""
        return self._folder(parts, self.class_place).strip()[:120].strip() or None

    def _folder(self, parts: Parts, place: int | None) -> str:
        folders = parts[self.wrapper : -1]
        return folders[place] if place is not None and place < len(folders) else ""


def split_path(path: str) -> Parts:
    """Return the parts of a path, composed as one writes them: macOS takes letters apart."""
    return tuple(part for part in unicodedata.normalize("NFC", path).split("/") if part)


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key in which people count: `2` before `10`, `cat` before `Dog`."""
    pieces = re.findall(r"\d+|\D+", name.casefold())
    return tuple((0, int(each)) if each.isdecimal() else (1, each) for each in pieces)


def is_junk(parts: Parts) -> bool:
    """Whether a file is one of those that systems leave behind: silently passed over."""
    name = parts[-1].casefold()
    return (
        name in JUNK_FILES
        or any(part.startswith(".") for part in parts)
        or any(part.casefold() in JUNK_FOLDERS for part in parts[:-1])
    )


def is_document(parts: Parts) -> bool:
    """Whether a file is text beside the images, such as a README: passed over and counted."""
    name = parts[-1].casefold()
    return name[name.rfind(".") :] in DOCUMENTS if "." in name else name in ("readme", "license")


def read_layout(folders: set[Parts], *, has_labels: bool) -> Layout:
    """Find out what folders mean.

    Args:
        folders: Every folder that directly holds an image.
        has_labels: False when folders are not to become classes; splits are honoured still.
    """
    wrapper = _wrapper_depth(folders)
    inner = [each[wrapper:] for each in folders]
    is_split_first = all(each and _is_split(each[0]) for each in inner)
    if is_split_first and inner:
        return Layout(wrapper, split_place=0, class_place=1 if has_labels else None)
    if any(len(each) > 1 for each in inner) and all(
        len(each) > 1 and _is_split(each[1]) for each in inner
    ):
        return Layout(wrapper, split_place=1, class_place=0 if has_labels else None)
    return Layout(wrapper, class_place=0 if has_labels else None)


def _wrapper_depth(folders: set[Parts]) -> int:
    """Count the folders that everything is in and that are neither a split nor a class."""
    depth = 0
    while folders and all(len(each) > depth + 1 for each in folders):
        names = {each[depth] for each in folders}
        if len(names) != 1 or _is_split(next(iter(names))):
            break
        if all(_is_split(each[depth + 1]) for each in folders) and _is_one_class(folders, depth):
            break
        depth += 1
    return depth


def _is_one_class(folders: set[Parts], depth: int) -> bool:
    """`cats/train/1.png`: with images directly in the split folders, `cats` is a class."""
    return all(len(each) == depth + 2 for each in folders)


def _is_split(name: str) -> bool:
    return name.casefold() in SPLIT_NAMES


class GroupPattern:
    """Finds the group in a path: `{group}` stands for it, `*` for anything.

    `{group}_*` takes what stands before the first underscore of the file's name; a pattern with a
    slash is held against the whole path. Written as literal searches rather than as a regular
    expression, because a pattern of a person must not be able to run for years.
    """

    def __init__(self, pattern: str) -> None:
        if pattern.count("{group}") != 1:
            raise ValueError("the pattern needs {group} exactly once")
        if pattern.count("*") > 6:
            raise ValueError("the pattern has more than six stars")
        self._has_folders = "/" in pattern
        text = re.sub(r"\*+", "*", pattern)
        words = re.split(r"(\*|\{group\})", text)
        self._words = [word for word in words if word]

    def group_of(self, parts: Sequence[str]) -> str:
        """Return the group, empty when the path does not fit the pattern."""
        text = "/".join(parts) if self._has_folders else parts[-1]
        found = _match(self._words, 0, text, 0, {})
        return (found or "")[:200]


def _match(
    words: list[str], place: int, text: str, at: int, failed: dict[tuple[int, int], bool]
) -> str | None:
    """Match words[place:] against text[at:]; what `{group}` took, None when it does not fit.

    Remembering what failed bounds the work by (words x characters) squared.
    """
    if place == len(words):
        return "" if at == len(text) else None
    if failed.get((place, at)):
        return None
    word = words[place]
    if word in ("*", "{group}"):
        shortest = 1 if word == "{group}" else 0
        for end in range(at + shortest, len(text) + 1):
            if word == "{group}" and "/" in text[at:end]:
                break
            rest = _match(words, place + 1, text, end, failed)
            if rest is not None:
                return text[at:end] if word == "{group}" else rest
    elif text.startswith(word, at):
        rest = _match(words, place + 1, text, at + len(word), failed)
        if rest is not None:
            return rest
    failed[(place, at)] = True
    return None
