"""What the answer to every call of a program carries, pages of people aside. No Flask."""

from portal.authentication.carriers import CARRIERS

# A browser that is led here may neither frame the answer nor take anything in it for a page.
CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

HEADERS = (
    ("Cache-Control", "no-store"),
    ("Vary", ", ".join(CARRIERS)),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
)
