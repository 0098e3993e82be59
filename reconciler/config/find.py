"""Which file a school's name, or a command's paths, stand for."""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING

from reconciler.config.loader import validate_file
from reconciler.config.reader import is_file
from reconciler.config.suggest import did_you_mean
from reconciler.errors import InputError, Mistake, ReconcileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_ENDING = ".yaml"
_ALMOST = (".yml", ".yaml")
_FEW = 8


def find_school(name: str, folder: Path) -> Path:
    """The YAML file of a school: an id in `schools/`, or a path ending in .yaml, from `folder`.

    Raises:
        ReconcileError: there is none.
    """
    if name.endswith(_ENDING):
        if not is_file(folder / name):
            raise ReconcileError(f"no such school file: {name}; check the path, or give the id of a school")
        return folder / name
    ids = sorted(path.stem for path in _yaml_files(folder / "schools"))
    if name in ids:
        return folder / "schools" / f"{name}{_ENDING}"
    hint = did_you_mean(name, ids) or _known(ids)
    raise ReconcileError(f"no school '{name}' in {folder / 'schools'}; {hint}")


def school_id(name: str) -> str:
    """The id of the school that a name means: itself, or what a file's name has before its ending."""
    return PurePath(name).name.removesuffix(_ENDING)


def school_files(paths: Sequence[Path], folder: Path) -> list[Path]:
    """The YAML files at `paths`, from `folder`; a folder stands for those in it, no path for `schools/`.

    What is no path may be the id of a school in `schools/`.

    Raises:
        InputError: a path that is not there, or a folder without YAML files; all of them at once.
    """
    files: list[Path] = []
    mistakes: list[Mistake] = []
    for path in [folder / path for path in paths] or [folder / "schools"]:
        school = folder / "schools" / f"{path.name}{_ENDING}"
        found = [path] if is_file(path) else _yaml_files(path)
        if not found and path == folder / path.name and is_file(school):
            found = [school]
        if not found:
            message = "no such school or file, and no folder with .yaml files"
            ids = [file.stem for file in _yaml_files(folder / "schools")]
            hint = did_you_mean(path.name, ids) or "check the name or path"
            mistakes.append(Mistake(str(path), 0, 0, message, hint))
        files += [file for file in found if file not in files]
    if mistakes:
        raise InputError(mistakes)
    return files


def strays(paths: Sequence[Path], folder: Path) -> list[Mistake]:
    """A mistake for each file in the same folders that seems to be a school's, and is read by no command."""
    found: set[Path] = set()
    for path in [folder / path for path in paths] or [folder / "schools"]:
        with suppress(OSError, ValueError):  # no folder
            found |= {
                one for one in path.iterdir() if one.suffix.lower() in _ALMOST and one.suffix != _ENDING
            }
    return [
        Mistake(str(one), 0, 0, "not read, as its name does not end in .yaml", "rename it") for one in found
    ]


def validate(paths: Sequence[Path], env: Mapping[str, str]) -> list[Mistake]:
    """All mistakes of all these files, schools and rule sets, in the order of their places."""
    return sorted({mistake for path in paths for mistake in validate_file(path, env)})


def _yaml_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(f"*{_ENDING}") if path.is_file())
    except (OSError, ValueError):
        return []


def _known(ids: list[str]) -> str:
    if not ids:
        return "there are no schools yet; give a path ending in .yaml"
    listed = ", ".join(ids[:_FEW]) + (f" and {len(ids) - _FEW} more" if len(ids) > _FEW else "")
    return f"schools here: {listed}; or give a path ending in .yaml"
