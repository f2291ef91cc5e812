"""What lives inside the jail: `lab`, its clock, its entry. Standard library only, imports nothing outside."""
