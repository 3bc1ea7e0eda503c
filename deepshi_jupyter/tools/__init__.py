"""Functions of the user that a model may call: `tool` registers one."""

from deepshi_jupyter.tools.definition import Tool
from deepshi_jupyter.tools.result import ToolResult
from deepshi_jupyter.tools.run import run_call
from deepshi_jupyter.tools.steps import Finished, RunTools, next_step
from deepshi_jupyter.tools.toolbox import Toolbox

__all__ = [
    "Finished",
    "RunTools",
    "Tool",
    "ToolResult",
    "Toolbox",
    "default_toolbox",
    "next_step",
    "run_call",
    "tool",
]

default_toolbox = Toolbox()
"""The tools that `tool` registers."""

tool = default_toolbox.tool
