"""Make ``docs/magics.md`` from the options, subcommands and settings themselves.

``python docs/make_magics_page.py`` writes the page. What an option does is said where it is
declared; here stand only the order, the examples and what is worth knowing beside. A test runs
every example.
"""

from __future__ import annotations

import argparse
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from deepshi_jupyter.client.credentials import KEY_VARIABLE
from deepshi_jupyter.client.endpoint import BASE_URL_VARIABLE, DEFAULT_BASE_URL
from deepshi_jupyter.core.parameters import PARAMETERS, expected_values
from deepshi_jupyter.core.summary import LONGEST_TEXT, LONGEST_VALUE, ROWS
from deepshi_jupyter.display.choose import VARIABLE as DISPLAY_VARIABLE
from deepshi_jupyter.magics.commands import COMMANDS
from deepshi_jupyter.magics.deepshi import DeepshiMagics
from deepshi_jupyter.notebook.store import VARIABLE as STORE_VARIABLE
from deepshi_jupyter.settings import (
    DISPLAYS,
    MODE_VARIABLE,
    MODEL_VARIABLE,
    MODES,
    RECORD_VARIABLE,
    RECORDING_VARIABLE,
    SETTING_NAMES,
    Settings,
)

PAGE = Path(__file__).with_name("magics.md")
SCRIPT = Path(__file__).name
COMMAND = f"python docs/{SCRIPT}"


class Example(NamedTuple):
    """How an option or subcommand is used.

    Args:
        cells: Cells, run in order by a test.
        note: What is worth knowing beside its help.
        runs: False where a cell needs something that a page has not, such as a user.
    """

    cells: Sequence[str]
    note: str = ""
    runs: bool = True


class Section(NamedTuple):
    """Options that belong together."""

    title: str
    intro: str
    options: Mapping[str, Example]


INTRODUCTION = r"""# The magics

<!-- Made by docs/make_magics_page.py: change that file, or the options themselves, and run it. -->

`%%deepshi` asks a language model what stands in a cell; `%deepshi` shows and sets how. `%%deepshi?`
and `%deepshi help` show the same help in a notebook. Each example below is a cell; run from the top
they need neither key nor network, because the second one chooses the embedded endpoint, which
invents text.

```python
%load_ext deepshi_jupyter
```

```python
%deepshi set base_url=offline
```

## A cell is a question

```python
%%deepshi
What does a standard deviation tell about a set of measurements?
```

Options stand on the first line, the question on the lines below. The answer comes under the cell
and belongs to a conversation: the next question is sent with the turns that stand above it. A cell
that is run again replaces its own turn and sees only what stands above it; its earlier answer stays
as a version. [Conversations](conversations.md) tells what counts as above, and what becomes stale.

The reply is in the variable `_deepshi`:

```python
_deepshi.text, _deepshi.model, _deepshi.finish_reason, _deepshi.usage.completion_tokens
```

| attribute | holds |
| --- | --- |
| `.text`, `.texts` | the answer; all answers, where several were asked for |
| `.parsed` | the value, with `--json` and `--schema` |
| `.json`, `.code` | the text read as JSON; its fenced code blocks |
| `.reasoning`, `.refusal`, `.tool_calls`, `.images`, `.logprobs` | what else came |
| `.status` | `complete`, `unconfirmed`, `truncated` or `interrupted` |
| `.finish_reason` | why the model stopped: `stop`, `length`, … |
| `.usage`, `.cost` | tokens; USD where the service reports it, else None |
| `.request`, `.attempts`, `.started`, `.duration` | what was sent, each try, when, how long |

A cell fails when its call fails or its answer breaks off, so that Run All does not go on with half
an answer. The error says in two lines what happened and what to do, and nothing of a failed turn
becomes part of the conversation. `%deepshi set errors=full` shows whole tracebacks.

## Values in a question

`{{expression}}` is replaced by the value of any Python expression, in the question and on the first
line. Nothing else is touched: braces, LaTeX and JSON are sent as they are written.

```python
heights = [1.62, 1.75, 1.80]
```

```python
%%deepshi
The heights {{heights}} have a mean of {{sum(heights) / len(heights):.2f}} m. In the set $\{1, 2\}$
and in {"a": {"b": 1}} nothing is replaced, and \{{this}} is sent with its braces.
```
"""

BEFORE_OPTIONS = """\
What was shortened says so, to the model in the text and to you under the answer. An unknown name or
an expression that fails is an error before anything is sent.

## Options of `%%deepshi`

A value with spaces or quotes goes into quotes, as in a shell: `--system "Be brief."`,
`--param 'logit_bias={"50": -100}'`. What is not set is not sent: the service then chooses.
"""

