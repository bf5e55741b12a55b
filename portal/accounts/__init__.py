"""Accounts, the people in them and their browsers: rows, passwords, guards, and the account's lock."""
