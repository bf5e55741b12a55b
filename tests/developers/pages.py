"""The addresses of the pages for developers."""

PAGES = ("/developers", "/developers/errors")
