"""The address of a chat completions API."""

from __future__ import annotations

import traceback

import pytest

from deepshi_jupyter.client.endpoint import (
    BASE_URL_VARIABLE,
    DEFAULT_BASE_URL,
    find_endpoint,
    parse_endpoint,
)
from deepshi_jupyter.errors import ConfigurationError


def refusal(url: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_endpoint(url, "given")
    return caught.value


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://api.example/v1", "https://api.example/v1"),
        ("https://api.example/v1/", "https://api.example/v1"),
        ("https://api.example/v1///", "https://api.example/v1"),
        (" https://api.example/v1\n", "https://api.example/v1"),
        ("https://api.example", "https://api.example"),
        ("https://api.example/", "https://api.example"),
        ("https://api.example/v1/chat/completions", "https://api.example/v1"),
        ("https://api.example/v1/chat/completions/", "https://api.example/v1"),
        ("HTTP://localhost:11434/v1", "http://localhost:11434/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://bücher.example/v1", "https://bücher.example/v1"),
        ("https://api.example./v1", "https://api.example./v1"),
        ("http://my_host:8000/v1", "http://my_host:8000/v1"),
    ],
)
def test_an_address_loses_what_a_user_may_have_pasted_too_much(url: str, base_url: str) -> None:
    assert parse_endpoint(url, "given").base_url == base_url


@pytest.mark.parametrize(
    "url",
    [
        "https://user:sk-secret@api.example/v1",
        "https://sk-secret@api.example/v1",
        "https://user:sk-secret@[::1/v1",
        "https://user:sk-secret@exa℀mple/v1",
        "ftp://user:sk-secret@api.example",
        "https://api.example/v1?key=sk-secret",
        "https://api.example/v1#sk-secret",
        "sk-secret",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(url: str) -> None:
    error = refusal(url)
    assert "secret" not in str(error)
    assert "secret" not in "".join(traceback.format_exception(error))
    assert error.todo


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "api.example/v1",
        "ftp://api.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "https:///v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://[::1/v1",
        "https://api example/v1",
        "https://api.exa\u200bmple/v1",
        "https://api.example/\x00v1",
        "https://api..example/v1",
        f"https://{'a' * 70}.example/v1",
    ],
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    assert "base URL" in refusal(url).what


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST", "foo.localhost", "127.0.0.1", "127.0.0.2", "127.255.0.9", "[::1]"],
)
def test_this_machine_is_loopback(host: str) -> None:
    endpoint = parse_endpoint(f"http://{host}:8000/v1", "given")
    assert endpoint.is_loopback
    assert not endpoint.sends_key_in_clear


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "api.example",
        "0.0.0.0",
        "10.0.0.1",
        "192.168.1.1",
        "[2001:db8::1]",
    ],
)
def test_another_machine_is_not_and_a_key_goes_there_over_https_alone(host: str) -> None:
    clear = parse_endpoint(f"http://{host}/v1", "given")
    assert (clear.is_loopback, clear.is_secure, clear.sends_key_in_clear) == (False, False, True)
    assert not parse_endpoint(f"https://{host}/v1", "given").sends_key_in_clear


@pytest.mark.parametrize(
    ("url", "needs"),
    [
        (DEFAULT_BASE_URL, True),
        ("https://API.DEEPSHI.AI/v1", True),
        ("https://api.deepshi.ai:443/other", True),
        ("https://api.deepshi.ai.evil.example/v1", False),
        ("https://deepshi.ai/v1", False),
        ("http://localhost:11434/v1", False),
    ],
)
def test_a_key_is_needed_at_deepshis_own_address(url: str, needs: bool) -> None:
    assert parse_endpoint(url, "given").needs_key is needs


@pytest.mark.parametrize(
    ("given", "variable", "host", "source"),
    [
        ("https://a.example", "https://b.example", "a.example", "given"),
        (None, " https://b.example\n", "b.example", BASE_URL_VARIABLE),
        ("", "https://b.example", "b.example", BASE_URL_VARIABLE),
        (None, "  ", "api.deepshi.ai", "default"),
        (None, None, "api.deepshi.ai", "default"),
    ],
)
def test_the_address_given_comes_before_the_environment_and_deepshis_own(
    given: str | None,
    variable: str | None,
    host: str,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if variable is not None:
        monkeypatch.setenv(BASE_URL_VARIABLE, variable)
    endpoint = find_endpoint(given)
    assert (endpoint.host, endpoint.source) == (host, source)
