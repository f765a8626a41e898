"""What reaches the user: alerts, important dates, notification preferences; and the audit log."""