BEFORE_SETTINGS = """## Settings

A value is taken from the cell's options, else from `%deepshi set NAME=VALUE`, else from the IPython
configuration (`c.DeepshiMagics.NAME`, where it says so below), else from the environment.
`NAME=auto` takes a value back (`mode=live`, as `auto` is a mode); several allowed models stand with
commas between them.
"""

VALUES = (
    ("`{{x}}`", "the value as text, as below"),
    ("`{{x:.2f}}`, `{{x!r}}`", "formatted or converted as in an f-string, never shortened"),
    (r"`\{{`", "two braces"),
    ("a DataFrame", f"CSV; beyond {ROWS} rows its size, types and first {ROWS} rows"),
    ("an array", "its values; a larger one its shape, type and the values as NumPy abridges them"),
    ("a text", f"all of it up to {LONGEST_TEXT:,} characters, else its beginning and end"),
    ("any other value", f"the same, up to {LONGEST_VALUE:,} characters"),
)

SECTIONS = (
    Section(
        "Whom to ask",
        "",
        {
            "model": Example(
                ["%%deepshi -m offline-reasoner\nIs the median a better summary than the mean?"],
                "`%deepshi models` lists those that there are.",
            ),
        },
    ),
    Section(
        "How it answers",
        "A model may ignore some of these. Where the catalogue says so, the answer says so too.",
        {
            "temperature": Example(["%%deepshi -t 0.2\nName a prime number above 100."]),
            "top_p": Example(["%%deepshi --top-p 0.5\nName a prime number above 100."]),
            "max_tokens": Example(
                ["%%deepshi --max-tokens 40\nTell the history of the metre."],
                "An answer that was cut says so and has the finish reason `length`; it does not "
                "fail the cell.",
            ),
            "stop": Example(
                ['%%deepshi --stop "." --stop "!"\nSay one sentence about the sea.'],
                "Give it several times for several texts, none of which is part of the answer. "
                'A line end is `--stop {{"\\n"}}`; `\\n` alone is two characters here.',
            ),
            "seed": Example(
                ["%%deepshi --seed 7\nToss a coin."],
                "The same request with the same seed tends to get the same answer; no service "
                "promises it.",
            ),
            "frequency_penalty": Example(
                ["%%deepshi --frequency-penalty 1.5\nDescribe the sea."],
            ),
            "presence_penalty": Example(["%%deepshi --presence-penalty 1\nDescribe the sea."]),
            "logprobs": Example(
                [
                    "%%deepshi --logprobs --max-tokens 3\nIs 7 a prime number?",
                    '[(token["token"], token["logprob"]) for token in _deepshi.logprobs]',
                ],
            ),
            "top_logprobs": Example(
                [
                    "%%deepshi --logprobs --top-logprobs 3 --max-tokens 1\nIs 7 a prime number?",
                    '[(each["token"], each["logprob"]) '
                    'for each in _deepshi.logprobs[0]["top_logprobs"]]',
                ],
                "It needs `--logprobs`.",
            ),
            "n": Example(
                ["%%deepshi -n 3 -t 1\nName a colour.", "_deepshi.texts"],
                "All of them are shown and billed; the first one goes into the conversation.",
            ),
            "vary": Example(
                [
                    "%%deepshi --vary temperature=0,1.2 --samples 3 -o colours\nName a colour.",
                    "colours.diff(0)",
                ],
                "Every combination is asked `--samples` times. [Compare answers](compare.md) says "
                "what is shown, kept and computed.",
            ),
            "yes": Example(
                ["%%deepshi --vary seed=1,2 --yes\nName a colour."],
                "The limit is the setting `confirm_above`.",
            ),
            "map": Example(
                [
                    'reviews = [{"text": "Lovely pier."}, {"text": "It rained."}]',
                    "%%deepshi --map reviews -o moods --max-tokens 5\nIs this positive? {{text}}",
                    "moods.answers",
                ],
                "A DataFrame, a Series, or any list; other names in `{{…}}` are those of the "
                "notebook. The same cell again asks only what is missing. It takes the model, "
                "parameters, `--system`, `--json`, `--schema`, `--repair`, `--recording` and the "
                "modes auto, replay and refresh. [One prompt over a table](scale.md) says what "
                "comes back.",
            ),
            "budget": Example(
                ["%%deepshi --map reviews --budget 0.5 --max-tokens 5\nA title for: {{text}}"],
                "Rows beyond it are `skipped`.",
            ),
            "param": Example(
                ["%%deepshi --param top_k=40 --param 'user=\"p-17\"'\nName a colour."],
                "A value that is no JSON is sent as text.",
            ),
        },
    ),
    Section(
        "What is asked",
        "",
        {
            "system": Example(
                ['%%deepshi --system "You are a terse statistician."\nWhat is a p-value?'],
                "It stays with the conversation until another cell names another one.",
            ),
            "attach": Example(
                [
                    "import struct, zlib\n\n\n"
                    "def block(kind, data):\n"
                    "    check = zlib.crc32(kind + data)\n"
                    '    return struct.pack(">I", len(data)) + kind + data + '
                    'struct.pack(">I", check)\n\n\n'
                    'size = struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0)  # 2 × 1 pixels of grey\n'
                    'picture = b"\\x89PNG\\r\\n\\x1a\\n" + block(b"IHDR", size)\n'
                    'picture += block(b"IDAT", zlib.compress(b"\\0\\0\\xff"))\n'
                    'picture += block(b"IEND", b"")',
                    "%%deepshi -m offline-vision --attach picture\nWhat do you see?",
                    "%deepshi reset",
                ],
                "It takes a matplotlib figure or axes, a Pillow image, the path or the bytes of a "
                "PNG, JPEG, GIF or WebP file, anything that shows itself as PNG or JPEG, or a list "
                "of these. What is too large is scaled down, and the answer says so. An image is "
                "sent again with each later question of the conversation; `%deepshi reset` ends "
                "that.",
            ),
            "raw": Example(
                ["%%deepshi --raw\nWhat does {{ user.name }} mean in a Jinja template?"],
            ),
        },
    ),
    Section(
        "The conversation",
        "What a question is sent with; see [conversations](conversations.md).",
        {
            "chat": Example(
                ["%%deepshi --chat critic\nWhat would a reviewer object to?"],
                "A notebook holds any number of conversations; without a name it is `main`.",
            ),
            "new": Example(["%%deepshi --new\nNow for something else: what is a median?"]),
            "once": Example(["%%deepshi --once\nName a colour."]),
            "fork": Example(
                ["%%deepshi --chat other --from main@-1\nAnd seen from the other side?"],
                "The turn is named by the number of its cell, by -1 for the last one, or by the "
                "beginning of its id.",
            ),
        },
    ),
    Section(
        "Recorded answers",
        "Every answer is recorded, and can answer the same request again: the same messages, "
        "parameters, model and endpoint. See [replay](replay.md).",
        {
            "mode": Example(
                [
                    "%%deepshi --once --seed 7 -o first\nName a river.",
                    "%%deepshi --once --seed 7 --mode auto -o second\nName a river and a lake.",
                ],
                "Answers that broke off, or that a filter cut, are kept and never given again.",
            ),
            "record": Example(
                ["%%deepshi --once --record answers.jsonl\nName a lake."],
                "One turn a line; `%deepshi set record=FILE` does it for all cells.",
            ),
            "recording": Example(
                [
                    "%deepshi reset",
                    "%%deepshi --once --mode replay --recording answers.jsonl\nName a lake.",
                ],
                "The notebook's own answers and the journal are looked in anyway. The same request "
                "in two cells is a repeat, and has an answer of its own; here the first one was "
                "forgotten.",
            ),
        },
    ),
    Section(
        "The form of the answer",
        "The form is asked of the service where the model supports that; a schema is told to the "
        "model in words where it does not. Either way the answer is checked. One of another form "
        "is shown, fails the cell, and is the `.partial` of the error.",
        {
            "form": Example(
                ["%%deepshi --as text\nWrite two lines of plain text."],
                "Only what is shown changes: the prompt and the reply are the same.",
            ),
            "json": Example(
                [
                    '%%deepshi --json\nGive the area of Iceland in km² as {"area": …}.',
                    "_deepshi.parsed",
                ],
            ),
            "schema": Example(
                [
                    "from dataclasses import dataclass\n\n\n@dataclass\nclass City:\n"
                    "    name: str\n    people: int",
                    "%%deepshi --schema City\nDescribe Bern.",
                    "_deepshi.parsed.name, _deepshi.parsed.people",
                    '%%deepshi --schema "list[City]" -o cities\nDescribe Bern and Basel.',
                ],
                "Any expression will do: also a NamedTuple, msgspec Struct, Enum, Literal, or a "
                "list, dict or union of these.",
            ),
            "repair": Example(
                ["%%deepshi --schema City --repair 2\nDescribe Basel."],
                "Each repair is a call of its own and is billed; the model is told what was wrong. "
                "The default is 0.",
            ),
        },
    ),
    Section(
        "Functions that the model may call",
        "",
        {
            "tools": Example(
                [
                    "import deepshi_jupyter as deepshi\n\n\n"
                    '@deepshi.tool(approve="always")\n'
                    "def rainfall(city: str, days: int = 7) -> float:\n"
                    '    """Millimetres of rain that fell in a city in the last days."""\n'
                    "    return 12.5",
                    "%%deepshi -m offline-tools --tools rainfall\nHow much rain fell in Bern?",
                    "%deepshi reset",
                ],
                "`@deepshi.tool` registers a function. You are asked before each run, unless you "
                'say `approve="always"`; where nobody can be asked, such as under nbclient, a '
                "tool that asks is an error before anything is sent. Arguments are checked against "
                "the annotations. An exception is a result, too: the model is told its kind and "
                "message.",
            ),
        },
    ),
    Section(
        "How it is sent and kept",
        "",
        {
            "output": Example(
                ["%%deepshi -o answer\nName a colour.", "answer.text"],
                "The default is `_deepshi`.",
            ),
            "sliders": Example(
                ["%%deepshi --sliders -t 0.2 --seed 3\nName a colour."],
                "Moving one asks nobody; [sliders](sliders.md) says what they do. It does not go "
                "with `--vary`, `--map` or `--dry-run`.",
            ),
            "no_stream": Example(
                ["%%deepshi --no-stream\nName a colour."],
                "Nothing is shown until all of it is there. What breaks off is lost and asked for "
                "again, as any call that fails before it shows something.",
            ),
            "dry_run": Example(
                ["%%deepshi --dry-run -t 0\nName a colour."],
                "It shows the body of the request and about how many tokens and USD it would take, "
                "where the catalogue is known. With `--json`, `--schema` or `--attach` the "
                "catalogue is asked for first, because the request depends on it.",
            ),
        },
    ),
)

