"""The wallet's door: transaction rules and JSON-RPC."""
