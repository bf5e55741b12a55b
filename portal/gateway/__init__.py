"""What gateways and back ends ask us about the tokens that their callers bring."""
