"""Speed, measured: tables of figures beside the bare limit taken in the same run."""
