"""The command ``deepshi-jupyter``: a module a subcommand; what is heavy loads when one runs."""
