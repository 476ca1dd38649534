"""What comes back: bounces, complaints and replies, read from a mailbox over IMAP."""
