"""The demo: the whole system told as a story, each sentence of it checked."""
