"""Figures, images and image files that go with a question (``--attach EXPR``)."""
