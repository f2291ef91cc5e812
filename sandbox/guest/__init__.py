"""What lives inside the jail: `lab`, its clock and its entry. Standard library only; imports nothing outside."""
