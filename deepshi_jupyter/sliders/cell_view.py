"""The controls under an answer: values, ask again, answers as pages, the line to paste."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from deepshi_jupyter.core.estimate import estimate
from deepshi_jupyter.core.mark import MIME_TYPE as MARK
from deepshi_jupyter.core.reply import Reply
from deepshi_jupyter.display.bundle import answer_markdown
from deepshi_jupyter.errors import DeepshiError, OptionError
from deepshi_jupyter.recorded_turn import answer_of
from deepshi_jupyter.session import Session
from deepshi_jupyter.sliders.asked_cell import AskedCell
from deepshi_jupyter.sliders.edit_cell import EditCell
from deepshi_jupyter.sliders.layers import sent
from deepshi_jupyter.sliders.own_values import OwnValues
from deepshi_jupyter.sliders.page import Page, Pages
from deepshi_jupyter.sliders.row import thrown_seed
from deepshi_jupyter.sliders.view import View
from deepshi_jupyter.sliders.words import in_words, note_bundle, price_of_a_change
from deepshi_jupyter.stop import Stop


class CellView(View):
    """The controls of one cell.

    Args:
        session: The kernel's session.
        cell: The cell.
        model: The model that it asks, or an empty text for the session's.
        keep: Told the reply of the answer that counts, whenever it becomes another one.
        edit_cell: Sets the first line of a cell where the front end can.
    """

    def __init__(
        self,
        session: Session,
        cell: AskedCell,
        model: str,
        *,
        keep: Callable[[Reply], None],
        edit_cell: EditCell,
    ) -> None:
        self._values = OwnValues(session, model, cell.first.own, self._moved)
        super().__init__(session, self._values)
        self._cell = cell
        self._keep = keep
        self._edit_cell = edit_cell
        self._edited = False
        self._pages = Pages((cell.first,))
        self._stop: Stop | None = None
        self._wanted = False
        self._progress = ""
        self._buttons = _Buttons(self)
        self._price = self._priced()
        self.display(widgets.VBox([self.controls.widget, self._buttons.widget]))

    def close(self) -> None:
        """Take the controls away, and stop what they ask."""
        if self._stop is not None:
            self._stop.request()
        super().close()

    def stop(self) -> None:
        """End the call that is under way; it waits for nobody."""
        self._wanted = False
        if self._stop is not None:
            self._stop.request()

    def ask(self) -> None:
        """Ask the cell's question with the values that the controls show."""
        if self._stop is not None:
            self._wanted = True  # what was moved meanwhile is asked when this answer is there
            return
        self._check_stands()
        if not self.controls.seed_is_locked and "seed" in sent(self._values.layers()):
            self._values.values = {**self._values.values, "seed": thrown_seed()}
            self._tell_line()
        own, stop = self._values.values, Stop()
        self._stop, self._wanted, self._progress = stop, False, "Asking …"
        work = contextvars.copy_context().run
        threading.Thread(
            target=work, args=(self._ask, own, stop), name="deepshi-sliders", daemon=True
        ).start()

    def turn(self, by: int) -> None:
        """Show another answer, which counts from now on."""
        pages = self._pages.turned(by)
        if pages.index == self._pages.index or self._stop is not None:
            return
        self._check_stands()
        self._pages = pages
        self._values.values = pages.page.own
        self._tell_line()
        self._count()

    def refresh(self) -> None:
        """Show everything as it is now."""
        self._buttons.show(
            self._pages, asking=self._stop is not None, price=self._price, progress=self._progress
        )
        super().refresh()

    def news(self) -> None:
        """Do nothing more: defaults that have changed are shown with everything else."""

    def bundle(self) -> dict[str, Any]:
        """Return which answer counts, the line that asks it, and the mark that says so."""
        page, first = self._pages.page, self._pages.pages[0]
        words = in_words(page.sent) or "no parameters: the service chose"
        count = f"Answer {self._pages.index + 1} of {self._pages.count} counts. "
        sentence = f"{count if self._pages.count > 1 else ''}It was asked with {words}."
        about = "The first line of the cell was set to:" if self._edited else _PASTE
        if self._values.values == first.own and not self._edited:
            about = "The cell's first line says so:"
        line = self._cell.line(self._values.values)
        asked = self.session.preparation.redactor.asked
        bundle: dict[str, Any] = asked(note_bundle(sentence, about, line))[0]
        if page is not first:
            bundle[MARK] = self._cell.mark(page).as_json()
            if not self._cell.shown_as:  # the answer cannot stand where the first one does
                answer = answer_markdown(answer_of(page.record))
                bundle["text/markdown"] = f"{bundle['text/markdown']}\n\n{answer}"
        return bundle

    def _moved(self) -> None:
        self._check_stands()
        self._tell_line()
        self._price = self._priced()
        if self._buttons.asks_on_release:
            self.ask()

    def _tell_line(self) -> None:
        line = self._cell.line(self._values.values)
        self._edited = self._edit_cell(self._cell.cell, line)

    def _ask(self, own: Any, stop: Stop) -> None:
        """Ask, in a thread of its own."""
        try:
            page = self._cell.ask(own, stop, self._came)
        except DeepshiError as error:
            failure = error
            self.act(lambda: self._ended(None, failure))
        except BaseException:
            self.act(lambda: self._ended(None, None))
            raise
        else:
            self.act(lambda: self._ended(page, None))

    def _came(self, length: int) -> None:
        self._buttons.progress.value = f"Asking … {length:,} characters so far"

    def _ended(self, page: Page | None, failure: DeepshiError | None) -> None:
        self._stop, self._progress = None, ""
        if page is not None:
            self._pages = self._pages.added(page)
            self._count()
        if failure is not None:
            self._wanted = False
            raise failure
        if self._wanted:
            self.ask()

    def _count(self) -> None:
        """Let the page that is shown count."""
        page = self._pages.page
        self._cell.pick(page)
        if page.reply is not None:
            self._keep(page.reply)

    def _check_stands(self) -> None:
        if not self._cell.stands:
            raise OptionError(
                "This cell has another answer by now.", "Run it again to have its controls."
            )

    def _priced(self) -> str:
        """Return about what one question costs with these values; nobody is asked."""
        try:
            with self.session.lock:
                request = self.session.prepare(self._cell.question(self._values.values))
        except DeepshiError:
            return price_of_a_change(None)
        catalogue = self.session.connection.catalogue_at_hand()
        model = catalogue.get(request.model) if catalogue else None
        return price_of_a_change(estimate(request, model))


