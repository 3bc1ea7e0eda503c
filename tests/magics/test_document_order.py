"""What a kernel takes to stand above a cell, while a user works on a real file of a notebook.

Each test does one thing that users do: edit, delete, move, duplicate, split, undo, copy … The
kernel is a real one; the file is written as a front end writes it.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.chat_server import ChatServer
from tests.chunks import chunk
from tests.front_end import FrontEnd, Json
from tests.kernel import Kernel, Run
from tests.wire_server import Played


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as played:
        yield played


@pytest.fixture(autouse=True)
def _fresh(server: ChatServer) -> None:
    server.received.clear()
    server.planned.clear()
    server._asked.clear()


def kernel_of(path: Path | None, server: ChatServer, folder: Path) -> Kernel:
    """Return a kernel as Jupyter Server starts it for a notebook; for a console without one."""
    name = {"JPY_SESSION_NAME": str(path)} if path else {}
    store = str(folder / ".deepshi")
    return Kernel(DEEPSHI_BASE_URL=server.base_url, DEEPSHI_STORE=store, **name)


def loaded(kernel: Kernel) -> Run:
    run = kernel.run("%load_ext deepshi_jupyter", cellId="load")
    assert run.error is None, run.error
    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def shared(server: ChatServer, folder: Path) -> Iterator[Kernel]:
    """One kernel for all tests that do not restart it; each begins with an empty notebook."""
    with kernel_of(folder / "study.ipynb", server, folder) as kernel:
        loaded(kernel)
        yield kernel


@pytest.fixture
def page(shared: Kernel, folder: Path) -> FrontEnd:
    path = folder / "study.ipynb"
    path.unlink(missing_ok=True)
    shared.run("%deepshi reset")
    return FrontEnd(shared, path)


@pytest.fixture
def three(page: FrontEnd) -> tuple[str, str, str]:
    """Three questions that were asked from top to bottom, and saved."""
    cells = page.ask("one"), page.ask("two"), page.ask("three")
    page.save()
    return cells


def turns(*questions: str, **numbers: int) -> list[str]:
    """Return the messages of turns that were asked; `numbers` says how often."""
    pairs = ([text, f"Answer {numbers.get(text, 1)} to {text}"] for text in questions)
    return [message for pair in pairs for message in pair]


def asked_below(page: FrontEnd, server: ChatServer) -> list[str]:
    """Ask something at the end of the page, and return what it was sent with."""
    cell = page.ask("last")
    page.delete(cell)
    return server.context[:-1]


# Edit and run again


def test_edited_and_not_run_the_question_that_was_asked_is_sent(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.edit(three[0], "%%deepshi\none, edited")
    page.save()
    assert asked_below(page, server) == turns("one", "two", "three")


def test_edited_and_run_the_new_question_stands_at_the_old_place(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.edit(three[0], "%%deepshi\none, edited")
    page.run(three[0])
    assert server.context == ["one, edited"]
    page.save()
    assert asked_below(page, server) == turns("one, edited", "two", "three")
    assert server.questions == ["one", "two", "three", "one, edited", "last"]


def test_run_again_with_another_answer_that_answer_is_sent(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.run(three[1])
    assert server.context == [*turns("one"), "two"]
    assert page.record(three[1]).order == "disk"
    assert asked_below(page, server) == turns("one", "two", "three", two=2)


def test_run_again_with_the_same_answer_the_chain_is_the_same(
    page: FrontEnd, server: ChatServer
) -> None:
    same = Played([chunk({"content": "Same"}, "stop"), b"data: [DONE]\n\n"])
    server.plan("one", same)
    cell = page.ask("one")
    page.save()
    first = page.record(cell)
    page.run(cell)
    again = page.record(cell)
    assert again.id != first.id
    assert (again.parent, again.tip) == (first.parent, first.tip)
    assert again.call.request_key == first.call.request_key


# Delete and undo


def test_a_cell_that_is_gone_from_the_saved_file_is_not_sent(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.cells.remove(page.cell(three[1]))  # by a front end that does not tell
    page.save()
    assert asked_below(page, server) == turns("one", "three")


def test_a_cell_that_the_front_end_says_is_deleted_is_not_sent_though_the_file_has_it(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.delete(three[1])
    assert asked_below(page, server) == turns("one", "three")
    assert asked_below(page, server)[:4] == turns("one", "three")  # it was told only once


def test_a_deletion_that_was_told_with_another_cell_counts(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.delete(three[1])
    page.run(page.add("1 + 1"))
    assert asked_below(page, server) == turns("one", "three")


def test_undo_of_a_deletion_brings_the_turn_back_when_the_file_is_saved(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    deleted = page.delete(three[1])
    assert asked_below(page, server) == turns("one", "three")
    page.cells.insert(1, deleted)
    page.save(after=20)
    assert asked_below(page, server) == turns("one", "two", "three")


# Move, duplicate, split


def test_after_a_move_the_order_of_the_document_counts(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.move(three[2], 0)
    last = page.add("%%deepshi\nlast")
    page.save()
    page.run(last)
    assert server.context == [*turns("three", "one", "two"), "last"]
    page.run(three[0])
    assert server.context == [*turns("three"), "one"]


def test_after_a_move_that_is_not_saved_the_order_of_the_file_counts(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.move(three[2], 0)
    page.run(three[2])
    assert server.context == [*turns("one", "two"), "three"]
    assert page.record(three[2]).order == "disk"


def test_a_duplicate_counts_when_it_has_run(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    copy = page.add(page.cell(three[0])["source"])
    page.cell(copy)["outputs"] = json.loads(json.dumps(page.cell(three[0])["outputs"]))
    page.save()
    assert asked_below(page, server) == turns("one", "two", "three")
    page.run(copy)
    assert server.context == [*turns("one", "two", "three"), "one"]
    page.save()
    assert asked_below(page, server)[-2:] == ["one", "Answer 2 to one"]


def test_a_duplicate_of_the_same_question_is_a_request_of_its_own(
    page: FrontEnd, server: ChatServer
) -> None:
    cells = [page.ask("one", "--once"), page.ask("one", "--once")]
    first, second = (page.record(cell) for cell in cells)
    assert (first.call.sample, second.call.sample) == (0, 1)
    assert first.call.request_key != second.call.request_key


def test_of_a_split_cell_the_half_that_keeps_the_id_keeps_the_turn_until_it_runs(
    page: FrontEnd, server: ChatServer
) -> None:
    cell = page.ask("one\nand more")
    page.edit(cell, "%%deepshi\none")
    rest = page.add("%%deepshi\nand more", at=1)
    page.save()
    assert asked_below(page, server) == turns("one\nand more")
    page.run(cell)
    page.run(rest)
    page.save()
    assert asked_below(page, server) == turns("one", "and more")


def test_a_cell_above_sees_nothing_of_those_below(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    between = page.add("%%deepshi\nbetween", at=1)
    page.save()
    page.run(between)
    assert server.context == [*turns("one"), "between"]
    assert page.record(between).order == "disk"


# Answers on the page


def test_an_answer_that_was_cleared_and_saved_is_not_sent(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    page.clear(three[1])
    page.save()
    assert asked_below(page, server) == turns("one", "three")


def test_an_answer_that_was_cleared_and_not_saved_is_still_sent(
    page: FrontEnd, three: tuple[str, str, str], server: ChatServer
) -> None:
    """Nobody has told the kernel."""
    page.clear(three[1])
    assert asked_below(page, server) == turns("one", "two", "three")


def test_an_answer_that_was_stopped_is_on_the_page_and_not_sent(
    page: FrontEnd, server: ChatServer
) -> None:
    first = page.ask("one")
    server.plan("slow", Played([chunk({"content": "Half an"})], end="hang"))
    slow = page.add("%%deepshi\nslow")
    request = page.send(slow)
    deadline, run = time.monotonic() + 20, Run()
    while not run.bundles:
        page.kernel.next_message(request, deadline, run)
    page.kernel.interrupt()
    rest = page.kernel.finish(request)
    assert rest.error is not None
    assert rest.error["ename"] == "CallInterruptedError"
    record = rest.bundles[-1]["application/vnd.deepshi.turn+json"]
    assert record["kind"] == "partial"
    assert record["calls"][-1]["status"] == "interrupted"
    assert rest.bundles[-1]["text/plain"] == "Half an"
    assert asked_below(page, server) == turns("one")
    assert page.record(first).kind == "live"


def test_a_cell_that_is_run_twice_quickly_has_one_turn(page: FrontEnd, server: ChatServer) -> None:
    cell = page.add("%%deepshi\none")
    requests = [page.send(cell), page.send(cell)]
    for request in requests:
        page.finish(cell, request)
    assert server.questions == ["one", "one"]
    assert all(body["messages"] == server.bodies[0]["messages"] for body in server.bodies)
    page.save()
    assert asked_below(page, server) == turns("one", one=2)


# ask() in a cell

LOOP = "from deepshi_jupyter import ask\nfor name in {names}:\n    ask(name)"


def test_each_question_of_a_loop_sees_those_before_it(page: FrontEnd, server: ChatServer) -> None:
    cell = page.add(LOOP.format(names=["a", "b", "c"]))
    page.run(cell)
    assert server.context == [*turns("a", "b"), "c"]
    records = page.records(cell)
    assert [record.place for record in records] == [0, 1, 2]
    assert {record.order for record in records} == {"execution"}  # it is not saved yet
    page.save()
    assert asked_below(page, server) == turns("a", "b", "c")


def test_a_loop_that_runs_again_with_fewer_leaves_no_rest(
    page: FrontEnd, server: ChatServer
) -> None:
    cell = page.add(LOOP.format(names=["a", "b", "c"]))
    page.run(cell)
    page.save()
    page.edit(cell, LOOP.format(names=["a"]))
    page.run(cell)
    assert server.context == ["a"]
    page.save()
    assert asked_below(page, server) == turns("a", a=2)


def test_a_loop_that_asks_the_same_again_has_samples(page: FrontEnd, server: ChatServer) -> None:
    cell = page.add("from deepshi_jupyter import ask\nfor _ in range(3):\n    ask('a', once=True)")
    page.run(cell)
    records = page.records(cell)
    assert [record.call.sample for record in records] == [0, 1, 2]
    assert len({record.call.request_key for record in records}) == 3
    page.run(cell)  # the same samples: it is the same cell
    assert [record.call.sample for record in page.records(cell)] == [0, 1, 2]


def test_the_last_value_of_a_cell_shows_as_an_answer_and_the_others_are_kept_beside(
    page: FrontEnd,
) -> None:
    cell = page.add("from deepshi_jupyter import ask\nask('a')\nask('b')")
    page.run(cell)
    assert sorted(record.question for record in page.records(cell)) == ["a", "b"]
    shown = [out for out in page.cell(cell)["outputs"] if "text/markdown" in out.get("data", {})]
    assert [out["data"]["text/plain"] for out in shown] == ["Answer 1 to b"]


# Who gives the order


def test_a_notebook_that_was_never_saved_goes_by_execution(
    page: FrontEnd, server: ChatServer
) -> None:
    page.ask("one")
    second = page.ask("two", at=0)  # above on the page, which nobody has told the kernel
    assert server.context == [*turns("one"), "two"]
    assert page.record(second).order == "execution"


def test_a_file_that_is_saved_late_lacks_cells_and_loses_none(
    page: FrontEnd, server: ChatServer
) -> None:
    page.ask("one")
    page.save(after=-30)  # the last autosave
    page.ask("two")
    third = page.ask("three")
    assert server.context == [*turns("one", "two"), "three"]
    assert page.record(third).order == "execution"  # the file does not have it yet
    page.save()
    page.run(third)
    assert server.context == [*turns("one", "two"), "three"]
    assert page.record(third).order == "disk"


def test_a_file_server_whose_clock_is_ahead_takes_nothing_away(
    page: FrontEnd, server: ChatServer
) -> None:
    one, two = page.ask("one"), page.add("%%deepshi\ntwo")
    three = page.add("%%deepshi\nthree")
    page.save(after=3600)
    page.run(two)
    page.run(three)
    assert server.context == [*turns("one", "two"), "three"]
    assert page.record(one).order == "execution"
    assert page.record(three).order == "disk"


def test_names_like_those_of_vs_code_are_told_by_the_source(
    page: FrontEnd, server: ChatServer
) -> None:
    one, two = page.add("%%deepshi\none"), page.add("%%deepshi\ntwo")
    page.save(after=0)

    def run(cell_id: str) -> Json:
        uri = f"vscode-notebook-cell:/w/study.ipynb#W{cell_id}sZmlsZQ%3D%3D"
        run = page.kernel.run(page.cell(cell_id)["source"], cellId=uri)
        record: Json = run.bundles[-1]["application/vnd.deepshi.turn+json"]
        return record

    run(two)
    record = run(one)
    assert server.context == ["one"]
    assert (record["order"], record["cell"]) == ("disk", one)
    page.edit(two, "%%deepshi\ntwo, edited")  # and not saved: the name is known by now
    record = run(two)
    assert server.context == [*turns("one"), "two, edited"]
    assert (record["order"], record["cell"]) == ("disk", two)


def test_a_file_that_was_renamed_goes_by_execution(page: FrontEnd, server: ChatServer) -> None:
    one, two = page.ask("one"), page.ask("two")
    page.save()
    renamed = page.path.rename(page.path.with_name("renamed.ipynb"))
    page.run(two)
    assert server.context == [*turns("one"), "two"]
    assert page.record(two).order == "execution"
    assert page.record(one).cell == one
    renamed.unlink()


def test_a_file_that_is_half_written_goes_by_execution(page: FrontEnd, server: ChatServer) -> None:
    page.ask("one")
    page.save()
    page.path.write_bytes(page.path.read_bytes()[:100])
    two = page.ask("two")
    assert server.context == [*turns("one"), "two"]
    assert page.record(two).order == "execution"


def test_a_console_goes_by_execution(server: ChatServer, folder: Path) -> None:
    with kernel_of(None, server, folder) as kernel:
        kernel.run("%load_ext deepshi_jupyter")
        kernel.run("%%deepshi\none")
        run = kernel.run("%%deepshi\none")
        assert server.context == [*turns("one"), "one"]
        record = run.bundles[-1]["application/vnd.deepshi.turn+json"]
        assert (record["order"], record.get("cell", "")) == ("execution", "")
        assert "no notebook file" in kernel.run("%deepshi").bundles[-1]["text/plain"]


def test_a_run_that_sends_no_metadata_goes_by_execution_also_where_a_file_is_told(
    page: FrontEnd, server: ChatServer
) -> None:
    """As nbclient does; what the file held before is not what stands above."""
    headless = FrontEnd(page.kernel, page.path, tells_cells=False)
    one, two = headless.ask("one"), headless.ask("two")
    assert server.context == [*turns("one"), "two"]
    assert {headless.record(cell).order for cell in (one, two)} == {"execution"}


# Copies, and several kernels


def test_two_notebooks_with_the_same_cell_ids_do_not_mix(
    server: ChatServer, folder: Path, tmp_path: Path
) -> None:
    first, copy = tmp_path / "a.ipynb", tmp_path / "copy.ipynb"
    with kernel_of(first, server, tmp_path) as one, kernel_of(copy, server, tmp_path) as two:
        loaded(one)
        page = FrontEnd(one, first)
        cells = page.ask("one"), page.ask("two")
        page.save()
        shutil.copy(first, copy)
        loaded(two)
        other = FrontEnd(two, copy)
        other.open()
        other.edit(cells[0], "%%deepshi\nelse")
        other.run(cells[0])
        page.run(cells[1])
        assert server.context == [*turns("one"), "two"]
        other.run(cells[1])
        assert server.context == [*turns("else"), "two"]
        shown = two.run(f"%deepshi versions {cells[0]}", cellId="v").bundles[-1]["text/plain"]
        assert "Answer 1 to else" in shown
        server.plan("else", Played([chunk({"content": "Half"})], end="hang"))
        page.edit(cells[0], "%%deepshi\nelse")
        page.send(cells[0])  # and it still runs
        shown = two.run(f"%deepshi versions {cells[0]}", cellId="v").bundles[-1]["text/plain"]
        assert "Half" not in shown


def test_two_kernels_on_one_notebook_each_know_what_the_file_and_the_journal_say(
    server: ChatServer, tmp_path: Path
) -> None:
    path = tmp_path / "a.ipynb"
    with kernel_of(path, server, tmp_path) as one, kernel_of(path, server, tmp_path) as two:
        loaded(one)
        page = FrontEnd(one, path)
        page.ask("one")
        page.save(after=0)
        page.ask("two")  # not saved: only in the journal of the first kernel
        loaded(two)
        other = FrontEnd(two, path)
        other.cells = json.loads(json.dumps(page.cells))
        other.ask("three")
        assert server.context == [*turns("one", "two"), "three"]
        page.ask("four")  # the first kernel does not listen to the second
        assert server.context == [*turns("one", "two"), "four"]
    journals = sorted((tmp_path / ".deepshi" / "journal").glob("*.jsonl"))
    assert len(journals) == 2


# Restart


def restarted(page: FrontEnd, server: ChatServer, folder: Path) -> Kernel:
    return kernel_of(page.path, server, folder)


@pytest.fixture
def answered(server: ChatServer, tmp_path: Path) -> FrontEnd:
    """A notebook with two answers, saved, whose kernel has ended."""
    path = tmp_path / "a.ipynb"
    with kernel_of(path, server, tmp_path) as kernel:
        loaded(kernel)
        page = FrontEnd(kernel, path)
        page.ask("one")
        page.ask("two")
        page.save()
    return page


def test_a_new_kernel_goes_on_with_the_turns_of_the_file(
    answered: FrontEnd, server: ChatServer, tmp_path: Path
) -> None:
    with restarted(answered, server, tmp_path) as kernel:
        assert "2 turns restored from a.ipynb" in loaded(kernel).text
        answered.kernel = kernel
        answered.ask("three")
        assert server.context == [*turns("one", "two"), "three"]


def test_a_cell_that_runs_first_in_a_new_kernel_does_not_see_its_earlier_answer(
    answered: FrontEnd, server: ChatServer, tmp_path: Path
) -> None:
    """Also where the extension was loaded before any cell, as a profile of IPython does."""
    with restarted(answered, server, tmp_path) as kernel:
        kernel.run("%load_ext deepshi_jupyter")  # of no cell: nothing is restored yet
        answered.kernel = kernel
        second = answered.cells[1]["id"]
        answered.run(second)
        assert server.context == [*turns("one"), "two"]
        assert answered.record(second).order == "disk"
        shown = kernel.run(f"%deepshi versions {second}", cellId="v").bundles[-1]["text/plain"]
        assert "Answer 1 to two" in shown
        assert "Answer 2 to two" in shown


def test_an_answer_that_was_edited_by_hand_is_sent_as_it_stands(
    answered: FrontEnd, server: ChatServer, tmp_path: Path
) -> None:
    answered.cells[0]["outputs"][0]["data"]["text/plain"] = "One, as I say."
    answered.save()
    with restarted(answered, server, tmp_path) as kernel:
        loaded(kernel)
        answered.kernel = kernel
        answered.ask("three")
        assert server.context[:2] == ["one", "One, as I say."]


def test_a_copied_notebook_goes_on_from_its_own_file(
    answered: FrontEnd, server: ChatServer, tmp_path: Path
) -> None:
    copy = tmp_path / "elsewhere" / "copy.ipynb"
    copy.parent.mkdir()
    shutil.copy(answered.path, copy)
    with kernel_of(copy, server, tmp_path) as kernel:
        loaded(kernel)
        page = FrontEnd(kernel, copy)
        page.open()
        page.ask("three")
        assert server.context == [*turns("one", "two"), "three"]


def test_a_copied_cell_counts_once_after_a_restart(
    answered: FrontEnd, server: ChatServer, tmp_path: Path
) -> None:
    copy = json.loads(json.dumps(answered.cells[0])) | {"id": uuid.uuid4().hex[:8]}
    answered.cells.append(copy)
    answered.save()
    with restarted(answered, server, tmp_path) as kernel:
        loaded(kernel)
        answered.kernel = kernel
        answered.ask("three")
        assert server.context == [*turns("one", "two"), "three"]


# Without a front end


def notebook_of(*sources: str) -> Any:
    kernelspec = {"name": "python3", "display_name": "p", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernelspec})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return notebook


def records_of(notebook: Any) -> list[Json]:
    mime = "application/vnd.deepshi.turn+json"
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    return [output.data[mime] for output in outputs if mime in output.get("data", {})]


def test_papermill_runs_from_top_to_bottom_with_its_injected_cell(
    server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import papermill

    notebook = notebook_of(
        "%load_ext deepshi_jupyter", "name = 'a'", "%%deepshi\n{{name}}", "%%deepshi\ntwo"
    )
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    monkeypatch.setenv("DEEPSHI_BASE_URL", server.base_url)
    for name in ("papermill", "once more"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what papermill and its parts warn of is theirs
            papermill.execute_notebook(
                str(tmp_path / "in.ipynb"),
                str(tmp_path / "out.ipynb"),
                parameters={"name": name},
                progress_bar=False,
            )
        executed = nbformat.read(tmp_path / "out.ipynb", as_version=4)
        assert "injected-parameters" in str(executed.cells[2].metadata)
        assert server.context == [*turns(name), "two"]
        records = records_of(executed)
        assert [record["order"] for record in records] == ["execution", "execution"]
        assert records[1]["parent"] == records[0]["tip"]
        assert records[0]["prompt"]["inserted"] == [{"expression": "name", "text": name}]


def test_nbclient_runs_by_execution_and_writes_no_name_of_a_cell(
    server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("DEEPSHI_BASE_URL", server.base_url)
    notebook = notebook_of(
        "%load_ext deepshi_jupyter", "%%deepshi\none", "%%deepshi\none", "%%deepshi --once\none"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what nbclient and its parts warn of is theirs
        NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert [len(body["messages"]) for body in server.bodies] == [1, 3, 1]
    records = records_of(notebook)
    assert {record["order"] for record in records} == {"execution"}
    assert {record.get("cell", "") for record in records} == {""}
    assert [
        record["calls"][0]["sample"] if record["calls"][0].get("sample") else 0
        for record in records
    ] == [0, 0, 1]
