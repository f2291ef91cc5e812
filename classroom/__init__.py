"""People: who reads, learns and teaches."""
