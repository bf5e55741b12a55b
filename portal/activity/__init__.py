"""The security log as pages."""
