"""A person's own tokens."""
