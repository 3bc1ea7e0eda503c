from __future__ import annotations

from hypothesis import settings

# Nothing is asserted about time: a busy machine must not fail a test.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
