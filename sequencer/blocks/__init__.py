"""What a block is: header, payload, transaction root."""
