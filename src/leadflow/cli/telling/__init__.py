"""How records, results and reports are told: as text for people, as plain values for JSON."""
