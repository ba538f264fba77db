"""Evidence that anyone can bring to L1 (EVID-1): one module for each kind of fault."""
