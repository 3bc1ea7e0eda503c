"""What a cell gives in a real kernel, as front ends see it."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chunks import DONE, answer, chunk, usage_chunk
from tests.kernel import FRONT_END, Kernel, Run
from tests.wire_server import Played, WireServer

KEY = "sk-bf-canary-52d0"


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    with WireServer(Played([])) as played:
        yield played


@pytest.fixture(scope="module")
def kernel(server: WireServer) -> Iterator[Kernel]:
    with Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_API_KEY=KEY) as running:
        run = running.run("%load_ext deepshi_jupyter")
        assert run.error is None
        yield running


def whole(*texts: str) -> Played:
    return Played([*answer(*texts, done=False), usage_chunk(3, 2, cost=0.25), DONE])


@pytest.fixture(autouse=True)
def _fresh(server: WireServer, kernel: Kernel) -> None:
    server.answers = [whole("**Hi**")]
    server.received.clear()
    server.closed_by_client.clear()
    kernel.run("%deepshi reset")


def test_where_nobody_watches_there_is_one_bundle(kernel: Kernel) -> None:
    run = kernel.run("%%deepshi\nhello")
    (bundle,) = run.bundles
    assert bundle["text/plain"] == "**Hi**"
    assert bundle["text/markdown"].startswith("**Hi**\n")
    assert "0.25000 · stop" in bundle["text/markdown"]
    record = bundle["application/vnd.deepshi.turn+json"]
    assert record["v"] == 2
    assert record["order"] == "execution"
    assert record["calls"][0]["answers"][0]["message"]["content"] == "**Hi**"
    assert run.text == ""


def test_a_body_is_sent_byte_for_byte(kernel: Kernel, server: WireServer) -> None:
    body = ">>> x = {'a': {}}\n   \n... \n\tend  \n\n"
    kernel.run(f"%%deepshi\n{body}")
    assert body.encode() in server.received[-1].body.replace(rb"\n", b"\n").replace(rb"\t", b"\t")


def test_a_failure_is_an_error_output_of_two_lines(kernel: Kernel, server: WireServer) -> None:
    server.answers = [Played([b'{"error": {"message": "unknown key"}}'], 401)]
    run = kernel.run("%%deepshi\nhello")
    assert run.reply["status"] == "error"
    assert run.error is not None
    assert run.error["ename"] == "AuthenticationError"
    what, todo = run.error["traceback"]
    assert what == "AuthenticationError: The service refused the request (401): unknown key"
    assert todo.startswith("→ Set the key")


def test_reasoning_is_folded_above_the_answer(kernel: Kernel, server: WireServer) -> None:
    thinking = chunk({"reasoning": "Let me *think*."})
    server.answers = [Played([thinking, *answer("42")])]
    markdown = kernel.run("%%deepshi\nhello").bundles[-1]["text/markdown"]
    assert markdown.index("<details>") < markdown.index("Let me *think*.") < markdown.index("42")


def test_deltas_go_over_a_comm_for_a_front_end_that_reads_them(
    kernel: Kernel, server: WireServer
) -> None:
    server.answers = [whole("a", "b", "c")]
    kernel.run("%deepshi set display=deltas")
    run = kernel.run("%%deepshi\nhello")
    kernel.run("%deepshi set display=auto")
    assert [c["target_name"] for c in run.of_type("comm_open")] == ["deepshi.stream"]
    messages = [content["data"] for content in run.of_type("comm_msg")]
    assert [message["seq"] for message in messages] == list(range(len(messages)))
    text = ""
    for message in messages[:-1]:
        assert message["offset"] == len(text)
        text += message["text"]
    assert (text, messages[-1]["kind"]) == ("abc", "end")
    assert run.bundles[-1]["text/plain"] == "abc"


def stopped(kernel: Kernel, server: WireServer, **metadata: str) -> Run:
    """Ask, interrupt once the request is there (and its first text shown), and finish."""
    server.received.clear()
    identity = kernel.send("%%deepshi\nhello", **metadata)
    deadline = time.monotonic() + 20
    while not [r for r in server.received if r.method == "POST"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run = Run()
    if metadata:
        while not run.bundles:
            kernel.next_message(identity, deadline, run)
    kernel.interrupt()
    finished = kernel.finish(identity, 20)
    finished.messages[:0] = run.messages
    return finished


def test_an_interrupt_before_the_first_byte_ends_the_cell_and_the_call(
    kernel: Kernel, server: WireServer
) -> None:
    server.answers = [Played([], end="hang")]
    run = stopped(kernel, server)
    assert run.error is not None
    assert run.error["ename"] == "CallInterruptedError"
    assert server.closed_by_client.wait(5)
    server.answers = [whole("**Hi**")]
    assert kernel.run("%%deepshi\nagain").error is None


def test_an_interrupt_in_the_middle_keeps_the_text_and_marks_it(
    kernel: Kernel, server: WireServer
) -> None:
    server.answers = [Played([chunk({"content": "Half an"})], end="hang")]
    run = stopped(kernel, server, **FRONT_END)
    assert run.error is not None
    assert run.error["ename"] == "CallInterruptedError"
    assert run.bundles[-1]["text/plain"] == "Half an"
    assert "You stopped this answer." in run.bundles[-1]["text/markdown"]
    assert server.closed_by_client.wait(5)


def test_the_key_is_in_no_message_of_the_kernel(kernel: Kernel, server: WireServer) -> None:
    echo = f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()
    server.answers = [Played([echo], 401)]
    cells = ["%deepshi", "%%deepshi\nhello", "%deepshi set errors=full", "%%deepshi\nhello"]
    cells += ["%deepshi set errors=short", "import deepshi_jupyter as d; vars(d.session._current)"]
    messages = [message for cell in cells for message in kernel.run(cell).messages]
    assert KEY not in str(messages)
    assert "‹key›" in str(messages)


def test_neither_the_extension_nor_a_call_imports_jupyterlab(kernel: Kernel) -> None:
    run = kernel.run("%%deepshi\nhello")
    assert run.error is None
    loaded = kernel.run("import sys; print('jupyterlab' in sys.modules)")
    assert loaded.text == "False\n"


def test_the_form_changes_what_is_shown_and_not_what_is_kept(
    kernel: Kernel, server: WireServer
) -> None:
    server.answers = [whole('{"a":1}')]
    (bundle,) = kernel.run("%%deepshi --as json\nhello").bundles
    assert bundle["text/plain"] == '{"a":1}'
    assert bundle["text/markdown"].startswith('```json\n{\n  "a": 1\n}\n```')


def test_no_half_character_and_no_nan_reaches_an_output(kernel: Kernel, server: WireServer) -> None:
    odd = (
        b'data: {"choices":[{"index":0,"delta":{"content":"a\\ud83d"},"logprobs":{"content":'
        b'[{"token":"\\ud83d","logprob":-Infinity,"top_logprobs":[]}]}}],"usage":'
        b'{"prompt_tokens":NaN,"cost":{"total_cost":1e999}}}\n\n'
    )
    server.answers = [Played([odd, *answer("b")])]
    (bundle,) = kernel.run("%%deepshi\nhello").bundles
    assert bundle["text/plain"] == "a\ufffdb"
    json.dumps(bundle, allow_nan=False, ensure_ascii=False).encode("utf-8")


def test_papermill_runs_it(server: WireServer, tmp_path: Path) -> None:
    import nbformat
    import papermill

    cells = ["%load_ext deepshi_jupyter", "name = 'a'", "%%deepshi\nhello {{name}}"]
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}}
    )
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what papermill and its parts warn of is theirs
        patch.setenv("DEEPSHI_BASE_URL", server.base_url)
        papermill.execute_notebook(
            str(tmp_path / "in.ipynb"),
            str(tmp_path / "out.ipynb"),
            parameters={"name": "papermill"},
            progress_bar=False,
        )
    executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    (output,) = executed.cells[-1].outputs
    assert output.data["text/plain"] == "**Hi**"
    assert b"hello papermill" in server.received[0].body
