"""A folder of CSV files as a CRM: one file for each kind of record, which people open, edit and add to."""
