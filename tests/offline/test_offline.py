from __future__ import annotations

import subprocess
import sys

import pytest

from deepshi_jupyter import offline


def test_the_public_names_are_there() -> None:
    for name in offline.__all__:
        assert getattr(offline, name)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Endpiont"):
        _ = offline.Endpiont


def test_the_notice_says_what_it_is_in_one_sentence() -> None:
    assert "n-gram" in offline.NOTICE
    assert offline.NOTICE.endswith(".")
    assert ". " not in offline.NOTICE


@pytest.mark.parametrize(
    ("names", "loaded"),
    [
        ("", []),
        ("Endpoint", []),
        ("OfflineServer", ["tornado"]),
        ("OfflineTransport", ["httpx"]),
    ],
)
def test_heavy_libraries_load_on_first_use(names: str, loaded: list[str]) -> None:
    code = (
        "import sys, deepshi_jupyter.offline as offline\n"
        f"[getattr(offline, name) for name in {names!r}.split()]\n"
        "print([name for name in ('httpx', 'tornado') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(loaded)
