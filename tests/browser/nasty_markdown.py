"""Random documents of pieces on which markdown parsers disagree."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.browser.payloads import PAYLOADS

DELIMITERS = r"""
` `` ``` ```` ~ ~~ ~~~ ~~~~ $ $$ \( \) \[ \] \\( \\) \\[ \\] { } \begin{a} \end{a} @@0@@ @\@0@@
* ** _ [ ] ( ) ]( ][ ]: ![ ! < > <! </ <? & &lt; &#60; \ | : ::: = --- === # ' " % {=html} ```html
~~~html ```mermaid www.a.b/ https://x.y/ a@b.c foo `c` `<b>` `$` $x$ $a<b$ <br> <sub> </sub> <code>
</code> <code>x</code> <span>$</span> <pre> <pre><code> </code></pre> <div> </div> |-|
"""

PIECES = [
    *DELIMITERS.split(),
    *PAYLOADS.values(),
    *["> ", "- ", "* ", "1. ", "10) ", "    ", "\t", "# ", "- [ ] ", "[^1]: ", "[r]: ", "x < y"],
    *["| a | b |\n|---|---|", "   ```", "     ```", "> ```", "- ```", "\ufeff", "\u2028", "\x85"],
    *["\x00", "\ud800", "\xa0", "\u3000", "\u202e", "é", " "],
]
"""Delimiters, beginnings of blocks, odd characters, and whole payloads."""

ENDS = ["\n", "\n", "\n\n", "\n  ", "\n    ", "\n\n  ", "\n> ", "\n- ", "\r", " ", "", "", ""]
"""What stands between two pieces."""


def nasty_documents(count: int, seed: int) -> Iterator[str]:
    """Yield as many documents; the same for the same seed."""
    choice = random.Random(seed)
    for _ in range(count):
        length = choice.choice([3, 6, 10, 16, 30])
        yield "".join(choice.choice(PIECES) + choice.choice(ENDS) for _ in range(length))
