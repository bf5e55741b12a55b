"""What the portal is measured against: floors that do nothing, and peers that do the same job."""
