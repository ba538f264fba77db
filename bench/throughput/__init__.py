"""How much a network orders, how fast, and at what cost: `make bench`."""
