"""Mail over SMTP: `smtp://user@host:587?security=starttls&secret=env:NAME`."""
