"""The credential: its secret, its row, and the verbs that issue, rotate and revoke it. Knows no page and no call."""
