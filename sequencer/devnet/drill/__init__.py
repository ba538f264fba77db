"""The panic drill: outages of every kind on a network of real processes, each told as a timeline
and checked by what L1 alone says afterwards (docs/drill.md)."""
