"""How values look: in a notebook, and in a terminal."""
