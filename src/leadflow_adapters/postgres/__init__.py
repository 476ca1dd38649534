"""A store in PostgreSQL (psycopg 3): many processes and machines on one set of leads.

pip install "leadflow[postgres]"
leadflow.open("postgresql://user@host/database?schema=acme")
"""
