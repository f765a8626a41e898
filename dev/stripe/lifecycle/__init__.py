"""What objects do: begin, change, renew, get paid, end. No HTTP here."""
