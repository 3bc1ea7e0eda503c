"""Values and state machines: no I/O, no clock, no IPython; standard library and msgspec only."""
