"""The runtime: where the pure stages meet sockets, disk and clock."""
