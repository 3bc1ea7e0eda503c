"""The types that the tests ask for."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple, NotRequired, TypedDict

import msgspec


@dataclass
class Item:
    """A thing on sale."""

    name: str
    price: Annotated[float, msgspec.Meta(ge=0, description="in euros")]


@dataclass
class Basket:
    owner: str
    items: list[Item]


@dataclass
class Loose:
    name: str
    tags: list[str] = field(default_factory=list)
    note: str | None = None


class Verdict(TypedDict):
    why: str
    answer: Literal["yes", "no"]


class Größe(TypedDict):
    maß: int
    größe: NotRequired[float]


class Remark(TypedDict):
    text: str
    by: NotRequired[str]


class Place(NamedTuple):
    city: str
    lat: float
    lon: float
    height: int = 0


class Route(NamedTuple):
    stops: list[Place]
    end: Place | None


class Node(msgspec.Struct):
    value: int
    next: Node | None


class Cat(msgspec.Struct, tag=True):
    lives: int


class Dog(msgspec.Struct, tag=True):
    tricks: list[str]


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Even:
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("an even number was expected")
