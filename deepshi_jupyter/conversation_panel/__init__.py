"""The panel's side in the kernel: one conversation of the notebook, asked and shown in a widget.

The page's side is ``labextension/src/panel``, built into ``deepshi_jupyter/panel/static``; the
messages between them are those of ``tests/frontend/protocol/panel-*.json``.
"""
