"""A notebook that is open in a real browser, driven through the application's own commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

FrontEnd = Literal["lab", "notebook"]

_PANEL = "window.jupyterapp.shell.currentWidget"

_IS_READY = """() => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    const kernel = panel?.sessionContext?.session?.kernel;
    return Boolean(panel?.content?.widgets?.length)
        && kernel?.connectionStatus === 'connected' && kernel.status === 'idle';
}"""

_IS_RENDERED = """count => {
    const outputs = document.querySelectorAll('.jp-OutputArea .jp-RenderedMarkdown');
    return [...outputs].filter(output => output.hasChildNodes()).length >= count;
}"""

_SET_CELLS = f"""sources => {{
    const cells = {_PANEL}.content.model.sharedModel;
    cells.deleteCellRange(0, cells.cells.length);
    cells.insertCells(0, sources.map(source => ({{ cell_type: 'code', source, metadata: {{}} }})));
}}"""

_RUN = f"""async index => {{
    const notebook = {_PANEL}.content;
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    await window.jupyterapp.commands.execute('notebook:run-cell');
}}"""


class NotebookPage:
    """An open notebook; nothing in it sleeps, every wait is for something that can be seen.

    Attributes:
        page: The browser page.
        front_end: "lab" or "notebook".
        url: The address of the notebook after it was opened.
        requested: Every address that the page has asked for.
        errors: Exceptions that scripts of the page have raised.
    """

    def __init__(self, page: Page, front_end: FrontEnd) -> None:
        self.page = page
        self.front_end = front_end
        self.url = ""
        self.requested: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> None:
        """Go to a notebook and wait until its kernel is idle."""
        self.page.goto(url)
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        self.page.wait_for_function(_IS_READY)
        self.url = self.page.url

    def set_cells(self, sources: list[str]) -> None:
        """Put new code cells in the place of all cells."""
        self.page.bring_to_front()  # a page behind another one draws nothing
        self.page.evaluate(_SET_CELLS, sources)

    def run(self, index: int) -> None:
        """Run one cell and wait for its end."""
        self.page.evaluate(_RUN, index)

    def start(self, index: int) -> None:
        """Run one cell without waiting for it."""
        self.page.evaluate(f"index => {{ window.running = ({_RUN})(index); }}", index)

    def wait_for_run(self) -> None:
        """Wait for the end of what `start` began."""
        self.page.evaluate("async () => { await window.running; }")

    def run_all(self) -> None:
        """Run all cells and wait for their end."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return the outputs of a cell as the notebook file would hold them."""
        script = f"i => {_PANEL}.content.widgets[i].model.toJSON().outputs"
        return list(self.page.evaluate(script, index))

    def output(self, index: int) -> Locator:
        """Return what a cell shows below its source."""
        cell = self.page.locator(".jp-Notebook .jp-Cell").nth(index)
        return cell.locator(".jp-Cell-outputArea")

    def markdown(self, index: int) -> Locator:
        """Return the rendered markdown of a cell's output."""
        return self.output(index).locator(".jp-RenderedMarkdown")

    def wait_for_markdown(self, count: int) -> None:
        """Wait until as many markdown outputs are rendered as there should be."""
        self.page.wait_for_function(_IS_RENDERED, arg=count)

    def save(self) -> None:
        """Save the notebook and wait until it is on the disk."""
        self.page.evaluate(f"() => {_PANEL}.context.save()")

    def restart(self) -> None:
        """Restart the kernel and wait until it is idle."""
        self.page.evaluate(f"() => {_PANEL}.sessionContext.restartKernel()")
        self.page.wait_for_function(_IS_READY)

    def move_down(self, index: int) -> None:
        """Move a cell below the next one."""
        self.page.evaluate(
            f"i => {{ {_PANEL}.content.activeCellIndex = i; {_PANEL}.content.deselectAll();"
            " return window.jupyterapp.commands.execute('notebook:move-cell-down'); }",
            index,
        )

    def insert_cell(self, index: int, source: str) -> None:
        """Insert a code cell so that it has this place; nothing is saved."""
        script = (
            f"([index, source]) => {{ {_PANEL}.content.model.sharedModel"
            ".insertCell(index, { cell_type: 'code', source, metadata: {} }); }"
        )
        self.page.evaluate(script, [index, source])

    def delete_cell(self, index: int) -> None:
        """Delete a cell; nothing is saved."""
        self.page.evaluate(
            f"index => {{ {_PANEL}.content.model.sharedModel.deleteCell(index); }}", index
        )

    def shut_down(self) -> None:
        """Stop the kernel, so that kernels do not pile up."""
        self.page.evaluate(f"() => {_PANEL}.sessionContext.shutdown()")
