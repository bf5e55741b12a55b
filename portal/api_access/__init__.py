"""The account's switch: statement, enable, agree, rotate, disable."""
