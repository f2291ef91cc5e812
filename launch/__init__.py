"""Sets the project up on a fresh machine and starts it.

Standard library only: it runs before anything is installed.
"""
