"""Apply: a plan is checked against the directory at hand, then carried out."""
