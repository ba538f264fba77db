"""The watchtower: finds faults of members, without a bond, and brings them to L1 (WATCH-1)."""
