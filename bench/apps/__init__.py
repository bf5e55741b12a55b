"""What the portal is held against on the same servers: the least that can answer at all."""
