"""The pictures of docs/screenshots, made by `make screenshots`. No test lives here."""
