from __future__ import annotations

import pytest

from tests.real.matters import MATTERS, Cannot
from tests.real.servers import NAMES


@pytest.mark.parametrize("matter", MATTERS)
def test_each_matter_speaks_of_each_server(matter: str) -> None:
    assert set(MATTERS[matter]) == set(NAMES)


@pytest.mark.parametrize("matter", MATTERS)
def test_what_a_server_cannot_do_has_its_reason(matter: str) -> None:
    for entry in MATTERS[matter].values():
        assert not isinstance(entry, Cannot) or len(entry.reason.split()) >= 4


@pytest.mark.parametrize("matter", MATTERS)
def test_at_least_one_server_has_a_part_in_each_matter(matter: str) -> None:
    assert not all(isinstance(entry, Cannot) for entry in MATTERS[matter].values())
