"""Agreement on blocks: the engine seam, Simplex, its journal."""
