from __future__ import annotations

import pytest

from deepshi_jupyter.cli import checks
from deepshi_jupyter.cli.stream_check import Arrivals
from deepshi_jupyter.core.catalogue import Catalogue, Model
from deepshi_jupyter.core.usage import Usage
from deepshi_jupyter.errors import (
    AuthenticationError,
    ConnectionFailedError,
    MalformedStreamError,
    NotFoundError,
)

RICH = Catalogue((Model("deepshi-3.0", features=frozenset({"tools"})), Model("deepshi-2.0")))
PLAIN = Catalogue((Model("llama3.2"), Model("qwen3")))
REFUSED = AuthenticationError("No.", "Set the key before Jupyter starts, or `%deepshi login`.")
REFUSED.status = 401


def test_installed_packages_are_listed() -> None:
    check = checks.check_versions({"python": "3.13.1", "httpx": "0.28.1"})
    assert (check.mark, check.says) == ("ok", "python 3.13.1 · httpx 0.28.1")


def test_a_missing_package_is_named_with_how_to_get_it() -> None:
    check = checks.check_versions({"python": "3.13.1", "jupyterlab": None})
    assert check.mark == "warning"
    assert "not installed: jupyterlab" in check.says
    assert "pip install jupyterlab" in check.todo


def test_an_endpoint_that_cannot_be_reached_fails() -> None:
    error = ConnectionFailedError("No connection.", "Check the network.")
    check = checks.check_endpoint("https://example.org/v1", "given", error, 1.0)
    assert (check.mark, check.todo) == ("failed", "Check the network.")
    assert check.says == "https://example.org/v1 (given): No connection."


@pytest.mark.parametrize("error", [None, REFUSED, MalformedStreamError("An HTML page came.")])
def test_an_endpoint_that_answers_anything_is_reached(error: Exception | None) -> None:
    check = checks.check_endpoint("https://example.org/v1", "given", error, 0.25)  # type: ignore[arg-type]
    assert check.mark == "ok"
    assert "answers in 0.25 s" in check.says


def test_a_key_is_told_by_its_place() -> None:
    check = checks.check_key("DEEPSHI_API_KEY", None, needs_key=True)
    assert (check.mark, check.says) == ("ok", "found (DEEPSHI_API_KEY)")


def test_a_refused_key_fails() -> None:
    check = checks.check_key("keyring", REFUSED, needs_key=False)
    assert check.mark == "failed"
    assert "found (keyring), but the service refuses it" in check.says
    assert check.todo == "Set the key."


def test_a_missing_key_fails_where_one_is_needed() -> None:
    assert checks.check_key(None, None, needs_key=True).mark == "failed"
    assert checks.check_key(None, REFUSED, needs_key=False).mark == "failed"
    assert checks.check_key(None, None, needs_key=False).mark == "ok"


def test_a_catalogue_with_the_model_is_fine() -> None:
    check = checks.check_catalogue(RICH, None, "deepshi-3.0")
    assert (check.mark, check.says) == ("ok", "2 models, with deepshi-3.0")


def test_a_model_that_a_rich_catalogue_lacks_fails_with_near_names() -> None:
    check = checks.check_catalogue(RICH, None, "deepshi-3")
    assert check.mark == "failed"
    assert "deepshi-3.0" in check.todo


def test_a_model_that_a_plain_catalogue_lacks_may_still_work() -> None:
    check = checks.check_catalogue(PLAIN, None, "deepshi-3.0")
    assert check.mark == "warning"
    assert "llama3.2" in check.todo
    assert checks.check_catalogue(PLAIN, None, "qwen3").mark == "ok"


def test_a_service_without_a_catalogue_works_with_less() -> None:
    check = checks.check_catalogue(None, NotFoundError("Nothing there (404)."), "any")
    assert (check.mark, check.says) == ("warning", "Nothing there (404).")
    assert "prices are not known" in check.todo


def test_an_empty_catalogue_is_no_reason_to_break() -> None:
    assert checks.check_catalogue(Catalogue(), None, "any").mark == "warning"


def test_a_stream_is_fine() -> None:
    check = checks.check_stream(Arrivals(tuple(0.5 + i / 50 for i in range(50)), 1.5, 50))
    assert (check.mark, check.todo) == ("ok", "")
    assert check.says == "50 pieces over 0.98 s, the first after 0.50 s"


def test_a_buffered_stream_says_what_to_ask_for() -> None:
    check = checks.check_stream(Arrivals((2.0,) * 50, 2.0, 50))
    assert check.mark == "warning"
    assert check.says == "all 50 pieces came at once, 2.00 s after the question"
    assert "proxy_buffering off" in check.todo


@pytest.mark.parametrize(
    "arrivals", [Arrivals((), 1.0), Arrivals((1.0,), 1.0, 1), Arrivals((1.0,), 1.0, 60)]
)
def test_what_could_not_be_seen_is_a_warning_and_says_what_to_do(arrivals: Arrivals) -> None:
    check = checks.check_stream(arrivals)
    assert check.mark == "warning"
    assert check.todo


def test_usage_with_cost_is_fine() -> None:
    check = checks.check_usage(Usage(prompt_tokens=1200, completion_tokens=64, cost=0.00135))
    assert (check.mark, check.says) == ("ok", "1,200 tokens in / 64 out, $0.00135")


def test_missing_usage_and_missing_cost_are_told_apart() -> None:
    assert "no tokens" in checks.check_usage(None).says
    check = checks.check_usage(Usage(prompt_tokens=2, completion_tokens=3))
    assert (check.mark, check.says) == ("warning", "2 tokens in / 3 out, without a cost")
