"""``python -m deepshi_jupyter`` is ``deepshi-jupyter``."""

from __future__ import annotations

import sys

from deepshi_jupyter.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
