"""Services over people's work: what the pages and the API both call. Views decide nothing themselves."""
