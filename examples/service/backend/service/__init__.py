"""A service that takes signed jobs, in as many worker processes as you like."""
