"""Tryton (8.x) as a CRM, through its JSON-RPC door: parties, employees, and sale opportunities."""