_PASTE = "To keep these settings, paste this as the first line of the cell:"


class _Buttons:
    """Ask again, stop, the pages, ask on release."""

    def __init__(self, view: CellView) -> None:
        self._again = widgets.Button(
            description="Ask again",
            tooltip="Ask the question of this cell again, with the values above",
        )
        self._again.on_click(lambda _: view.act(view.ask))
        self._stop = widgets.Button(description="Stop", tooltip="Stop the answer that is under way")
        self._stop.on_click(lambda _: view.stop())
        narrow = widgets.Layout(width="2.5em")
        self._back = widgets.Button(
            description="◀", tooltip="Show the answer before; it counts then", layout=narrow
        )
        self._back.on_click(lambda _: view.act(lambda: view.turn(-1)))
        self._forth = widgets.Button(
            description="▶", tooltip="Show the answer after; it counts then", layout=narrow
        )
        self._forth.on_click(lambda _: view.act(lambda: view.turn(1)))
        self._caption = widgets.Label(description_allow_html=False)
        self.progress = widgets.Label(description_allow_html=False)
        self._release = widgets.Checkbox(
            value=False,
            description="Ask on release",
            description_allow_html=False,
            tooltip="Ask again whenever a value is changed",
            indent=False,
            layout=widgets.Layout(width="auto"),
        )
        self._price = widgets.Label(description_allow_html=False)
        pages = [self._back, self._caption, self._forth]
        self.widget = widgets.VBox(
            [
                widgets.HBox([self._again, self._stop, self._release, self._price]),
                widgets.HBox([*pages, self.progress]),
            ]
        )

    @property
    def asks_on_release(self) -> bool:
        """True if the user wants an answer to every change."""
        return bool(self._release.value)

    def show(self, pages: Pages, *, asking: bool, price: str, progress: str) -> None:
        """Show where things are."""
        self._again.disabled = asking
        self._stop.disabled = not asking
        self._back.disabled = asking or pages.index == 0
        self._forth.disabled = asking or pages.index == pages.count - 1
        sent = in_words(pages.page.sent)
        self._caption.value = " · ".join(p for p in (f"{pages.index + 1}/{pages.count}", sent) if p)
        self._price.value = price
        if not asking or not self.progress.value:
            self.progress.value = progress
