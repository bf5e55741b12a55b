"""The people of an account: set-up, profile, and the operator's verbs on people."""
