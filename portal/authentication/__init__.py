"""Who a call acts as: from header to secret to principal, and the one decorator that guards the JSON API."""
