"""Switchyard: a bonded sequencer set for EVM rollups. The way of a transaction through
these packages is told in docs/ARCHITECTURE.md."""
