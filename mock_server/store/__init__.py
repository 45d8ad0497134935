"""Rows and SQL, no decisions. Every row belongs to a world; one engine at a time holds them."""
