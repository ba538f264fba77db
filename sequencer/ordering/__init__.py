"""What goes into a block and what an honest node votes for."""
