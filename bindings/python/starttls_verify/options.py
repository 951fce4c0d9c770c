"""Options: what the library's table says about them, and how Python values reach it.

The table in the library is the only list of options there is. Names and values go to it as they
are; it refuses what is unknown, of another type, out of range or dangerous, with its own words.
What is checked here is only what C could not see any more: a number that would be cut to 64 bits, a
list for an option that takes one value, a list with nothing in it.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Mapping, Sequence, Union

from ._abi import Status
from .errors import failure
from .handle import Handle
from .library import lib, words
from .text import Bytes, Path, octets, path_octets

Single = Union[bool, int, Path, Bytes]
OptionValue = Union[Single, Sequence[Path], Sequence[Bytes]]

INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Option:
    """One row of the library's table."""

    name: str
    type: str
    """"bool", "int", "str", "bytes", "list of str" or "list of bytes"."""
    help: str
    insecure_name: str
    """The name for values that weaken security; "" where there is none."""


@functools.lru_cache(maxsize=1)
def option_table() -> Mapping[str, Option]:
    """Every option under its name."""
    rows = (row(index) for index in range(lib.stv_option_count()))
    return MappingProxyType({option.name: option for option in rows})


def row(index: int) -> Option:
    """One row of the table."""
    return Option(
        name=words(lib.stv_option_name(index)),
        type=words(lib.stv_option_type(index)),
        help=words(lib.stv_option_help(index)),
        insecure_name=words(lib.stv_option_insecure_name(index)),
    )


@functools.lru_cache(maxsize=1)
def spellings() -> Mapping[str, Option]:
    """Every option under both of its names."""
    options = option_table().values()
    dangerous = {option.insecure_name: option for option in options if option.insecure_name}
    return {**dangerous, **option_table()}


def put(config: Handle, name: str, value: OptionValue) -> None:
    """Sets one option; `OptionError` says what is wrong with it."""
    option = spellings().get(name)
    if option is None:
        refuse_unknown(config, name)
    elif isinstance(value, (list, tuple)):
        put_list(config, option, name, value)
    else:
        put_single(config, "set", option, name, value)


def refuse_unknown(config: Handle, name: str) -> None:
    """Has the library say which option was meant."""
    key = octets(name, "an option's name")
    check(config, lib.stv_config_set_text(config.pointer, key, len(key), b"", 0))


def put_list(config: Handle, option: Option, name: str, values: Sequence[Any]) -> None:
    """Sets a list: the first entry begins it anew, the others are added."""
    if not option.type.startswith("list"):
        raise wrong_type(option, name, values)
    if not values:
        # It would leave the option as it is, which is not what the caller thinks.
        raise failure(
            Status.E_OPTION_VALUE, f"option {name}: the list is empty; leave the option out"
        )
    for index, value in enumerate(values):
        put_single(config, "add" if index else "set", option, name, value)


def put_single(config: Handle, verb: str, option: Option, name: str, value: Any) -> None:
    """Hands one value to the setter for its Python type; the library compares that with its own."""
    key = octets(name, "an option's name")
    if isinstance(value, bool) and verb == "set":
        status = lib.stv_config_set_bool(config.pointer, key, len(key), value)
    elif isinstance(value, int) and verb == "set":
        status = lib.stv_config_set_int(config.pointer, key, len(key), int64(name, value))
    elif isinstance(value, (str, os.PathLike)):
        text = path_octets(value, f"option {name}")
        setter = getattr(lib, f"stv_config_{verb}_str")
        status = setter(config.pointer, key, len(key), text, len(text))
    elif isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        setter = getattr(lib, f"stv_config_{verb}_bytes")
        status = setter(config.pointer, key, len(key), data, len(data))
    else:
        raise wrong_type(option, name, value)
    check(config, status)


def int64(name: str, value: int) -> int:
    """A number that fits; ctypes would cut it without a word."""
    if value not in INT64:
        raise failure(Status.E_OPTION_VALUE, f"option {name}: {value} is out of range")
    return value


def wrong_type(option: Option, name: str, value: object) -> Exception:
    """The error for a value that no setter takes."""
    given = type(value).__name__
    return failure(
        Status.E_OPTION_TYPE, f"option {name} takes a value of type {option.type}, not {given}"
    )


def check(config: Handle, status: int) -> None:
    """Raises what the last call on a config complained about."""
    if status != 0:
        raise failure(status, words(lib.stv_config_error(config.pointer)))
