"""What a notebook file keeps of an answer, and what can be read from it again."""
