from __future__ import annotations

from markdown_it import MarkdownIt

from deepshi_jupyter.display.table import Table


def test_columns_line_up_in_a_terminal() -> None:
    table = Table(("a", "b"), [("one", "1"), ("three", "3")], "two rows")
    assert str(table) == "a      b\none    1\nthree  3\ntwo rows"
    assert repr(table) == str(table)


def test_cells_stay_in_their_columns_and_do_nothing_in_a_page() -> None:
    bundle = Table(("a",), [("x | y",), ("<b>z</b>",), ("`c`",)])._repr_mimebundle_()
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(bundle["text/markdown"])
    assert html.count("<td>") == 3
    assert "<b>" not in html
    assert "<code>" not in html
