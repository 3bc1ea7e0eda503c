"""Values whose canonical JSON, options, hashes and tokens both languages must agree on."""

from __future__ import annotations

import base64
from typing import Any

from deepshi_jupyter.core import cell_source
from tests.core.known_texts import KNOWN

VALUES = [
    *("null", "true", "false", "[]", "{}", '""', "[[[]]]"),
    *("0", "-0", "0.0", "-0.0", "1", "1.0", "1e0", "10", "-1.50", "4.50", "2e-3", "0.1", "1E30"),
    *("5e-324", "-5e-324", "1.7976931348623157e308", "1e21", "1e20", "123456789012345680000.0"),
    *("9.999999999999997e22", "1e23", "1.0000000000000001e23", "999999999999999900000.0"),
    *("9.999999999999997e-7", "0.000001", "333333333.33333329", "-0.0000033333333333333333"),
    *("1424953923781206.2", "9007199254740991", "-9007199254740991", "9007199254740992"),
    *("9007199254740992.0", "9007199254740993", "12345678901234567890", "295147905179352825856"),
    *("1000000000000000000000000", "1.48e-05", "0.000000000000000000000000001"),
    '{"b": 1, "a": {"d": [1, 2.0, "x"], "c": null}}',
    '{"\\u20ac": 0, "\\r": 0, "\\ufb33": 0, "\\ud83d\\ude00": 0, "\\u0080": 0, "\\u00f6": 1}',
    '{"10": 0, "9": 0, "01": 0, "__proto__": 1, "constructor": 2}',
    '"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"',
    '"\\b\\t\\n\\f\\r\\u0000\\u001f\\u007f\\u0080\\u2028\\u2029\\ufeff"',
    '"\\ud800"',
    '"a\\ud800b\\udc00c\\ud83d\\ude00d\\"\\\\\\n\\u0001"',
    '{"\\udfff": "\\ud800\\ud800\\udc00", "\\ud83d": 1, "z": 2}',
    '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3], "literals": [null, true, false]}',
]
"""JSON texts; those of RFC 8785 among them."""

LINES = [
    *("", " ", "\t", "-t 0", "-t0.2", "-t=0.2", "-t 0.20", "--temperature=1.0", "-t 5e-1"),
    *("-m big -t 0.5 --max-tokens 10", "-mbig -t0.5 --max-tokens=10", "--max-tok 10"),
    *("--max-tokens 10.0 -t 5e-1 -m 'big'", "--stop b --seed 1 --stop a", "-n 3", "--samples 3"),
    *("-o x", "--output x --as json -t 1", "--no-stream --yes --new", "--json=3 x", "--new --once"),
    *("--s 1", "--sys x", "--t 1", "--te 1", "--no", "--", "-", "--=x", "-t", "--chat", "-o"),
    *("--seed 007", "--seed true", "--seed NaN", "--seed -0", "--seed -0.0", "--seed 1e999"),
    *("--seed 12345678901234567890", "--seed 12345678901234567890.0", "--seed 1e21", "--seed ١"),
    *("--seed 1E+2", "--seed -1.5e-7", f"--seed {'9' * 100}", f"--seed {'9' * 101}", "--seed +1"),
    *("--system 'Be  brief.' --param top_k=40 --chat {{name}}", "--system \"a 'b' c\""),
    *("--system 'oops", '--system "oops', "--system a\\", "--system 'a\\b'", '--system "a\\b\\"c"'),
    *("--system a\\ b", "--system a'b'\"c\"", "--system ''", '--system "" -t 1', "'' -t 1"),
    *('--system "\\$\\\\x"', "--system # x", "--system a#b", "--chat=b --chat a", "--chat=a=b"),
    *("--unknown x -t 1", "x y z", "--constructor 1", "constructor", "--toString x", "-c 1"),
    *("--\ufb33 1 --\U0001f600 2", "--b 1 --a 2 --B 3", "--chat 😀", "--chat a\u00a0b", "-😀 1"),
    *(
        "--chat a\u2003b",
        "--chat a\x0bb",
        "--vary 'model=a,b'",
        "-t 1 -t 2",
        "--attach x[0]",
        "=x 1",
    ),
    *(f"{name} 7 --zzz=1" for name in sorted(cell_source._ALL)),
    *(f"{name[:length]} 7" for name in sorted(cell_source._ALL) for length in (5, 7, 9)),
]
"""First lines of cells, behind the magic."""

