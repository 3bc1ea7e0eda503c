"""The magics themselves: declared here, done in `ask` and `commands`, which load on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import magic_arguments
from traitlets import Float, Int, List, Unicode

from deepshi_jupyter.display.running_cell import running_cell
from deepshi_jupyter.errors import DeepshiError
from deepshi_jupyter.magics.options import chat_options

if TYPE_CHECKING:
    from deepshi_jupyter.session import Session


@magics_class
class DeepshiMagics(Magics):
    """``%%deepshi`` asks a language model; ``%deepshi`` shows and sets how.

    Configure it as any IPython class, such as ``c.DeepshiMagics.model = "deepshi-2.0"``.
    """

    base_url = Unicode("", help="The endpoint's address; empty: DEEPSHI_BASE_URL.").tag(config=True)
    model = Unicode("", help="The model asked when a cell names none.").tag(config=True)
    system = Unicode("", help="The system prompt of the conversation.").tag(config=True)
    connect_timeout = Float(10.0, help="Seconds to wait for a connection.").tag(config=True)
    idle_timeout = Float(120.0, help="Seconds of silence that end a call.").tag(config=True)
    max_retries = Int(2, help="Tries after the first.").tag(config=True)
    allowed_models = List(Unicode(), help="The only models that may be asked.").tag(config=True)
    mode = Unicode("", help="Where answers come from; empty: DEEPSHI_MODE.").tag(config=True)
    store = Unicode("", help="Where the journal lies; off for none.").tag(config=True)
    display = Unicode("auto", help="How answers are shown while they come.").tag(config=True)

    _session: Session | None = None

    @property
    def session(self) -> Session:
        """The kernel's session; made at the first use, with what is configured here."""
        if self._session is None:
            from deepshi_jupyter.session import current_session

            self._session = current_session()
            for name in self.trait_names(config=True):
                value = getattr(self, name)
                configured = value != self.trait_defaults(name)
                if configured and name in self._session.settings.__struct_fields__:
                    plain = tuple(value) if isinstance(value, list) else value
                    setattr(self._session.settings, name, plain)
        return self._session

    def note_cell(self, _: object = None) -> None:
        """Note that a cell runs: its earlier answer is gone, and the front end tells of deletions.

        A deletion is told with the next cell that runs, whatever it does, and never again.
        """
        place = running_cell(self.shell)
        if place.deleted or (place.cell and self._session is not None):
            self.session.state.begins(place)

    @line_cell_magic
    @no_var_expand
    @magic_arguments()
    @chat_options
    def deepshi(self, line: str, cell: str | None = None) -> Any:
        """Ask a language model and show its answer as it comes.

        The cell below the first line is the question, sent as it is written; {{expression}} is
        replaced by the value of a Python expression, \\{{ is a literal. The answer stays in the
        cell's output, the reply object in the variable ``_deepshi``.

        As a line: %deepshi shows the status; %deepshi history, context, versions, export,
        models, set NAME=VALUE and others do what they say; %deepshi help lists them.
        """  # noqa: D301 - IPython shows this text; a raw docstring would show both backslashes
        try:
            return self._run(line, cell)
        except DeepshiError as error:
            self.session.preparation.redactor.clean(error)
            raise

    def _run(self, line: str, cell: str | None) -> Any:
        if cell is None:
            from deepshi_jupyter.magics.commands import run_command

            return run_command(self.session, line)
        from deepshi_jupyter.magics.ask import ask_cell

        magic: Any = self.deepshi
        ask_cell(self.session, self.shell, magic.parser, line, cell)
        return None
