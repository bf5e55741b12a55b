"""Refusals as `application/problem+json` (RFC 9457)."""

from flask.typing import ResponseReturnValue


def problem_answer(error: Exception) -> ResponseReturnValue:
    """stub"""
    return {"code": "x"}, 500