CELLS = [
    *("", "x = 1", "%%deepshi", "%%deepshi\n", "%%deepshi\nq", "%%deepshi -t 1 -o x\nHow\n you?\n"),
    *("\n\n%%deepshi\nq", "  \t%%deepshi\nq", "\ufeff%%deepshi\nq", "\x1c\x85\u3000%%deepshi\nq"),
    *("# %%deepshi\nq", "%deepshi context", "%%deepshi_other\nq", "%%deepshi\tx\nq"),
    *(
        "%%deepshi\r\nq",
        "%%deepshi  --new  \nq",
        "%%deepshi --dry-run\nq",
        "%%deepshi x--dry-run\nq",
    ),
    *("%%deepshi --map rows\nq", "%%deepshi -t 1 --map=rows\nq", "%%deepshi --mapx\nq"),
    *("%%deepshi --budget 1\u2003--map\nq", "%%deepshi x--map\nq", "%%deepshi --map\x1c\nq"),
    *("%%deepshi --chat a --new --chat=b\nq", "%%deepshi --system --chat\nq", "%%Deepshi\nq"),
    *("%%deepshi --chat 'open\nq", "%%deepshi\x0b--new\nq", "%%deepshi -t 1\x85--dry-run\nq"),
    *("%%deepshi\n\ud800 half", "%%deepshi\nZoë 😀\n\n", "%%deepshi --chat '😀 x'\n{{x}}"),
]
"""Sources of code cells."""

_PIXEL = base64.b64encode(b"not really a picture").decode()


def _image(url: Any, **beside: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}, **beside}


def _user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


_CALL = {
    "id": "c",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"c": "Bern"}'},
}

MESSAGES: list[dict[str, Any]] = [
    {},
    {"role": "user", "content": "Hi"},
    {"content": "Hi", "role": "user"},
    {"role": "user", "content": "Zoë \U0001f600 \ud800 \u2028 \x00"},
    {"role": "assistant", "content": None, "tool_calls": [_CALL, _CALL], "refusal": "No, thanks."},
    {"role": "tool", "content": "12.5", "tool_call_id": "c", "name": "weather"},
    {"role": "assistant", "content": "x", "reasoning_details": [{"index": 0, "score": 1.0e-7}]},
    {"role": "assistant", "content": "x", "n": [1.0, 2.50, 1e16, 1e21, -0.0, 0.1 + 0.2, 100]},
    _user({"type": "text", "text": "What is it?"}, _image(f"data:image/png;base64,{_PIXEL}")),
    _user(_image(f"data:image/png;base64,{_PIXEL}", cache_control={"type": "ephemeral"})),
    _user(_image("https://example.org/a.png"), _image(None), _image("data:image/png,x")),
    _user(_image("data:image/png;base64,!!"), _image("data:;base64,"), _image("data:;base64,QQ=")),
    _user({"type": "image", "media_type": "image/png", "sha256": "0" * 64, "detail": "low"}),
    _user({"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}, 1, "two", None),
    _user({"type": "input_audio"}, {"text": 3}, {"type": "image_url", "image_url": "https://a/"}),
    {"role": "user", "content": "", "tool_calls": [None, {}, {"function": None}], "name": 5},
]
"""Messages of requests and records."""

TEXTS = [
    *(known.text for known in KNOWN.values()),
    *(
        "",
        " ",
        "a",
        "A",
        "AB",
        "ABc",
        "ABCdef",
        "The cat sat.",
        "12345678",
        "x = 1\n",
        "😀",
        "😀😀 a",
    ),
    *("\n" * 40, " " * 40, " \n \n", "\r\n\t x", "a\u00a0b", "a\x1cb\x85c", "\ufeffa", "1 2  3"),
    *("é", "Éa", "Aé", "naïve café", "١٢٣٤", "漢字かな交じり", "\U00020000\U00020001", "ภาษาไทย"),
    *("Ελληνικά και Русский", "नमस्ते", "\ud800", "a\ud800b", "->x ==y !!!!\n\n", "_a __b__ {{c}}"),
    *("a\x1b[31mb\r\nc\rd\x00\x7f\x9f", "\u202eabc\u2066", "tab\tand\x0bmore\x0c", "e\u0301"),
]
"""Texts of questions and answers."""
