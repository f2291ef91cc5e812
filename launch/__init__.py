"""Sets the project up on a fresh machine and starts it. Standard library only: runs before anything is installed."""
