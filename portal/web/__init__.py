"""What every HTML page shares. No page of a feature lives here."""
