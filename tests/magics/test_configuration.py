from __future__ import annotations

from traitlets.config import Config

from tests.magics.conftest import Shell


def test_what_ipython_configures_is_what_a_session_starts_with() -> None:
    config = Config()
    config.DeepshiMagics.base_url = "offline"
    config.DeepshiMagics.model = "offline-reasoner"
    config.DeepshiMagics.idle_timeout = 7.0
    config.DeepshiMagics.allowed_models = ["offline-reasoner"]
    shell = Shell(config)
    status = str(shell.run("%deepshi"))
    assert "embedded" in status
    assert "offline-reasoner" in status
    assert shell.session.settings.idle_timeout == 7.0
    assert shell.session.settings.allowed_models == ("offline-reasoner",)
