"""People who use the system, the posts that they hold, and how they log in."""
