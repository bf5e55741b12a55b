"""`portal token …`: for people who have a token and nothing else of the portal.

It starts in the time of a Python interpreter: nothing here may bring Flask, SQLAlchemy, pydantic or the settings of a
server along. All it knows of the portal is its JSON API.
"""
