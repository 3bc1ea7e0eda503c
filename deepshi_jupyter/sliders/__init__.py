"""Controls of the parameters, by ipywidgets: under a cell, and for the conversation's defaults."""
