"""Keys in every place where a user could put one: none of them is in any file afterwards.

There are three: the key of the service, a token that stands in the environment and has no shape,
and a key that is known by its shape alone and is typed into a cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chat_server import ChatServer, says
from tests.chunks import DONE, chunk
from tests.end_to_end.conftest import Desk, Said
from tests.end_to_end.notebook_page import Page
from tests.kernel import Kernel
from tests.wire_server import Played

Start = Callable[..., Kernel]

KEY = "sk-bf-canary-9d51aa77"
TOKEN = "correct-horse-battery-42"
TYPED = "sk-proj-" + "q7Rk2LmX9vTz4WcB8nYd1HsJ5gPaF3uE"

SETUP = '''
import os
from pathlib import Path

import deepshi_jupyter as deepshi
from IPython import get_ipython

token = os.environ["LAB_TOKEN"]
picture = Path(f"{token}.png")


@deepshi.tool(approve="always")
def look() -> str:
    """Look."""
    return f"found {token}"
'''
ANSWERED = {
    "value": "%%deepshi -o kept\nWhat of {{token}}?",
    "shown": "kept",
    "typed": f"%%deepshi\nIs {TYPED} a key?",
    "system": '%%deepshi --system "You hold {{token}}."\nHello?',
    "parameter": "%%deepshi --param note={{token}} --stop {{token}}\nHello?",
    "tool": "%%deepshi --tools look\nLook.",
    "attached": "%%deepshi -m deepshi-vision --attach picture\nWhat is it?",
    "end": "%deepshi set system=auto",
    "new": "%%deepshi --new\nHello?",
    "function": "deepshi.ask(f'And {token}?', once=True)",
    "printed": "replies = [deepshi.ask(f'{token} {n}', once=True) for n in range(2)]\nlen(replies)",
    "dry": "%%deepshi --dry-run\nWhat of {{token}}?",
    "set": "get_ipython().run_line_magic('deepshi', f'set system=\"{token}\" user={token}')",
    "status": "%deepshi",
    "context": "%deepshi context",
    "unset": "%deepshi set system=auto user=auto",
    "history": "%deepshi history",
    "versions": "%deepshi versions -1",
    "stale": "%deepshi run-stale",
    "cost": "%deepshi cost",
    "skip": "%deepshi skip -1",
    "export": "%deepshi export conversation.html --force",
    "cells": "%deepshi export --cells --last",
}
FAILING = {
    "all": "%%deepshi\nMy environment: {{os.environ}}",
    "chat": "%%deepshi --chat {{token}}\nHello?",
    "model": "%%deepshi -m {{token}}\nHello?",
    "option": "%%deepshi --param {{token}}\nHello?",
    "file": '%%deepshi --attach "{{token}}"\nHello?',
    "fork": "%%deepshi --from {{token}}\nHello?",
    "miss": "%%deepshi --mode replay\nNever asked: {{token}}",
    "refused": "%%deepshi --once\nRefuse me.",
    "broken": "%%deepshi --once\nBreak off.",
}
FORMS = ("ipynb", "md", "jsonl", "html", "py", "methods")


@pytest.fixture
def server() -> ChatServer:
    """It repeats what it is asked, and what it knows: every answer but one holds a key."""
    server = ChatServer(
        {"id": "deepshi-3.0"},
        {"id": "deepshi-vision", "architecture": {"input_modalities": ["text", "image"]}},
    )
    call = {"index": 0, "id": "c1", "type": "function"}
    call |= {"function": {"name": "look", "arguments": "{}"}}
    server.plan("Look.", Played([chunk({"tool_calls": [call]}), chunk({}, "tool_calls"), DONE]))
    server.plan(f"Is {TYPED} a key?", says("It has the shape of one."))
    refusal = {"error": {"message": f"the key {KEY} may not do that with {TOKEN}"}}
    server.plan("Refuse me.", Played([json.dumps(refusal).encode()], 403))
    half = len(TOKEN) // 2
    pieces = [chunk({"content": piece}) for piece in ("It is ", TOKEN[:half], TOKEN[half:], " or")]
    server.plan("Break off.", Played(pieces, end="dirty"))
    return server


def test_no_file_holds_a_key(start: Start, server: ChatServer, desk: Desk) -> None:
    page = Page(desk.folder / "study.ipynb")
    page.add("%load_ext deepshi_jupyter", cell_id="load")
    page.add(SETUP.strip(), cell_id="setup")
    for name, source in {**ANSWERED, **FAILING}.items():
        page.add(source, cell_id=name)
    page.save()
    (desk.folder / f"{TOKEN}.png").write_bytes(_picture())
    secrets = {"DEEPSHI_API_KEY": KEY, "LAB_TOKEN": TOKEN}
    said: list[Said] = []
    with server, pytest.MonkeyPatch.context() as patch:
        for name, value in {**secrets, "DEEPSHI_BASE_URL": server.base_url}.items():
            patch.setenv(name, value)
        patch.setenv("DEEPSHI_MODEL", "deepshi-3.0")
        with start(page.path, DEEPSHI_RECORD=str(desk.folder / "turns.jsonl"), **secrets) as kernel:
            page.connect(kernel)
            page.run("load")
            page.run("setup")
            for name in ANSWERED:
                page.run(name)
            for name in FAILING:
                assert page.run_failing(name).error is not None, name
        page.save()
        _sent_and_replaced(server, page)
        said += _all_commands(desk, page)
    for each in said:
        assert not _keys_in(each.out + each.err), each
    assert _scan_names_the_cell(desk)
    kept = {path: path.read_bytes() for path in desk.files()}
    assert not [path for path, data in kept.items() if KEY.encode() in data]
    assert not [path for path, data in kept.items() if TOKEN.encode() in data]
    typed = {path.name for path, data in kept.items() if TYPED.encode() in data}
    # The user's own source, in the notebook, in what is written from it, and in IPython's history.
    names = {f"study{form}.ipynb" for form in ("", ".executed", ".restored", ".answers")}
    assert typed <= names | {"history.sqlite", "history.sqlite-journal"}
    for path in desk.folder.glob("*.ipynb"):
        assert not _keys_in(_without_sources(path)), path


def _sent_and_replaced(server: ChatServer, page: Page) -> None:
    """What was asked is what was sent; what is kept says that something was taken out."""
    sent = json.dumps(server.bodies)
    assert (TOKEN in sent, TYPED in sent, KEY in sent) == (True, True, False)
    for name in ("value", "typed", "system", "parameter", "tool", "function"):
        assert page.record(name).redacted, name
        assert "‹redacted:" in json.dumps(page.cell(name)["outputs"], ensure_ascii=False), name
    assert "holds your API key" in page.shown("all")


def _all_commands(desk: Desk, page: Page) -> list[Said]:
    """Run every command that reads or writes the notebook."""
    notebook = page.path.name
    said = [desk.command(*words, notebook) for words in (["status"], ["verify"], ["log"], ["cost"])]
    said += [desk.command("export", notebook, "--to", form, "--force") for form in FORMS]
    said.append(desk.command("export", notebook, "--to", "jsonl", "--records", "--force"))
    said.append(desk.command("drift", notebook, "--dry-run"))
    ran = desk.command("run", notebook, "--mode", "auto")
    assert "Cell 26 of 34 failed" in ran.err  # the first of those that must fail
    said.append(_without_the_source(ran))
    said.append(desk.command("diff", notebook, "study.executed.ipynb"))
    cleared = Page(page.path)
    cleared.clear_all_outputs()
    cleared.save()
    restored = desk.command("restore", notebook, "--recording", "turns.jsonl")
    said.append(_without_the_source(restored))
    assert (desk.folder / "study.restored.ipynb").exists()
    assert (desk.folder / "study.executed.ipynb").exists()
    return said


def _without_the_source(said: Said) -> Said:
    """Take out what the user typed, which these commands show as the text of its cell."""
    return said._replace(out=said.out.replace(ANSWERED["typed"].split("\n")[1], ""))


def _scan_names_the_cell(desk: Desk) -> bool:
    """`scan` finds what the user typed, and shows the end of it at most."""
    found = desk.command("scan", "study.ipynb", "--json")
    assert found.code == 1
    assert not _keys_in(found.out + found.err)
    return "cell" in found.out


def _keys_in(text: str) -> list[str]:
    return [key for key in (KEY, TOKEN, TYPED) if key in text]


def _without_sources(path: Path) -> str:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = ""
    return json.dumps(notebook)


def _picture() -> bytes:
    import struct
    import zlib

    def block(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)  # 2 × 1 pixels of grey
    body = block(b"IHDR", head) + block(b"IDAT", zlib.compress(b"\0\0\xff")) + block(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