SUBCOMMANDS: Mapping[str, Example] = {
    "status": Example(["%deepshi"]),
    "models": Example(["%deepshi models"]),
    "set": Example(
        [
            '%deepshi set temperature=0.2 system="Be brief."',
            "%deepshi set temperature=auto system=auto",
        ]
    ),
    "sliders": Example(
        ["%deepshi sliders"],
        "Where no front end shows controls, it is a table; see [sliders](sliders.md).",
    ),
    "history": Example(["%deepshi history"]),
    "context": Example(["%deepshi context", "%deepshi context --chat critic"]),
    "versions": Example(["%deepshi versions -1"]),
    "pick": Example(
        ["%deepshi pick 1 -1"],
        "The command's output keeps what was picked, so that the notebook file tells it.",
    ),
    "skip": Example(["%deepshi skip -1"]),
    "unskip": Example(["%deepshi unskip -1"]),
    "pin": Example(["%deepshi pin -1"]),
    "unpin": Example(["%deepshi unpin -1"]),
    "run-stale": Example(
        ["%deepshi run-stale", "%deepshi run-stale --yes --budget 0.05"],
        "Answers that this kernel has shown are replaced in their cells; others are shown and kept "
        "in the output of the command. Questions of Python code are named and left to you.",
    ),
    "restore": Example(["%deepshi restore"]),
    "cost": Example(["%deepshi cost"]),
    "export": Example(
        ["%deepshi export --to md conversation.md --force", "%deepshi export --cells --last"],
        "Forms are `ipynb`, `md`, `jsonl`, `html`, `py` and `methods`; see [export](export.md).",
    ),
    "reset": Example(["%deepshi reset"], "The notebook and the journal keep everything."),
    "login": Example(
        ["%deepshi login"], "The key is never typed into a cell; see [keys](keys.md).", runs=False
    ),
    "panel": Example(
        ["%deepshi panel", "%deepshi panel --chat critic"],
        "It asks in threads of its own, beside the cells; see [the panel](panel.md).",
    ),
    "fix": Example(
        ["%deepshi fix"],
        "It sends the source of the failed cell and its traceback.",
        runs=False,
    ),
    "help": Example(["%deepshi help"]),
}

