"""What answers requests; each part is a folder with a router and a lifespan of its own."""
