"""What gateways and back ends ask about tokens that others present to them: is it good, and kill it."""
