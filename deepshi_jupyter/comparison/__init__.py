"""One prompt under several settings, several times each: asked together, looked at side by side."""
