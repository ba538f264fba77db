"""What takes nodes of a local network out and brings them back, and what must hold meanwhile."""