VARIABLES = {
    KEY_VARIABLE: "the API key; see [keys](keys.md)",
    BASE_URL_VARIABLE: f"the endpoint's address, or `offline`; default `{DEFAULT_BASE_URL}`",
    MODEL_VARIABLE: "the model asked when neither the cell nor a setting names one",
    MODE_VARIABLE: "where answers come from, if no setting says so",
    RECORD_VARIABLE: "a file that turns are recorded in, if no setting names one",
    RECORDING_VARIABLE: "a file of recorded answers, if no setting names one",
    STORE_VARIABLE: "where the [journal](journal.md) lies; `off` for none",
    DISPLAY_VARIABLE: "how answers are shown, where the setting `display` is `auto`",
}


def page() -> str:
    """Return the text of the page.

    Raises:
        LookupError: An option has no example here.
    """
    values = _table(("written", "sent"), VALUES)
    parts = [INTRODUCTION, values, BEFORE_OPTIONS, *_options(), *_subcommands(), *_settings()]
    return "\n".join(parts).rstrip("\n") + "\n"


def options() -> dict[str, argparse.Action]:
    """Return the options of the magic by the name of their value."""
    magic: Any = DeepshiMagics.deepshi
    return {a.dest: a for a in magic.parser._actions if a.option_strings}


def _options() -> Iterator[str]:
    left = options()
    for section in SECTIONS:
        yield f"### {section.title}\n"
        if section.intro:
            yield _paragraph(section.intro)
        for name, example in section.options.items():
            yield from _option(left.pop(name), example)
    if left:
        raise LookupError(
            f"Give {', '.join(left)} an example in SECTIONS of {Path(__file__).name}."
        )


