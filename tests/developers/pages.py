"""The addresses of the pages for developers."""

PAGES = (
    "/developers",
    "/developers/reference",
    "/developers/errors",
    "/developers/token-format",
    "/developers/limits",
    "/developers/events",
    "/developers/tools",
    "/developers/links",
    "/developers/changelog",
)
