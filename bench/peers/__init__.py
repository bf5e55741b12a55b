"""What somebody would use or write instead of the portal. Runs in `.venv-bench`, with packages of its own.

Each is written as its documentation shows, and set up as fast as a sensible user would: WAL with `synchronous =
NORMAL`, connections kept open, no middleware, no debugging. All answer 204 with the caller's id in a header.
"""
