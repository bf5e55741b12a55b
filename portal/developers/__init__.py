"""Pages for those who program against the portal."""