def _option(option: argparse.Action, example: Example) -> Iterator[str]:
    takes = f" {option.metavar or option.dest.upper()}" if option.nargs != 0 else ""
    yield f"#### {', '.join(f'`{name}{takes}`' for name in option.option_strings)}\n"
    yield from _described(option.help or "", example)


def _subcommands() -> Iterator[str]:
    yield "## Subcommands of `%deepshi`\n"
    for name, command in COMMANDS.items():
        yield f"### `%deepshi {name}`\n"
        yield from _described(inspect.getdoc(command) or "", SUBCOMMANDS.get(name, Example([])))


def _described(help_text: str, example: Example) -> Iterator[str]:
    yield from (_paragraph(text) for text in (help_text, example.note) if text)
    for cell in example.cells:
        yield f"```{'python' if example.runs else 'text'}\n{cell}\n```\n"


def _settings() -> Iterator[str]:
    yield BEFORE_SETTINGS
    configurable = DeepshiMagics.class_trait_names(config=True)
    rows = [
        (f"`{name}`", _shown(default), "yes" if name in configurable else "", about)
        for name, default, about in _fields()
    ]
    rows.append(("`errors`", "`short`", "", "`full` shows whole tracebacks."))
    yield _table(("setting", "default", "configuration", "meaning"), rows)
    yield "The parameters of a request are settings as well, and are sent with each question:\n"
    parameters = [
        (f"`{name}`", _option_of(name), expected_values(parameter), parameter.help)
        for name, parameter in PARAMETERS.items()
    ]
    yield _table(("parameter", "in a cell", "values", "meaning"), parameters)
    yield "Environment variables:\n"
    yield _table(("variable", "holds"), [(f"`{name}`", VARIABLES[name]) for name in VARIABLES])


def _fields() -> Iterator[tuple[str, Any, str]]:
    """Yield name, default and meaning of each setting, as the class documents them."""
    text = re.sub(r"\n {8,}", " ", inspect.getdoc(Settings) or "")
    meaning = dict(re.findall(r"^ {4}(\w+): (.*)$", text, re.MULTILINE))
    displays = ", ".join(f"`{name}`" for name in DISPLAYS)
    modes = ", ".join(f"`{name}`" for name in MODES)
    for field in msgspec.structs.fields(Settings):
        if field.name in SETTING_NAMES:
            about = meaning[field.name].replace("`DISPLAYS`", displays).replace("`MODES`", modes)
            yield field.name, field.default, about


def _shown(default: Any) -> str:
    return f"`{default}`" if default not in ("", ()) else ""


def _option_of(parameter: str) -> str:
    option = options().get(parameter)
    names = option.option_strings if option else [f"--param {parameter}=JSON"]
    return ", ".join(f"`{name}`" for name in names)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([_markdown(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _paragraph(text: str) -> str:
    return (
        textwrap.fill(_markdown(text), 100, break_long_words=False, break_on_hyphens=False) + "\n"
    )


def _markdown(text: str) -> str:
    """Turn the double backquotes of a docstring into those of markdown."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join(text.split()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
