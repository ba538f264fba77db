"""A peer that floods: what it sends, who else floods beside it, and whether memory stays flat."""
