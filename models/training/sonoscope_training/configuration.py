"""Recipes as small TOML files: the shipped ones by name, or one of your own."""

import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from sonoscope_training.errors import TrainingError
from sonoscope_training.recipe import Recipe

SHIPPED = resources.files("sonoscope_training") / "configurations"


def names() -> list[str]:
    """Of the shipped configurations."""
    found = (Path(entry.name) for entry in SHIPPED.iterdir())
    return sorted(path.stem for path in found if path.suffix == ".toml")


def load(name_or_file: str) -> Recipe:
    """The recipe of a configuration. What it does not say is as in the defaults of `Recipe`."""
    text = _read(name_or_file)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainingError(f"configuration {name_or_file} is not TOML: {error}") from error
    kinds = get_type_hints(Recipe)
    checked = {}
    for key, value in values.items():
        if key not in kinds:
            raise TrainingError(
                f"configuration {name_or_file}: unknown key '{key}'\ntip: there are {_all(kinds)}"
            )
        checked[key] = _checked(f"configuration {name_or_file}: {key}", value, kinds[key])
    return replace(Recipe(), **checked)


def _read(name_or_file: str) -> str:
    if name_or_file in names():
        return (SHIPPED / f"{name_or_file}.toml").read_text()
    try:
        return Path(name_or_file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            f"no configuration '{name_or_file}': {error}\ntip: give a file, or one of "
            f"{_all(names())}"
        ) from error


def _checked(what: str, value: object, kind: type) -> object:
    """The value, if it is of the kind that the recipe wants; whole numbers do for any number."""
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        raise TrainingError(f"{what} is {value!r}: choose one of {_all(get_args(kind))}")
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TrainingError(f"{what} is {value!r}, not of type {kind.__name__}")
    return value


def _all(words) -> str:
    return ", ".join(words)
